// Package relp sends messages over RELP, in the clear or over TLS: a message counts as confirmed once the server has
// acknowledged it.
package relp

import (
	"context"
	"errors"
	"fmt"
	"time"

	"constat/internal/output"
	"constat/internal/output/syslog"
	"constat/internal/relp"
)

// goodbye is how long a server may take to answer that the session ends.
const goodbye = time.Second

// Session says how messages are sent.
type Session struct {
	Stream syslog.Stream // of which the framing does not matter
	Window int           // messages that may wait for their answer; 0: 128

	refusals refusals // of all sessions, one after the other
}

// Open begins a session.
func (s *Session) Open(ctx context.Context, lost output.Lost) (output.Target, error) {
	conn, err := s.Stream.Dial(ctx)
	if err != nil {
		return nil, err
	}
	timeout := s.Stream.Timeout
	if timeout <= 0 {
		timeout = syslog.DefaultTimeout
	}
	c, err := relp.NewClient(ctx, conn, relp.ClientConfig{Window: s.Window, Timeout: timeout, Software: "constat"})
	if err != nil {
		return nil, err
	}
	return &session{client: c, lost: lost, refusals: &s.refusals}, nil
}

type session struct {
	client   *relp.Client
	lost     output.Lost // of messages that were given up
	refusals *refusals
	list     [][]byte
	acked    uint64
	begun    uint64 // that may have left
}

// Send implements [output.Target]. It returns when everything is acknowledged, or given up.
func (t *session) Send(ctx context.Context, m *output.Messages) error {
	t.list = t.list[:0]
	for i := range m.Ends {
		t.list = append(t.list, m.At(i))
	}
	for rest := t.list; len(rest) > 0; {
		part := rest
		if t.refusals.alone(rest[0]) {
			part = rest[:1]
		}
		n, err := t.client.Send(ctx, part)
		for _, message := range rest[:n] {
			t.refusals.taken(message)
		}
		t.begun = t.acked + uint64(t.client.Begun())
		t.acked += uint64(n)
		if rest = rest[n:]; err == nil {
			continue
		}
		var refused *relp.RefusedError
		if !errors.As(err, &refused) || !t.refusals.giveUp(rest[0], refused.Others > 0) {
			return fmt.Errorf("RELP: %w", err)
		}
		t.lost(GivenUpReason, 1, uint64(len(rest[0])))
		done := rest[:1+t.taken(refused.Others, n)]
		for _, message := range done[1:] {
			t.refusals.taken(message)
		}
		t.acked += uint64(len(done))
		rest = rest[len(done):]
	}
	return nil
}

// taken is how many messages right behind the one that was refused the server has: all that had left, if it has answered so
// to all. They need not come again.
func (t *session) taken(others, acknowledged int) int {
	if others == t.client.Begun()-acknowledged-1 {
		return others
	}
	return 0
}

// Confirmed implements [output.Target]. A server that has gone is an error, also while there is nothing to send.
func (t *session) Confirmed(bool) (uint64, error) {
	if err := t.client.Ended(); err != nil {
		return t.acked, fmt.Errorf("RELP: %w", err)
	}
	return t.acked, nil
}

// Begun implements [output.Partial].
func (t *session) Begun() uint64 { return t.begun }

// Close implements [output.Target].
func (t *session) Close() error {
	ctx, cancel := context.WithTimeout(context.Background(), goodbye)
	defer cancel()
	return t.client.Close(ctx)
}
