// Package check verifies a store. It is independent of the writer: it reads the files, recomputes every hash from the
// entries, and compares with what is signed. It writes nothing, needs no key, and trusts nothing that is derived.
//
// What is wrong is named by a [Rule], with file, journal and range of indexes. What lies above the newest checkpoint
// is not protected yet: torn bytes there are a note, as a crash leaves them. Where reading failed, the verdict is
// Unreadable, never Tampered for that reason, and never better.
package check
