package render

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"constat/entry"
	"constat/internal/output"
	"constat/internal/show"
)

// Func appends the octets of an entry. It must not be used by two goroutines at once.
type Func func(dst []byte, x *output.Record) []byte

// formats says who renders which format. Those with lines are for files: control characters become #ooo.
var formats = []struct {
	name string
	make func(*time.Location) (Func, error)
}{
	{"received", func(l *time.Location) (Func, error) { return received, nil }},
	{"rfc5424", func(l *time.Location) (Func, error) { return rfc5424, nil }},
	{"rfc3164", classic{pri: true}.in},
	{"rfc3164-iso", classic{pri: true, iso: true}.in},
	{"traditional", classic{escape: true}.in},
	{"iso", classic{iso: true, escape: true}.in},
	{"json", newJSON},
	{"message", func(*time.Location) (Func, error) { return message, nil }},
}

// Formats are the names of the formats.
func Formats() []string {
	var names []string
	for _, f := range formats {
		names = append(names, f.name)
	}
	return names
}

// New returns the renderer of a format, or of a template if there is a "{" in it. Times without a zone of their own are
// those of a location; nil is time.Local.
func New(format string, l *time.Location) (Func, error) {
	if l == nil {
		l = time.Local
	}
	if strings.Contains(format, "{") {
		return Template(format, l)
	}
	for _, f := range formats {
		if f.name == format {
			return f.make(l)
		}
	}
	return nil, fmt.Errorf("format %q: want %s, or a template such as \"{time} {host} {message}\"", format, strings.Join(Formats(), ", "))
}

// received renders the octets that came in, if they stand for themselves.
func received(dst []byte, x *output.Record) []byte {
	begin := len(dst)
	if x.Entry.Kind == entry.Event && standsAlone(x.Entry) {
		out, ok, err := entry.AppendReceived(dst, x.Entry)
		if ok && err == nil && len(out) > begin && out[begin] == '<' {
			return out
		}
	}
	return rfc5424(dst[:begin], x)
}

// standsAlone reports whether the next receiver can know from which machine the entry is.
func standsAlone(e *entry.Entry) bool {
	for i := range e.Fields {
		if name := e.Fields[i].Name; name == "HOSTNAME" || name == "_SOURCE_ADDR" {
			return true
		}
	}
	return false
}

func message(dst []byte, x *output.Record) []byte {
	text, _ := x.Entry.Message()
	return append(dst, text...)
}

// newJSON renders with the printer of "show".
func newJSON(l *time.Location) (Func, error) {
	p, err := show.New("json", show.Options{Location: l})
	if err != nil {
		return nil, err
	}
	r := show.Record{}
	return func(dst []byte, x *output.Record) []byte {
		r = show.Record{Journal: x.Journal, ID: x.ID, Index: x.Index, Entry: x.Entry}
		out, err := p.Append(dst, &r)
		if err != nil {
			return dst
		}
		return trimLine(out, len(dst))
	}, nil
}

// trimLine takes off the LF at the end.
func trimLine(out []byte, from int) []byte {
	if n := len(out); n > from && out[n-1] == '\n' {
		return out[:n-1]
	}
	return out
}

// isUsed are the fields that a syslog header and message are made of: they are not said twice.
func isUsed(name string) bool {
	return slices.Contains([]string{"PRIORITY", "SYSLOG_FACILITY", "HOSTNAME", "SYSLOG_IDENTIFIER", "SYSLOG_PID",
		"SYSLOG_MSGID", "MESSAGE", entry.Raw}, name)
}

// Facilities and levels of entries that say none: user, and notice as RFC 3164, section 4.3.3 has it; a loss is a
// warning of syslog itself.
const (
	userFacility   = 1
	syslogFacility = 5
	noticeLevel    = 5
)

// priority is 8 * facility + level.
func priority(e *entry.Entry) int {
	facility, level := userFacility, noticeLevel
	if e.Kind != entry.Event {
		facility = syslogFacility
	}
	if f, ok := e.Facility(); ok {
		facility = f
	}
	if l, ok := e.Level(); ok {
		level = l
	}
	return facility*8 + level
}

// host is the machine that an entry is from: its name, or the address of who sent it.
func host(e *entry.Entry) []byte {
	if name, ok := e.Get("HOSTNAME"); ok && len(name) > 0 {
		return name
	}
	if address, ok := e.Get("_SOURCE_ADDR"); ok && len(address) > 0 {
		return address
	}
	name, _ := e.Host()
	return name
}

// pid is the process as its sender says. The one that was observed is not put into its mouth.
func pid(e *entry.Entry) []byte {
	value, _ := e.Get("SYSLOG_PID")
	return value
}

// app is the program; the store's own entries are constat's.
func app(e *entry.Entry) []byte {
	name, ok := e.App()
	if !ok && e.Kind != entry.Event {
		return []byte("constat")
	}
	return name
}

// when is the sender's time, else when the entry was received.
func when(e *entry.Entry) time.Time {
	if e.Event.Valid {
		return e.Event.Time()
	}
	return time.UnixMicro(e.Received)
}
