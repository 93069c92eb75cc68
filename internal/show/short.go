package show

import (
	"bytes"
	"strings"
	"unicode/utf8"

	"constat/entry"
)

// maxIndent bounds the indentation of the second and later lines of a message, in blanks.
const maxIndent = 64

// head is which fields the head of a line shows, by position, -1 for none.
type head struct {
	host, app, pid int
}

// appendShort prints TIME HOST APP[PID]: MESSAGE. A kind other than event stands in brackets after the host.
func (p *Printer) appendShort(dst []byte, r *Record) ([]byte, error) {
	e := r.Entry
	start := len(dst)
	h := head{find(e, p.roles.host), find(e, p.roles.app), find(e, p.roles.pid)}
	dst = append(p.clock.append(dst, r.micros()), ' ')
	dst = p.appendHead(dst, e, h)
	indent := min(utf8.RuneCount(dst[start:])+1, maxIndent)
	body := len(dst)
	dst = append(dst, ' ')
	switch message := find(e, p.roles.message); {
	case len(p.options.Fields) > 0:
		dst = p.appendColumns(dst, r)
	case message >= 0:
		text := bytes.TrimRight(p.shown(&e.Fields[message]), "\n")
		dst = p.appendLines(dst, text, indent, p.colour(e))
	default:
		dst = p.appendWithout(dst, e, h, indent)
	}
	if len(dst) == body+1 {
		dst = dst[:body]
	}
	return append(dst, '\n'), nil
}

// appendHead prints HOST [KIND] APP[PID]: with "-" for no host and nothing for no app.
func (p *Printer) appendHead(dst []byte, e *entry.Entry, h head) []byte {
	if h.host < 0 || len(e.Fields[h.host].Value) == 0 {
		dst = append(dst, '-')
	} else {
		dst = p.appendInline(dst, p.shown(&e.Fields[h.host]))
	}
	if e.Kind != entry.Event {
		dst = append(append(append(dst, " ["...), e.Kind.String()...), ']')
	}
	if h.app < 0 || len(e.Fields[h.app].Value) == 0 {
		return dst
	}
	dst = p.appendInline(append(dst, ' '), p.shown(&e.Fields[h.app]))
	if h.pid >= 0 {
		dst = p.appendInline(append(dst, '['), p.shown(&e.Fields[h.pid]))
		dst = append(dst, ']')
	}
	return append(dst, ':')
}

// appendWithout prints an entry without message: what was claimed beside the head as NAME=VALUE, or if that is nothing
// the received octets.
func (p *Printer) appendWithout(dst []byte, e *entry.Entry, h head, indent int) []byte {
	start := len(dst)
	for i := range e.Fields {
		f := &e.Fields[i]
		if f.Form == entry.Packed || strings.HasPrefix(f.Name, "_") || i == h.host || i == h.app || i == h.pid {
			continue
		}
		dst = appendPair(separate(dst, start), f.Name, p.shown(f))
	}
	if raw, ok := e.Get(entry.Raw); ok && len(dst) == start {
		return p.appendLines(dst, bytes.TrimRight(raw, "\n"), indent, p.colour(e))
	}
	return dst
}

// appendCat prints the message, or the chosen fields one a line.
func (p *Printer) appendCat(dst []byte, r *Record) ([]byte, error) {
	if len(p.options.Fields) > 0 {
		return p.appendValues(dst, r), nil
	}
	i := find(r.Entry, p.roles.message)
	if i < 0 {
		return dst, nil
	}
	return append(p.appendLines(dst, p.shown(&r.Entry.Fields[i]), 0, p.colour(r.Entry)), '\n'), nil
}

// appendValues prints the values of the columns, one a line.
func (p *Printer) appendValues(dst []byte, r *Record) []byte {
	for i := range p.columns {
		c := &p.columns[i]
		at := c.next(r.Entry, 0)
		if at < 0 {
			if value, ok := p.made(c, r); ok {
				dst = append(p.appendLines(dst, value, 0, ""), '\n')
			}
		}
		for ; at >= 0; at = c.next(r.Entry, at+1) {
			dst = append(p.appendLines(dst, p.value(c, &r.Entry.Fields[at]), 0, ""), '\n')
		}
	}
	return dst
}
