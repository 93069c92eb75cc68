package show

import (
	"strconv"

	"constat/entry"
)

// roles holds the names of the fields that play a role.
type roles struct {
	message, host, app, pid []string
}

func newRoles() roles {
	return roles{
		message: entry.RoleNames("message"),
		host:    entry.RoleNames("host"),
		app:     entry.RoleNames("app"),
		pid:     entry.RoleNames("pid"),
	}
}

// find returns the position of the field that plays a role, whatever its form, or -1.
func find(e *entry.Entry, names []string) int {
	for _, name := range names {
		for i := range e.Fields {
			if e.Fields[i].Name == name {
				return i
			}
		}
	}
	return -1
}

// findLevel returns the position of the field that [entry.Entry.Level] reads, or of one that it cannot read, or -1.
func findLevel(e *entry.Entry, names []string) int {
	for _, name := range names {
		for i := range e.Fields {
			f := &e.Fields[i]
			if f.Name != name || f.Form != entry.Inline {
				continue
			}
			if _, ok := entry.ParseLevel(f.Value); ok {
				return i
			}
			break
		}
	}
	return find(e, names)
}

// source is where a column has its values from.
type source uint8

const (
	fromField  source = iota // every field of the name
	fromRole                 // the field that plays the role
	fromLevel                // the same, a digit as a name
	fromTime                 // the time shown
	fromKind                 // the kind, also of events
	fromLine                 // a line about the entry
	fromStored               // the same, unless a stored field stands in its place
)

// column is one thing to print, by the name that the user gave it.
type column struct {
	name  string
	from  source
	line  meta
	names []string
}

// The columns of csv and logfmt when none are asked for.
var (
	csvColumns    = [...]string{"time", "journal", "index", "host", "app", "pid", "level", "message"}
	logfmtColumns = [...]string{"time", "level", "host", "app", "pid", "msg"}
)

func newColumns(names []string) []column {
	columns := make([]column, len(names))
	for i, name := range names {
		columns[i] = newColumn(name)
	}
	return columns
}

func newColumn(name string) column {
	c := column{name: name, names: []string{name}}
	switch name {
	case "time":
		c.from = fromTime
	case "kind":
		c.from = fromKind
	case "journal":
		c.from, c.line = fromLine, metaJournal
	case "index":
		c.from, c.line = fromLine, metaIndex
	case "level":
		c.from, c.names = fromLevel, entry.RoleNames(name)
	case "msg":
		c.from, c.names = fromRole, entry.RoleNames("message")
	case "host", "app", "pid", "unit", "facility", "message":
		c.from, c.names = fromRole, entry.RoleNames(name)
	default:
		if c.line = metaOf(name); c.line.ours() {
			c.from = fromLine
		} else if c.line < metaCount {
			c.from = fromStored
		}
	}
	return c
}

// next returns the position of the next field with a value for the column, from a position on, or -1.
func (c *column) next(e *entry.Entry, from int) int {
	switch c.from {
	case fromField, fromStored:
		for i := from; i < len(e.Fields); i++ {
			if e.Fields[i].Name == c.name && e.Fields[i].Form != entry.Packed {
				return i
			}
		}
	case fromRole:
		if from == 0 {
			return find(e, c.names)
		}
	case fromLevel:
		if from == 0 {
			return findLevel(e, c.names)
		}
	}
	return -1
}

// value returns the value for the column of a field. It is good until the next call for this printer.
func (p *Printer) value(c *column, f *entry.Field) []byte {
	v := p.shown(f)
	if c.from == fromLevel && len(v) == 1 && v[0] >= '0' && v[0] <= '7' {
		p.scratch = append(p.scratch[:0], entry.LevelName(int(v[0]-'0'))...)
		return p.scratch
	}
	return v
}

// made returns the value of a column that no field has. It is good until the next call for this printer.
func (p *Printer) made(c *column, r *Record) (value []byte, ok bool) {
	out := p.scratch[:0]
	switch c.from {
	case fromTime:
		out, ok = p.clock.append(out, r.micros()), true
	case fromKind:
		out, ok = append(out, r.Entry.Kind.String()...), true
	case fromLine, fromStored:
		out, ok = p.appendMeta(out, c.line, r)
	}
	p.scratch = out
	return out, ok
}

// privateWord stands for a private value that is not shown.
func privateWord(f *entry.Field) string {
	if f.Erased {
		return "<erased>"
	}
	return "<private>"
}

// shown returns the value of a field as the text formats show it; see the package comment. It is good until the next
// call for this printer.
func (p *Printer) shown(f *entry.Field) []byte {
	switch f.Form {
	case entry.Inline:
		return f.Value
	case entry.Private:
		p.scratch = append(p.scratch[:0], privateWord(f)...)
	default:
		p.scratch = append(p.scratch[:0], "[blob of "...)
		p.scratch = strconv.AppendUint(p.scratch, f.Size, 10)
		p.scratch = append(p.scratch, " bytes missing]"...)
	}
	return p.scratch
}
