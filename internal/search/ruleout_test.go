package search

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"testing"

	"constat/entry"
	"constat/journal"
	"constat/journal/layout"
	"constat/query"
)

// Segments that cannot hold what is asked for are not opened, whoever asks, and the answer is the same without a
// catalogue.
func TestRuledOut(t *testing.T) {
	s := newShelf(t)
	for i := range 5 {
		var list []entry.Entry
		for j := range 100 {
			list = append(list, event(fmt.Sprintf("segment%d line%d", i, j)))
		}
		s.append("web", list...)
		s.tick(10)
		s.convert()
	}
	s.close()
	for text, want := range map[string]int{"segment3": 1, "segment9": 0, "line7": 5, `"segment2 line5"`: 1, "segment1*": 5} {
		s.must(s.open()) // makes the catalogue
		s.must(s.w.Close())
		rows, x := s.ask(text)
		s.printed(text, len(rows))
		if n := x.segmentsSkipped[byFilter].Load(); n != int64(5-want) || x.frames.Load() != 0 {
			t.Errorf("%s: %d segments skipped, want %d; %d frames of heads read", text, n, 5-want, x.frames.Load())
		}
		s.must(s.fsys.Remove(storeDir + "/web/" + layout.CatalogueFile))
		if all, _ := s.ask(text); !slices.Equal(rows, all) {
			t.Errorf("%s: %q with a catalogue, %q without", text, rows, all)
		}
	}
}

// ask asks the journal web, and returns the indexes that it finds.
func (s *shelf) ask(text string) (rows []string, x *Explain) {
	s.t.Helper()
	q, err := query.Parse(text)
	s.must(err)
	x = new(Explain)
	views := s.views("web")
	defer journal.CloseViews(views)
	for r, err := range Run(context.Background(), views, Query{Query: q, Explain: x}) {
		s.must(err)
		rows = append(rows, fmt.Sprint(r.Index))
	}
	return rows, x
}

// printed checks that so many rows are rendered, and no frame is read for it.
func (s *shelf) printed(text string, rows int) {
	s.t.Helper()
	q, err := query.Parse(text)
	s.must(err)
	views, x := s.views("web"), new(Explain)
	defer journal.CloseViews(views)
	pieces, _, err := Render(context.Background(), views, Query{Query: q, Explain: x}, func() Renderer { return lines{} })
	s.must(err)
	n := 0
	for piece, err := range pieces {
		s.must(err)
		n += bytes.Count(piece, []byte("\n"))
	}
	if n != rows || x.frames.Load() != 0 {
		s.t.Fatalf("%s: %d rows printed, want %d; %d frames of heads read", text, n, rows, x.frames.Load())
	}
}
