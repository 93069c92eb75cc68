// Package ingest is the way into the journal: it turns octets into entries, in batches, and hands them to the writer.
//
// [Import] reads a stream in two stages, so that parsing and hashing run side by side. [Local] says what the machine
// knows of the process that writes an entry.
package ingest
