package search

import (
	"math"

	"constat/entry"
	"constat/journal/frame"
)

// bounds are what an entry must be within for a condition to hold. They are known without reading entries.
type bounds struct {
	kinds        uint8
	received     span
	event        span // of the event time of entries that have one
	withoutEvent bool // entries without an event time are possible
	firstIndex   uint64
	lastIndex    uint64 // included
	never        bool   // nothing can meet it
}

// span is a range of times, both ends included, µs.
type span struct{ from, to int64 }

var everSpan = span{math.MinInt64, math.MaxInt64}

func anything() bounds {
	return bounds{kinds: 0xff, received: everSpan, event: everSpan, withoutEvent: true, lastIndex: math.MaxUint64}
}

// boundsOf returns bounds of a condition; they may be wider than need be.
func boundsOf(c cond) bounds {
	b := anything()
	switch c := c.(type) {
	case always:
		b.never = !bool(c)
	case kindIs:
		b.kinds = uint8(c) | laterKinds
	case indexIs:
		b.firstIndex, b.lastIndex = c.from, c.to
	case timeIs:
		b.time(c)
	case all:
		for _, x := range c {
			b = b.and(boundsOf(x))
		}
	case some:
		b.never = true
		for _, x := range c {
			b = b.or(boundsOf(x))
		}
	}
	return b
}

func (b *bounds) time(c timeIs) {
	switch c.axis {
	case axisReceived:
		b.received = span{c.from, c.to}
	case axisEvent:
		b.event, b.withoutEvent = span{c.from, c.to}, false
	case axisEither:
		b.event = span{c.from, c.to}
	}
}

func (s span) and(o span) span { return span{max(s.from, o.from), min(s.to, o.to)} }
func (s span) or(o span) span  { return span{min(s.from, o.from), max(s.to, o.to)} }

func (b bounds) and(o bounds) bounds {
	return bounds{kinds: b.kinds & o.kinds, received: b.received.and(o.received), event: b.event.and(o.event),
		withoutEvent: b.withoutEvent && o.withoutEvent, firstIndex: max(b.firstIndex, o.firstIndex),
		lastIndex: min(b.lastIndex, o.lastIndex), never: b.never || o.never}
}

func (b bounds) or(o bounds) bounds {
	switch {
	case b.never:
		return o
	case o.never:
		return b
	}
	return bounds{kinds: b.kinds | o.kinds, received: b.received.or(o.received), event: b.event.or(o.event),
		withoutEvent: b.withoutEvent || o.withoutEvent, firstIndex: min(b.firstIndex, o.firstIndex),
		lastIndex: max(b.lastIndex, o.lastIndex)}
}

// laterKinds are those that came with a newer program. Nobody knows whether they are wanted: they are met, and told.
const laterKinds = ^uint8(1<<entry.Event | 1<<entry.Loss | 1<<entry.Seal | 1<<entry.Control)

// skip reports whether no entry of a frame can be within the bounds.
func (b *bounds) skip(h frame.Header) bool {
	return b.never || h.Kinds&b.kinds == 0 || h.MaxReceived < b.received.from || h.MinReceived > b.received.to ||
		h.First > b.lastIndex || h.End() <= b.firstIndex
}
