package parse

import "constat/entry"

// eventTime takes the event time from a value if none of a better key was found.
func (o *object) eventTime(key *name, value []byte) {
	if key.json == 0 || (o.rank != 0 && o.rank <= key.json) {
		return
	}
	t, ok := entry.Time{}, false
	if key.written == realtime {
		t, ok = microseconds(value)
	} else {
		t, ok = o.p.rfc3339(value, o.e.Received)
	}
	if ok {
		o.e.Event, o.rank = t, key.json
	}
}

// rfc3339 reads a whole value as a time with a zone (RFC 3339, section 5.6).
func (p *Parser) rfc3339(value []byte, received int64) (t entry.Time, ok bool) {
	var s stamp
	if size := s.cutISO(value); size == 0 || size != len(value) || len(s.zone) == 0 {
		return t, false
	}
	t, _, ok = p.clock.instant(&s, received)
	return t, ok
}

// microseconds reads decimal µs since 1970 UTC, as the journal writes its clocks.
func microseconds(value []byte) (t entry.Time, ok bool) {
	if len(value) == 0 || len(value) > 18 {
		return t, false
	}
	micros := int64(0)
	for _, c := range value {
		d := digit(c)
		if d < 0 {
			return t, false
		}
		micros = micros*10 + int64(d)
	}
	return entry.Time{Micros: micros, Digits: 6, Zone: "Z", Valid: true}, true
}
