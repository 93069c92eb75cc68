package forward

import (
	"maps"
	"time"
)

// Status is what has become of an output.
type Status struct {
	Name string
	Noted
	LagEntries uint64        // signed and not confirmed
	Lag        time.Duration // since the oldest of them was received
}

// peeked is when the entry at a place was received.
type peeked struct {
	name     string
	place    Place
	received int64
}

// Status returns what has become of the output.
func (o *Output) Status() Status {
	o.mu.Lock()
	s := Status{Name: o.config.Name, Noted: o.noted}
	s.Places, s.Dropped = maps.Clone(s.Places), maps.Clone(s.Dropped)
	o.mu.Unlock()
	if s.Places == nil { // it has not begun: what was before
		s.Noted, _ = o.ledger.get(o.config.Name)
		s.State = StateStarting
	}
	if o.config.CertDays != nil { // what is noted is as old as the last message
		days := o.config.CertDays()
		s.CertDays = &days
	}
	extents, _ := o.feed.state()
	for _, name := range o.config.Journals {
		x, there := extents[name]
		place := s.Places[name]
		if !there || place.Next >= x.size {
			continue
		}
		s.LagEntries += x.size - place.Next
		if received, ok := o.received(name, place); ok {
			s.Lag = max(s.Lag, o.now().Sub(time.UnixMicro(received)))
		}
	}
	return s
}

// received is when the entry at a place came in.
func (o *Output) received(name string, place Place) (received int64, ok bool) {
	o.mu.Lock()
	known := o.peek
	o.mu.Unlock()
	if known.name == name && known.place == place {
		return known.received, true
	}
	b, err := o.feed.at(name, place.Next)
	if err != nil || b == nil {
		return 0, false
	}
	defer b.release()
	s := source{place: place, batch: b}
	for s.at = range b.items {
		if s.show(); !s.now.gone && s.now.index >= place.Next {
			o.mu.Lock()
			o.peek = peeked{name, place, s.now.entry.Received}
			o.mu.Unlock()
			return s.now.entry.Received, true
		}
	}
	return 0, false
}
