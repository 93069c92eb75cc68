package record

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"constat/internal/input"
)

// said is what an assembler makes of octets that come in pieces of so many.
func said(octets []byte, limit, piece int) (lines, flags []string, held int) {
	a, c := assembler{limit: limit}, new(input.Chunk)
	for p := range slices.Chunk(octets, max(piece, 1)) {
		a.add(c, p)
		held = max(held, len(a.rest))
	}
	a.finish(c)
	for _, m := range c.Messages {
		lines, flags = append(lines, string(c.Octets[m.Start:m.End])), append(flags, m.Flag)
	}
	return lines, flags, held
}

func TestLines(t *testing.T) {
	for _, c := range []struct{ in, lines, flags string }{
		{"", "", ""},
		{"a\nb\n", "a|b", "|"},
		{"a\r\nb\r\n", "a|b", "|"},
		{"a\nb", "a|b", "|truncated"},
		{"\n\n", "|", "|"},
		{"12345678\n", "12345678", ""},
		{"12345678\r\n", "12345678", ""},
		{"12345678", "12345678", "truncated"},
		{"123456789\n", "12345678|9", "split|"},
		{"12345678\rx\n", "12345678|\rx", "split|"},
		{"12345678\r", "12345678|\r", "split|truncated"},
		{"1234567\rx\n", "1234567\r|x", "split|"},
		{"12345678123456781\nx\n", "12345678|12345678|1|x", "split|split||"},
		{"a\rb\r\r\n", "a\rb\r", ""},
		{"a\x00b\xff\n", "a\x00b\xff", ""},
	} {
		for piece := 1; piece < 12; piece++ {
			lines, flags, _ := said([]byte(c.in), 8, piece)
			if strings.Join(lines, "|") != c.lines || strings.Join(flags, "|") != c.flags {
				t.Errorf("%q in pieces of %d: %q %q, want %q %q", c.in, piece, lines, flags, c.lines, c.flags)
			}
		}
	}
}

// FuzzLines checks that the pieces do not matter, that memory and lines are bounded, and that no octet vanishes but the
// ends of lines.
func FuzzLines(f *testing.F) {
	for _, seed := range []string{"", "a\n", "a\r\nb", "12345678\r", "123456789\n\r\n", strings.Repeat("x", 40), "\r\r\n\r\n\n\r"} {
		f.Add([]byte(seed), uint8(8), uint8(3))
	}
	f.Fuzz(func(t *testing.T, octets []byte, limit, piece uint8) {
		most := max(int(limit), 1)
		whole, flags, _ := said(octets, most, len(octets))
		lines, again, held := said(octets, most, int(piece))
		if !slices.Equal(whole, lines) || !slices.Equal(flags, again) {
			t.Fatalf("limit %d: %q %q; in pieces of %d %q %q", most, whole, flags, piece, lines, again)
		}
		if held > most+1 {
			t.Fatalf("held %d octets, the limit is %d", held, most)
		}
		var back []byte
		for i, line := range lines {
			if len(line) > most || strings.Contains(line, "\n") {
				t.Fatalf("line %q, the limit is %d", line, most)
			}
			back = append(back, line...)
			if flags[i] == "" {
				back = append(back, '\n')
			}
		}
		want := bytes.ReplaceAll(octets, []byte("\r\n"), []byte("\n"))
		if got := bytes.ReplaceAll(back, []byte("\r\n"), []byte("\n")); !bytes.Equal(got, bytes.ReplaceAll(want, []byte("\r\n"), []byte("\n"))) {
			t.Fatalf("%q came back as %q", octets, back)
		}
	})
}
