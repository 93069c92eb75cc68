package parse

import (
	"time"

	"constat/entry"
)

const (
	day      = 86400 // seconds
	maxZones = 64    // zones as written that are remembered
)

// clock turns stamps into instants. It remembers the last minute it looked up in its location, and the last year.
type clock struct {
	location *time.Location
	zones    map[string]string
	zone     string // the zone that was last seen
	minute   int64  // local minute since 1970 of which offset is known
	offset   int64  // seconds east of UTC
	known    bool   // minute and offset are set
	year     int    // the year of the last stamp without one
}

// instant returns the time that a stamp says, and the offset that was assumed if it has no zone. ok is false if it is
// no time at all: 24:00, or the 30th of February. A leap second is the first of the next minute.
func (c *clock) instant(s *stamp, received int64) (t entry.Time, offset int64, ok bool) {
	if s.month < 1 || s.month > 12 || s.day < 1 || s.hour > 23 || s.minute > 59 || s.second > 60 {
		return t, 0, false
	}
	t = entry.Time{Valid: true, Digits: s.digits, Nanos: uint16(s.nanos % 1000)}
	seconds := int64(0)
	switch {
	case s.form != entry.RFC3164ISO && s.form != entry.RFC3164Year:
		seconds, offset, ok = c.guessYear(s, received)
	case s.day > daysIn(s.year, s.month):
		return entry.Time{}, 0, false
	case len(s.zone) == 0:
		seconds, ok = s.seconds(s.year), true
		offset = c.offsetAt(seconds)
	default:
		t.Zone = c.zoneName(s.zone)
		east, known := zoneOffset(s.zone)
		seconds, ok = s.seconds(s.year)-east, known
	}
	if !ok {
		return entry.Time{}, 0, false
	}
	t.Micros = (seconds-offset)*1_000_000 + int64(s.nanos/1000)
	return t, offset, true
}

// guessYear returns what the clock of a stamp without a year shows, in seconds since 1970, in the last year in which
// it is at most one day after the received time.
func (c *clock) guessYear(s *stamp, received int64) (seconds, offset int64, ok bool) {
	limit := received/1_000_000 + day
	if s.day <= daysIn(c.year, s.month) {
		seconds = s.seconds(c.year)
		offset = c.offsetAt(seconds)
		if at := seconds - offset; at <= limit && at > limit-364*day {
			return seconds, offset, true
		}
	}
	latest := time.Unix(limit, 0).UTC().Year() + 1
	for year := latest; year > latest-10; year-- { // 29 February can be eight years away
		if s.day > daysIn(year, s.month) {
			continue
		}
		seconds = s.seconds(year)
		offset = c.offsetAt(seconds)
		if seconds-offset <= limit {
			c.year = year
			return seconds, offset, true
		}
	}
	return 0, 0, false
}

// offsetAt returns the offset from UTC, in seconds, at a local time in seconds since 1970.
func (c *clock) offsetAt(seconds int64) int64 {
	if c.location == time.UTC {
		return 0
	}
	if minute := seconds / 60; !c.known || minute != c.minute {
		local := time.Unix(seconds, 0).UTC()
		_, offset := time.Date(local.Year(), local.Month(), local.Day(), local.Hour(), local.Minute(), 0, 0, c.location).Zone()
		c.minute, c.offset, c.known = minute, int64(offset), true
	}
	return c.offset
}

func (c *clock) zoneName(zone []byte) string {
	if c.zone == string(zone) {
		return c.zone
	}
	known, found := c.zones[string(zone)]
	if !found {
		known = string(zone)
		if c.zones == nil || len(c.zones) >= maxZones {
			c.zones = make(map[string]string)
		}
		c.zones[known] = known
	}
	c.zone = known
	return known
}

// zoneOffset returns the seconds east of UTC of a zone that zoneSize has measured. ok is false if out of range.
func zoneOffset(zone []byte) (seconds int64, ok bool) {
	if len(zone) == 1 {
		return 0, true
	}
	hours, minutes := two(zone[1:]), 0
	if len(zone) > 3 {
		minutes = two(zone[len(zone)-2:])
	}
	seconds = int64(hours*3600 + minutes*60)
	if zone[0] == '-' {
		seconds = -seconds
	}
	return seconds, hours < 24 && minutes < 60
}

// seconds returns what the clock of s shows in that year, in seconds since 1970. Years begin on 1 March so that the
// leap day is the last of a year.
func (s *stamp) seconds(year int) int64 {
	month := s.month - 3
	if month < 0 {
		month += 12
		year--
	}
	days := year*365 + floor(year, 4) - floor(year, 100) + floor(year, 400) + (153*month+2)/5 + s.day - 1
	return int64(days-719468)*day + int64(s.hour*3600+s.minute*60+s.second)
}

// floor returns a/b rounded down; b is positive.
func floor(a, b int) int {
	if a < 0 {
		return -((b - 1 - a) / b)
	}
	return a / b
}

func daysIn(year, month int) int {
	switch {
	case month == 4 || month == 6 || month == 9 || month == 11:
		return 30
	case month != 2:
		return 31
	case year%4 == 0 && (year%100 != 0 || year%400 == 0):
		return 29
	}
	return 28
}
