package custody

import (
	_ "embed" // the table of decompositions
	"slices"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"
)

// decompositionsText has a line for each character that Unicode 14 decomposes canonically: the character, and what it
// decomposes to. Hangul syllables are computed.
//
//go:embed decompositions.txt
var decompositionsText string

var decompositions = sync.OnceValue(func() map[rune]string {
	table := map[rune]string{}
	for line := range strings.Lines(decompositionsText) {
		r, n := utf8.DecodeRuneInString(line)
		table[r] = strings.TrimSuffix(line[n:], "\n")
	}
	return table
})

// Folded is equal for two paths that differ in their Unicode form only, such as NFC and NFD. It is for comparing, no path
// itself: marks on one character lose their order. Bytes that are not UTF-8 stay as they are.
func Folded(path string) string {
	var b strings.Builder
	var marks []rune
	flush := func() {
		slices.Sort(marks)
		b.WriteString(string(marks))
		marks = marks[:0]
	}
	put := func(r rune) {
		if unicode.Is(unicode.Mn, r) {
			marks = append(marks, r)
			return
		}
		flush()
		b.WriteRune(r)
	}
	table := decompositions()
	for i := 0; i < len(path); {
		r, n := utf8.DecodeRuneInString(path[i:])
		if r == utf8.RuneError && n == 1 {
			flush()
			b.WriteByte(path[i])
			i++
			continue
		}
		i += n
		if whole, ok := table[r]; ok {
			for _, part := range whole {
				put(part)
			}
			continue
		}
		for _, part := range hangul(r) {
			put(part)
		}
	}
	flush()
	return b.String()
}

// hangul takes a syllable apart (Unicode, section 3.12); everything else is itself.
func hangul(r rune) []rune {
	const first, count, lead, vowel, trail, vowels, trails = 0xAC00, 11172, 0x1100, 0x1161, 0x11A7, 21, 28
	s := r - first
	if s < 0 || s >= count {
		return []rune{r}
	}
	out := []rune{lead + s/(vowels*trails), vowel + s%(vowels*trails)/trails}
	if t := s % trails; t != 0 {
		out = append(out, trail+t)
	}
	return out
}
