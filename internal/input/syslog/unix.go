package syslog

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"constat/entry"
	"constat/internal/input"
)

// UnixConfig says how to receive syslog from programs of this machine.
type UnixConfig struct {
	// Path is the file of the socket. One that is left over is replaced; one that somebody listens on, or that is no
	// socket, is an error. The file is removed at the end if it is still the same.
	Path string
	// Mode are the permissions of the file; 0 is 0666: every program may log.
	Mode os.FileMode
	// File, if set, is a bound socket that is used instead, such as one of socket activation. It is duplicated: the
	// caller may close it. Path is then not touched.
	File *os.File
	// Limit is how many octets of a message are kept; 0 is [DefaultLimit].
	Limit int
	// Format says how the messages are written; 0 is [input.Syslog].
	Format input.Format
	// Fields are added to every source: _BOOT_ID, _MACHINE_ID, _HOSTNAME. They are observed.
	Fields []entry.Field
	// FrameTimeout and MaxConnections are those of [TCPConfig], for [ListenUnix] only.
	FrameTimeout   time.Duration
	MaxConnections int
}

// ListenUnixgram binds a datagram socket, which syslog(3) of glibc tries first.
func ListenUnixgram(c UnixConfig) (*Datagram, error) {
	conn, file, err := c.listenDatagram()
	if err != nil {
		return nil, fmt.Errorf("unixgram %s: %w", c.Path, err)
	}
	d := &Datagram{name: "unixgram " + conn.LocalAddr().String(), conn: conn, limit: orDefault(c.Limit, DefaultLimit),
		senders: newLocals(c, true), local: true, inherited: c.File != nil}
	d.life.release = func() error { return errors.Join(file.removeIfMade(), conn.Close()) }
	if d.raw, err = conn.SyscallConn(); err == nil {
		err = passCredentials("", "", d.raw)
	}
	if err == nil {
		d.buffer, err = bufferSize(d.raw)
	}
	if err != nil {
		d.Close()
		return nil, fmt.Errorf("%s: %w", d.name, err)
	}
	return d, nil
}

func (c UnixConfig) listenDatagram() (*net.UnixConn, *socketFile, error) {
	if c.File != nil {
		conn, err := net.FilePacketConn(c.File)
		if err != nil {
			return nil, nil, err
		}
		if local, ok := conn.(*net.UnixConn); ok {
			return local, nil, nil
		}
		conn.Close()
		return nil, nil, fmt.Errorf("file %s: not a local datagram socket", c.File.Name())
	}
	if err := clearPath(c.Path); err != nil {
		return nil, nil, err
	}
	lc := net.ListenConfig{Control: passCredentials}
	conn, err := lc.ListenPacket(context.Background(), "unixgram", c.Path)
	if err != nil {
		return nil, nil, err
	}
	file, err := claim(c.Path, c.mode())
	if err != nil {
		conn.Close()
		return nil, nil, err
	}
	return conn.(*net.UnixConn), file, nil
}

// ListenUnix binds a stream socket, which syslog(3) tries when there is no datagram socket. Its messages end in NUL;
// LF and octet counts are understood too.
func ListenUnix(c UnixConfig) (*Stream, error) {
	listener, file, err := c.listenStream()
	if err != nil {
		return nil, fmt.Errorf("unix %s: %w", c.Path, err)
	}
	s := newStream("unix "+listener.Addr().String(), listener, TCPConfig{File: c.File, Limit: c.Limit,
		FrameTimeout: c.FrameTimeout, MaxConnections: c.MaxConnections})
	s.locals = newLocals(c, false)
	s.life.release = func() error { return errors.Join(file.removeIfMade(), listener.Close()) }
	raw, err := listener.SyscallConn()
	if err == nil {
		err = passCredentials("", "", raw)
	}
	if err != nil {
		s.Close()
		return nil, fmt.Errorf("%s: %w", s.name, err)
	}
	return s, nil
}

func (c UnixConfig) listenStream() (*net.UnixListener, *socketFile, error) {
	if c.File != nil {
		l, err := net.FileListener(c.File)
		if err != nil {
			return nil, nil, err
		}
		if local, ok := l.(*net.UnixListener); ok {
			local.SetUnlinkOnClose(false)
			return local, nil, nil
		}
		l.Close()
		return nil, nil, fmt.Errorf("file %s: not a local stream socket", c.File.Name())
	}
	if err := clearPath(c.Path); err != nil {
		return nil, nil, err
	}
	lc := net.ListenConfig{Control: passCredentials}
	l, err := lc.Listen(context.Background(), "unix", c.Path)
	if err != nil {
		return nil, nil, err
	}
	local := l.(*net.UnixListener)
	local.SetUnlinkOnClose(false) // it would remove whatever has that name by then
	file, err := claim(c.Path, c.mode())
	if err != nil {
		l.Close()
		return nil, nil, err
	}
	return local, file, nil
}

func (c UnixConfig) mode() os.FileMode {
	if c.Mode == 0 {
		return 0o666
	}
	return c.Mode
}

// passCredentials makes the kernel say who sent each message. Accepted connections inherit it.
func passCredentials(_, _ string, raw syscall.RawConn) error {
	return onSocket(raw, func(fd int) error { return unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_PASSCRED, 1) })
}

func (f *socketFile) removeIfMade() error {
	if f == nil {
		return nil
	}
	return f.remove()
}
