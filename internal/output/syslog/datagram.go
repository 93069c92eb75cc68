package syslog

import (
	"context"
	"errors"
	"net"
	"os"
	"syscall"
	"time"

	"constat/internal/output"
)

// MaxUDP is the longest message in a datagram over IPv4, in octets: 65,535 less the headers of IP and UDP.
const MaxUDP = 65507

// Datagram says how messages are sent as datagrams.
type Datagram struct {
	Network string // "udp" or "unixgram"
	Address string
	Size    int           // longest message, in octets; 0: [MaxUDP]. What is longer is cut
	Timeout time.Duration // 0: [DefaultTimeout]
}

// Open makes the socket. Over UDP nothing says whether anybody listens.
func (d Datagram) Open(ctx context.Context, lost output.Lost) (output.Target, error) {
	if d.Size <= 0 || d.Size > MaxUDP {
		d.Size = MaxUDP
	}
	if d.Timeout <= 0 {
		d.Timeout = DefaultTimeout
	}
	var dialer net.Dialer
	conn, err := dialer.DialContext(ctx, d.Network, d.Address)
	if err != nil {
		return nil, err
	}
	return &datagram{config: d, conn: conn, lost: lost}, nil
}

type datagram struct {
	config Datagram
	conn   net.Conn
	lost   output.Lost // of messages that the system refuses for their length, and of the ends that were cut off
	sent   uint64
	begun  uint64
}

// CutReason is what cutting a message is counted under: its beginning is sent.
const CutReason = "cut to fit a datagram"

// Send implements [output.Target]. A message that a full socket does not take waits; one that the kernel says nobody
// took is an error, and is sent again.
func (t *datagram) Send(ctx context.Context, m *output.Messages) error {
	stop := context.AfterFunc(ctx, func() { t.conn.SetWriteDeadline(time.Unix(1, 0)) })
	defer stop()
	t.conn.SetWriteDeadline(time.Now().Add(t.config.Timeout))
	if ctx.Err() != nil {
		return ctx.Err()
	}
	before := t.sent
	for i := range m.Ends {
		err := t.send(ctx, m.At(i))
		t.begun = t.sent
		if err != nil {
			if !errors.Is(err, os.ErrDeadlineExceeded) {
				t.sent = before // it speaks of one that was sent before
			}
			return errors.Join(ctx.Err(), err)
		}
		t.sent++
	}
	return nil
}

func (t *datagram) send(ctx context.Context, message []byte) error {
	whole := len(message)
	if message = cut(message, t.config.Size); len(message) < whole {
		t.lost(CutReason, 1, uint64(whole-len(message)))
	}
	for {
		_, err := t.conn.Write(message)
		switch {
		case errors.Is(err, syscall.EMSGSIZE):
			t.lost("longer than the system sends", 1, uint64(len(message)))
			return nil
		case errors.Is(err, syscall.ENOBUFS):
			if err := sleep(ctx, time.Millisecond); err != nil {
				return err
			}
			continue
		}
		return err
	}
}

func sleep(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(d):
		return nil
	}
}

// Begun implements [output.Partial].
func (t *datagram) Begun() uint64 { return t.begun }

// Confirmed implements [output.Target]: more than that they are sent is never known.
func (t *datagram) Confirmed(bool) (uint64, error) { return t.sent, nil }

// Close implements [output.Target].
func (t *datagram) Close() error { return t.conn.Close() }
