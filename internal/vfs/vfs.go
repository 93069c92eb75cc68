package vfs

import (
	"errors"
	"io"
	"io/fs"
)

// ErrLocked is wrapped by the error of [FS.Lock] when somebody else, in this
// process or in another one, holds the lock.
var ErrLocked = errors.New("locked by another process")

// FS is a tree of files. It has one implementation for production, [OS], and
// exists so that tests can take the power or the disk away.
//
// All methods may be called concurrently. An implementation must show every
// change to all later calls at once, whether it is durable yet or not. Open
// files must survive the renaming and the removal of their names.
type FS interface {
	// Open opens a file for reading. WriteAt and Truncate on it fail. What it
	// does to a directory is not defined.
	// The error wraps fs.ErrNotExist if there is no such name.
	Open(name string) (File, error)

	// OpenWrite opens a file that exists for reading and writing, and does
	// not change it. The error wraps fs.ErrNotExist if there is no such name.
	OpenWrite(name string) (File, error)

	// Create makes an empty file and opens it for reading and writing. It must
	// not open what exists already, not even through a symbolic link: the
	// error then wraps fs.ErrExist. The name is not durable before SyncDir of
	// its directory, whatever is done to the file.
	Create(name string, perm fs.FileMode) (File, error)

	// Rename gives a file or directory another name, replacing a file that
	// has newname. At any time, also after a power loss, newname is the old
	// file or the new one, whole. It must not replace a directory: the error
	// then wraps fs.ErrExist. Durable after SyncDir of both directories.
	Rename(oldname, newname string) error

	// Remove removes a file or an empty directory. The file may be back after
	// a power loss until SyncDir of its directory.
	Remove(name string) error

	// Mkdir makes one directory. The error wraps fs.ErrExist if the name is
	// taken. The name is not durable before SyncDir of the directory it is in.
	Mkdir(name string, perm fs.FileMode) error

	// ReadDir lists a directory, sorted by name. Names that come and go
	// meanwhile may or may not be listed; all others must be.
	ReadDir(name string) ([]fs.DirEntry, error)

	// Stat describes a file or directory.
	Stat(name string) (fs.FileInfo, error)

	// SyncDir makes all earlier creations, renames and removals of names in
	// the directory durable. It does not cover the content of the files, nor
	// the directory's own name in its parent.
	SyncDir(name string) error

	// Lock takes an exclusive advisory lock on the file called name, which is
	// created if missing, or fails at once with an error that wraps ErrLocked.
	// Closing the result, or the end of the process, releases the lock. The
	// file stays, and must not be removed: two processes could then hold
	// locks on two files of the same name.
	Lock(name string) (io.Closer, error)

	// Free returns how many bytes an unprivileged process may still write to
	// the file system that holds name, which must exist.
	Free(name string) (int64, error)
}

// File is an open file.
//
// ReadAt, WriteAt, Size and Sync may be called concurrently. A ReadAt that
// overlaps a concurrent WriteAt may return any mixture of old and new bytes;
// one at another range must not notice it. Truncate and Close must not run
// beside any other call on the file.
type File interface {
	// ReadAt behaves as io.ReaderAt says; it returns io.EOF at the end.
	io.ReaderAt

	// WriteAt behaves as io.WriterAt says. A gap between the old end and
	// offset reads as zeros. On error n bytes, and only those, are known to be
	// written. Nil promises nothing about power loss.
	io.WriterAt

	// Close ends the use of the file. It does not sync. A second call does
	// nothing but return an error that wraps fs.ErrClosed.
	io.Closer

	// Size returns the present length in bytes.
	Size() (int64, error)

	// Truncate sets the length. What is added reads as zeros.
	Truncate(size int64) error

	// Sync returns nil when all earlier writes and truncates of this file,
	// through whatever handle, are durable. After an error any of them may be
	// lost, even if a later Sync returns nil.
	Sync() error
}
