package syslog

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"

	"constat/internal/input"
)

// framed is a message with its octets.
type framed struct {
	octets string
	lost   int64
	flag   string
}

// cutStream gives a stream to a framer in pieces, as a connection does, in a buffer that holds no more than is needed.
// It returns the messages and how many octets were in none of them.
func cutStream(t testing.TB, f framer, stream []byte, pieces []int, moveAt int) (out []framed) {
	var b []byte
	take := func(m input.Message) {
		if m.Start < 0 || m.End < m.Start || m.End > len(b) || m.Lost < 0 {
			t.Fatalf("message %+v in %d octets", m, len(b))
		}
		out = append(out, framed{string(b[m.Start:m.End]), m.Lost, m.Flag})
	}
	for i := 0; len(stream) > 0; i++ {
		n := len(stream)
		if len(pieces) > 0 {
			n = min(n, max(pieces[i%len(pieces)], 1))
		}
		b = append(b, stream[:n]...)
		stream = stream[n:]
		for m, found := f.next(b); found; m, found = f.next(b) {
			take(m)
		}
		if moveAt > 0 && i%moveAt == 0 {
			b = b[:f.end(b)]
			b = append(bytes.Repeat([]byte{'\n'}, 3), b...)[3:] // other memory
			b = slices.Clone(b[f.begin():])
			f.moved()
			if len(b) > f.limit+maxCount+2 {
				t.Fatalf("%d octets held", len(b))
			}
		}
	}
	if m, found := f.finish(b, FlagTruncated); found {
		take(m)
	}
	return out
}

// TestFraming holds the edges of RFC 6587 framing; limit is 16 octets.
func TestFraming(t *testing.T) {
	long := strings.Repeat("x", 40)
	tests := []struct {
		name, stream string
		want         []framed
	}{
		{"LF", "<1>a\n<2>b\n", []framed{{octets: "<1>a"}, {octets: "<2>b"}}},
		{"octet counting", "4 <1>a4 <2>b", []framed{{octets: "<1>a"}, {octets: "<2>b"}}},
		{"octet counting and extra LF", "4 <1>a\n4 <2>b\n", []framed{{octets: "<1>a"}, {octets: "<2>b"}}},
		{"octet counting and extra NUL", "4 <1>a\x004 <2>b\x00", []framed{{octets: "<1>a"}, {octets: "<2>b"}}},
		{"the count includes the LF", "5 <1>a\n5 <2>b\n", []framed{{octets: "<1>a\n"}, {octets: "<2>b\n"}}},
		{"mixed", "<1>a\n4 <2>b<3>c\n4 <4>d", []framed{{octets: "<1>a"}, {octets: "<2>b"}, {octets: "<3>c"}, {octets: "<4>d"}}},
		{"LF and NUL in a counted message", "7 <1>a\n\x00b4 <2>b", []framed{{octets: "<1>a\n\x00b"}, {octets: "<2>b"}}},
		{"a line begins with a number", "12 monkeys more\n<1>a\n", []framed{{octets: "12 monkeys more"}, {octets: "<1>a"}}},
		{"a line is a number", "12\n12 \n12 \x00", []framed{{octets: "12"}, {octets: "12 "}, {octets: "12 "}}},
		{"NUL", "<1>a\x00<2>b\x00", []framed{{octets: "<1>a"}, {octets: "<2>b"}}},
		{"text that ends in LF, and NUL", "<1>a\n\x00<2>b\n\x00", []framed{{octets: "<1>a"}, {octets: "<2>b"}}},
		{"leading zero", "04 <1>a\n<2>b\n", []framed{{octets: "04 <1>a", flag: FlagBadCount}, {octets: "<2>b"}}},
		{"count 0", "0 <1>a\n<2>b\n", []framed{{octets: "0 <1>a", flag: FlagBadCount}, {octets: "<2>b"}}},
		{"ten digits", "9999999999 <1>a\n<2>b\n", []framed{{octets: "9999999999 <1>a", flag: FlagBadCount}, {octets: "<2>b"}}},
		{"digits and no blank", "99999999999<13>\n", []framed{{octets: "99999999999<13>"}}},
		{"endless digits", strings.Repeat("9", 40), []framed{{strings.Repeat("9", 16), 24, FlagTruncated}}},
		{"nine digits", "999999999 <1>a\n", []framed{{octets: "<1>a\n", flag: FlagTruncated}}},
		{"shorter than announced", "9 <1>a", []framed{{octets: "<1>a", flag: FlagTruncated}}},
		{"only a count", "96", []framed{{octets: "96", flag: FlagTruncated}}},
		{"only a count and blank", "96 ", []framed{{octets: "96 ", flag: FlagTruncated}}},
		{"CRLF", "<1>a\r\n<2>b\r\n", []framed{{octets: "<1>a\r"}, {octets: "<2>b\r"}}},
		{"no LF at the end", "<1>a\n<2>b", []framed{{octets: "<1>a"}, {octets: "<2>b", flag: FlagTruncated}}},
		{"empty lines", "\n\n<1>a\n\n", []framed{{}, {}, {octets: "<1>a"}, {}}},
		{"counted and too long", "43 <1>" + long + "4 <2>b", []framed{{"<1>" + long[:13], 27, FlagOversize}, {octets: "<2>b"}}},
		{"line too long", "<1>" + long + "\n4 <2>b", []framed{{"<1>" + long[:13], 27, FlagOversize}, {octets: "<2>b"}}},
		{"too long and cut", "99 <1>" + long, []framed{{"<1>" + long[:13], 27, FlagTruncated}}},
		{"as long as can be", long[:16] + "\n" + long[:17] + "\n", []framed{{octets: long[:16]}, {long[:16], 1, FlagOversize}}},
	}
	for _, tt := range tests {
		for _, pieces := range [][]int{nil, {1}, {2}, {3, 1, 5}, {7}} {
			for moveAt := range 4 {
				got := cutStream(t, framer{limit: 16, lineNUL: true}, []byte(tt.stream), pieces, moveAt)
				if !slices.Equal(got, tt.want) {
					t.Errorf("%s, in pieces of %v:\ngot  %+v\nwant %+v", tt.name, pieces, got, tt.want)
				}
			}
		}
	}
}

func TestFramingOptions(t *testing.T) {
	stream := "<1>a\r\n<2>b\x00c\n\r\n0123456789abcdef\r\n"
	want := []framed{{octets: "<1>a"}, {octets: "<2>b\x00c"}, {}, {octets: "0123456789abcdef"}}
	for moveAt := range 3 {
		for _, pieces := range [][]int{nil, {1}, {4}} {
			got := cutStream(t, framer{limit: 16, lineCR: true}, []byte(stream), pieces, moveAt)
			if !slices.Equal(got, want) {
				t.Errorf("pieces %v: got %+v, want %+v", pieces, got, want)
			}
		}
	}
}

// slowFrames is the framing said again, of a stream that is there as a whole: it takes one frame after the other off
// the front, and accounts for each octet.
func slowFrames(t testing.TB, rest []byte, limit int, nul, cr bool) (out []framed) {
	end := byte('c') // of the frame before; "c" for none that another octet may follow
	for first := true; ; first = false {
		if !first && len(rest) > 0 && (rest[0] == '\n' && end != '\n' || nul && rest[0] == 0 && end != 0) {
			rest = rest[1:]
		}
		if len(rest) == 0 {
			return out
		}
		digits := len(rest) - len(bytes.TrimLeft(rest, "0123456789"))
		after := rest[digits:]
		isCount := digits > 0 && bytes.HasPrefix(after, []byte(" <"))
		message, flag := rest, FlagTruncated
		if isCount && digits <= 9 && rest[0] != '0' {
			var size int
			fmt.Sscan(string(rest[:digits]), &size)
			message, end = after[1:], 'c'
			rest = nil
			if size <= len(message) {
				message, rest, flag = message[:size], message[size:], ""
			}
		} else {
			ends := "\n"
			if nul {
				ends = "\n\x00"
			}
			at := bytes.IndexAny(rest, ends)
			if at >= 0 {
				message, end, flag = rest[:at], rest[at], ""
				if cr && end == '\n' {
					message = bytes.TrimSuffix(message, []byte("\r"))
				}
				if isCount && digits+2 <= limit && digits+2 <= at {
					flag = FlagBadCount
				}
				rest = rest[at+1:]
			} else {
				rest = nil
			}
		}
		m := framed{string(message[:min(limit, len(message))]), int64(max(0, len(message)-limit)), flag}
		if m.lost > 0 && flag != FlagTruncated {
			m.flag = FlagOversize
		}
		out = append(out, m)
	}
}

// FuzzFraming: no stream makes the framer panic, every octet is in a message, counted as lost or framing, and it does
// not matter in which pieces the stream comes.
func FuzzFraming(f *testing.F) {
	f.Add([]byte("<1>a\n4 <2>b<3>c\x004 <4>d\r\n\n\x00"), []byte{1, 2, 3}, uint8(4), uint8(1))
	f.Add([]byte("12 monkeys\n0 <1>a\n012 <1>\n9999999999 <13>x\n43 <1>aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"), []byte{5}, uint8(9), uint8(3))
	f.Add([]byte("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\r\nb\r\n"), []byte{1}, uint8(3), uint8(7))
	f.Fuzz(func(t *testing.T, stream, cuts []byte, limit, options uint8) {
		nul, cr := options&1 != 0, options&2 != 0
		fr := framer{limit: int(limit) + 1, lineNUL: nul, lineCR: cr}
		var pieces []int
		for _, n := range cuts {
			pieces = append(pieces, int(n))
		}
		want := slowFrames(t, stream, fr.limit, nul, cr)
		whole := cutStream(t, fr, stream, nil, 0)
		if !slices.Equal(whole, want) {
			t.Fatalf("%q:\ngot  %+v\nwant %+v", stream, whole, want)
		}
		if got := cutStream(t, fr, stream, pieces, int(options>>2)%4); !slices.Equal(got, want) {
			t.Fatalf("%q in pieces of %v:\ngot  %+v\nwant %+v", stream, pieces, got, want)
		}
		account(t, fr, stream)
	})
}

// account checks that between two messages there is nothing but framing.
func account(t *testing.T, fr framer, stream []byte) {
	at := 0
	gap := func(to int) {
		if rest := bytes.Trim(stream[at:to], "\r\n\x00"); len(rest) > 0 {
			digits, blank := bytes.CutSuffix(rest, []byte(" "))
			if !blank || len(digits) > maxCount || len(bytes.Trim(digits, "0123456789")) > 0 || digits[0] == '0' {
				t.Fatalf("%q: %q is lost", stream, stream[at:to])
			}
		}
		if to-at > maxCount+4 {
			t.Fatalf("%q: %d octets of framing", stream, to-at)
		}
	}
	take := func(m input.Message) {
		gap(m.Start)
		at = m.End + int(m.Lost)
	}
	for m, found := fr.next(stream); found; m, found = fr.next(stream) {
		take(m)
	}
	if m, found := fr.finish(stream, FlagTruncated); found {
		take(m)
	}
	gap(len(stream))
}
