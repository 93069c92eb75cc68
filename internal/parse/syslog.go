package parse

import (
	"bytes"
	"encoding/binary"

	"constat/entry"
)

// message is the reading of one message in the format Syslog.
type message struct {
	p        *Parser
	e        *entry.Entry
	odd      oddities
	form     byte   // of the time: entry.RFC3164Blank …
	flags    byte   // of entry.RenderRFC3164, without the form
	tail     byte   // entry.TailCR …
	offset   int64  // east of UTC that was assumed for the time
	sequence []byte // the counter that Cisco writes before the time
	origin   []byte // the host that Cisco writes before the time
	unsynced bool   // '*' or '.' before the time
	blankT   bool   // a blank for the T of an ISO time, as programs write it that know no syslog
}

// syslog reads one message of a network sender: RFC 5424, RFC 3164, and everything that senders make of them. Every
// octet string is a message; [Syntax] says what is odd about it.
func (p *Parser) syslog(e *entry.Entry, octets []byte) bool {
	m := message{p: p, e: e, form: entry.RFC3164None}
	b := m.cutTail(octets)
	rest, ok := m.priority(b)
	switch {
	case !ok:
		p.add(e, "MESSAGE", b)
		m.rendered3164()
	case !m.versioned(rest):
		m.line(rest)
	}
	if m.odd != 0 {
		addSyntax(e, m.odd)
	}
	return true
}

// cutTail takes one NUL and one end of line off the end: they are framing, not message.
func (m *message) cutTail(b []byte) []byte {
	if n := len(b) - 1; n >= 0 && b[n] == 0 {
		b, m.tail = b[:n], entry.TailNUL
	}
	if n := len(b) - 1; n >= 0 && b[n] == '\n' {
		b, m.tail = b[:n], m.tail|entry.TailLF
	}
	if n := len(b) - 1; n >= 0 && b[n] == '\r' {
		b, m.tail = b[:n], m.tail|entry.TailCR
	}
	if len(b) == 0 {
		m.odd |= nothing
	}
	return b
}

// priority reads <PRI>. What is assumed in its place is observed: the sender did not say it. ok is false if there is
// a '<' and no PRI behind it.
func (m *message) priority(b []byte) (rest []byte, ok bool) {
	pri, rest, found := cutPRI(b)
	if pri >= 0 {
		if b[1] == '0' && b[2] != '>' {
			m.odd |= leadingZero
		}
		m.p.addPRI(m.e, pri)
		return rest, true
	}
	return m.noPriority(b, rest, found)
}

func (m *message) noPriority(b, rest []byte, found bool) (_ []byte, ok bool) {
	if found && b[1] != '>' {
		m.odd |= priRange
		if b[1] == '0' {
			m.odd |= leadingZero
		}
		observe(m.e, "PRIORITY", m.p.numbers[7])
		return rest, true
	}
	observe(m.e, "PRIORITY", m.p.numbers[5])
	observe(m.e, "SYSLOG_FACILITY", m.p.numbers[1])
	if found || bytes.HasPrefix(b, []byte("<")) {
		m.odd |= badPRI
		return rest, found
	}
	m.odd |= noPRI
	return rest, true
}

// line reads what stands behind the PRI of a message that is not RFC 5424.
func (m *message) line(b []byte) {
	b = m.gap(b)
	var s stamp
	size, hostless := m.stamped(&s, b)
	if size == 0 {
		size = m.prefixed(&s, b)
		hostless = true
	}
	if m.form != entry.RFC3164None {
		m.time(&s)
	}
	switch rest := b[size:]; {
	case hostless:
		if m.origin != nil {
			m.p.add(m.e, "HOSTNAME", m.origin)
		}
		m.tag(rest)
	case len(rest) > 0:
		m.afterStamp(rest[1:])
	}
	m.ciscoFields()
	m.rendered3164()
}

// gap steps over the blanks between PRI and time. More than one, or one without a PRI, belong to a text that has no
// time.
func (m *message) gap(b []byte) []byte {
	if len(b) == 0 || b[0] != ' ' {
		return b
	}
	text := bytes.TrimLeft(b, " ")
	if len(text) > 0 && len(b)-len(text) == 1 && m.odd&(noPRI|priRange|badPRI) == 0 {
		m.flags |= entry.RFC3164Gap
		return text
	}
	var s stamp
	if size, _ := m.stamped(&s, text); size > 0 {
		m.odd |= extraBlanks
		return text
	}
	return b
}

// rendered3164 names the renderer and its parameters.
func (m *message) rendered3164() {
	m.e.Renderer = entry.RenderRFC3164
	flags := m.flags | m.form
	if m.tail != 0 {
		flags |= entry.RFC3164Tail
	}
	if flags == 0 && m.offset == 0 {
		return
	}
	params := append(m.p.params[:0], flags)
	if m.tail != 0 {
		params = append(params, m.tail)
	}
	if m.offset != 0 {
		params = binary.AppendVarint(params, m.offset)
	}
	m.p.params = params
	m.e.Params = m.p.arena.copy(params)
}
