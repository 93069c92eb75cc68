package syslog

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"time"
)

// A client of TLS may have ended its handshake before the server has looked at its certificate: with TLS 1.3 always (RFC 8446 §2),
// and with any version if the program of the server looks afterwards. What is sent until it has been refused is acknowledged by
// the other kernel, and read by nobody. Two things keep that from counting as confirmed: a session without messages goes first,
// where a refusal can come late, and a connection must hold for a while before anything counts.

// Unproven is a connection over TLS of which the server may say later that it does not want the client.
type Unproven interface {
	net.Conn
	// Unproven reports whether that is so.
	Unproven() bool
	// CloseWrite says that nothing more comes (RFC 5425 §4.4).
	CloseWrite() error
}

// SecureTrial is how long a connection over TLS must have held before what the other kernel has counts as confirmed.
const SecureTrial = time.Second

// trial is how long a connection must have held, or half of a timeout that is short.
func (s Stream) trial() time.Duration {
	trial := s.Trial
	if s.Secure != nil {
		trial = max(trial, SecureTrial)
	}
	return min(trial, s.Timeout/2)
}

// dialProven makes a connection on which the server wants this client, as far as it says so.
func (s Stream) dialProven(ctx context.Context) (net.Conn, error) {
	if s.Timeout <= 0 {
		s.Timeout = DefaultTimeout
	}
	conn, err := s.Dial(ctx)
	if err != nil {
		return nil, err
	}
	u, ok := conn.(Unproven)
	if !ok || !u.Unproven() {
		return conn, nil
	}
	if err := s.prove(ctx, u); err != nil {
		return nil, fmt.Errorf("the server does not want this client: %w", err)
	}
	return s.Dial(ctx)
}

// prove ends a session without a message, and waits for the server to end it too: it does so by an alert if it does not want
// the client. One that does not end it within the trial has not refused either.
func (s Stream) prove(ctx context.Context, conn Unproven) error {
	defer conn.Close()
	conn.SetDeadline(time.Now().Add(s.trial()))
	defer context.AfterFunc(ctx, func() { conn.SetDeadline(time.Unix(1, 0)) })()
	err := conn.CloseWrite()
	if err == nil {
		_, err = io.Copy(io.Discard, conn)
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if errors.Is(err, os.ErrDeadlineExceeded) {
		return nil
	}
	return err
}
