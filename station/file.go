package station

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"os"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// file is an open channel.
type file interface {
	io.WriteCloser
	SetWriteDeadline(time.Time) error
}

// errNoChannel says that a path is something else: writing into a file would spoil it.
var errNoChannel = errors.New("no log channel")

// open opens a channel for writing, without waiting for whoever reads it.
func open(path string, deadline time.Time) (file, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if info.Mode()&fs.ModeSocket != 0 {
		d := net.Dialer{Deadline: deadline}
		return dialed(d.Dial("unix", path))
	}
	if info.Mode()&(fs.ModeCharDevice|fs.ModeNamedPipe) == 0 {
		return nil, fmt.Errorf("%s: %w; want a character device, a FIFO or a Unix socket", path, errNoChannel)
	}
	f, err := os.OpenFile(path, os.O_WRONLY|syscall.O_NONBLOCK|syscall.O_NOCTTY, 0)
	if err != nil {
		return nil, err
	}
	if info.Mode()&fs.ModeCharDevice != 0 {
		if err := plain(f); err != nil {
			f.Close()
			return nil, err
		}
	}
	return f, nil
}

func dialed(conn net.Conn, err error) (file, error) {
	if err != nil {
		return nil, err
	}
	return conn, nil
}

// plain keeps a terminal from adding CR to LF, and from writing back what it reads. What is none stays as it is.
func plain(f *os.File) error {
	raw, err := f.SyscallConn()
	if err != nil {
		return err
	}
	failed := raw.Control(func(fd uintptr) {
		var t *unix.Termios
		if t, err = unix.IoctlGetTermios(int(fd), unix.TCGETS); err != nil {
			err = nil
			return
		}
		t.Oflag &^= unix.OPOST
		t.Lflag &^= unix.ECHO | unix.ECHONL
		err = unix.IoctlSetTermios(int(fd), unix.TCSETS, t)
	})
	return errors.Join(failed, err)
}

func isTimeout(err error) bool { return errors.Is(err, os.ErrDeadlineExceeded) }
