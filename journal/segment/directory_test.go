package segment

import (
	"bytes"
	"fmt"
	"testing"

	"constat/entry"
	"constat/journal/frame"
)

var testHeader = frame.FileHeader{Kind: frame.Segment, Journal: frame.JournalID{7}, First: 5}

func testImage(t testing.TB, n int) []byte {
	t.Helper()
	b := NewBuilder()
	b.Reset(testHeader)
	for i := range n {
		e := entry.Entry{Received: int64(i)}
		if i%2 == 0 {
			e.Event = entry.Time{Valid: true, Micros: int64(i) * 1000000}
		}
		e.AddString("SYSLOG_IDENTIFIER", fmt.Sprintf("app%d", i%3), entry.Claimed)
		e.AddString("MESSAGE", fmt.Sprintf("message %d", i), entry.Claimed)
		if i%7 == 0 {
			e.AddString(fmt.Sprintf("N%d", i), "once", entry.Claimed)
		}
		body, err := entry.AppendBody(nil, &e)
		if err != nil {
			t.Fatal(err)
		}
		if err := b.Add(body); err != nil {
			t.Fatal(err)
		}
	}
	image, err := b.Image()
	if err != nil {
		t.Fatal(err)
	}
	return image
}

// FuzzDirectory gives changed directories their right checksum, so that it is no obstacle: nothing that they say may
// lead to a panic, or to memory without bound.
func FuzzDirectory(f *testing.F) {
	image := testImage(f, 100)
	whole, err := Open(bytes.NewReader(image), int64(len(image)), testHeader)
	if err != nil {
		f.Fatal(err)
	}
	tail := image[whole.trailer.parts:whole.trailer.copy]
	f.Add(image[metaOffset : metaOffset+int(whole.trailer.directory)])
	f.Fuzz(func(t *testing.T, dir []byte) {
		x := whole.trailer
		x.directory, x.sum, x.shared = uint32(len(dir)), frame.Checksum(dir), 0
		x.parts = metaOffset + int64(len(dir))
		x.copy = x.parts + int64(len(tail))
		data := append(x.append(frame.AppendFileHeader(nil, testHeader)), dir...)
		data = x.append(append(append(data, tail...), dir...))
		s, err := Open(bytes.NewReader(data), int64(len(data)), testHeader)
		if err != nil {
			return
		}
		if again := s.directory.append(nil); !bytes.Equal(again, dir) {
			t.Errorf("a directory with two spellings:\n%x\n%x", dir, again)
		}
		for range s.NewReader().Bodies(s.First(), s.End()) {
		}
		s.Check()
	})
}

// TestFewRows: shapes and applications of few rows do not make columns and groups of their own.
func TestFewRows(t *testing.T) {
	image := testImage(t, 1000)
	s, err := Open(bytes.NewReader(image), int64(len(image)), testHeader)
	if err != nil {
		t.Fatal(err)
	}
	if n := len(s.Columns()); n != 4 {
		t.Errorf("%d columns, want parameters, two fields and rest: %+v", n, s.Columns())
	}
	if n := len(s.Groups()); n != 7 { // three applications with and without event time, and rest
		t.Errorf("%d groups", n)
	}
	if s.RestColumn() != 3 {
		t.Errorf("rest column %d", s.RestColumn())
	}
}
