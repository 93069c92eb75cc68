package timespec

import (
	"errors"
	"strings"
	"time"
)

// parseWhen reads a day, a clock, or both: DAY, CLOCK, DAY CLOCK, DAYTCLOCK, each with a zone behind the clock or not.
func parseWhen(s string, now time.Time) (time.Time, error) {
	if colon := strings.IndexByte(s, ':'); colon == 1 || colon == 2 {
		c, err := parseClock(s)
		if err == nil && c.zone != nil {
			err = errors.New("a zone needs a day before the clock")
		}
		return c.on(dayOf(now), now.Location()), err
	}
	dayText, clockText, hasClock := cutDay(s)
	d, err := parseDay(dayText, dayOf(now))
	if err != nil || !hasClock {
		return d.start(now.Location()), err
	}
	c, err := parseClock(clockText)
	return c.on(d, now.Location()), err
}

// cutDay splits at the first blank, or at the T behind a date.
func cutDay(s string) (day, clock string, found bool) {
	if len(s) > 10 && (s[10] == 'T' || s[10] == 't') {
		return s[:10], s[11:], true
	}
	day, clock, found = strings.Cut(s, " ")
	return day, strings.TrimLeft(clock, " "), found
}

// day is a day of the calendar, in no zone.
type day struct {
	year  int
	month time.Month
	day   int
}

func dayOf(t time.Time) day {
	year, month, d := t.Date()
	return day{year, month, d}
}

// at returns the moment when a clock in loc shows c on that day.
func (d day) at(c clock, loc *time.Location) time.Time {
	return time.Date(d.year, d.month, d.day, c.hour, c.minute, c.second, c.nanos, loc)
}

func (d day) add(days int) day {
	d.day += days
	return dayOf(d.at(clock{}, time.UTC))
}

func parseDay(s string, today day) (day, error) {
	switch s {
	case "today":
		return today, nil
	case "yesterday":
		return today.add(-1), nil
	case "tomorrow":
		return today.add(1), nil
	}
	if len(s) != 10 || s[4] != '-' || s[7] != '-' {
		return today, errForm
	}
	year, err1 := number(s[:4], 4, 4)
	month, err2 := number(s[5:7], 2, 2)
	date, err3 := number(s[8:], 2, 2)
	if err1 != nil || err2 != nil || err3 != nil {
		return today, errForm
	}
	d := day{year, time.Month(month), date}
	if d.add(0) != d {
		return today, errors.New("no such day")
	}
	return d, nil
}

// start returns the first moment of the day. Where the clock jumps over midnight, time.Date may answer with a moment of
// the day before: the day then begins with the jump. Where midnight comes twice, it is the first.
func (d day) start(loc *time.Location) time.Time {
	midnight := d.at(clock{}, loc)
	if dayOf(midnight).at(clock{}, time.UTC).Before(d.at(clock{}, time.UTC)) {
		_, jump := midnight.ZoneBounds()
		return jump
	}
	if earlier := midnight.Add(-time.Hour); dayOf(earlier) == d {
		return earlier
	}
	return midnight
}

// clock is a time of day, with the zone written behind it (nil: none).
type clock struct {
	hour, minute, second, nanos int
	zone                        *time.Location
}

// on returns the moment when the clock shows c on that day, in its own zone or else in loc.
func (c clock) on(d day, loc *time.Location) time.Time {
	if c.zone != nil {
		loc = c.zone
	}
	return d.at(c, loc)
}

// parseClock reads hh:mm, hh:mm:ss or hh:mm:ss.fraction and what follows as a zone. A leap second (60) is the first of
// the next minute.
func parseClock(s string) (c clock, err error) {
	clockText, zone := s, ""
	if end := strings.IndexFunc(s, func(r rune) bool { return !strings.ContainsRune("0123456789:.", r) }); end >= 0 {
		clockText, zone = s[:end], strings.TrimLeft(s[end:], " ")
	}
	if c.zone, err = parseZone(zone); err != nil {
		return c, err
	}
	clockText, fraction, hasFraction := strings.Cut(clockText, ".")
	parts := strings.Split(clockText, ":")
	if len(parts) < 2 || len(parts) > 3 || (hasFraction && len(parts) != 3) {
		return c, errForm
	}
	if hasFraction {
		if c.nanos, err = parseFraction(fraction); err != nil {
			return c, err
		}
	}
	limits := [...]int{23, 59, 60}
	into := [...]*int{&c.hour, &c.minute, &c.second}
	for i, part := range parts {
		if *into[i], err = number(part, 2, 2); err != nil || *into[i] > limits[i] {
			return c, errors.New("want a clock of two digits each, 00:00 to 23:59:60")
		}
	}
	return c, nil
}

// parseZone reads "", Z, UTC, ±hh:mm and ±hhmm; nil is no zone.
func parseZone(s string) (*time.Location, error) {
	switch s {
	case "":
		return nil, nil
	case "Z", "z", "UTC":
		return time.UTC, nil
	}
	bad := errors.New("want the zone as Z, UTC, +hh:mm or +hhmm")
	if s[0] != '+' && s[0] != '-' {
		return nil, bad
	}
	digits := s[1:]
	if len(digits) == 5 && digits[2] == ':' {
		digits = digits[:2] + digits[3:]
	}
	n, err := number(digits, 4, 4)
	if err != nil || n/100 > 23 || n%100 > 59 {
		return nil, bad
	}
	seconds := n/100*3600 + n%100*60
	if s[0] == '-' {
		seconds = -seconds
	}
	return time.FixedZone("", seconds), nil
}
