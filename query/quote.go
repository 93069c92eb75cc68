package query

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// quoteField spells the name of a field: bare if it can be, else between quotes. The message role is "message".
func quoteField(name string) string {
	if name == "" {
		return "message"
	}
	return quoteUnless(name, "_.", isReserved(name))
}

// quoteWord spells a text that stands alone in a filter.
func quoteWord(s string) string { return quoteUnless(s, "_./@+%#;-", isReserved(s)) }

// quoteValue spells a value behind a colon.
func quoteValue(s string) string { return quoteUnless(s, "_./@+%#;:=-", false) }

func isReserved(s string) bool { return s == "AND" || s == "OR" || s == "NOT" }

// quoteUnless quotes s if it is empty, begins with something else than a letter, digit, _ or /, or holds something
// else than letters, digits and extra.
func quoteUnless(s, extra string, reserved bool) string {
	plain := s != "" && !reserved && !strings.ContainsRune("-+.@%#;:=", rune(s[0]))
	for i, r := range s {
		if r == utf8.RuneError && !strings.HasPrefix(s[i:], "\uFFFD") {
			plain = false
		}
		plain = plain && (unicode.IsLetter(r) || unicode.IsDigit(r) || strings.ContainsRune(extra, r))
	}
	if plain {
		return s
	}
	return quote(s)
}

// quote writes s between quotes; unquoting gives the same bytes.
func quote(s string) string {
	var b strings.Builder
	b.WriteByte('"')
	for i := 0; i < len(s); {
		r, n := utf8.DecodeRuneInString(s[i:])
		switch {
		case r == '"' || r == '\\':
			b.WriteByte('\\')
			b.WriteRune(r)
		case r == '\n':
			b.WriteString(`\n`)
		case r == '\t':
			b.WriteString(`\t`)
		case r == utf8.RuneError && n == 1 || !unicode.IsPrint(r):
			for _, c := range []byte(s[i : i+n]) {
				fmt.Fprintf(&b, `\x%02x`, c)
			}
		default:
			b.WriteRune(r)
		}
		i += n
	}
	b.WriteByte('"')
	return b.String()
}
