// Package layout says what stands where in a store: file names, the two descriptors, blob records, and the fields of
// control entries. The writer, the readers and the verifier share it; it holds no state and opens no file by itself.
//
//	STORE/                         may be copied, mailed, archived: no secret but the events
//	  store.json                   format, certificate 0
//	  lock                         empty; held by the one writer
//	  system/                      one directory a journal
//	    journal.json               id, origin, nonce key, time axis, predecessor
//	    head-<index>.log           the newest entries: package frame
//	    <index>.seg                what a complete head becomes: package segment
//	    <index>.blob               values too long for a leaf, of the head or segment of that index
//	    <index>.priv               private values, encrypted: package sidecar
//	    tree                       level-8 hashes; derived
//	    checkpoint                 newest signed checkpoint
//	    <file>.torn-<time>         set aside after a crash, never overwritten
//	  NAME.damaged-<time>/         a journal that was found damaged; NAME is its successor
//	STORE.keys/                    beside the store: the identity key, private/: keys of private values
//
// <index> is the index of the first entry, in 16 digits. <time> is YYYYMMDDThhmmssZ.
package layout
