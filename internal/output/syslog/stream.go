package syslog

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"sync/atomic"
	"time"

	"constat/internal/output"
)

// DefaultTimeout is how long a connection may take to be made, and to take what is sent.
const DefaultTimeout = 30 * time.Second

// Stream says how messages are sent over a connection.
type Stream struct {
	Network string // "tcp" or "unix"
	Address string
	Framing Framing
	Timeout time.Duration // 0: [DefaultTimeout]
	// Secure, if set, begins TLS over a connection; what it returns is used instead. If that is [Unproven], it is proven.
	Secure func(ctx context.Context, conn net.Conn) (net.Conn, error)
}

// Dial makes the connection: over TCP with keep-alive, so that a machine that is gone is found.
func (s Stream) Dial(ctx context.Context) (net.Conn, error) {
	if s.Timeout <= 0 {
		s.Timeout = DefaultTimeout
	}
	ctx, cancel := context.WithTimeout(ctx, s.Timeout)
	defer cancel()
	dialer := net.Dialer{KeepAliveConfig: net.KeepAliveConfig{Enable: true, Idle: 15 * time.Second, Interval: 5 * time.Second, Count: 4}}
	conn, err := dialer.DialContext(ctx, s.Network, s.Address)
	if err != nil || s.Secure == nil {
		return conn, err
	}
	secured, err := s.Secure(ctx, conn)
	if err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	return secured, nil
}

// Open makes a connection that messages can be sent over.
func (s Stream) Open(ctx context.Context, _ output.Lost) (output.Target, error) {
	var wire *counted
	if secure := s.Secure; secure != nil {
		s.Secure = func(ctx context.Context, conn net.Conn) (net.Conn, error) {
			wire = newCounted(conn)
			return secure(ctx, wire)
		}
	}
	conn, err := s.dialProven(ctx)
	if err != nil {
		return nil, err
	}
	if wire == nil {
		wire = newCounted(conn)
		conn = wire
	}
	if s.Timeout <= 0 {
		s.Timeout = DefaultTimeout
	}
	t := &stream{config: s, conn: conn, wire: wire, gone: make(chan struct{})}
	if s.Secure != nil {
		t.proven = time.Now().Add(s.trial())
	}
	go t.watch()
	return t, nil
}

// stream is a connection.
type stream struct {
	config  Stream
	conn    net.Conn // messages go here
	wire    *counted // and their octets, perhaps encrypted, here
	buffer  []byte
	sent    uint64    // messages
	marks   []mark    // of what is not confirmed, in order
	settled uint64    // messages that are confirmed
	proven  time.Time // from when on they can be; see Stream.trial

	gone chan struct{} // closed when the other side has ended the connection
	why  error         // then
	soon bool          // then: before it was proven
}

// mark says how many messages were sent when so many octets had been written.
type mark struct {
	octets   int64
	messages uint64
}

// watch reads, which a receiver of syslog gives no reason for: it finds out that the other side has closed before the
// next message is written into the void.
func (t *stream) watch() {
	defer close(t.gone)
	buffer := make([]byte, 512)
	for {
		if _, err := t.conn.Read(buffer); err != nil {
			t.why, t.soon = err, time.Now().Before(t.proven)
			return
		}
	}
}

// lost is why the connection is of no use any more; nil if it is.
func (t *stream) lost() error {
	select {
	case <-t.gone:
		if errors.Is(t.why, io.EOF) {
			return errors.New("the receiver has closed the connection")
		}
		return t.why
	default:
		return nil
	}
}

// Send implements [output.Target].
func (t *stream) Send(ctx context.Context, m *output.Messages) error {
	if err := t.lost(); err != nil {
		return err
	}
	t.buffer = appendFramed(t.buffer[:0], m, t.config.Framing)
	stop := context.AfterFunc(ctx, func() { t.conn.SetWriteDeadline(time.Unix(1, 0)) })
	defer stop()
	t.conn.SetWriteDeadline(time.Now().Add(t.config.Timeout))
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if _, err := t.conn.Write(t.buffer); err != nil {
		return errors.Join(ctx.Err(), t.lost(), err)
	}
	t.sent += uint64(m.Len())
	t.marks = append(t.marks, mark{t.wire.written.Load(), t.sent})
	return nil
}

// Confirmed implements [output.Target].
func (t *stream) Confirmed(bool) (uint64, error) {
	if len(t.marks) == 0 {
		return t.settled, t.lost()
	}
	if err := t.lost(); time.Now().Before(t.proven) || err != nil && t.soon {
		return t.settled, err
	}
	acked, err := t.wire.acknowledged()
	if err != nil {
		return t.settled, fmt.Errorf("what %s has received: %w", t.config.Address, err)
	}
	n := 0
	for n < len(t.marks) && t.marks[n].octets <= acked {
		t.settled = t.marks[n].messages
		n++
	}
	t.marks = append(t.marks[:0], t.marks[n:]...)
	if len(t.marks) > 0 {
		return t.settled, t.lost()
	}
	return t.settled, nil
}

// Close implements [output.Target].
func (t *stream) Close() error {
	err := t.conn.Close()
	<-t.gone
	return err
}

// counted counts what is written to a connection, and asks the kernel what of it has arrived.
type counted struct {
	net.Conn
	written atomic.Int64
	base    int64 // what the kernel counted before
}

func newCounted(conn net.Conn) *counted {
	c := &counted{Conn: conn}
	if tcp, ok := conn.(*net.TCPConn); ok {
		c.base, _ = bytesAcked(tcp) // asked again later, when an error is told
	}
	return c
}

// Write implements [net.Conn].
func (c *counted) Write(p []byte) (int, error) {
	n, err := c.Conn.Write(p)
	c.written.Add(int64(n))
	return n, err
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
