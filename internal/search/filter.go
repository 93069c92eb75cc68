package search

import (
	"constat/entry"
	"constat/journal/layout"
)

// filter is a condition ready for the entries of one journal.
type filter struct {
	cond   cond
	bounds bounds
	event  bool // the time of the journal is event time
}

// newFilter compiles what a query asks of a journal.
func newFilter(q *Query, d layout.Journal) *filter {
	f := &filter{event: q.Axis == layout.Event || q.Axis == "" && d.Axis == layout.Event}
	a := axisReceived
	if f.event {
		a = axisEither
	}
	f.cond = q.Filter.cond(d, a)
	f.bounds = boundsOf(f.cond)
	return f
}

// time is the time of an entry on the axis, in µs.
func (f *filter) time(e *entry.Entry) int64 {
	if f.event && e.Event.Valid {
		return e.Event.Micros
	}
	return e.Received
}
