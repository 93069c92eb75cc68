package show

import (
	"time"

	"constat/entry"
)

// Layouts in the terms of the package time. The clock adds the fraction between a layout and its zone.
const (
	layoutShort = "Jan 02 15:04:05"
	layoutISO   = "2006-01-02T15:04:05"
	zoneOffset  = "-07:00"
	zoneUTC     = "Z07:00" // Z
)

// clock writes local times and remembers the second it wrote last: entries come in order, many to the second.
type clock struct {
	location *time.Location
	layout   string
	zone     string // "": neither fraction nor zone are written
	known    bool
	second   int64 // s since 1970-01-01 UTC of text and offset
	text     []byte
	offset   []byte
}

// append writes a time given in µs since 1970-01-01 UTC.
func (c *clock) append(dst []byte, micros int64) []byte {
	second, fraction := split(micros)
	c.set(second)
	dst = append(dst, c.text...)
	if c.zone == "" {
		return dst
	}
	return append(appendFraction(dst, fraction*1000, 6), c.offset...)
}

// split returns the whole seconds of a time in µs, rounded down, and the µs above them.
func split(micros int64) (second, fraction int64) {
	second, fraction = micros/1e6, micros%1e6
	if fraction < 0 {
		return second - 1, fraction + 1e6
	}
	return second, fraction
}

// set makes text and offset those of a second.
func (c *clock) set(second int64) {
	if c.known && second == c.second {
		return
	}
	t := time.Unix(second, 0).In(c.location)
	c.text = t.AppendFormat(c.text[:0], c.layout)
	c.offset = t.AppendFormat(c.offset[:0], c.zone)
	c.second, c.known = second, true
}

// eventClock writes event times as [entry.Time.AppendRFC3339] does, and remembers the zone as well as the second.
type eventClock struct {
	clock  clock  // in UTC, without zone
	zone   string // as written
	usable bool   // the zone says an offset
	offset int64  // s east of UTC
}

func (c *eventClock) append(dst []byte, t *entry.Time) []byte {
	if t.Zone != c.zone {
		offset, ok := t.Offset()
		c.zone, c.usable, c.offset = t.Zone, ok, int64(offset)
	}
	second, micros := split(t.Micros)
	c.clock.set(second + c.offset)
	dst = append(dst, c.clock.text...)
	if t.Digits > 0 {
		dst = appendFraction(dst, micros*1000+int64(t.Nanos), int(t.Digits))
	}
	if !c.usable {
		return dst
	}
	return append(dst, t.Zone...)
}

// appendFraction appends the point and the first digits of so many ns.
func appendFraction(dst []byte, nanos int64, digits int) []byte {
	var text [10]byte
	text[0] = '.'
	for i := 9; i > 0; i-- {
		text[i] = byte('0' + nanos%10)
		nanos /= 10
	}
	return append(dst, text[:1+digits]...)
}
