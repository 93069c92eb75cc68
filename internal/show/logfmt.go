package show

import (
	"unicode/utf8"

	"constat/entry"
)

// appendLogfmt prints the columns and, unless they were asked for by name, the fields that are not among them.
func (p *Printer) appendLogfmt(dst []byte, r *Record) ([]byte, error) {
	start := len(dst)
	dst = p.appendColumns(dst, r)
	if p.chosen.all {
		dst = p.appendOthers(dst, r.Entry)
	}
	if len(dst) == start {
		return dst, nil
	}
	return append(dst, '\n'), nil
}

// appendColumns prints the columns as NAME=VALUE with blanks between; those without a value are left out.
func (p *Printer) appendColumns(dst []byte, r *Record) []byte {
	start := len(dst)
	for i := range p.columns {
		c := &p.columns[i]
		at := c.next(r.Entry, 0)
		if at < 0 {
			if value, ok := p.made(c, r); ok {
				dst = appendPair(separate(dst, start), c.name, value)
			}
		}
		for ; at >= 0; at = c.next(r.Entry, at+1) {
			dst = appendPair(separate(dst, start), c.name, p.value(c, &r.Entry.Fields[at]))
		}
	}
	return dst
}

// appendOthers prints the kind if it is not event, by a name that no sender can claim, and the fields that no column
// has shown.
func (p *Printer) appendOthers(dst []byte, e *entry.Entry) []byte {
	if e.Kind != entry.Event && !replaced(e).has(metaKind) {
		dst = append(append(dst, " __KIND="...), e.Kind.String()...)
	}
	shown := [len(logfmtColumns)]int{}
	for i := range shown {
		shown[i] = p.columns[i].next(e, 0)
	}
	for i := range e.Fields {
		if f := &e.Fields[i]; f.Form != entry.Packed && !p.chosen.hides(f.Name) && !contains(shown, i) {
			dst = appendPair(append(dst, ' '), f.Name, p.shown(f))
		}
	}
	return dst
}

func contains(list [len(logfmtColumns)]int, n int) bool {
	for _, m := range list {
		if m == n {
			return true
		}
	}
	return false
}

// separate appends a blank unless nothing stands after start yet.
func separate(dst []byte, start int) []byte {
	if len(dst) > start {
		dst = append(dst, ' ')
	}
	return dst
}

// appendPair appends NAME=VALUE, each in quotes where it could not be told from what is around it.
func appendPair(dst []byte, name string, value []byte) []byte {
	dst = appendLogfmtText(dst, name)
	return appendLogfmtText(append(dst, '='), value)
}

func appendLogfmtText[T string | []byte](dst []byte, s T) []byte {
	start := len(dst)
	dst = append(dst, s...)
	if !needsQuotes(dst[start:]) {
		return dst
	}
	end := len(dst)
	dst = appendQuoted(dst, dst[start:end])
	return dst[:start+copy(dst[start:], dst[end:])]
}

// needsQuotes reports whether s is empty or holds a blank, a quote, an equals sign, or what is escaped in quotes.
func needsQuotes(s []byte) bool {
	for i := 0; i < len(s); {
		if c := s[i]; c < utf8.RuneSelf {
			if c <= ' ' || c == '"' || c == '=' || c == 0x7f {
				return true
			}
			i++
			continue
		}
		size, escape := control(s[i:])
		if escape {
			return true
		}
		i += size
	}
	return len(s) == 0
}

// appendQuoted appends s in double quotes, to be read back by strconv.Unquote.
func appendQuoted(dst, s []byte) []byte {
	dst = append(dst, '"')
	done := 0
	for i := 0; i < len(s); {
		c := s[i]
		if c >= ' ' && c < 0x7f && c != '"' && c != '\\' {
			i++
			continue
		}
		size, escape := control(s[i:])
		if escape || c < utf8.RuneSelf {
			dst = appendGoEscape(append(dst, s[done:i]...), s[i:i+size])
			done = i + size
		}
		i += size
	}
	return append(append(dst, s[done:]...), '"')
}

// appendGoEscape appends one character as it is escaped in quotes.
func appendGoEscape(dst, s []byte) []byte {
	switch c := s[0]; c {
	case '"', '\\':
		return append(dst, '\\', c)
	case '\n':
		return append(dst, '\\', 'n')
	case '\r':
		return append(dst, '\\', 'r')
	case '\t':
		return append(dst, '\\', 't')
	}
	return appendEscaped(dst, s)
}
