package syslog

import (
	"errors"
	"net"
	"os"
	"sync/atomic"
	"time"
)

// counted counts what is written to a connection, and asks the kernel what of it has arrived.
type counted struct {
	net.Conn
	timeout time.Duration // without anything arriving
	written atomic.Int64
	base    int64       // what the kernel counted before
	limited atomic.Bool // by somebody else
}

func newCounted(conn net.Conn, timeout time.Duration) *counted {
	c := &counted{Conn: conn, timeout: timeout}
	if tcp, ok := conn.(*net.TCPConn); ok {
		c.base, _ = bytesAcked(tcp) // asked again later, when an error is told
	}
	return c
}

// SetWriteDeadline implements [net.Conn]. From then on, time is limited by nothing else.
func (c *counted) SetWriteDeadline(at time.Time) error {
	c.limited.Store(true)
	return c.Conn.SetWriteDeadline(at)
}

// Write implements [net.Conn]. It goes on as long as the other side gets on, however slowly.
func (c *counted) Write(p []byte) (n int, err error) {
	for {
		limited := c.limited.Load()
		before, _ := c.acknowledged() // an error is told when it is asked what was confirmed
		if !limited {
			c.Conn.SetWriteDeadline(time.Now().Add(c.timeout))
		}
		if !limited && c.limited.Load() {
			return n, os.ErrDeadlineExceeded // meanwhile
		}
		some, err := c.Conn.Write(p[n:])
		n += some
		c.written.Add(int64(some))
		if err == nil || limited || !errors.Is(err, os.ErrDeadlineExceeded) {
			return n, err
		}
		if after, _ := c.acknowledged(); some == 0 && after <= before {
			return n, err
		}
	}
}

// acknowledged is how many of the octets written the other machine has.
func (c *counted) acknowledged() (int64, error) {
	tcp, ok := c.Conn.(*net.TCPConn)
	if !ok {
		return c.written.Load(), nil // the same machine: its kernel has them
	}
	n, err := bytesAcked(tcp)
	return n - c.base, err
}

// roundTrip is how long it takes to the other side and back, as far as is known.
func (c *counted) roundTrip() time.Duration {
	tcp, ok := c.Conn.(*net.TCPConn)
	if !ok {
		return 0
	}
	info, err := tcpInfo(tcp)
	if err != nil {
		return 0
	}
	return time.Duration(info.Rtt) * time.Microsecond
}
