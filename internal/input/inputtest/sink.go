// Package inputtest tests inputs: [Sink] records what an input hands over and finds its mistakes, and [Run] holds an
// input to the contract of package input. Whoever writes an input runs it.
package inputtest

import (
	"bytes"
	"context"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"constat/entry"
	"constat/internal/input"
)

// Patience is how long the functions of this package wait for what should happen at once.
const Patience = 20 * time.Second

// Message is what was handed over, in memory of its own.
type Message struct {
	Source   *input.Source
	Octets   string
	Lost     int64
	Flag     string
	Envelope *Envelope
}

// Envelope is what a message came in.
type Envelope struct {
	Octets string
	Claims []entry.Field
}

// Note is what an input said itself, and behind how many messages.
type Note struct {
	input.Note
	Source *input.Source
	Behind int
}

// Loss is what a loss was counted under.
type Loss struct{ Source, Reason string }

// Count is how much was lost.
type Count struct{ Messages, Octets uint64 }

// Sink records. Once a chunk is handed over, its memory is overwritten and used again, so that an input that keeps
// hold of it is found out. The test fails at each breach of the contract.
type Sink struct {
	t testing.TB

	mu       sync.Mutex
	changed  chan struct{} // closed and replaced at each change
	full     bool
	closed   bool
	free     []*input.Chunk
	messages []Message
	notes    []Note
	chunks   int
	losses   map[Loss]Count
	sources  map[*input.Source]input.Source // as they were at first
}

var _ input.Sink = (*Sink)(nil)

// NewSink returns a sink that has room.
func NewSink(t testing.TB) *Sink {
	return &Sink{t: t, changed: make(chan struct{}), losses: map[Loss]Count{},
		sources: map[*input.Source]input.Source{}}
}

// Chunk implements [input.Sink].
func (s *Sink) Chunk() *input.Chunk {
	s.mu.Lock()
	defer s.mu.Unlock()
	if n := len(s.free); n > 0 {
		c := s.free[n-1]
		s.free = s.free[:n-1]
		return c
	}
	return new(input.Chunk)
}

// Put implements [input.Sink].
func (s *Sink) Put(ctx context.Context, c *input.Chunk) error {
	for {
		s.mu.Lock()
		if !s.full || s.closed {
			err := s.takeLocked(c)
			s.mu.Unlock()
			return err
		}
		changed := s.changed
		s.mu.Unlock()
		select {
		case <-changed:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// Offer implements [input.Sink].
func (s *Sink) Offer(c *input.Chunk) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.full && !s.closed {
		return input.ErrFull
	}
	return s.takeLocked(c)
}

// Lose implements [input.Sink].
func (s *Sink) Lose(source, reason string, messages, octets uint64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if messages == 0 {
		s.t.Errorf("Lose(%q, %q): no messages", source, reason)
	}
	n := s.losses[Loss{source, reason}]
	s.losses[Loss{source, reason}] = Count{n.Messages + messages, n.Octets + octets}
	s.changeLocked()
}

// Refuse implements [input.Sink].
func (s *Sink) Refuse(source, reason string, shown []entry.Field) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, f := range shown {
		if !strings.HasPrefix(f.Name, "_") || f.Provenance != entry.Observed || f.Form != entry.Inline || len(f.Value) == 0 {
			s.t.Errorf("Refuse(%q, %q): field %+v is not an observed one", source, reason, f)
		}
	}
	loss := Loss{source, input.Refused + reason}
	s.losses[loss] = Count{s.losses[loss].Messages + 1, s.losses[loss].Octets}
	s.changeLocked()
}

// SetFull makes room, or takes it away.
func (s *Sink) SetFull(full bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.full = full
	s.changeLocked()
}

// Close makes the sink take nothing more.
func (s *Sink) Close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
	s.changeLocked()
}

// Messages returns what was handed over, in the order in which it was.
func (s *Sink) Messages() []Message {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.messages)
}

// Notes returns what the input said itself.
func (s *Sink) Notes() []Note {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.notes)
}

// Chunks returns how many chunks were handed over.
func (s *Sink) Chunks() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.chunks
}

// Lost returns what was counted as lost for a reason, of all sources.
func (s *Sink) Lost(reason string) Count {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.lostLocked(func(l Loss) bool { return l.Reason == reason })
}

// Losses returns all that was counted as lost.
func (s *Sink) Losses() map[Loss]Count {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := make(map[Loss]Count, len(s.losses))
	for l, n := range s.losses {
		out[l] = n
	}
	return out
}

// Total returns how many messages were handed over or counted as lost.
func (s *Sink) Total() (kept, lost uint64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return uint64(len(s.messages)), s.lostLocked(func(Loss) bool { return true }).Messages
}

// Wait waits until n messages are handed over or counted as lost, and fails the test if they do not come.
func (s *Sink) Wait(n int) {
	s.t.Helper()
	s.Until("messages", func() bool { return uint64(len(s.messages))+s.lostLocked(all).Messages >= uint64(n) })
}

// Until waits until is reports true. It is called with the lock held, and so must not call the sink.
func (s *Sink) Until(what string, is func() bool) {
	s.t.Helper()
	deadline := time.After(Patience)
	for {
		s.mu.Lock()
		good, changed := is(), s.changed
		s.mu.Unlock()
		if good {
			return
		}
		select {
		case <-changed:
		case <-deadline:
			kept, lost := s.Total()
			s.t.Fatalf("%s do not come: %d kept, %d lost", what, kept, lost)
		}
	}
}

func all(Loss) bool { return true }

func (s *Sink) lostLocked(of func(Loss) bool) (sum Count) {
	for l, n := range s.losses {
		if of(l) {
			sum.Messages += n.Messages
			sum.Octets += n.Octets
		}
	}
	return sum
}

func (s *Sink) changeLocked() {
	close(s.changed)
	s.changed = make(chan struct{})
}

// takeLocked records a chunk and spoils it.
func (s *Sink) takeLocked(c *input.Chunk) error {
	if s.closed {
		return input.ErrClosed
	}
	s.checkLocked(c)
	for _, m := range c.Messages {
		if m.Note != nil {
			s.checkNote(m.Note)
			s.notes = append(s.notes, Note{*m.Note, c.Source, len(s.messages)})
			continue
		}
		kept := Message{Source: c.Source, Octets: string(c.Octets[m.Start:m.End]), Lost: m.Lost, Flag: m.Flag}
		if e := m.Envelope; e != nil {
			kept.Envelope = &Envelope{string(c.Octets[e.Start:e.End]), cloneFields(e.Claims)}
			s.checkClaims(e.Claims)
		}
		s.messages = append(s.messages, kept)
	}
	s.chunks++
	if c.Done != nil {
		c.Done(nil)
	}
	memory := c.Octets[:cap(c.Octets)]
	for i := range memory[:min(len(memory), 1<<16)] {
		memory[i] = 0xee
	}
	c.Reset()
	s.free = append(s.free, c)
	s.changeLocked()
	return nil
}

// checkLocked holds a chunk to the contract.
func (s *Sink) checkLocked(c *input.Chunk) {
	if len(c.Messages) == 0 {
		s.t.Error("a chunk without messages")
	}
	end := 0
	for _, m := range c.Messages {
		if m.Start < end || m.End < m.Start || m.End > len(c.Octets) || m.Lost < 0 {
			s.t.Errorf("message %+v behind %d in %d octets", m, end, len(c.Octets))
			return
		}
		end = m.End
	}
	if c.Source == nil {
		s.t.Error("a chunk without source")
		return
	}
	before, ok := s.sources[c.Source]
	if !ok {
		s.checkSource(c.Source)
		before = *c.Source
		before.Fields = cloneFields(c.Source.Fields)
		s.sources[c.Source] = before
	}
	if !sameSource(&before, c.Source) {
		s.t.Errorf("source %s has changed: %+v, was %+v", before.Name, *c.Source, before)
	}
}

// checkNote holds a note to the contract.
func (s *Sink) checkNote(n *input.Note) {
	if len(n.Fields) == 0 || n.Lost > 0 && n.Reason == "" {
		s.t.Errorf("note %+v", n)
	}
	for _, f := range n.Fields {
		if f.Provenance != entry.Observed || f.Form != entry.Inline {
			s.t.Errorf("note: field %+v is not an observed one", f)
		}
	}
}

// checkSource holds a new source to the contract.
func (s *Sink) checkSource(source *input.Source) {
	if source.Name == "" {
		s.t.Error("a source without name")
	}
	transport := false
	for _, f := range source.Fields {
		if !strings.HasPrefix(f.Name, "_") || f.Provenance != entry.Observed || f.Form != entry.Inline || len(f.Value) == 0 {
			s.t.Errorf("source %s: field %+v is not an observed one", source.Name, f)
		}
		transport = transport || f.Name == "_TRANSPORT"
	}
	if !transport {
		s.t.Errorf("source %s: no _TRANSPORT", source.Name)
	}
}

// checkClaims holds what an envelope says to the contract.
func (s *Sink) checkClaims(claims []entry.Field) {
	for _, f := range claims {
		if strings.HasPrefix(f.Name, "_") || f.Provenance != entry.Claimed || f.Form != entry.Inline || !entry.ValidName(f.Name) {
			s.t.Errorf("%+v is not a claim", f)
		}
	}
}

func cloneFields(fields []entry.Field) []entry.Field {
	out := slices.Clone(fields)
	for i := range out {
		out[i].Value = bytes.Clone(out[i].Value)
	}
	return out
}

func sameSource(a, b *input.Source) bool {
	return a.Name == b.Name && a.Format == b.Format && a.Datagram == b.Datagram &&
		slices.EqualFunc(a.Fields, b.Fields, func(x, y entry.Field) bool {
			return x.Name == y.Name && bytes.Equal(x.Value, y.Value) && x.Provenance == y.Provenance
		})
}
