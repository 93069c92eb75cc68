package audit

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"syscall"
	"time"

	"constat/internal/input/native"
)

// Journal is where the entries go.
const Journal = "audit"

// Errors of a call.
var (
	// ErrNoDaemon says that no daemon took the entry in time: nothing was written.
	ErrNoDaemon = errors.New("no daemon took the entry, which is not written; start one with 'constat serve'")
	// ErrUnknown says that the daemon ended, or was too slow, after it had been given the entry.
	ErrUnknown = errors.New("the daemon did not answer, and nobody knows whether the entry is kept")
)

// How often a daemon is looked for that is not there.
const (
	firstPause = 2 * time.Millisecond
	maxPause   = 50 * time.Millisecond
)

// bufferSize is enough for an entry without long values.
const bufferSize = 4 << 10

// send hands an entry to the daemon and waits for the answer. As long as nothing was handed over it tries again.
func (c *Client) send(ctx context.Context, o *outgoing) error {
	for pause := firstPause; ; pause = min(2*pause, maxPause) {
		again, err := c.try(ctx, o)
		if !again {
			return err
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("audit: %w (%w)", ErrNoDaemon, err)
		case <-time.After(pause):
		}
	}
}

// try tries once. again says that nothing was handed over and that it may be better later.
func (c *Client) try(ctx context.Context, o *outgoing) (again bool, err error) {
	socket, err := c.socket()
	if err != nil {
		return errors.Is(err, native.ErrNoDaemon), err
	}
	client, err := native.DialContext(ctx, socket, native.Request{Op: "log", Journal: Journal, Private: o.private}, bufferSize)
	if err != nil {
		if ctx.Err() != nil || isAbsent(err) {
			return true, err
		}
		return false, fmt.Errorf("audit: %w (%w)", ErrNoDaemon, err)
	}
	sent := client.Log(&o.entry)
	answer, err := client.Finish()
	switch {
	case answer.Busy:
		return true, err
	case err == nil && sent == nil && answer.Entries == 1:
		return false, nil
	case answer.Error != "" && answer.Entries == 0:
		return false, fmt.Errorf("audit: refused by the daemon at %s: %s", socket, answer.Error)
	}
	if sent != nil && err != nil {
		err = fmt.Errorf("%w; %w", err, sent) // on one line
	} else if sent != nil {
		err = sent
	}
	return false, fmt.Errorf("audit: %w (%w)", ErrUnknown, err)
}

// isAbsent reports whether an error of dialling means that nobody listens, or that nobody has room for us.
func isAbsent(err error) bool {
	return errors.Is(err, syscall.ECONNREFUSED) || errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.EAGAIN)
}

// socket is where the daemon listens.
func (c *Client) socket() (string, error) {
	if c.Socket != "" {
		return c.Socket, nil
	}
	if socket := os.Getenv("CONSTAT_SOCKET"); socket != "" && c.Store == "" {
		return socket, nil
	}
	store := c.Store
	if store == "" {
		var err error
		if store, err = native.DefaultStore(); err != nil {
			return "", err
		}
	}
	e, err := native.Find(store)
	if err != nil {
		return "", fmt.Errorf("store %s: %w", store, err)
	}
	return e.Socket, nil
}
