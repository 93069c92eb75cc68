package search

import (
	"slices"

	"constat/entry"
)

// edit changes results in memory of its own, so that what a result points to stays as it is.
type edit struct {
	entry  entry.Entry
	fields []entry.Field
	record []Value
	data   []byte
}

// begin makes r a copy that may be changed, valid until the next begin.
func (x *edit) begin(r *Result) {
	x.data = x.data[:0]
	if r.Entry == nil {
		x.record = append(x.record[:0], r.Record...)
		r.Record = x.record
		return
	}
	x.entry = *r.Entry
	x.entry.Fields = append(x.fields[:0], r.Entry.Fields...)
	x.fields = x.entry.Fields
	r.Entry = &x.entry
}

// keep returns a copy of a value, valid until the next begin.
func (x *edit) keep(value []byte) []byte {
	start := len(x.data)
	x.data = append(x.data, value...)
	return x.data[start:len(x.data):len(x.data)]
}

// set gives a name one value: in the place of the first that it had, or at the end.
func (x *edit) set(r *Result, name string, value []byte) {
	if r.Entry == nil {
		for i := range r.Record {
			if r.Record[i].Name == name {
				r.Record[i] = Value{Name: name, Text: value}
				return
			}
		}
		r.Record = append(r.Record, Value{Name: name, Text: value})
		return
	}
	done := false
	e := r.Entry
	e.Fields = slices.DeleteFunc(e.Fields, func(f entry.Field) bool { return f.Name == name && !keepFirst(&done) })
	for i := range e.Fields {
		if f := &e.Fields[i]; f.Name == name {
			*f = entry.Field{Name: name, Value: value}
			return
		}
	}
	e.Fields = append(e.Fields, entry.Field{Name: name, Value: value})
}

// keepFirst is true once.
func keepFirst(done *bool) bool {
	first := !*done
	*done = true
	return first
}

// remove takes all values of the names away.
func (x *edit) remove(r *Result, names []string) {
	if r.Entry == nil {
		r.Record = slices.DeleteFunc(r.Record, func(v Value) bool { return slices.Contains(names, v.Name) })
		return
	}
	r.Entry.Fields = slices.DeleteFunc(r.Entry.Fields, func(f entry.Field) bool { return slices.Contains(names, f.Name) })
}

// rename gives a field another name. What had that name goes.
func (x *edit) rename(r *Result, from, to string) {
	if from == to {
		return
	}
	if r.Entry == nil {
		if slices.ContainsFunc(r.Record, func(v Value) bool { return v.Name == from }) {
			x.remove(r, []string{to})
		}
		for i := range r.Record {
			if r.Record[i].Name == from {
				r.Record[i].Name = to
			}
		}
		return
	}
	if !slices.ContainsFunc(r.Entry.Fields, func(f entry.Field) bool { return f.Name == from }) {
		if value, ok := r.get(from); ok { // a role
			x.set(r, to, x.keep(value))
		}
		return
	}
	x.remove(r, []string{to})
	for i := range r.Entry.Fields {
		if r.Entry.Fields[i].Name == from {
			r.Entry.Fields[i].Name = to
		}
	}
}

// newEdit returns a stage that changes results in memory of its own.
func newEdit(next stage, change func(x *edit, r *Result) error) stage {
	x := new(edit)
	return &mapStage{next, func(r *Result) error {
		c := *r
		x.begin(&c)
		err := change(x, &c)
		*r = c
		return err
	}}
}

// newFields returns a stage that makes records of the named values.
func newFields(next stage, names []string) stage {
	var record []Value
	return &mapStage{next, func(r *Result) error {
		record = record[:0]
		for _, name := range names {
			record = append(record, r.value(name))
		}
		r.Entry, r.Record = nil, record
		return nil
	}}
}

// value returns all values of a name.
func (r *Result) value(name string) Value {
	v := Value{Name: name}
	if r.Entry == nil {
		for i := range r.Record {
			if r.Record[i].Name == name {
				return r.Record[i]
			}
		}
		return Value{Name: name, Absent: true}
	}
	text, ok, is := r.made(name)
	if is {
		return Value{Name: name, Text: text, Absent: !ok, Number: name == "index"}
	}
	found := false
	for i := range r.Entry.Fields {
		switch f := &r.Entry.Fields[i]; {
		case f.Name != name || f.Form != entry.Inline:
		case found:
			v.More = append(v.More, f.Value)
		default:
			v.Text, found = f.Value, true
		}
	}
	v.Absent = !found
	return v
}
