// Package durable changes files and directories such that a power loss leaves
// the state before or the state after, and nil means after.
//
// It is the only place that knows in which order a disk has to be told things.
// Others write into files they hold open, and call Sync on them; they do not
// create, replace, move or remove names except through this package.
//
// # The system calls
//
// With P for the parent directory of NAME:
//
//	WriteFile  unlink NAME.tmp       what an interrupted WriteFile left, if any
//	           open NAME.tmp         O_CREAT|O_EXCL
//	           pwrite, fdatasync     the content is durable, under no lasting name
//	           close
//	           rename NAME.tmp NAME  atomic
//	           open, fsync, close P  the name is durable
//
//	WriteChecked                     the same, with the look of the caller at NAME.tmp before the rename
//
//	Create     open NAME             O_CREAT|O_EXCL
//	           open, fsync, close P
//
//	Mkdir      mkdir NAME
//	           open, fsync, close P  also if NAME was there: whoever made it may
//	                                 have been killed before this call
//
//	Rename     rename OLD NEW
//	           open, fsync, close parent of NEW
//	           open, fsync, close parent of OLD, if it is another directory;
//	                                 in this order, so that what is moved always
//	                                 has a durable name
//
//	Remove     unlink NAME
//	           open, fsync, close P  also if NAME was not there, as for Mkdir
//
// Parents themselves are not synced: make them with Mkdir, top down.
//
// # After an error
//
// The change may have happened or not, and if it has, a power loss may undo it.
// WriteFile, Mkdir and Remove can simply be called again; after Create and
// Rename look first which names are there. A leftover NAME.tmp is harmless:
// readers ignore it and the next WriteFile removes it.
//
// # Limits
//
// One caller at a time per name. Names that end in .tmp belong to this package.
// WriteFile makes a new file: owner, links and extended attributes of the old
// one are not kept, and perm is subject to the umask.
package durable
