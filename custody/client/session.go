// Package client writes the chain of custody of one treatment into the journal of the daemon on this machine: it hashes
// what it hands on while it reads it, and reports only what it has checked.
//
//	s, err := client.NewSession(ctx, client.Options{Source: key, Destination: out})
//	content, err := s.Copy(ctx, "docs/a.pdf", from, to)
//	err = s.Close(ctx)
//
// Every call that reports returns when its entry is durable and signed, as the calls of package audit do; an error means
// that the step is not on record, or did not succeed. Programs that share a session, such as the scanners, join it by
// its id ([Join]).
package client

import (
	"context"
	"crypto/rand"
	"fmt"
	"sync"
	"time"

	"constat/audit"
	"constat/custody"
)

// Options of a session.
type Options struct {
	Audit       audit.Client   // where entries go; the zero value is the daemon of this machine
	ID          string         // of the session; "": a new one
	Station     string         // which machine or place, may be empty
	Source      custody.Medium // where files are read; its role is set
	Destination custody.Medium // where they are delivered; its role is set
	Now         func() time.Time
}

// Session is one treatment. Its methods may be called concurrently.
type Session struct {
	options Options
	mu      sync.Mutex
	counts  custody.Counts             // guarded by mu
	read    map[string]custody.Content // guarded by mu: what was read first, by path
}

// NewSession begins a session: it writes session.opened.
func NewSession(ctx context.Context, o Options) (*Session, error) {
	s, err := Join(o)
	if err != nil {
		return nil, err
	}
	e := custody.Event{Op: custody.Opened, Station: o.Station, At: s.options.Now()}
	if o.Source.ID != "" {
		e.Medium = s.options.Source
	}
	return s, s.report(ctx, e)
}

// Join goes on with a session that was begun elsewhere; it writes nothing. Its counts are those of its own reports.
func Join(o Options) (*Session, error) {
	if o.ID == "" {
		o.ID = rand.Text()
	}
	if !custody.ValidSession(o.ID) {
		return nil, fmt.Errorf("custody: %q cannot be the id of a session: want 1 to %d letters, digits, '.', '_', ':' or '-'", o.ID, custody.MaxSession)
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	o.Source.Role, o.Destination.Role = custody.Source, custody.Destination
	return &Session{options: o, read: map[string]custody.Content{}}, nil
}

// ID is the id of the session, by which it is checked and proved.
func (s *Session) ID() string { return s.options.ID }

// Close writes session.closed with what this Session has reported.
func (s *Session) Close(ctx context.Context) error {
	return s.report(ctx, custody.Event{Op: custody.Closed, Result: custody.Complete, Counts: s.Counts(), At: s.options.Now()})
}

// Abort writes session.closed for a treatment that did not come to its end.
func (s *Session) Abort(ctx context.Context, reason string) error {
	return s.report(ctx, custody.Event{Op: custody.Closed, Result: custody.Aborted, Reason: reason, Counts: s.Counts(), At: s.options.Now()})
}

// Counts are the reports so far.
func (s *Session) Counts() custody.Counts {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.counts
}

// report writes an event and counts it.
func (s *Session) report(ctx context.Context, e custody.Event) error {
	e.Session = s.options.ID
	if e.At.IsZero() {
		e.At = s.options.Now()
	}
	x, err := e.Entry(s.options.Audit.Name())
	if err != nil {
		return fmt.Errorf("custody: %w", err)
	}
	if err := s.options.Audit.Write(ctx, &x); err != nil {
		return fmt.Errorf("custody: %s is not on record: %w", e.Op, err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.counts.Add(e.Op, e.Result)
	return nil
}

// Event writes an event of any kind; the session is set. It is for what the other methods have no word for, such as a
// file that was passed over.
func (s *Session) Event(ctx context.Context, e custody.Event) error { return s.report(ctx, e) }

// Skipped reports that a file was not read, and why.
func (s *Session) Skipped(ctx context.Context, path, reason string) error {
	return s.report(ctx, custody.Event{Op: custody.Read, Path: path, Medium: s.options.Source, Result: custody.Skipped, Reason: reason})
}
