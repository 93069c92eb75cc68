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
	if value, ok, is := r.made(name); is {
		return value, ok
	}
	return r.Entry.Get(name)
}

// made returns the value of a name that is no field; is says that it is none.
func (r *Result) made(name string) (value []byte, ok, is bool) {
	if c := name[0]; c < 'a' || c > 'z' {
		return nil, false, false
	}
	if value, ok, is = r.role(name); is {
		return value, ok, true
	}
	switch name {
	case "journal":
		return []byte(r.Journal.Name), true, true
	case "index":
		return strconv.AppendUint(nil, r.Index, 10), true, true
	case "kind":
		return []byte(r.Entry.Kind.String()), true, true
	case "time", "received", "event":
		t, _ := r.time(name)
		return AppendTime(nil, t), true, true
	}
	return nil, false, false
}

// role returns the value of a role of the entry.
func (r *Result) role(name string) (value []byte, ok, is bool) {
	e, is := r.Entry, true
	switch name {
	case "message":
		value, ok = e.Message()
	case "host":
		value, ok = e.Host()
	case "app":
		value, ok = e.App()
	case "pid":
		value, ok = e.PID()
	case "unit":
		value, ok = e.Unit()
	case "level":
		n, known := e.Level()
		value, ok = []byte(entry.LevelName(n)), known
	case "facility":
		n, known := e.Facility()
		value, ok = []byte(entry.FacilityName(n)), known
	default:
		is = false
	}
	return value, ok, is
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
		return axisEither.of(r.Entry)
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
