package search

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"constat/entry"
	"constat/journal"

	"pgregory.net/rapid"
)

// lines renders a line for each result.
type lines struct{}

// Append implements [Renderer].
func (lines) Append(dst []byte, r *Result) ([]byte, error) {
	message, _ := r.Entry.Message()
	return fmt.Appendf(dst, "%s %d %q\n", r.Journal.Name, r.Index, message), nil
}

// Rendering side by side gives what one renderer gives, in the same order.
func TestRenderIsRun(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := newShelf(t)
		for range rapid.IntRange(1, 5).Draw(t, "batches") {
			var batch []entry.Entry
			for range rapid.IntRange(1, 40).Draw(t, "entries") {
				batch = append(batch, randomEntry(t, s.now))
			}
			s.append("web", batch...)
			s.tick(5)
			if rapid.Bool().Draw(t, "rotate") {
				s.must(s.w.Rotate())
			}
			if rapid.Bool().Draw(t, "convert") {
				s.convertComplete()
			}
		}
		s.close()
		views := s.views("web")
		defer journal.CloseViews(views)
		q := randomQuery(t, s.now)
		q.Limit, q.Pipes = 0, nil
		var want, got strings.Builder
		for r, err := range Run(context.Background(), views, q) {
			s.must(err)
			line, _ := lines{}.Append(nil, &r)
			want.Write(line)
		}
		pieces, ok, err := Render(context.Background(), views, q, func() Renderer { return lines{} })
		s.must(err)
		if !ok {
			t.Fatal("one journal with entries can be rendered")
		}
		for piece, err := range pieces {
			s.must(err)
			got.Write(piece)
		}
		if got.String() != want.String() {
			t.Fatalf("%s: got\n%s\nwant\n%s", q.Query, got.String(), want.String())
		}
	})
}

// A reader that stops, a context that ends and an error of a renderer end it.
func TestRenderStops(t *testing.T) {
	s := newShelf(t)
	for range 4 {
		var batch []entry.Entry
		for range 300 {
			batch = append(batch, event(strings.Repeat("x", 4000)))
		}
		s.append("web", batch...)
		s.must(s.w.Rotate())
	}
	s.convertComplete()
	s.close()
	views := s.views()
	defer journal.CloseViews(views)
	pieces, _, err := Render(context.Background(), views, Query{}, func() Renderer { return lines{} })
	s.must(err)
	for range pieces {
		break
	}
	ctx, cancel := context.WithCancel(context.Background())
	pieces, _, err = Render(ctx, views, Query{}, func() Renderer { return failing{cancel} })
	s.must(err)
	var last error
	for _, last = range pieces {
	}
	if !errors.Is(last, errFailing) && !errors.Is(last, context.Canceled) {
		t.Errorf("the last error is %v", last)
	}
}

var errFailing = errors.New("no more")

type failing struct{ cancel func() }

// Append implements [Renderer].
func (f failing) Append(dst []byte, _ *Result) ([]byte, error) {
	f.cancel()
	return dst, errFailing
}
