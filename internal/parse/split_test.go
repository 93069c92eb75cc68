package parse

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/iotest"
)

type piece struct {
	octets []byte
	lost   int64
}

// splitAll returns all entries of a stream; Recycle is never called, so all must stay valid.
func splitAll(tb testing.TB, r io.Reader, f Format, limit int) (all []piece) {
	tb.Helper()
	s := NewSplitter(r, f, limit)
	for {
		octets, lost, err := s.Next()
		if err == io.EOF {
			return all
		}
		if err != nil {
			tb.Fatal(err)
		}
		all = append(all, piece{octets, lost})
	}
}

// join puts a stream together again; only the last line may have had no LF.
func join(data []byte, f Format, all []piece) []byte {
	var joined []byte
	for _, p := range all {
		joined = append(joined, p.octets...)
		if f != Export {
			joined = append(joined, '\n')
		}
	}
	if f != Export && len(data) > 0 && data[len(data)-1] != '\n' {
		joined = joined[:len(joined)-1]
	}
	return joined
}

func TestSplitter(t *testing.T) {
	const binary = "A\n\x03\x00\x00\x00\x00\x00\x00\x00\n\n\n\n\n"
	for _, c := range []struct {
		format Format
		limit  int
		stream string
		want   string
	}{
		{Text, 0, "", ``},
		{Text, 0, "a\n\nb\r\n", `"a" "" "b\r"`},
		{Text, 0, "a\nb", `"a" "b"`},
		{Text, 3, "abc\nabcd\nabcdefgh\nab\n", `"abc" "abc"+1 "abc"+5 "ab"`},
		{Text, 3, "abcdefgh", `"abc"+5`},
		{Export, 0, "A=b\n\nC=d\n\n", `"A=b\n\n" "C=d\n\n"`},
		{Export, 0, "A=b\n\n\nC=d", `"A=b\n\n" "\n" "C=d"`},
		{Export, 0, binary + "B=c\n\n", fmt.Sprintf("%q %q", binary, "B=c\n\n")},
		{Export, 4, binary + "B=c\n\n", fmt.Sprintf("%q+11 %q+1", binary[:4], "B=c\n")},
		{Export, 0, "no field\n\nB=c\n\nC=d\n\n", `"no field\n\n" "B=c\n\n" "C=d\n\n"`}, // "\nB=c\n\nC" is no length
		{Export, 0, "A\n\x01\x00\x00\x00\x00\x00\x00\x00xy\n\nB=c\n\n", `"A\n\x01\x00\x00\x00\x00\x00\x00\x00xy\n\n" "B=c\n\n"`},
		{Export, 0, "A\n\x09\x00", `"A\n\t\x00"`},
	} {
		for _, r := range []io.Reader{strings.NewReader(c.stream), iotest.OneByteReader(strings.NewReader(c.stream)),
			iotest.DataErrReader(strings.NewReader(c.stream))} {
			var got []string
			for _, p := range splitAll(t, r, c.format, c.limit) {
				s := fmt.Sprintf("%q", p.octets)
				if p.lost != 0 {
					s += fmt.Sprintf("+%d", p.lost)
				}
				got = append(got, s)
			}
			if strings.Join(got, " ") != c.want {
				t.Errorf("%v %q limit %d: %s, want %s", c.format, c.stream, c.limit, got, c.want)
			}
		}
	}
}

// TestSplitterBlocks: lines across and beyond blocks stay as they are, and recycled blocks are used again.
func TestSplitterBlocks(t *testing.T) {
	var stream bytes.Buffer
	sizes := []int{10, blockSize - 1, blockSize, 3 * blockSize, 0, 1, 700_000, 700_000, 5 * blockSize}
	for i, n := range sizes {
		stream.Write(bytes.Repeat([]byte{byte('a' + i)}, n))
		stream.WriteByte('\n')
	}
	s := NewSplitter(&stream, Text, 4*blockSize)
	var all []piece
	for range sizes {
		octets, lost, err := s.Next()
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, piece{octets, lost})
	}
	for i, n := range sizes {
		keep := min(n, 4*blockSize)
		if len(all[i].octets) != keep || all[i].lost != int64(n-keep) {
			t.Errorf("line %d: %d octets, %d lost, want %d", i, len(all[i].octets), all[i].lost, n)
		}
		if n := bytes.Count(all[i].octets, []byte{byte('a' + i)}); n != keep {
			t.Errorf("line %d: %d octets are its own, want %d", i, n, keep)
		}
	}
	if _, _, err := s.Next(); err != io.EOF {
		t.Errorf("at the end: %v", err)
	}
}

// TestSplitterMemory: with Recycle a long stream needs no new memory.
func TestSplitterMemory(t *testing.T) {
	line := []byte(strings.Repeat("x", 99) + "\n")
	s := NewSplitter(&endless{line: line}, Text, 0)
	batch := func() {
		for range 20_000 {
			if octets, lost, err := s.Next(); len(octets) != 99 || lost != 0 || err != nil {
				t.Fatal(len(octets), lost, err)
			}
		}
		s.Recycle()
	}
	batch()
	batch()
	if n := testing.AllocsPerRun(5, batch); n > 0 {
		t.Errorf("%v allocations a batch", n)
	}
}

// TestSplitterOverlong: entries above the limit do not take a block each.
func TestSplitterOverlong(t *testing.T) {
	s := NewSplitter(&endless{line: []byte(strings.Repeat("x", 9999) + "\n")}, Text, 100)
	for range 5000 {
		if octets, lost, err := s.Next(); len(octets) != 100 || lost != 9899 || err != nil {
			t.Fatal(len(octets), lost, err)
		}
	}
	if n := len(s.used); n > 60 {
		t.Errorf("%d blocks for 50 MB read and 500 kB kept", n)
	}
}

// endless repeats a line in reads of odd sizes.
type endless struct {
	line []byte
	at   int
}

func (e *endless) Read(b []byte) (n int, err error) {
	for n < min(len(b), 65521) {
		k := copy(b[n:min(len(b), 65521)], e.line[e.at:])
		n += k
		e.at = (e.at + k) % len(e.line)
	}
	return n, nil
}

// TestSplitterErrors: what was read before an error is returned before it.
func TestSplitterErrors(t *testing.T) {
	broken := errors.New("broken")
	s := NewSplitter(io.MultiReader(strings.NewReader("a\nb"), iotest.ErrReader(broken)), Text, 0)
	for _, want := range []string{"a", "b"} {
		if octets, _, err := s.Next(); string(octets) != want || err != nil {
			t.Errorf("%q, %v; want %q", octets, err, want)
		}
	}
	for range 2 {
		if _, _, err := s.Next(); err != broken {
			t.Errorf("error %v, want %v", err, broken)
		}
	}
	if _, _, err := NewSplitter(idle{}, Text, 0).Next(); err != io.ErrNoProgress {
		t.Errorf("a reader that brings nothing: %v", err)
	}
}

type idle struct{}

func (idle) Read([]byte) (int, error) { return 0, nil }
