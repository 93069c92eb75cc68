package vfs

import (
	"errors"
	"io"
	"io/fs"
	"math"
	"os"
	"syscall"
)

// OS returns the file system of the operating system (Linux).
func OS() FS { return osFS{} }

// osFS has no state: it may be copied and compared.
type osFS struct{}

func (osFS) Open(name string) (File, error) {
	return wrap(os.Open(name))
}

func (osFS) OpenWrite(name string) (File, error) {
	return wrap(os.OpenFile(name, os.O_RDWR, 0))
}

func (osFS) Create(name string, perm fs.FileMode) (File, error) {
	return wrap(os.OpenFile(name, os.O_RDWR|os.O_CREATE|os.O_EXCL, perm))
}

func (osFS) Rename(oldname, newname string) error       { return os.Rename(oldname, newname) }
func (osFS) Remove(name string) error                   { return os.Remove(name) }
func (osFS) Mkdir(name string, perm fs.FileMode) error  { return os.Mkdir(name, perm) }
func (osFS) ReadDir(name string) ([]fs.DirEntry, error) { return os.ReadDir(name) }
func (osFS) Stat(name string) (fs.FileInfo, error)      { return os.Stat(name) }

// SyncDir opens, fsyncs and closes the directory. A file system that cannot
// sync directories gives an error: better no store than one that may vanish.
func (osFS) SyncDir(name string) error {
	d, err := os.OpenFile(name, os.O_RDONLY|syscall.O_DIRECTORY, 0)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// Lock uses flock(2): the lock belongs to the open file, so that a second Lock
// in the same process fails too. The file is created 0600, because whoever may
// read it may also take the lock.
func (osFS) Lock(name string) (io.Closer, error) {
	f, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	err = control(f, func(fd int) error { return syscall.Flock(fd, syscall.LOCK_EX|syscall.LOCK_NB) })
	if err == nil {
		return &osLock{f}, nil
	}
	if errors.Is(err, syscall.EWOULDBLOCK) {
		err = ErrLocked
	}
	return nil, errors.Join(&fs.PathError{Op: "lock", Path: name, Err: err}, f.Close())
}

// osLock is a held lock.
type osLock struct{ f *os.File }

// Close unlocks before it closes: a child process between fork and exec has a
// copy of the descriptor and would keep the lock for a moment.
func (l *osLock) Close() error {
	err := control(l.f, func(fd int) error { return syscall.Flock(fd, syscall.LOCK_UN) })
	if err != nil {
		err = &fs.PathError{Op: "unlock", Path: l.f.Name(), Err: err}
	}
	return errors.Join(err, l.f.Close())
}

// Free counts in fragments where the file system has them, as statvfs(3) does.
func (osFS) Free(name string) (int64, error) {
	var st syscall.Statfs_t
	err := retry(func() error { return syscall.Statfs(name, &st) })
	if err != nil {
		return 0, &fs.PathError{Op: "statfs", Path: name, Err: err}
	}
	unit := uint64(st.Frsize)
	if unit == 0 {
		unit = uint64(st.Bsize)
	}
	if unit != 0 && st.Bavail > math.MaxInt64/unit {
		return math.MaxInt64, nil
	}
	return int64(st.Bavail * unit), nil
}

// Capacity is the size in bytes of the file system of the operating system that holds name.
func Capacity(name string) (int64, error) {
	var st syscall.Statfs_t
	if err := retry(func() error { return syscall.Statfs(name, &st) }); err != nil {
		return 0, &fs.PathError{Op: "statfs", Path: name, Err: err}
	}
	unit := uint64(st.Frsize)
	if unit == 0 {
		unit = uint64(st.Bsize)
	}
	if unit != 0 && st.Blocks > math.MaxInt64/unit {
		return math.MaxInt64, nil
	}
	return int64(st.Blocks * unit), nil
}

// control runs f on the descriptor, which stays open meanwhile. Control itself
// fails only on a closed file.
func control(file *os.File, f func(fd int) error) error {
	conn, err := file.SyscallConn()
	if err != nil {
		return err
	}
	var callErr error
	if conn.Control(func(fd uintptr) {
		callErr = retry(func() error { return f(int(fd)) })
	}) != nil {
		return fs.ErrClosed
	}
	return callErr
}

// retry repeats a system call that a signal interrupted.
func retry(f func() error) error {
	for {
		if err := f(); !errors.Is(err, syscall.EINTR) {
			return err
		}
	}
}
