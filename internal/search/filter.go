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

// newFilter compiles what a query asks of a journal. The error is about the query.
func newFilter(q *Query, d layout.Journal) (f *filter, err error) {
	f = &filter{event: q.eventAxis(d)}
	if f.cond, err = compileFilter(q, d); err == nil {
		f.bounds = boundsOf(f.cond)
	}
	return f, err
}

// eventAxis reports whether the time of a journal is event time.
func (q *Query) eventAxis(d layout.Journal) bool {
	return q.Axis == layout.Event || q.Axis == "" && d.Axis == layout.Event
}

// time is the time of an entry on the axis, in µs.
func (f *filter) time(e *entry.Entry) int64 {
	if f.event && e.Event.Valid {
		return e.Event.Micros
	}
	return e.Received
}
