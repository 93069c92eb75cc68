package parse

import (
	"bytes"

	"constat/entry"
)

// versioned reads what stands behind the PRI of RFC 5424: VERSION STAMP HOST APP PROCID MSGID SD MSG. It is lenient
// with blanks, the form of the time, a header that ends early and another version than 1; only a time tells such a
// message from a text that begins with a number. If it returns false it has changed nothing.
func (m *message) versioned(b []byte) bool {
	n := 0
	for n < len(b) && n < 3 && digit(b[n]) >= 0 {
		n++
	}
	if n == 0 || n == len(b) || b[0] == '0' || b[n] != ' ' {
		return false
	}
	odd, fields := m.odd, len(m.e.Fields)
	if n > 1 || b[0] != '1' {
		m.odd |= otherVersion
	}
	if !m.header(m.blanks(b[n+1:])) {
		m.odd, m.offset = odd, 0
		m.e.Fields, m.e.Event = m.e.Fields[:fields], entry.Time{}
		return false
	}
	return true
}

// header reads STAMP and what follows.
func (m *message) header(b []byte) bool {
	var s stamp
	size := m.headerStamp(&s, b)
	if size == 0 || (size < len(b) && b[size] != ' ') {
		return false
	}
	timed := size > len("-")
	if timed {
		m.time(&s)
		if s.form != entry.RFC3164ISO && m.tagged(b[size:]) {
			return true
		}
	}
	rest, blank, ok := m.names(b[size:])
	if !ok && !timed {
		return false
	}
	if !ok {
		m.odd |= shortHeader
	}
	m.e.Renderer = entry.RenderRFC5424
	m.content(rest, blank)
	return true
}

// names reads HOST APP PROCID MSGID; blank says whether there is one behind them. ok is false if one is missing.
func (m *message) names(b []byte) (rest []byte, blank, ok bool) {
	blank, rest = len(b) > 0, b[blankSize(b):]
	for _, name := range headerNames {
		if !blank {
			return nil, false, false
		}
		if len(rest) > 0 && rest[0] == ' ' {
			rest = m.blanks(rest)
		}
		var value []byte
		if value, rest, blank, ok = cutToken(rest); !ok {
			return nil, false, false
		}
		if len(value) != 1 || value[0] != '-' {
			m.p.add(m.e, name, value)
		}
	}
	return rest, blank, true
}

// headerStamp returns the size of STAMP. Nil, which a text may begin with too, is none in other versions than 1.
func (m *message) headerStamp(s *stamp, b []byte) (size int) {
	switch {
	case len(b) == 0:
		return 0
	case b[0] == '-' && m.odd&otherVersion == 0:
		return 1
	case digit(b[0]) >= 0:
		return s.cutISO(b)
	case len(b) < shortest:
		return 0
	}
	if size = s.cutMonth(b); size > 0 {
		m.odd |= monthTime
	}
	return size
}

// tagged reads HOST TAG[PID]: MSG if what follows the time of RFC 3164 is in its form altogether.
func (m *message) tagged(rest []byte) bool {
	host, text, _, _ := cutToken(bytes.TrimLeft(rest, " "))
	tag, _, _, _ := cutToken(text)
	if !isTagToken(host) && !isTagToken(tag) {
		return false
	}
	m.afterStamp(rest[1:])
	m.rendered3164()
	return true
}

// content reads SD MSG; blank says whether there was one behind MSGID.
func (m *message) content(b []byte, blank bool) {
	if len(b) > 0 && b[0] == ' ' {
		if text := bytes.TrimLeft(b, " "); len(text) > 0 && (text[0] == '-' || text[0] == '[') {
			m.odd |= extraBlanks
			b = text
		}
	}
	slot := len(m.e.Fields)
	m.p.add(m.e, "MESSAGE", nil)
	if rest, ok := m.structured(b, slot); !ok {
		m.noStructured(b, blank, slot)
	} else if len(rest) == 0 {
		m.e.Fields = append(m.e.Fields[:slot], m.e.Fields[slot+1:]...)
	} else {
		text, found := bytes.CutPrefix(rest[1:], []byte("\ufeff"))
		if found {
			m.p.params[0] |= entry.RFC5424BOM
		}
		m.e.Fields[slot].Value = text
	}
	m.p.params[0] |= m.tail << entry.RFC5424Tail
	if len(m.p.params) > 1 || m.p.params[0] != 0 {
		m.e.Params = m.p.arena.copy(m.p.params)
	}
}

// structured reads structured data, a second time without its quotes if need be.
func (m *message) structured(b []byte, slot int) (rest []byte, ok bool) {
	m.p.params = append(m.p.params[:0], 0)
	if rest, ok = m.p.structured(m.e, b); ok || len(b) == 0 || b[0] != '[' {
		return rest, ok
	}
	m.e.Fields = m.e.Fields[:slot+1]
	m.p.params = append(m.p.params[:0], 0)
	m.p.unquoted = true
	rest, ok = m.p.structured(m.e, b)
	m.p.unquoted = false
	if ok {
		m.odd |= sdUnquoted
	}
	return rest, ok
}

// noStructured makes all of b the MESSAGE.
func (m *message) noStructured(b []byte, blank bool, slot int) {
	m.p.params = append(m.p.params[:0], entry.RFC5424NoSD)
	m.e.Fields = m.e.Fields[:slot]
	if blank {
		m.p.add(m.e, "MESSAGE", b)
	}
	switch {
	case m.odd&shortHeader != 0:
	case len(b) > 0 && (b[0] == '[' || b[0] == '-'):
		m.odd |= badSD
	default:
		m.odd |= noSD
	}
}
