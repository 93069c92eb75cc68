package query

import "strings"

// CompareNumbers compares two decimal numbers exactly: -1, 0 or 1. A number is an optional sign, digits, and optionally
// a point and digits: 5, -0, 007, +1.50. ok is false if one of them is something else (1e3, 0x10, 1_000, .5, blanks).
func CompareNumbers(a, b string) (order int, ok bool) {
	x, okX := readNumber(a)
	y, okY := readNumber(b)
	if !okX || !okY {
		return 0, false
	}
	if x.sign != y.sign {
		return compareInts(x.sign, y.sign), true
	}
	order = compareInts(len(x.whole), len(y.whole))
	if order == 0 {
		order = strings.Compare(x.whole, y.whole)
	}
	if order == 0 {
		order = strings.Compare(x.fraction, y.fraction)
	}
	return order * x.sign, true
}

// Contains reports whether value is a number inside the range.
func (r Range) Contains(value string) bool {
	if _, ok := readNumber(value); !ok {
		return false
	}
	return r.Low.admits(value, 1) && r.High.admits(value, -1)
}

func (b Bound) admits(value string, side int) bool {
	if b.Text == "" {
		return true
	}
	order, ok := CompareNumbers(value, b.Text)
	return ok && (order == side || order == 0 && !b.Open)
}

// number is a decimal number without superfluous zeros; sign is 0 for zero.
type number struct {
	sign            int
	whole, fraction string
}

func readNumber(s string) (number, bool) {
	n := number{sign: 1}
	if s != "" && (s[0] == '-' || s[0] == '+') {
		if s[0] == '-' {
			n.sign = -1
		}
		s = s[1:]
	}
	whole, fraction, point := strings.Cut(s, ".")
	if !isDigits(whole) || point && !isDigits(fraction) {
		return n, false
	}
	n.whole, n.fraction = strings.TrimLeft(whole, "0"), strings.TrimRight(fraction, "0")
	if n.whole == "" && n.fraction == "" {
		n.sign = 0
	}
	return n, true
}

func isDigits(s string) bool {
	return s != "" && strings.Trim(s, "0123456789") == ""
}

func compareInts(a, b int) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}
