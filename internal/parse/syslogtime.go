package parse

import (
	"bytes"

	"constat/entry"
)

// shortest is the length of the shortest time with the name of a month.
const shortest = len("Oct 1 22:14:15")

// stamped reads a time and notes its form. Behind it is a blank, the end, or a colon as Cisco writes it: then colon is
// true and size includes what leads to the text. size is 0 if there is no time. s must be empty.
func (m *message) stamped(s *stamp, b []byte) (size int, colon bool) {
	size, unsynced := m.anyStamp(s, b)
	switch {
	case size == 0:
		return 0, false
	case size < len(b):
		n := m.colon(s, b[size:], unsynced)
		if n == 0 && b[size] != ' ' {
			return 0, false
		}
		size, colon = size+n, n > 0
	}
	m.form, m.unsynced = s.form, unsynced
	return size, colon
}

// anyStamp reads a time in any form that senders use: behind a mark of Cisco's ('*' and '.': the clock is not
// synchronized), behind the name of a weekday, in ISO 8601 or with the name of a month.
func (m *message) anyStamp(s *stamp, b []byte) (size int, unsynced bool) {
	if len(b) < shortest {
		return 0, false
	}
	skip := 0
	if b[0] == '*' || b[0] == '.' {
		skip, unsynced = 1, true
		b = b[1:]
	}
	switch {
	case len(b) < shortest:
	case digit(b[0]) < 0:
		if size = s.cutMonth(b); size == 0 && isWeekday(b) && len(b) >= shortest+len("Wed ") {
			skip += len("Wed ")
			b = b[len("Wed "):]
			size = s.cutMonth(b)
		}
		if size > 0 {
			size += s.cutYearBehind(b[size:])
		}
	case b[4] == ' ':
		size = s.cutYearBefore(b)
	default:
		if size = s.cutISO(b); size > 0 {
			m.blankT = b[10] == ' '
		}
	}
	if size == 0 {
		return 0, false
	}
	return skip + size, unsynced
}

// cutYearBehind reads the year that Linksys and OpenWrt write behind the time.
func (s *stamp) cutYearBehind(b []byte) (size int) {
	const length = len(" 2023")
	if s.form == entry.RFC3164Year || len(b) < length || b[0] != ' ' || (b[1] != '1' && b[1] != '2') {
		return 0
	}
	year, ok := yearOf(b[1:])
	if rest := bytes.TrimPrefix(b[length:], []byte(":")); !ok || (len(rest) > 0 && rest[0] != ' ') {
		return 0 // 2001:db8::1 is a host
	}
	s.year, s.form = year, entry.RFC3164Year
	return length
}

// cutYearBefore reads 2023 Oct 11 22:14:15, as NX-OS writes it.
func (s *stamp) cutYearBefore(b []byte) (size int) {
	const length = len("2023 ")
	year, ok := yearOf(b)
	if !ok || len(b) < length+shortest {
		return 0
	}
	if size = s.cutMonth(b[length:]); size == 0 || s.form == entry.RFC3164Year {
		return 0
	}
	s.year, s.form = year, entry.RFC3164Year
	return length + size
}

// yearOf reads four digits that can be the year of a message.
func yearOf(b []byte) (year int, ok bool) {
	century, rest := two(b), two(b[2:])
	return century*100 + rest, (century == 19 || century == 20) && rest >= 0
}

func isWeekday(b []byte) bool {
	if len(b) < 4 || b[3] != ' ' {
		return false
	}
	switch string(b[:3]) {
	case "Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun":
		return true
	}
	return false
}

// time makes the event time of a stamp. A leap second is the last µs of its minute; a time that cannot be is none.
func (m *message) time(s *stamp) {
	if s.second == 60 {
		s.second, s.nanos, s.digits = 59, 999_999_000, 6
		m.odd |= leapSecond
	}
	event, offset, ok := m.p.clock.instant(s, m.e.Received)
	if !ok {
		m.odd |= badTime
		return
	}
	if s.form == entry.RFC3164ISO && len(s.zone) == 0 {
		m.odd |= tzAssumed
	}
	if s.digits > 6 {
		m.odd |= longFraction
	}
	if len(s.zone) > 0 && event.Zone == "" { // a zone behind a time without year
		east, _ := zoneOffset(s.zone)
		event.Micros += (offset - east) * 1_000_000
		event.Zone, offset = m.p.clock.zoneName(s.zone), 0
	}
	m.e.Event, m.offset = event, offset
}
