package query

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// FoldEqual reports whether two texts are the same in any case: see [Fold].
func FoldEqual(a, b string) bool { return Fold(a) == Fold(b) }

// Fold returns s with each letter replaced by the first of those that differ from it in case only, by Unicode's simple
// folding. Bytes that are not UTF-8 stay, so that they equal nothing but themselves. Letters stay within tokens.
func Fold(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); {
		r, n := utf8.DecodeRuneInString(s[i:])
		if r == utf8.RuneError && n == 1 {
			b.WriteByte(s[i])
		} else {
			b.WriteRune(foldRune(r))
		}
		i += n
	}
	return b.String()
}

// foldRune returns the smallest rune of the orbit of r.
func foldRune(r rune) rune {
	first := r
	for next := unicode.SimpleFold(r); next != r; next = unicode.SimpleFold(next) {
		first = min(first, next)
	}
	return first
}
