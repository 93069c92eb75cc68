package syslog

import (
	"errors"
	"fmt"
	"io/fs"
	"os"

	"golang.org/x/sys/unix"
)

// socketFile is the file of a local socket that we made.
type socketFile struct {
	path string
	made os.FileInfo
}

// clearPath makes room for a socket file. Only a socket that nobody listens on is removed.
func clearPath(path string) error {
	found, err := os.Lstat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return err
	case found.Mode().Type() == fs.ModeSymlink:
		target, _ := os.Readlink(path) // for people
		return fmt.Errorf("is a link to %s: remove it, or name another path; journald, whose /dev/log is, hands messages on to /run/systemd/journal/syslog: %w",
			target, fs.ErrExist)
	case found.Mode().Type() != fs.ModeSocket:
		return fmt.Errorf("is there and is no socket: name another path, or remove it: %w", fs.ErrExist)
	}
	if err := connect(path); !errors.Is(err, unix.ECONNREFUSED) {
		if err == nil || errors.Is(err, unix.EAGAIN) || errors.Is(err, unix.EPROTOTYPE) {
			err = unix.EADDRINUSE // the last two: its queue is full, it is of the other type
		}
		return fmt.Errorf("in use by another program: %w", err)
	}
	if now, err := os.Lstat(path); err != nil || !os.SameFile(found, now) {
		return fmt.Errorf("changes at this moment: %w", unix.EADDRINUSE)
	}
	return os.Remove(path)
}

// connect tries a datagram socket; a stream socket that somebody listens on answers that it is of the wrong type.
func connect(path string) error {
	fd, err := unix.Socket(unix.AF_UNIX, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, 0)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	return unix.Connect(fd, &unix.SockaddrUnix{Name: path})
}

// claim sets the permissions of a socket file that was just made, and remembers which file it is.
func claim(path string, mode os.FileMode) (*socketFile, error) {
	err := unix.Fchmodat(unix.AT_FDCWD, path, uint32(mode.Perm()), unix.AT_SYMLINK_NOFOLLOW)
	if errors.Is(err, unix.EOPNOTSUPP) || errors.Is(err, unix.ENOSYS) { // before Linux 6.6
		err = os.Chmod(path, mode.Perm())
	}
	if err != nil {
		return nil, err
	}
	made, err := os.Lstat(path)
	if err != nil {
		return nil, err
	}
	return &socketFile{path, made}, nil
}

// remove removes the file if it is still ours.
func (f *socketFile) remove() error {
	now, err := os.Lstat(f.path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return err
	case !os.SameFile(now, f.made):
		return nil
	}
	return os.Remove(f.path)
}
