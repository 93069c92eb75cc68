package search

import (
	"constat/entry"
	"constat/journal/column"
)

// cond is a condition on the entries of one journal: one of always, all, some, not, timeIs, indexIs, kindIs,
// fieldIs and numberIs.
type cond interface {
	// holds reports whether the entry at that index meets it.
	holds(index uint64, e *entry.Entry) bool
}

// always holds or does not.
type always bool

func (c always) holds(uint64, *entry.Entry) bool { return bool(c) }

// all holds if all of it does.
type all []cond

func (c all) holds(index uint64, e *entry.Entry) bool {
	for _, x := range c {
		if !x.holds(index, e) {
			return false
		}
	}
	return true
}

// some holds if one of it does.
type some []cond

func (c some) holds(index uint64, e *entry.Entry) bool {
	for _, x := range c {
		if x.holds(index, e) {
			return true
		}
	}
	return false
}

// not holds if the other does not.
type not struct{ cond }

func (c not) holds(index uint64, e *entry.Entry) bool { return !c.cond.holds(index, e) }

// timeIs wants a time in From to To, both included, µs.
type timeIs struct {
	from, to int64
	axis     axis
}

// axis says which time of an entry counts.
type axis uint8

const (
	axisReceived axis = iota // the received time
	axisEvent                // the event time; entries that have none have no time
	axisEither               // the event time where there is one, else the received time
)

// of returns the time of an entry; ok is false if it has none on this axis.
func (a axis) of(e *entry.Entry) (micros int64, ok bool) {
	if a != axisReceived && e.Event.Valid {
		return e.Event.Micros, true
	}
	return e.Received, a != axisEvent
}

func (c timeIs) holds(_ uint64, e *entry.Entry) bool {
	t, ok := c.axis.of(e)
	return ok && t >= c.from && t <= c.to
}

// indexIs wants an index in from to to, both included.
type indexIs struct{ from, to uint64 }

func (c indexIs) holds(index uint64, _ *entry.Entry) bool { return index >= c.from && index <= c.to }

// kindIs wants one of the kinds whose bits are set.
type kindIs uint8

func (c kindIs) holds(_ uint64, e *entry.Entry) bool { return c&(1<<e.Kind) != 0 }

// valueTest says which values are wanted. It is a matcher of columns too.
type valueTest interface {
	column.Matcher
	// whole returns the only values that can match; nil if there may be others.
	whole() [][]byte
}

// fieldIs wants a field with a value that passes the test. The first of the names that an entry has decides.
type fieldIs struct {
	names    []string
	imported bool      // fields with an underscore count also if they were imported
	test     valueTest // nil: any value, also one that cannot be read
}

func (c *fieldIs) holds(_ uint64, e *entry.Entry) bool {
	for _, name := range c.names {
		found := false
		for i := range e.Fields {
			f := &e.Fields[i]
			if f.Name != name || !counts(f.Name, f.Provenance, c.imported) {
				continue
			}
			if found = true; c.test == nil || f.Form == entry.Inline && c.test.Match(f.Value) {
				return true
			}
		}
		if found {
			return false
		}
	}
	return false
}

// counts reports whether a field is asked: names that begin with an underscore are facts, and one that came with an
// import is none unless imports are asked.
func counts(name string, p entry.Provenance, imported bool) bool {
	return imported || p != entry.Imported || name[0] != '_'
}

// numberIs wants a level or a facility out of a set. The first of the names that says one decides.
type numberIs struct {
	names []string
	parse func(value []byte) (int, bool)
	want  uint32 // bit n for number n
}

func (c *numberIs) holds(_ uint64, e *entry.Entry) bool {
	for _, name := range c.names {
		if value, ok := e.Get(name); ok {
			if n, ok := c.parse(value); ok {
				return c.want>>n&1 != 0
			}
		}
	}
	return false
}
