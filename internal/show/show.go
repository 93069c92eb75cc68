package show

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"constat/entry"
)

// Record is an entry and where it stands.
type Record struct {
	Journal   string  // name of the journal
	ID        [8]byte // id of the journal
	Index     uint64  // index of the entry in it
	EventAxis bool    // the time shown is the event time
	Entry     *entry.Entry
}

// Options say how to print. The zero value prints everything in local time, without colour, unescaped.
type Options struct {
	Fields   []string       // only these fields; none: all
	Location *time.Location // nil: time.Local
	Colour   bool           // colour the message by its level; for terminals
	Escape   bool           // print control characters as \xNN; for terminals
}

// ErrOctets is wrapped by what Append returns for an entry whose received octets cannot be given back, because a part of
// them is private or missing, or does not fit the renderer. The caller may go on with the next entry.
var ErrOctets = errors.New("received octets not available")

// Formats are the names of the formats, the default first.
func Formats() []string {
	names := make([]string, len(formats))
	for i := range formats {
		names[i] = formats[i].name
	}
	return names
}

var formats = [...]struct {
	name   string
	append func(*Printer, []byte, *Record) ([]byte, error)
}{
	{"short", (*Printer).appendShort},
	{"short-iso", (*Printer).appendShort},
	{"full", (*Printer).appendFull},
	{"json", (*Printer).appendJSON},
	{"export", (*Printer).appendExport},
	{"cat", (*Printer).appendCat},
	{"raw", (*Printer).appendRaw},
	{"logfmt", (*Printer).appendLogfmt},
	{"csv", (*Printer).appendCSV},
	{"zato", (*Printer).appendZato},
}

// Printer prints records in one format. It must not be used by two goroutines at once; it allocates nothing once its
// buffers have grown.
type Printer struct {
	options Options
	format  func(*Printer, []byte, *Record) ([]byte, error)
	clock   clock // of the time shown
	utc     clock // of the received time
	event   eventClock
	roles   roles
	columns []column // what csv, logfmt, short and cat print; of the list of fields if there is one
	chosen  selection
	scratch []byte // of values: see shown and made
	name    []byte // of names
	names   [nameSlots]nameSlot
	links   []link  // of json: which fields repeat a name
	order   []int32 // of json: fields sorted by name
	entry   uint64  // of json: number of the entry at hand, from 1
	csv     bool
}

// New returns a printer of the named format. The error lists the formats.
func New(format string, o Options) (*Printer, error) {
	if o.Location == nil {
		o.Location = time.Local
	}
	for i := range formats {
		if formats[i].name == format {
			return newPrinter(format, formats[i].append, o), nil
		}
	}
	return nil, fmt.Errorf("format %q: want one of %s", format, strings.Join(Formats(), ", "))
}

func newPrinter(name string, format func(*Printer, []byte, *Record) ([]byte, error), o Options) *Printer {
	p := &Printer{options: o, format: format, roles: newRoles(), chosen: newSelection(o.Fields), csv: name == "csv"}
	p.clock = clock{location: o.Location, layout: layoutISO, zone: zoneOffset}
	p.utc = clock{location: time.UTC, layout: layoutISO, zone: zoneUTC}
	p.event.clock = clock{location: time.UTC, layout: layoutISO}
	switch name {
	case "short":
		p.clock = clock{location: o.Location, layout: layoutShort}
	case "csv":
		p.columns = newColumns(csvColumns[:])
	case "logfmt":
		p.columns = newColumns(logfmtColumns[:])
	}
	if len(o.Fields) > 0 {
		p.columns = newColumns(o.Fields)
	}
	return p
}

// Append appends all that is printed of one entry, its last LF included: nothing if the format has nothing to say
// about it. On an error dst is returned as it was.
func (p *Printer) Append(dst []byte, r *Record) ([]byte, error) {
	out, err := p.format(p, dst, r)
	if err != nil {
		return dst, fmt.Errorf("%s:%d: %w", r.Journal, r.Index, err)
	}
	return out, nil
}

// micros is the time shown, in µs since 1970-01-01 UTC.
func (r *Record) micros() int64 {
	if r.EventAxis && r.Entry.Event.Valid {
		return r.Entry.Event.Micros
	}
	return r.Entry.Received
}
