// Package timespec reads the points in time that people write after --since and --until.
//
//	2025-06-15T15:30:00Z        RFC 3339 with a zone: Z, UTC, +02:00 or +0200; fractions of up to 9 digits
//	2025-06-15 15:30:00.250     the same without a zone is local; a blank or a T stands between day and clock
//	2025-06-15 15:30            without seconds
//	2025-06-15                  the beginning of that day
//	15:30, 15:30:05             today
//	now, today, yesterday, tomorrow; a clock may follow the last three: yesterday 15:30
//	-1h30m, -2d, +5m            before and after now
//	2 hours ago                 the same in words; 1 hour 30 minutes ago, 1h30m ago
//	@1760000000.123456          seconds since 1970-01-01 UTC, fractions of up to 9 digits
//
// Units are those of systemd.time(7):
//
//	us µs usec · ms msec · s sec secs second seconds · m min mins minute minutes · h hr hrs hour hours
//	d day days · w week weeks · M month months · y yr year years
//
// Letters count as written: m is a minute and M a month. Seconds to hours may have a fraction (1.5h) and are exact;
// days and longer are whole numbers and go by the calendar of the location: a day is as long as its clock says, and one
// month before 31 March is 31 February, that is 2 or 3 March. What the clock jumps over is taken as [time.Date] does; a
// day that begins inside such a gap begins at its end.
package timespec

import (
	"errors"
	"fmt"
	"strings"
	"time"
)

// Forms lists what Parse accepts, for help texts and errors.
const Forms = `2025-06-15T15:30:00Z, "2025-06-15 15:30[:00]", 2025-06-15, 15:30[:00], now, today, yesterday, tomorrow, ` +
	`-1h30m, -2d, +5m, "2 hours ago", @1760000000`

// Parse returns the point in time that s says. now is what relative forms start from, loc (nil: [time.Local]) the
// location of everything written without a zone, and of the result. The error names s, what is wrong with it and the
// accepted forms. Years are 1 to 9999, without the first moment, which [time.Time.IsZero] takes for no time.
func Parse(s string, now time.Time, loc *time.Location) (time.Time, error) {
	if loc == nil {
		loc = time.Local
	}
	t, err := parse(strings.TrimSpace(s), now.In(loc))
	if err == nil && (t.Year() < 1 || t.Year() > 9999) {
		err = errors.New("outside the years 1 to 9999")
	}
	if err == nil && t.IsZero() {
		err = errors.New("the first moment of the year 1 stands for no time at all")
	}
	if err != nil {
		return time.Time{}, fmt.Errorf("time %q: %w; write %s", s, err, Forms)
	}
	return t.In(loc), nil
}

var errForm = errors.New("no known form")

func parse(s string, now time.Time) (time.Time, error) {
	switch {
	case s == "":
		return now, errors.New("empty")
	case s == "now":
		return now, nil
	case s[0] == '@':
		return parseEpoch(s[1:])
	case s[0] == '-' || s[0] == '+':
		return parseSpan(s[1:], now, s[0] == '-')
	}
	if span, found := strings.CutSuffix(s, " ago"); found {
		return parseSpan(span, now, true)
	}
	return parseWhen(s, now)
}

// parseEpoch reads the seconds since 1970-01-01 UTC.
func parseEpoch(s string) (time.Time, error) {
	whole, fraction, hasFraction := strings.Cut(s, ".")
	seconds, err := number(whole, 1, 12)
	if err != nil {
		return time.Time{}, errors.New("want @ and at most 12 digits of seconds")
	}
	nanos := 0
	if hasFraction {
		if nanos, err = parseFraction(fraction); err != nil {
			return time.Time{}, err
		}
	}
	return time.Unix(int64(seconds), int64(nanos)), nil
}

// parseFraction returns the ns that the digits after the point say.
func parseFraction(s string) (nanos int, err error) {
	nanos, err = number(s, 1, 9)
	if err != nil {
		return 0, errors.New("want 1 to 9 digits after the point")
	}
	for range 9 - len(s) {
		nanos *= 10
	}
	return nanos, nil
}

// number returns the value of s, which must be atLeast to atMost digits and nothing else. atMost is 18 or less.
func number(s string, atLeast, atMost int) (int, error) {
	if len(s) < atLeast || len(s) > atMost {
		return 0, errForm
	}
	n := 0
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return 0, errForm
		}
		n = n*10 + int(s[i]-'0')
	}
	return n, nil
}
