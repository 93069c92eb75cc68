package tlsconf

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"
)

func TestPrintable(t *testing.T) {
	for text, want := range map[string]string{
		"":                            "",
		"CN=a, b":                     "CN=a, b",
		"CN=é":                        "CN=é",
		"a\x1b[31m\n\xffb\x00":        `a\1B[31m\0A\FFb\00`,
		"\u202e\u200b":                `\E2\80\AE\E2\80\8B`,
		strings.Repeat("x", 20):       strings.Repeat("x", 20),
		strings.Repeat("x", 21):       strings.Repeat("x", 17) + "…",
		strings.Repeat("\n", 7):       `\0A\0A\0A\0A\0A` + "…",
		strings.Repeat("é", 11):       strings.Repeat("é", 8) + "…",
		"x" + strings.Repeat("é", 10): "x" + strings.Repeat("é", 8) + "…",
	} {
		if got := printable(text, 20); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}

// FuzzPrintable: whatever a stranger calls himself can be printed, and is short.
func FuzzPrintable(f *testing.F) {
	f.Add("CN=a\x1b\x9b\u202e\ufffd\xff")
	f.Add(strings.Repeat("\u2028", 300))
	f.Fuzz(func(t *testing.T, text string) {
		got := printable(text, maxSubject)
		if len(got) > maxSubject || !utf8.ValidString(got) || strings.ContainsFunc(got, func(r rune) bool { return !unicode.IsPrint(r) }) {
			t.Errorf("%q becomes %q", text, got)
		}
	})
}
