package cli

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"sync"
	"time"

	"constat/entry"
	"constat/internal/ingest"
	"constat/internal/input"
	"constat/internal/input/native"
	"constat/journal/layout"
)

// Limits of what waits for the journal, and of how long that is tried.
const (
	recordOctets = 16 << 20
	recordBatch  = 1024
	recordRetry  = 500 * time.Millisecond
	recordEnd    = 20 * time.Second // at the end
	lossPause    = time.Second
)

// recordSink is where "record" puts lines for the journal: a bounded queue, which one goroutine empties into the daemon
// if one runs, and otherwise into the store. While neither takes them, clients wait.
type recordSink struct {
	app      *app
	journal  string // "": lines are for the file only
	template []entry.Field
	machine  []entry.Field // observed, where no daemon adds it
	done     chan error

	mu      sync.Mutex // guards everything below
	changed chan struct{}
	chunks  []*input.Chunk
	times   []time.Time
	octets  int
	ended   bool

	losses ingest.Losses
	shared *sharedSink // of the goroutine that writes
	told   bool        // of the goroutine that writes: people know that it does not work
}

var _ input.Sink = (*recordSink)(nil)

// recordSink opens the way into the journal: what is wrong with it is said before anything is recorded.
func (a *app) recordSink(f recordFlags, file string) (*recordSink, error) {
	s := &recordSink{app: a, changed: make(chan struct{}), done: make(chan error, 1)}
	if f.noJournal {
		s.done <- nil
		return s, nil
	}
	if err := layout.ValidJournalName(f.journal); err != nil {
		return nil, usage("--journal: %w", err)
	}
	facility, level, err := parsePriority(f.priority)
	if err != nil {
		return nil, err
	}
	s.journal, s.machine = f.journal, ingest.Machine()
	for _, p := range [][2]string{{"PRIORITY", strconv.Itoa(level)}, {"SYSLOG_FACILITY", strconv.Itoa(facility)}, {"SYSLOG_IDENTIFIER", f.tagOf(file)}} {
		s.template = append(s.template, entry.Field{Name: p[0], Value: []byte(p[1]), Provenance: entry.Claimed})
	}
	if err := s.try(); err != nil {
		return nil, err
	}
	go func() { s.done <- s.write() }()
	return s, nil
}

// try finds out whether the journal can be written, and makes the store if there is none.
func (s *recordSink) try() error {
	nothing := func(*native.Client) error { return nil }
	if _, done, err := s.app.request(native.Request{Op: "record", Journal: s.journal}, nothing); done || err != nil {
		return err
	}
	w, err := s.app.openWriter()
	if err != nil {
		return err
	}
	return hint(finish(w))
}

// Chunk implements [input.Sink].
func (s *recordSink) Chunk() *input.Chunk { return new(input.Chunk) }

// Put implements [input.Sink].
func (s *recordSink) Put(ctx context.Context, c *input.Chunk) error {
	for {
		changed, err := s.offer(c)
		if !errors.Is(err, input.ErrFull) {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-changed:
		}
	}
}

// Offer implements [input.Sink].
func (s *recordSink) Offer(c *input.Chunk) error {
	_, err := s.offer(c)
	return err
}

func (s *recordSink) offer(c *input.Chunk) (changed chan struct{}, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	weight := cap(c.Octets) + 32*cap(c.Messages)
	switch {
	case s.ended:
		return nil, input.ErrClosed
	case s.journal == "":
		return nil, nil
	case s.octets > 0 && s.octets+weight > recordOctets:
		return s.changed, input.ErrFull
	}
	s.chunks, s.times, s.octets = append(s.chunks, c), append(s.times, time.Now()), s.octets+weight
	s.wakeLocked()
	return nil, nil
}

// Lose implements [input.Sink]. People are told too.
func (s *recordSink) Lose(source, reason string, messages, octets uint64) {
	s.losses.Lose(source, reason, messages, octets)
	s.wake()
}

// Refuse implements [input.Sink].
func (s *recordSink) Refuse(source, reason string, shown []entry.Field) {
	s.losses.Refuse(source, reason, shown)
	s.wake()
}

func (s *recordSink) wake() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.wakeLocked()
}

func (s *recordSink) wakeLocked() {
	close(s.changed)
	s.changed = make(chan struct{})
}

// finish writes what waits, and says what could not be written.
func (s *recordSink) finish() error {
	s.mu.Lock()
	s.ended = true
	s.wakeLocked()
	s.mu.Unlock()
	return <-s.done
}

// take waits for chunks and returns some; none at the end. busy says that more wait.
func (s *recordSink) take(wait bool) (chunks []*input.Chunk, times []time.Time, ended bool) {
	for {
		s.mu.Lock()
		n := 0
		for lines := 0; n < len(s.chunks) && lines < recordBatch; n++ {
			lines += len(s.chunks[n].Messages)
		}
		chunks, times, ended = s.chunks[:n:n], s.times[:n:n], s.ended
		s.chunks, s.times = s.chunks[n:], s.times[n:]
		losses := s.losses.Any()
		changed := s.changed
		s.mu.Unlock()
		if n > 0 || ended || losses || !wait {
			return chunks, times, ended
		}
		<-changed
	}
}

// release makes room for what was written.
func (s *recordSink) release(chunks []*input.Chunk) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, c := range chunks {
		s.octets -= cap(c.Octets) + 32*cap(c.Messages)
	}
	s.wakeLocked()
}

// write empties the queue until the end. An error says how many lines are not in the journal.
func (s *recordSink) write() error {
	var lossesDue time.Time
	for {
		chunks, times, ended := s.take(s.shared == nil)
		entries := s.entries(chunks, times)
		if now := time.Now(); now.After(lossesDue) || ended {
			entries = append(entries, s.lossEntries()...)
			lossesDue = now.Add(lossPause)
		}
		if len(entries) == 0 {
			err := s.leave()
			if ended && len(chunks) == 0 {
				return hint(err)
			}
			if err != nil {
				s.app.say("constat: journal %s: %v", s.journal, hint(err))
			}
			if len(chunks) == 0 { // a loss that is not due
				time.Sleep(lossPause / 10)
			}
			continue
		}
		if err := s.keep(entries); err != nil {
			return err
		}
		s.release(chunks)
	}
}

// entries makes entries of lines. They point into the chunks.
func (s *recordSink) entries(chunks []*input.Chunk, times []time.Time) (list []entry.Entry) {
	for i, c := range chunks {
		at := entry.Time{Micros: times[i].UnixMicro(), Digits: 6, Zone: "Z", Valid: true}
		for _, m := range c.Messages {
			e := entry.Entry{Renderer: entry.RenderText, Event: at}
			e.Fields = make([]entry.Field, 0, 12)
			e.Add("MESSAGE", c.Octets[m.Start:m.End], entry.Claimed)
			e.Fields = append(append(e.Fields, s.template...), c.Source.Fields...)
			if m.Flag != "" {
				e.AddString("_FRAMING", m.Flag, entry.Observed)
			}
			list = append(list, e)
		}
	}
	return list
}

func (s *recordSink) lossEntries() []entry.Entry {
	list := s.losses.Take()
	for i := range list {
		text, _ := list[i].Message()
		s.app.say("constat: %s", text)
	}
	return list
}

// keep writes entries and tries again until they are kept, at the end for a limited time.
func (s *recordSink) keep(entries []entry.Entry) error {
	var until time.Time
	for {
		kept, err := s.commit(entries)
		if entries = entries[kept:]; len(entries) == 0 && err == nil {
			if s.told {
				s.app.say("constat: journal %s can be written again", s.journal)
			}
			s.told = false
			return nil
		}
		if !s.told {
			s.app.say("constat: journal %s cannot be written, lines wait: %v", s.journal, hint(err))
			s.told = true
		}
		s.mu.Lock()
		ended, more := s.ended, 0
		for _, c := range s.chunks {
			more += len(c.Messages)
		}
		s.mu.Unlock()
		if now := time.Now(); ended && until.IsZero() {
			until = now.Add(recordEnd)
		} else if ended && now.After(until) {
			return fmt.Errorf("%d lines are not in journal %s: %w", len(entries)+more, s.journal, hint(err))
		}
		time.Sleep(recordRetry)
	}
}

// commit writes entries into the daemon or the store, and says how many of them are kept.
func (s *recordSink) commit(entries []entry.Entry) (kept int, err error) {
	if s.shared == nil {
		answer, done, err := s.app.request(native.Request{Op: "record", Journal: s.journal}, func(c *native.Client) error {
			for i := range entries {
				if err := c.Log(&entries[i]); err != nil {
					return err
				}
			}
			return nil
		})
		if done {
			return int(answer.Entries), err
		}
		if err != nil {
			return 0, err
		}
		if s.shared, err = s.app.newSharedSink(); err != nil {
			s.shared = nil
			return 0, err
		}
	}
	before := s.shared.kept
	for i := range entries {
		entries[i].Fields = append(entries[i].Fields, s.machine...)
	}
	_, err = s.shared.Append(s.journal, entries)
	kept = int(s.shared.kept - before)
	if err != nil {
		for i := range entries {
			entries[i].Fields = entries[i].Fields[:len(entries[i].Fields)-len(s.machine)]
		}
		err = errors.Join(err, s.leave())
	}
	return kept, err
}

// leave makes durable and signed what was written, and lets others write.
func (s *recordSink) leave() error {
	if s.shared == nil {
		return nil
	}
	shared := s.shared
	s.shared = nil
	return shared.finish()
}
