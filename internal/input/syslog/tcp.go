package syslog

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"os"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"constat/entry"
	"constat/internal/input"
	"constat/internal/tlsconf"
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
	// MaxPerAddress is how many there may be from one address; 0 is as many as there may be at all.
	MaxPerAddress int
	// TLS, if set, is what connections must speak (RFC 5425). The framing is told apart as without it.
	TLS *tlsconf.Config
	// HandshakeTimeout is how long the beginning of TLS may take; 0 is 10 s.
	HandshakeTimeout time.Duration
	// Refused, if set, is told why TLS came to nothing with a peer, for people; the peer's address is in the name of its source. It
	// must not block.
	Refused func(source string, err error)
	// KeepNUL makes NUL a part of the line. Otherwise it ends it, as LF does.
	KeepNUL bool
	// CutCR makes a CR before LF a part of the end of the line, as some senders mean it, and not of the message.
	CutCR bool
	// Format says how the messages are written; 0 is [input.Syslog].
	Format input.Format

	segment int // octets of the longest that is asked for; 0 is what the path allows
}

// ListenTCP binds. With TLS the input is called "tls" and not "tcp".
func ListenTCP(c TCPConfig) (*Stream, error) {
	kind := "tcp"
	if c.TLS != nil {
		kind = "tls"
	}
	return c.stream(kind)
}

func (c TCPConfig) stream(kind string) (*Stream, error) {
	l, err := c.listen()
	if err != nil {
		return nil, fmt.Errorf("%s %s: %w", kind, c.Address, err)
	}
	return newStream(kind+" "+l.Addr().String(), l, c), nil
}

func (c TCPConfig) listen() (*net.TCPListener, error) {
	var l net.Listener
	var err error
	if c.File != nil {
		l, err = net.FileListener(c.File)
	} else {
		lc := net.ListenConfig{KeepAlive: -1, Control: c.control} // set for each connection, also of a File
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

// control limits the segments that peers send, if that is wanted.
func (c TCPConfig) control(_, _ string, raw syscall.RawConn) error {
	if c.segment == 0 {
		return nil
	}
	return onSocket(raw, func(fd int) error { return unix.SetsockoptInt(fd, unix.IPPROTO_TCP, unix.TCP_MAXSEG, c.segment) })
}

// keepAlive finds peers that are gone within about two minutes.
func keepAlive() net.KeepAliveConfig {
	return net.KeepAliveConfig{Enable: true, Idle: time.Minute, Interval: 15 * time.Second, Count: 4}
}

// addressOf is the address of a peer; none of a local one.
func addressOf(conn net.Conn) (addr netip.Addr) {
	if tcp, ok := conn.RemoteAddr().(*net.TCPAddr); ok {
		addr = tcp.AddrPort().Addr().Unmap()
	}
	return addr
}

// sourceOf is the source of a connection from an address, with what else is known of the peer.
func (s *Stream) sourceOf(addr netip.Addr, more []entry.Field) *input.Source {
	kind, _, _ := strings.Cut(s.name, " ")
	source := networkSource(kind, addr.String(), s.config.Format)
	source.Fields = append(source.Fields, more...)
	return source
}
