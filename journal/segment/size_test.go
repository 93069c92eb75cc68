package segment_test

import (
	"bufio"
	"bytes"
	"io"
	"os"
	"testing"
	"time"

	"constat/bench/events"
	"constat/entry"
	"constat/internal/parse"
	"constat/journal/segment"
)

// corpus returns the bodies of the first n lines of the file that CONSTAT_CORPUS names, or of events made up.
func corpus(tb testing.TB, n int) [][]byte {
	tb.Helper()
	p := parse.New(parse.RFC5424, parse.Options{Provenance: entry.Imported})
	lines := bufio.NewScanner(corpusFile(tb, n))
	var bodies [][]byte
	var e entry.Entry
	now := time.Now().UnixMicro()
	for len(bodies) < n && lines.Scan() {
		line := append([]byte(nil), lines.Bytes()...)
		p.Parse(&e, line, now)
		e.Received = now + int64(len(bodies)/4096)*2000
		body, err := entry.AppendBody(nil, &e)
		if err != nil {
			tb.Fatal(err)
		}
		bodies = append(bodies, body)
	}
	return bodies
}

func corpusFile(tb testing.TB, n int) io.Reader {
	if name := os.Getenv("CONSTAT_CORPUS"); name != "" {
		f, err := os.Open(name)
		if err != nil {
			tb.Fatal(err)
		}
		tb.Cleanup(func() { f.Close() })
		return f
	}
	g, err := events.New(events.Options{})
	if err != nil {
		tb.Fatal(err)
	}
	var lines []byte
	for range n {
		lines = g.Append(lines)
	}
	return bytes.NewReader(lines)
}

// BenchmarkSegment makes and reads segments of a corpus, and says what each column costs.
func BenchmarkSegment(b *testing.B) {
	bodies := corpus(b, segment.MaxRows)
	image := build(b, bodies)
	b.Run("build", func(b *testing.B) {
		builder := segment.NewBuilder()
		for b.Loop() {
			builder.Reset(header)
			for _, body := range bodies {
				if err := builder.Add(body); err != nil {
					b.Fatal(err)
				}
			}
			if _, err := builder.Image(); err != nil {
				b.Fatal(err)
			}
		}
		b.ReportMetric(float64(len(image))/float64(len(bodies)), "B/entry")
		b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*len(bodies)), "ns/entry")
	})
	b.Run("bodies", func(b *testing.B) {
		s := open(b, image)
		r := s.NewReader()
		for b.Loop() {
			r.Reset(s)
			for _, err := range r.Bodies(s.First(), s.End()) {
				if err != nil {
					b.Fatal(err)
				}
			}
		}
		b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*len(bodies)), "ns/entry")
	})
	s := open(b, image)
	for _, c := range s.Columns() {
		b.Logf("%-20s %d.%d %7.3f B/entry, filter %.3f", c.Name, c.Form, c.Nth, float64(c.Size)/float64(len(bodies)), float64(c.FilterSize)/float64(len(bodies)))
	}
	b.Logf("arrival: %v", s.ArrivalSizes())
	b.Logf("groups %d, blocks %d, spans %d", len(s.Groups()), len(s.Blocks()), len(s.Spans()))
}
