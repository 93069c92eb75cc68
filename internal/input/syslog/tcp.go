package syslog

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"os"
	"time"

	"constat/internal/input"
)

// Defaults of streams.
const (
	DefaultFrameTimeout = 30 * time.Second
	DefaultConnections  = 20000
)

// TCPConfig says how to receive syslog over TCP (RFC 6587).
type TCPConfig struct {
	// Address is host:port; an empty host is all addresses, IPv4 and IPv6.
	Address string
	// File, if set, is a listening socket that is used instead, such as one of socket activation. It is duplicated:
	// the caller may close it.
	File *os.File
	// Limit is how many octets of a message are kept; 0 is [DefaultLimit]. A chunk has room for two messages.
	Limit int
	// FrameTimeout is how long a message that has begun may take to arrive; then the connection is closed. The time
	// in which the sink has no room does not count. 0 is [DefaultFrameTimeout]. A connection without a message under
	// way may stay forever.
	FrameTimeout time.Duration
	// MaxConnections is how many there may be; more are closed at once, and counted. 0 is [DefaultConnections].
	MaxConnections int
	// KeepNUL makes NUL a part of the line. Otherwise it ends it, as LF does.
	KeepNUL bool
	// CutCR makes a CR before LF a part of the end of the line, as some senders mean it, and not of the message.
	CutCR bool
	// Format says how the messages are written; 0 is [input.Syslog].
	Format input.Format
}

// ListenTCP binds.
func ListenTCP(c TCPConfig) (*Stream, error) {
	l, err := c.listen()
	if err != nil {
		return nil, fmt.Errorf("tcp %s: %w", c.Address, err)
	}
	return newStream("tcp "+l.Addr().String(), l, c), nil
}

func (c TCPConfig) listen() (*net.TCPListener, error) {
	var l net.Listener
	var err error
	if c.File != nil {
		l, err = net.FileListener(c.File)
	} else {
		lc := net.ListenConfig{KeepAlive: -1} // set for each connection, also of a File
		l, err = lc.Listen(context.Background(), "tcp", c.Address)
	}
	if err != nil {
		return nil, err
	}
	tcp, ok := l.(*net.TCPListener)
	if !ok {
		l.Close()
		return nil, fmt.Errorf("file %s: not a TCP socket", c.File.Name())
	}
	return tcp, nil
}

// keepAlive finds peers that are gone within about two minutes.
func keepAlive() net.KeepAliveConfig {
	return net.KeepAliveConfig{Enable: true, Idle: time.Minute, Interval: 15 * time.Second, Count: 4}
}

// tcpSource is the source of one connection.
func tcpSource(conn *net.TCPConn, f input.Format) *input.Source {
	var addr netip.Addr
	if tcp, ok := conn.RemoteAddr().(*net.TCPAddr); ok {
		addr = tcp.AddrPort().Addr().Unmap()
	}
	return networkSource("tcp", addr.String(), f)
}
