package forward

import (
	"fmt"
	"slices"
	"sort"

	"constat/entry"
	"constat/internal/output"
)

// source is one journal as an output reads it.
type source struct {
	name   string
	number int
	place  Place  // of the next entry to read
	batch  *batch // that holds it; nil: not read yet
	at     int    // of its items

	decoder entry.Decoder
	decoded entry.Entry
	now     item // the next item, with its entry; what it points to belongs to the batch
}

// show makes the item at hand the next one. What cannot be decoded cannot be read.
func (s *source) show() {
	s.now = s.batch.items[s.at]
	if x := &s.now; x.body != nil {
		if x.entry = &s.decoded; s.decoder.Decode(x.body, x.entry) != nil {
			*x = item{index: x.index, last: x.index, gone: true}
		}
	}
}

// drop forgets what was read ahead.
func (s *source) drop() {
	if s.batch != nil {
		s.batch.release()
		s.batch = nil
	}
}

// load reads the batch that holds the place, if there is none yet.
func (s *source) load(f *Feed) error {
	for s.batch == nil {
		b, err := f.at(s.name, s.place.Next)
		if err != nil || b == nil {
			return err
		}
		s.at = sort.Search(len(b.items), func(i int) bool {
			x := &b.items[i]
			return x.index >= s.place.Next || x.gone && x.last >= s.place.Next
		})
		if s.at == len(b.items) { // cannot be; never again the same
			s.place.Next = b.next
			b.release()
			continue
		}
		s.batch = b
		s.show()
	}
	return nil
}

// step goes on to the next item.
func (s *source) step(next uint64) {
	s.place.Next = next
	if s.at++; s.at == len(s.batch.items) {
		s.place.Next = s.batch.next
		s.drop()
		return
	}
	s.show()
}

// settle makes the sources fit the journals that there are.
func (o *Output) settle(extents map[string]extent) {
	for _, s := range o.sources {
		x, there := extents[s.name]
		if !there {
			continue
		}
		switch id := idText(x.id); {
		case s.place.ID == "":
			s.place.ID = id
		case s.place.ID != id:
			o.report(s.name, fmt.Sprintf("journal %s was damaged and has a successor: what was not sent of it by then stands in its files", s.name))
			s.drop()
			s.place = Place{ID: id}
		}
		if s.place.Next > x.size {
			o.report(s.name, fmt.Sprintf("journal %s is shorter than what was sent of it: it was put back from an older copy", s.name))
			s.drop()
			s.place.Next = x.size
		}
		o.stepped(s)
	}
}

// stepped says that what was rendered last leaves a source where it is now.
func (o *Output) stepped(s *source) {
	for len(o.steps) < o.messages.Len() {
		o.steps = append(o.steps, step{s.number, s.place.Next})
	}
}

// scanAtOnce is how many entries are looked at before what was found is sent.
const scanAtOnce = 16 << 10

// fill reads on and renders what is wanted. read says that places have moved.
func (o *Output) fill() (read bool, err error) {
	o.messages.Reset()
	o.steps = o.steps[:0]
	extents, _ := o.feed.state()
	o.settle(extents)
	read = o.messages.Len() > 0
	for scanned := 0; scanned < scanAtOnce && o.messages.Len() < o.most && len(o.messages.Octets) < maxOctets; scanned++ {
		s, err := o.earliest()
		if err != nil || s == nil {
			return read, err
		}
		o.take(s)
		o.stepped(s)
		read = true
	}
	return read, nil
}

// earliest returns the source whose next entry was received first; nil if there is none.
func (o *Output) earliest() (first *source, err error) {
	for _, s := range o.sources {
		if s.batch == nil {
			if err := s.load(o.feed); err != nil {
				return nil, err
			}
			if s.batch == nil {
				continue
			}
		}
		if first == nil || before(&s.now, &first.now) {
			first = s
		}
	}
	return first, nil
}

func before(a, b *item) bool {
	if a.gone || b.gone {
		return a.gone && !b.gone
	}
	x, y := a.entry, b.entry
	return x.Epoch < y.Epoch || x.Epoch == y.Epoch && x.Received < y.Received
}

// take renders the next item of a source, if it is wanted, and steps over it.
func (o *Output) take(s *source) {
	x := &s.now
	if x.gone {
		o.miss(s, x)
		s.step(x.last + 1)
		return
	}
	if o.wants(s.name, x.entry) {
		o.record.Journal, o.record.ID, o.record.Index, o.record.Entry = s.batch.journal, s.batch.id, x.index, o.located(x.entry)
		o.append(&o.record)
	}
	s.step(x.index + 1)
}

// located is an entry that says which machine it is from: what this one says of itself, such as what was lost, does not
// where it stands, and must where it is sent.
func (o *Output) located(e *entry.Entry) *entry.Entry {
	if e.Kind == entry.Event {
		return e
	}
	if _, known := e.Host(); known {
		return e
	}
	named := *e // the fields are others' too
	named.Fields = append(slices.Clip(e.Fields), o.config.Machine...)
	return &named
}

func (o *Output) append(x *output.Record) {
	o.messages.Octets = o.config.Render(o.messages.Octets, x)
	o.messages.End()
}

// wants reports whether an entry is sent. What an output causes by itself it never gets: that would not end.
func (o *Output) wants(journal string, e *entry.Entry) bool {
	if o.config.Kinds&(1<<e.Kind) == 0 {
		return false
	}
	if e.Kind == entry.Loss && slices.ContainsFunc(e.Fields, func(f entry.Field) bool {
		return f.Name == "LOSS_SOURCE" && f.Provenance == entry.Observed && string(f.Value) == o.source
	}) {
		return false
	}
	if o.ownDiagnostics(e) {
		return false
	}
	return o.config.Wants == nil || o.config.Wants(journal, e)
}

// OutputField says in an entry of the daemon which output it is about.
const OutputField = "_OUTPUT"

func (o *Output) ownDiagnostics(e *entry.Entry) bool {
	for i := len(e.Fields) - 1; i >= 0; i-- {
		if f := &e.Fields[i]; len(f.Name) == len(OutputField) && f.Name == OutputField && string(f.Value) == o.config.Name {
			return true
		}
	}
	return false
}

// Reasons of losses.
const (
	reasonPruned = "removed by retention before it was sent"
	reasonGone   = "cannot be read any more"
)

// miss counts entries that cannot be sent because they are not there, once, and tells the target.
func (o *Output) miss(s *source, x *item) {
	first := max(x.index, s.place.Next)
	reason := reasonGone
	if x.pruned {
		reason = reasonPruned
	}
	n := x.last - first + 1
	text := fmt.Sprintf("%d entries of journal %s, from %d to %d, were not sent to this output: %s", n, s.name, first, x.last, reason)
	if x.last >= s.place.Told {
		uncounted := x.last - max(first, s.place.Told) + 1
		s.place.Told = x.last + 1
		o.config.Lost(o.source, reason, uncounted, 0)
		o.change(func(noted *Noted) {
			noted.Dropped[reason] += uncounted
			place := noted.Places[s.name] // which is moved when the target is told
			place.Told = s.place.Told
			noted.Places[s.name] = place
		})
		o.config.Report(fmt.Errorf("output %s: %s", o.config.Name, text))
	}
	o.tell(s.name, n, text)
}

// report says something about a journal to people and to the target.
func (o *Output) report(journal, text string) {
	o.config.Report(fmt.Errorf("output %s: %s", o.config.Name, text))
	o.tell(journal, 0, text)
}

// tell says something to the target, between the entries.
func (o *Output) tell(journal string, n uint64, text string) {
	e := entry.Entry{Kind: entry.Loss, Received: o.now().UnixMicro()}
	e.AddString("MESSAGE", text, entry.Observed)
	e.AddString("PRIORITY", "4", entry.Observed)
	e.AddString("SYSLOG_FACILITY", "5", entry.Observed)
	e.AddString("SYSLOG_IDENTIFIER", "constat", entry.Observed)
	if n > 0 {
		e.AddString("LOSS_SOURCE", o.source, entry.Observed)
		e.AddString("LOSS_MESSAGES", fmt.Sprint(n), entry.Observed)
	}
	e.Fields = append(e.Fields, o.config.Machine...)
	o.append(&output.Record{Journal: journal, Entry: &e})
}
