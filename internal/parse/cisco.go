package parse

import (
	"bytes"
	"strings"

	"constat/entry"
)

// Cisco writes
//
//	[SEQUENCE:] [ORIGIN:] [SEQUENCE:] [*|.]STAMP [ZONE]: %FACILITY-LEVEL-NAME: text
//
// of which each part before the '%' may be missing; ASA also HOST : %…, and NX-OS a colon before all. What RFC 5424
// has structured data for is kept under its name: meta.sequenceId and timeQuality.isSynced (sections 7.3.1 and 7.1.2).

// maxZoneName is the longest name of a zone that is looked for.
const maxZoneName = 6

// colon returns how many octets stand between a time and the text of Cisco: a colon, a blank and a colon, or the name
// of a zone and a colon, and the blank behind. It is 0 if something else follows the time. Where a sequence number or
// a mark has not told that this is Cisco, the text must.
func (m *message) colon(s *stamp, b []byte, marked bool) int {
	if b[0] == ':' {
		if len(b) > 1 && b[1] != ' ' && b[1] != '%' {
			return 0
		}
		return min(len(b), 1+blankSize(b[1:]))
	}
	n := 1
	for n < len(b) && n <= maxZoneName && b[n] >= 'A' && b[n] <= 'Z' {
		n++
	}
	if n >= len(b) || b[0] != ' ' || b[n] != ':' {
		return 0
	}
	zone := b[1:n]
	n++
	n += blankSize(b[n:])
	if !isMnemonic(b[n:]) && (m.sequence == nil && !marked || len(zone) == 0) {
		return 0
	}
	if len(zone) > 0 && len(s.zone) == 0 {
		if s.zone = zoneNamed(zone); s.zone == nil {
			m.odd |= tzAssumed
		}
	}
	return n
}

// blankSize is 1 if b begins with a blank, else 0.
func blankSize(b []byte) int {
	if len(b) > 0 && b[0] == ' ' {
		return 1
	}
	return 0
}

// isMnemonic reports whether b begins like %SYS-5-CONFIG_I:
func isMnemonic(b []byte) bool {
	if len(b) < len("%A-0-B:") || b[0] != '%' {
		return false
	}
	level := false
	for i := 1; i < len(b); i++ {
		switch c := b[i]; {
		case c == ':':
			return level
		case c == '-':
			level = level || (i+2 < len(b) && b[i+1] >= '0' && b[i+1] <= '7' && b[i+2] == '-')
		case (c < 'A' || c > 'Z') && (c < '0' || c > '9') && c != '_':
			return false
		}
	}
	return false
}

// prefixed reads what Cisco writes before the text, and returns how long that is; 0 if it is not of that shape. The
// time may be missing, or be the time since the device was started.
func (m *message) prefixed(s *stamp, b []byte) (size int) {
	at := 0
	if len(b) > 0 && b[0] == ':' {
		at = 1 + blankSize(b[1:])
		*s = stamp{}
		if n, colon := m.stamped(s, b[at:]); colon {
			return at + n
		}
	}
	for range 4 {
		n := m.prefix(b[at:])
		if n == 0 {
			break
		}
		at += n
		*s = stamp{}
		if n, colon := m.stamped(s, b[at:]); colon && (m.origin == nil || isMnemonic(b[at+n:])) {
			return at + n
		}
		if m.forget(); isMnemonic(b[at:]) {
			return at
		}
	}
	m.forget()
	m.sequence, m.origin = nil, nil
	return 0
}

// prefix reads SEQUENCE: or ORIGIN: and the blank behind. The time since the start is left to the octets.
func (m *message) prefix(b []byte) (size int) {
	end := bytes.IndexByte(b, ' ')
	if end < 2 || b[end-1] != ':' {
		return 0
	}
	token := b[:end-1]
	switch {
	case consistsOf(token, ""):
		m.sequence = token
	case m.sequence != nil && digit(token[0]) >= 0 && consistsOf(token, "ywdhms:"):
	case m.origin == nil && hostLike(token):
		m.origin = token
	default:
		return 0
	}
	return end + 1
}

// forget drops what a time said that turned out not to be Cisco's.
func (m *message) forget() {
	m.form, m.unsynced = entry.RFC3164None, false
}

// consistsOf reports whether b has only digits and octets of others.
func consistsOf(b []byte, others string) bool {
	for _, c := range b {
		if digit(c) < 0 && strings.IndexByte(others, c) < 0 {
			return false
		}
	}
	return true
}

// ciscoFields adds what the time said beside the time.
func (m *message) ciscoFields() {
	if m.sequence != nil {
		m.p.add(m.e, "meta.sequenceId", m.sequence)
	}
	if m.unsynced {
		m.p.add(m.e, "timeQuality.isSynced", m.p.numbers[0])
	}
}
