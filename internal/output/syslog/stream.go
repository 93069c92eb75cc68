package syslog

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"time"

	"constat/internal/output"
)

// DefaultTrial is that of outputs. It is at least two round trips.
const DefaultTrial = 500 * time.Millisecond

// DefaultTimeout is how long a connection may take to be made, and to take what is sent.
const DefaultTimeout = 30 * time.Second

// Stream says how messages are sent over a connection.
type Stream struct {
	Network string // "tcp" or "unix"
	Address string
	Framing Framing
	Timeout time.Duration // 0: [DefaultTimeout]
	// Trial is how long a connection must have lasted before anything counts as confirmed; 0: no time in the clear. A
	// server that stands before one that is away takes connections and ends them. See also [Unproven].
	Trial time.Duration
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
		conn.Close() // the handshake may have
		return nil, err
	}
	return secured, nil
}

// Open makes a connection that messages can be sent over.
func (s Stream) Open(ctx context.Context, _ output.Lost) (output.Target, error) {
	if s.Timeout <= 0 {
		s.Timeout = DefaultTimeout
	}
	var wire *counted
	if secure := s.Secure; secure != nil {
		s.Secure = func(ctx context.Context, conn net.Conn) (net.Conn, error) {
			wire = newCounted(conn, s.Timeout)
			return secure(ctx, wire)
		}
	}
	conn, err := s.dialProven(ctx)
	if err != nil {
		return nil, err
	}
	if wire == nil {
		wire = newCounted(conn, s.Timeout)
		conn = wire
	}
	t := &stream{config: s, conn: conn, wire: wire, gone: make(chan struct{})}
	if trial := s.trial(); trial > 0 {
		t.triedAt = time.Now().Add(max(trial, 2*wire.roundTrip()))
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
	begun   uint64    // messages that may have left
	marks   []mark    // of what is not confirmed, in order
	settled uint64    // messages that are confirmed
	triedAt time.Time // when it has lasted

	gone   chan struct{} // closed when the other side has ended the connection
	why    error         // then
	goneAt time.Time     // then
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
			t.why, t.goneAt = err, time.Now()
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

// onTrial reports whether the connection has not lasted yet, or had not when it ended.
func (t *stream) onTrial() bool {
	select {
	case <-t.gone:
		return t.goneAt.Before(t.triedAt)
	default:
		return time.Now().Before(t.triedAt)
	}
}

// piece is how many octets are written at once, up to the end of a message: what of them has arrived is known for all of
// them together.
const piece = 32 << 10

// Send implements [output.Target].
func (t *stream) Send(ctx context.Context, m *output.Messages) error {
	if err := t.lost(); err != nil {
		return err
	}
	stop := context.AfterFunc(ctx, func() { t.wire.SetWriteDeadline(time.Unix(1, 0)) })
	defer stop()
	for i := 0; i < m.Len(); {
		n := i
		for t.buffer = t.buffer[:0]; n < m.Len() && len(t.buffer) < piece; n++ {
			t.buffer = appendFramed(t.buffer, m.At(n), t.config.Framing)
		}
		t.begun = t.sent + uint64(n-i)
		if _, err := t.conn.Write(t.buffer); err != nil {
			return errors.Join(ctx.Err(), t.lost(), err)
		}
		t.sent += uint64(n - i)
		t.marks = append(t.marks, mark{t.wire.written.Load(), t.sent})
		i = n
	}
	return nil
}

// Begun implements [output.Partial].
func (t *stream) Begun() uint64 { return t.begun }

// Confirmed implements [output.Target].
func (t *stream) Confirmed(bool) (uint64, error) {
	if len(t.marks) == 0 || t.onTrial() {
		return t.settled, t.lost()
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
