package syslog

import (
	"errors"
	"net"
	"os"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/sys/unix"

	"constat/internal/input/inputtest"
)

// poor is a listener on a machine without file descriptors, until it is closed.
type poor struct {
	net.Listener
	tries, left int
}

func (l *poor) SetDeadline(time.Time) error { return nil }
func (l *poor) Close() error                { return nil }
func (l *poor) Addr() net.Addr              { return &net.TCPAddr{} }

func (l *poor) Accept() (net.Conn, error) {
	if l.tries++; l.tries > l.left {
		return nil, net.ErrClosed
	}
	return nil, &net.OpError{Op: "accept", Err: os.NewSyscallError("accept4", unix.EMFILE)}
}

// TestScarce: a listener outlives that file descriptors are used up, however long that lasts.
func TestScarce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := &poor{left: 10 * maxErrors}
		s := newStream("tcp test", l, TCPConfig{})
		if err := s.Run(t.Context(), inputtest.NewSink(t)); !errors.Is(err, net.ErrClosed) || l.tries <= l.left {
			t.Errorf("%d tries, then %v", l.tries, err)
		}
	})
}
