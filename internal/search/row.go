package search

import (
	"slices"
	"strconv"
	"time"

	"constat/entry"
	"constat/journal/layout"
)

// Result is an entry, or a record that a pipe made of entries. It is valid until the next step.
type Result struct {
	Journal layout.Journal
	Index   uint64
	Entry   *entry.Entry // nil: a record
	Event   bool         // its time on the axis is the event time
	Record  []Value      // in order; no name stands twice
}

// Value is one value of a record.
type Value struct {
	Name   string
	Text   []byte
	More   [][]byte // the other values of a field that is repeated
	Number bool     // Text is a JSON number
	Absent bool     // there is no value; Text is empty
}

// get returns the first value of that name: of a record, of an entry, of the role that the name speaks of, or what
// the name says about the entry. The value is valid as long as the result.
func (r *Result) get(name string) ([]byte, bool) {
	if r.Entry == nil {
		for i := range r.Record {
			if v := &r.Record[i]; v.Name == name {
				return v.Text, !v.Absent
			}
		}
		return nil, false
	}
	if value, ok := r.Entry.Get(name); ok {
		return value, true
	}
	return r.made(name)
}

// made returns what a name means that is no field of the entry.
func (r *Result) made(name string) ([]byte, bool) {
	e := r.Entry
	switch name {
	case "message":
		return e.Message()
	case "host":
		return e.Host()
	case "app":
		return e.App()
	case "pid":
		return e.PID()
	case "unit":
		return e.Unit()
	case "level":
		n, ok := e.Level()
		return []byte(entry.LevelName(n)), ok
	case "facility":
		n, ok := e.Facility()
		return []byte(entry.FacilityName(n)), ok
	case "journal":
		return []byte(r.Journal.Name), true
	case "index":
		return strconv.AppendUint(nil, r.Index, 10), true
	case "kind":
		return []byte(e.Kind.String()), true
	}
	if t, ok := r.time(name); ok {
		return AppendTime(nil, t), true
	}
	return nil, false
}

// time returns the time that a name speaks of: "time" on the axis of the journal, "received" or "event", µs.
func (r *Result) time(name string) (micros int64, ok bool) {
	if r.Entry == nil {
		return 0, false
	}
	switch name {
	case "time":
		if r.Event {
			return axisEither.of(r.Entry)
		}
		return r.Entry.Received, true
	case "received":
		return r.Entry.Received, true
	case "event":
		return axisEvent.of(r.Entry)
	}
	return 0, false
}

// AppendTime appends a time in µs as records hold it: RFC 3339 in UTC, with as many digits as it takes.
func AppendTime(dst []byte, micros int64) []byte {
	return time.UnixMicro(micros).UTC().AppendFormat(dst, "2006-01-02T15:04:05.999999Z")
}

// clone returns a copy that stays valid.
func (r *Result) clone() *Result {
	c := *r
	if r.Entry != nil {
		c.Entry = cloneEntry(r.Entry)
		return &c
	}
	c.Record = slices.Clone(r.Record)
	for i := range c.Record {
		v := &c.Record[i]
		v.Text = slices.Clone(v.Text)
		v.More = slices.Clone(v.More)
		for j := range v.More {
			v.More[j] = slices.Clone(v.More[j])
		}
	}
	return &c
}

func cloneEntry(e *entry.Entry) *entry.Entry {
	size := len(e.Params)
	for i := range e.Fields {
		size += len(e.Fields[i].Value)
	}
	c := *e
	data := make([]byte, 0, size)
	keep := func(b []byte) []byte {
		start := len(data)
		data = append(data, b...)
		return data[start:len(data):len(data)]
	}
	c.Params = keep(e.Params)
	c.Fields = slices.Clone(e.Fields)
	for i := range c.Fields {
		c.Fields[i].Value = keep(c.Fields[i].Value)
	}
	return &c
}

// size is about what a clone takes, in bytes.
func (r *Result) size() int {
	n := 200
	if r.Entry != nil {
		n += int(r.Entry.Size()) + 64*len(r.Entry.Fields)
	}
	for i := range r.Record {
		n += 80 + len(r.Record[i].Text)
	}
	return n
}
