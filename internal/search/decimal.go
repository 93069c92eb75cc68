package search

import (
	"bytes"
	"cmp"
	"strconv"
)

// decimal is a number as it is written: sign, digits before the point without leading zeros, digits behind it without
// trailing ones. It is compared exactly, whatever its length.
type decimal struct {
	negative       bool
	whole, partial []byte
}

// parseDecimal reads [+-]digits[.digits], and nothing else.
func parseDecimal(s []byte) (d decimal, ok bool) {
	if len(s) > 0 && (s[0] == '-' || s[0] == '+') {
		d.negative = s[0] == '-'
		s = s[1:]
	}
	whole, partial, point := bytes.Cut(s, []byte("."))
	if len(whole) == 0 || point && len(partial) == 0 || !isDigits(whole) || !isDigits(partial) {
		return d, false
	}
	d.whole, d.partial = bytes.TrimLeft(whole, "0"), bytes.TrimRight(partial, "0")
	if len(d.whole) == 0 && len(d.partial) == 0 {
		d.negative = false
	}
	return d, true
}

func isDigits(s []byte) bool {
	for _, c := range s {
		if c < '0' || c > '9' {
			return false
		}
	}
	return true
}

// compare returns -1, 0 or 1.
func (d decimal) compare(o decimal) int {
	if d.negative != o.negative {
		if d.negative {
			return -1
		}
		return 1
	}
	c := cmp.Compare(len(d.whole), len(o.whole))
	if c == 0 {
		c = bytes.Compare(d.whole, o.whole)
	}
	if c == 0 {
		c = bytes.Compare(d.partial, o.partial)
	}
	if d.negative {
		return -c
	}
	return c
}

// compareValues orders values: numbers by what they say, before texts by their bytes.
func compareValues(a, b []byte) int {
	x, isX := parseDecimal(a)
	y, isY := parseDecimal(b)
	switch {
	case isX && isY:
		if c := x.compare(y); c != 0 {
			return c
		}
	case isX != isY && isX:
		return -1
	case isX != isY:
		return 1
	}
	return bytes.Compare(a, b)
}

// parseNumber returns the value of a decimal number, rounded.
func parseNumber(s []byte) (float64, bool) {
	if _, ok := parseDecimal(s); !ok {
		return 0, false
	}
	f, err := strconv.ParseFloat(string(s), 64)
	return f, err == nil
}

// appendNumber appends a number with as many digits as it takes, whole ones without a point.
func appendNumber(dst []byte, f float64) []byte {
	if f > -1e15 && f < 1e15 {
		return strconv.AppendFloat(dst, f, 'f', -1, 64)
	}
	return strconv.AppendFloat(dst, f, 'g', -1, 64)
}
