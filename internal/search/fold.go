package search

import (
	"unicode"
	"unicode/utf8"
)

// indexFold finds s in value in any case, as [strings.EqualFold] compares. It returns where it is, and how long; -1 if
// it is not there.
func indexFold(value, s []byte) (at, size int) {
	for i := 0; i < len(value); {
		if n, ok := prefixFold(value[i:], s); ok {
			return i, n
		}
		_, n := utf8.DecodeRune(value[i:])
		i += n
	}
	return -1, 0
}

// prefixFold returns how many bytes of value are s in any case, if it begins with it.
func prefixFold(value, s []byte) (n int, ok bool) {
	for len(s) > 0 {
		if n >= len(value) {
			return 0, false
		}
		a, b := value[n], s[0]
		if a < utf8.RuneSelf && b < utf8.RuneSelf {
			if a != b && lower(a) != lower(b) {
				return 0, false
			}
			n, s = n+1, s[1:]
			continue
		}
		x, k := utf8.DecodeRune(value[n:])
		y, l := utf8.DecodeRune(s)
		if !sameFold(x, y, k, l) || x == utf8.RuneError && k == 1 && a != b {
			return 0, false
		}
		n, s = n+k, s[l:]
	}
	return n, true
}

func lower(c byte) byte {
	if c >= 'A' && c <= 'Z' {
		c += 'a' - 'A'
	}
	return c
}

// sameFold compares two characters, of so many bytes, in any case.
func sameFold(x, y rune, k, l int) bool {
	if x == utf8.RuneError || y == utf8.RuneError {
		return x == y && k == l
	}
	for r := unicode.SimpleFold(x); r != x; r = unicode.SimpleFold(r) {
		if r == y {
			return true
		}
	}
	return x == y
}
