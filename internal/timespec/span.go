package timespec

import (
	"errors"
	"fmt"
	"math"
	"strings"
	"time"
)

// span is a distance in time: what goes by the calendar, and what is exact.
type span struct {
	years, months, days int
	exact               time.Duration
}

// unit is the length of a unit; exactly one of the fields is set.
type unit struct {
	span
	names []string
}

// units are those of systemd.time(7), with both code points that look like µ.
var units = [...]unit{
	{span{exact: time.Microsecond}, []string{"us", "µs", "μs", "usec"}},
	{span{exact: time.Millisecond}, []string{"ms", "msec"}},
	{span{exact: time.Second}, []string{"s", "sec", "secs", "second", "seconds"}},
	{span{exact: time.Minute}, []string{"m", "min", "mins", "minute", "minutes"}},
	{span{exact: time.Hour}, []string{"h", "hr", "hrs", "hour", "hours"}},
	{span{days: 1}, []string{"d", "day", "days"}},
	{span{days: 7}, []string{"w", "week", "weeks"}},
	{span{months: 1}, []string{"M", "month", "months"}},
	{span{years: 1}, []string{"y", "yr", "year", "years"}},
}

// maxAmount bounds the calendar units: more days than 9999 years have.
const maxAmount = 4_000_000

var errTooFar = errors.New("too far away")

// parseSpan returns the moment that lies the span s before or after now. The calendar part is applied first.
func parseSpan(s string, now time.Time, before bool) (time.Time, error) {
	var sum span
	rest := strings.TrimSpace(s)
	if rest == "" {
		return now, errors.New("want an amount and a unit")
	}
	for rest != "" {
		var err error
		if rest, err = sum.addTerm(rest); err != nil {
			return now, err
		}
	}
	if before {
		sum = span{-sum.years, -sum.months, -sum.days, -sum.exact}
	}
	return now.AddDate(sum.years, sum.months, sum.days).Add(sum.exact), nil
}

// addTerm adds the amount and unit at the front of s and returns what follows them.
func (sum *span) addTerm(s string) (rest string, err error) {
	isDigit := func(r rune) bool { return (r >= '0' && r <= '9') || r == '.' }
	amount, s := cutWhere(s, func(r rune) bool { return !isDigit(r) })
	if amount == "" {
		return "", errors.New("want an amount and a unit")
	}
	name, s := cutWhere(s, func(r rune) bool { return r == ' ' || r == '-' || r == '+' || isDigit(r) })
	u, found := findUnit(name)
	if !found {
		return "", fmt.Errorf("unit %q: want us, ms, s, m, h, d, w, M, y or a word for one", name)
	}
	return s, sum.add(amount, u)
}

// cutWhere splits s before the first rune that ends says, and drops the blanks between.
func cutWhere(s string, ends func(rune) bool) (front, rest string) {
	if end := strings.IndexFunc(s, ends); end >= 0 {
		return s[:end], strings.TrimLeft(s[end:], " ")
	}
	return s, ""
}

func findUnit(name string) (span, bool) {
	for i := range units {
		for _, n := range units[i].names {
			if n == name {
				return units[i].span, true
			}
		}
	}
	return span{}, false
}

// add adds amount times u.
func (sum *span) add(amount string, u span) error {
	whole, fraction, hasFraction := strings.Cut(amount, ".")
	n, err := number(whole, 1, 18)
	if err != nil {
		return errTooFar
	}
	if u.exact != 0 {
		return sum.addExact(n, fraction, hasFraction, u.exact)
	}
	if hasFraction {
		return errors.New("days and longer come whole")
	}
	if n > maxAmount || max(sum.years, sum.months, sum.days) > maxAmount {
		return errTooFar
	}
	sum.years += n * u.years
	sum.months += n * u.months
	sum.days += n * u.days
	return nil
}

func (sum *span) addExact(n int, fraction string, hasFraction bool, unit time.Duration) error {
	nanos := 0
	if hasFraction {
		var err error
		if nanos, err = parseFraction(fraction); err != nil {
			return err
		}
	}
	part := time.Duration(nanos) * unit / time.Second // of a unit below one second
	if unit >= time.Second {
		part = time.Duration(nanos) * (unit / time.Second)
	}
	if time.Duration(n) > (math.MaxInt64-part-sum.exact)/unit {
		return errTooFar
	}
	sum.exact += time.Duration(n)*unit + part
	return nil
}
