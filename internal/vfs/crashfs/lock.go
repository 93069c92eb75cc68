package crashfs

import (
	"errors"
	"io"
	"io/fs"

	"constat/internal/vfs"
)

// lock is a held lock.
type lock struct {
	fs   *FS
	node *node
	name string
}

// Lock implements vfs.FS.
func (f *FS) Lock(name string) (io.Closer, error) {
	if err := f.touch(name); err != nil {
		return nil, pathError("lock", name, err)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.off {
		return nil, pathError("lock", name, ErrPowerLost)
	}
	n, err := f.fileLocked(name)
	if err != nil {
		return nil, pathError("lock", name, err)
	}
	if _, held := f.locks[n]; held {
		return nil, pathError("lock", name, vfs.ErrLocked)
	}
	f.locks[n] = struct{}{}
	return &lock{f, n, name}, nil
}

// Close releases the lock.
func (l *lock) Close() error {
	l.fs.mu.Lock()
	defer l.fs.mu.Unlock()
	if l.node == nil {
		return pathError("unlock", l.name, fs.ErrClosed)
	}
	delete(l.fs.locks, l.node)
	l.node = nil
	return nil
}

// touch makes a file unless there is one.
func (f *FS) touch(name string) error {
	_, err := f.Stat(name)
	if !errors.Is(err, fs.ErrNotExist) {
		return errors.Unwrap(err)
	}
	created, err := f.Create(name, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return nil // somebody else was faster
	}
	if err != nil {
		return errors.Unwrap(err)
	}
	return created.Close()
}
