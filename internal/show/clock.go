package show

import (
	"time"

	"constat/entry"
)

// Layouts in the terms of the package time; the fraction is added by the clock.
const layoutISO = "2006-01-02T15:04:05"

// clock writes local times and remembers the second it wrote last: entries come in order, many to the second.
type clock struct {
	location *time.Location
	layout   string
	micros   bool // append ".µµµµµµ" and the offset
	known    bool
	second   int64 // s since 1970-01-01 UTC of text and offset
	text     []byte
	offset   []byte
}

// append writes a time given in µs since 1970-01-01 UTC.
func (c *clock) append(dst []byte, micros int64) []byte {
	second, fraction := micros/1e6, micros%1e6
	if fraction < 0 {
		second--
		fraction += 1e6
	}
	if !c.known || second != c.second {
		t := time.Unix(second, 0).In(c.location)
		c.text = t.AppendFormat(c.text[:0], c.layout)
		c.offset = t.AppendFormat(c.offset[:0], "-07:00")
		c.second, c.known = second, true
	}
	dst = append(dst, c.text...)
	if !c.micros {
		return dst
	}
	dst = append(dst, ".000000"...)
	for i := len(dst) - 1; fraction > 0; i-- {
		dst[i] += byte(fraction % 10)
		fraction /= 10
	}
	return append(dst, c.offset...)
}

// appendReceived writes the received time as RFC 3339 UTC with µs.
func appendReceived(dst []byte, e *entry.Entry) []byte {
	t := entry.Time{Micros: e.Received, Digits: 6, Zone: "Z", Valid: true}
	return t.AppendRFC3339(dst)
}
