// Package vfs is the seam between constat and the file system.
//
// Whoever keeps something on disk takes an [FS] and uses nothing else: no
// package os, no system call. The program passes [OS]; a test passes
//
//   - vfs/crashfs, a file system in memory that can lose its power, or
//   - vfs/faultfs, a wrapper that makes the k-th operation fail.
//
// # What the disk promises
//
// Three things become durable separately, and only when asked:
//
//	content and size of a file      File.Sync on any handle of it
//	the name of a file or directory FS.SyncDir on the directory the name is in
//	a move between directories      FS.SyncDir on both
//
// Before that, a power loss may keep any part of what was done, in any order:
// a later write without an earlier one, half of a write, a length without its
// bytes. Two things hold even then: a name never points to half of a rename,
// and a move between directories never loses what it moves.
//
// The end of the process is not a power loss: what was written stays readable
// for the next process, but is no more durable than it was. Whoever relies on
// bytes found at start must Sync them first.
//
// A Sync that fails is final. The kernel may have dropped the bytes it could
// not write and report success the next time, so after an error the file has
// to be written anew, or given up.
//
// The sequences built from these calls (replace a file, create one, move one)
// are in package durable; other packages do not put them together themselves.
//
// # Names
//
// Names are ordinary paths, joined with path/filepath. The caller chooses them:
// nothing here confines a path to a directory.
//
// # Errors
//
// Every error names operation and object, and wraps the cause: fs.ErrNotExist,
// fs.ErrExist, fs.ErrClosed, [ErrLocked] or a syscall.Errno can be found with
// errors.Is.
//
// # Trust
//
// The package stores nothing and holds no secret. Locks are advisory: they
// keep two honest processes apart, not an intruder.
package vfs
