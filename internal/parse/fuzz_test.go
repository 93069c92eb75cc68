package parse

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"testing"
	"testing/iotest"
	"time"

	"constat/entry"
)

// cases returns the octets of every entry in testdata/<format>/*.txt.
func cases(tb testing.TB, f Format) (all [][]byte) {
	tb.Helper()
	for _, data := range files(tb, f) {
		s := NewSplitter(bytes.NewReader(data), f, 0)
		for {
			octets, _, err := s.Next()
			if err == io.EOF {
				break
			}
			if err != nil {
				tb.Fatal(err)
			}
			all = append(all, octets)
		}
	}
	if len(all) == 0 {
		tb.Fatalf("no case in testdata/%v", f)
	}
	return all
}

func files(tb testing.TB, f Format) (all [][]byte) {
	tb.Helper()
	paths, err := filepath.Glob(filepath.Join("testdata", f.String(), "*.txt"))
	if err != nil {
		tb.Fatal(err)
	}
	for _, path := range paths {
		data, err := os.ReadFile(path)
		if err != nil {
			tb.Fatal(err)
		}
		all = append(all, data)
	}
	if len(all) == 0 {
		tb.Fatalf("no file in testdata/%v", f)
	}
	return all
}

func FuzzRFC5424(f *testing.F)   { fuzzParser(f, RFC5424, RFC5424) }
func FuzzRFC3164(f *testing.F)   { fuzzParser(f, RFC3164, RFC3164) }
func FuzzSyslog(f *testing.F)    { fuzzParser(f, Syslog, Syslog, RFC5424, RFC3164, Text) }
func FuzzJSONLines(f *testing.F) { fuzzParser(f, JSONLines, JSONLines) }
func FuzzExport(f *testing.F)    { fuzzParser(f, Export, Export) }
func FuzzZato(f *testing.F)      { fuzzParser(f, Zato, Zato) }
func FuzzText(f *testing.F)      { fuzzParser(f, Auto, RFC5424, RFC3164, JSONLines, Export, Text) }

// fuzzParser checks that whatever the octets are, the entry gives them back and can be kept, in either provenance and
// in zones of every kind.
func fuzzParser(f *testing.F, format Format, seeds ...Format) {
	for _, seed := range seeds {
		for _, octets := range cases(f, seed) {
			f.Add(octets, testTime)
		}
	}
	parsers := []*Parser{
		New(format, Options{Location: time.UTC}),
		New(format, Options{Provenance: entry.Imported, Location: time.FixedZone("", -12345)}),
	}
	f.Fuzz(func(t *testing.T, octets []byte, received int64) {
		given := bytes.Clone(octets)
		for _, p := range parsers {
			var first, second entry.Entry
			p.Parse(&first, octets, received)
			before := dump(&first)
			p.Parse(&second, octets, received)
			if dump(&first) != before || dump(&second) != before {
				t.Fatalf("%q: %s, then %s and %s", octets, before, dump(&first), dump(&second))
			}
			checkEntry(t, &first, octets)
			if format == Syslog {
				checkSyntax(t, &first, octets)
			}
			p.Release()
		}
		if !bytes.Equal(octets, given) {
			t.Fatalf("octets changed from %q to %q", given, octets)
		}
		Detect(octets)
	})
}

// FuzzSplitter checks that nothing of a stream is lost or made up, whatever the sizes of the reads and the limit.
func FuzzSplitter(f *testing.F) {
	for _, format := range []Format{Text, Export} {
		for _, data := range files(f, format) {
			f.Add(data, format == Export, uint16(0))
			f.Add(data, format == Export, uint16(9))
		}
	}
	f.Fuzz(func(t *testing.T, data []byte, export bool, limit uint16) {
		format := Text
		if export {
			format = Export
		}
		whole := splitAll(t, bytes.NewReader(data), format, len(data)+1)
		joined := join(data, format, whole)
		if !bytes.Equal(joined, data) {
			t.Fatalf("%q split into %v", data, whole)
		}
		max := 1 + int(limit)%40
		for _, r := range []io.Reader{bytes.NewReader(data), iotest.OneByteReader(bytes.NewReader(data))} {
			cut := splitAll(t, r, format, max)
			if len(cut) != len(whole) {
				t.Fatalf("%q: %d entries, with limit %d %d", data, len(whole), max, len(cut))
			}
			for i, piece := range cut {
				size := len(whole[i].octets)
				keep := min(size, max)
				if !bytes.Equal(piece.octets, whole[i].octets[:keep]) || piece.lost != int64(size-keep) {
					t.Fatalf("%q: entry %d with limit %d is %q, %d lost; whole %q", data, i, max, piece.octets, piece.lost, whole[i].octets)
				}
			}
		}
	})
}
