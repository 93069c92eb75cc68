// Package relp sends messages over RELP, in the clear or over TLS: a message counts as confirmed once the server has
// acknowledged it.
package relp

import (
	"context"
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
}

// Open begins a session.
func (s Session) Open(ctx context.Context, _ output.Lost) (output.Target, error) {
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
	return &session{client: c}, nil
}

type session struct {
	client *relp.Client
	list   [][]byte
	acked  uint64
}

// Send implements [output.Target]. It returns when everything is acknowledged.
func (t *session) Send(ctx context.Context, m *output.Messages) error {
	t.list = t.list[:0]
	for i := range m.Ends {
		t.list = append(t.list, m.At(i))
	}
	n, err := t.client.Send(ctx, t.list)
	t.acked += uint64(n)
	if err != nil {
		return fmt.Errorf("RELP: %w", err)
	}
	return nil
}

// Confirmed implements [output.Target].
func (t *session) Confirmed(bool) (uint64, error) { return t.acked, nil }

// Close implements [output.Target].
func (t *session) Close() error {
	ctx, cancel := context.WithTimeout(context.Background(), goodbye)
	defer cancel()
	return t.client.Close(ctx)
}
