package ingest

import (
	"fmt"
	"slices"
	"time"

	"constat/entry"
	"constat/internal/input"
	"constat/internal/parse"
	"constat/internal/parse/mqtt"
	"constat/internal/parse/xen"
)

// lot is a batch on its way: entries and the chunks that they point into. One is filled while another is appended.
type lot struct {
	parser     *parse.Parser // of syslog
	text       *parse.Parser // of lines that are messages and nothing else
	channels   *xen.Parser   // of log channels of a station
	published  *mqtt.Parser  // of what comes from a broker
	entries    []entry.Entry
	sources    []*input.Source // of the entries
	journals   []string        // where the entries belong
	held       []*input.Chunk  // chunks that the entries point into
	heldOctets int64           // what they weigh
	waiting    []func(error)   // to be told when all of it is durable
	begun      bool            // some of it is appended already
	hurry      bool            // an entry wants to be durable at once
	critical   []string        // users whose processes say that something critical happened
}

func newLot(location *time.Location) *lot {
	o := parse.Options{Provenance: entry.Claimed, Location: location}
	return &lot{parser: parse.New(parse.Syslog, o), text: parse.New(parse.Text, o), channels: xen.New(location), published: mqtt.New(location),
		entries: make([]entry.Entry, 0, maxBatch)}
}

// parser makes an entry of the octets of a message.
type parser interface {
	Parse(e *entry.Entry, octets []byte, received int64)
}

// of is the parser for messages of a source.
func (l *lot) of(s *input.Source) parser {
	switch s.Format {
	case input.Text:
		return l.text
	case input.Xen:
		return l.channels
	case input.Broker:
		return l.published
	}
	return l.parser
}

func (l *lot) full() bool { return len(l.entries) >= maxBatch || l.heldOctets >= maxHeld }

// fill takes chunks out of the queue until the lot is full or the queue empty.
func (in *Intake) fill(l *lot, now time.Time) {
	for !l.full() {
		c := in.queue.take(both)
		if c == nil {
			return
		}
		in.takeChunk(l, c, now)
	}
	in.queue.rouse()
}

// takeChunk makes entries of the messages of a chunk.
func (in *Intake) takeChunk(l *lot, c *input.Chunk, now time.Time) {
	received, before, parser := now.UnixMicro(), len(l.entries), l.of(c.Source)
	for _, m := range c.Messages {
		if m.Note != nil {
			in.takeNote(l, c.Source, m.Note, now)
			continue
		}
		octets := c.Octets[m.Start:m.End]
		if c.Done == nil && !in.limits.allow(c.Source.Name, now) {
			in.losses.add(c.Source.Name, "rate limit", 1, uint64(len(octets))+uint64(m.Lost))
			continue
		}
		e := l.next(c.Source)
		parser.Parse(e, octets, received)
		e.Fields = append(append(e.Fields, c.Source.Fields...), c.Source.Claims...)
		if m.Flag != "" {
			e.AddString("_FRAMING", m.Flag, entry.Observed)
		}
		if m.Lost > 0 {
			e.Add(Truncated, fmt.Append(nil, m.Lost), entry.Observed)
		}
		l.journals = append(l.journals, in.journalOf(e))
		if c.Source.Local && isCritical(e) {
			l.say(userOf(e))
			l.hurry = l.hurry || in.isUrgent(c.Source, now)
		}
	}
	if c.Done != nil {
		l.waiting = append(l.waiting, c.Done)
	}
	if len(l.entries) == before {
		in.giveBack(c)
		return
	}
	l.held = append(l.held, c)
	l.heldOctets += weight(c)
}

// takeNote makes an entry of what an input says itself. Losses above the rate of the source are summed up like others.
func (in *Intake) takeNote(l *lot, s *input.Source, n *input.Note, now time.Time) {
	if n.Lost > 0 && !in.limits.allow(s.Name, now) {
		in.losses.add(s.Name, n.Reason, n.Lost, 0)
		return
	}
	e := l.next(s)
	e.Reset()
	e.Received = now.UnixMicro()
	e.Fields = append(append(e.Fields, n.Fields...), s.Fields...)
	if n.Reason != "" {
		e.Kind = entry.Loss
		e.AddString(LossSource, s.Name, entry.Observed)
		e.AddString(LossReason, n.Reason, entry.Observed)
		e.AddString(LossMessages, fmt.Sprint(n.Lost), entry.Observed)
		in.losses.count(n.Reason, n.Lost)
	}
	l.journals = append(l.journals, in.journalOf(e))
}

// next lengthens the lot by one entry.
func (l *lot) next(s *input.Source) *entry.Entry {
	l.sources = append(l.sources, s)
	if len(l.entries) < cap(l.entries) {
		l.entries = l.entries[:len(l.entries)+1] // its list of fields is used again
	} else {
		l.entries = append(l.entries, entry.Entry{})
	}
	return &l.entries[len(l.entries)-1]
}

// say notes by whose process something critical was said.
func (l *lot) say(uid string) {
	if !slices.Contains(l.critical, uid) {
		l.critical = append(l.critical, uid)
	}
}

// isCritical reports whether an entry says that something critical happened.
func isCritical(e *entry.Entry) bool {
	level, ok := e.Level()
	return ok && level <= urgentLevel
}

// userOf is the user of the process that sent an entry, as the kernel says.
func userOf(e *entry.Entry) string {
	for i := range e.Fields {
		if f := &e.Fields[i]; f.Name == "_UID" && f.Provenance == entry.Observed {
			return string(f.Value)
		}
	}
	return ""
}

// isUrgent reports whether what a local sender says is critical is to be durable at once: once a second for each
// sender. Nobody on the network can make the disk work.
func (in *Intake) isUrgent(s *input.Source, now time.Time) bool {
	if now.Sub(in.urgent[s.Name]) < time.Second {
		return false
	}
	if len(in.urgent) > maxSources {
		clear(in.urgent)
	}
	in.urgent[s.Name] = now
	return true
}

// keepIf drops the first entries of a lot, and of those behind them all but the ones to keep.
func (l *lot) keepIf(from int, keep func(*entry.Entry, *input.Source) bool) {
	n := 0
	for i := from; i < len(l.entries); i++ {
		if keep(&l.entries[i], l.sources[i]) {
			l.entries[n], l.entries[i] = l.entries[i], l.entries[n]
			l.sources[n], l.journals[n] = l.sources[i], l.journals[i]
			n++
		}
	}
	l.entries, l.sources, l.journals = l.entries[:n], l.sources[:n], l.journals[:n]
}

// empty empties a lot and gives the memory behind it back.
func (in *Intake) empty(l *lot) {
	for i, c := range l.held {
		in.giveBack(c)
		l.held[i] = nil
	}
	l.entries, l.sources, l.journals, l.held, l.heldOctets = l.entries[:0], l.sources[:0], l.journals[:0], l.held[:0], 0
	l.hurry, l.begun, l.critical = false, false, l.critical[:0]
	l.parser.Release()
	l.text.Release()
}

func (in *Intake) giveBack(c *input.Chunk) {
	if n := cap(c.Octets); leastChunk <= n && n <= keepChunk {
		c.Reset()
		in.chunks.Put(c)
	}
}
