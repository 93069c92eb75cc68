package search

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"

	"constat/entry"
	"constat/journal"
	"constat/journal/layout"
	"constat/query"

	"pgregory.net/rapid"
)

// There is one order: the newest N are its end, reverse is its reverse, a cursor is a place in it.
func TestOneOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := newShelf(t)
		fill(t, s)
		views := s.views()
		defer journal.CloseViews(views)
		q := Query{}
		var nodes []query.Node
		q.Axis = rapid.SampledFrom([]layout.Axis{"", layout.Received, layout.Event}).Draw(t, "axis")
		if rapid.Bool().Draw(t, "all kinds") {
			nodes = append(nodes, query.Kind{Names: []string{"event", "control"}})
		}
		if rapid.Bool().Draw(t, "one tag") {
			nodes = append(nodes, is("app", "a"))
		}
		q.Filter = query.And{Nodes: nodes}
		all := full(t, views, q)
		checkLimits(t, views, q, all)
		checkCursors(t, views, q, all)
	})
}

// fill makes a random store: few different times, event times that go up and down, clock steps, rotations.
func fill(t *rapid.T, s *shelf) {
	names := []string{"system", "imported", "web"}
	for range rapid.IntRange(0, 8).Draw(t, "batches") {
		var batch []entry.Entry
		for range rapid.IntRange(1, 5).Draw(t, "entries") {
			e := event("m", "SYSLOG_IDENTIFIER="+rapid.SampledFrom([]string{"a", "b"}).Draw(t, "tag"))
			if rapid.Bool().Draw(t, "has event time") {
				e.Event = entry.Time{Valid: true, Micros: s.now + rapid.Int64Range(-3, 3).Draw(t, "event time"), Digits: 6}
			}
			batch = append(batch, e)
		}
		s.append(rapid.SampledFrom(names).Draw(t, "journal"), batch...)
		switch rapid.IntRange(0, 9).Draw(t, "then") {
		case 0:
			s.must(s.w.Rotate())
		case 1:
			s.now += 60_000_000 * rapid.SampledFrom([]int64{-1, 1}).Draw(t, "step")
		default:
			s.tick(rapid.Int64Range(0, 3).Draw(t, "pass"))
		}
	}
	if rapid.Bool().Draw(t, "convert") {
		s.convert()
	}
	s.close()
}

// full finds everything, and checks it against each journal alone.
func full(t *rapid.T, views []*journal.View, q Query) []hit {
	all, missing := find(t, views, q)
	if len(missing) > 0 {
		t.Fatalf("missing %v", missing)
	}
	for _, v := range views {
		alone, _ := find(t, []*journal.View{v}, q)
		for i := 1; i < len(alone); i++ {
			if alone[i].index <= alone[i-1].index {
				t.Fatalf("not in the order of the index: %v", alone)
			}
		}
		equal(t, "within the merge, "+v.Journal.Name, slices.DeleteFunc(slices.Clone(all), func(h hit) bool {
			return h.journal != v.Journal.Name
		}), alone)
	}
	return all
}

func checkLimits(t *rapid.T, views []*journal.View, q Query, all []hit) {
	q.Reverse = true
	back, _ := find(t, views, q)
	equal(t, "reverse", back, reversed(all))
	for n := 1; n <= len(all)+1; n++ {
		k := min(n, len(all))
		q.Limit, q.Reverse = n, false
		got, _ := find(t, views, q)
		equal(t, fmt.Sprint("newest ", n), got, all[len(all)-k:])
		q.Reverse = true
		got, _ = find(t, views, q)
		equal(t, fmt.Sprint("newest in reverse ", n), got, back[:k])
	}
}

func checkCursors(t *rapid.T, views []*journal.View, q Query, all []hit) {
	ids := map[string]layout.Journal{}
	for _, v := range views {
		ids[v.Journal.Name] = v.Journal
	}
	for i, h := range all {
		q.Cursor = &Position{ids[h.journal].ID, h.index}
		q.Reverse, q.Limit = false, 0
		got, _ := find(t, views, q)
		equal(t, fmt.Sprint("from ", h), got, all[i:])
		q.Limit = 2
		got, _ = find(t, views, q)
		equal(t, fmt.Sprint("two from ", h), got, all[i:min(i+2, len(all))])
		q.Reverse, q.Limit = true, 0
		got, _ = find(t, views, q)
		equal(t, fmt.Sprint("back from ", h), got, reversed(all[:i+1]))
	}
}

// A cursor may name an entry that does not match: what follows it comes.
func TestCursorOfAnotherKind(t *testing.T) {
	s := newShelf(t)
	s.append("web", event("one"))
	s.tick(5)
	s.append("imported", dated(s.now+100, "late"), dated(s.now-100, "early"))
	s.tick(5)
	s.append("system", event("two"))
	s.close()
	views := s.views()
	defer journal.CloseViews(views)
	for _, v := range views {
		for index := range v.Size {
			for _, reverse := range []bool{false, true} {
				q := Query{Cursor: &Position{v.Journal.ID, index}, Reverse: reverse}
				got, _ := find(t, views, q)
				for _, h := range got {
					if h.journal == v.Journal.Name && h.index != index && h.index < index != reverse {
						t.Errorf("from %s %d, reverse %t: %v", v.Journal.Name, index, reverse, got)
					}
				}
			}
		}
	}
	q := Query{Cursor: &Position{views[0].Journal.ID, views[0].Size}}
	for _, err := range Run(context.Background(), views, q) {
		if !errors.Is(err, ErrNoEntry) {
			t.Errorf("cursor behind the end: %v", err)
		}
	}
}

// What follows new entries reads from an index on, in every journal.
func TestFrom(t *testing.T) {
	s := newShelf(t)
	s.append("web", event("one"), event("two"), event("three"))
	s.append("imported", dated(s.now+9, "a"), dated(s.now, "b"))
	s.close()
	views := s.views("imported", "web")
	defer journal.CloseViews(views)
	got, _ := find(t, views, Query{From: []uint64{1, 2}})
	equal(t, "from", got, []hit{{"imported", 1}, {"web", 2}})
}

func TestStops(t *testing.T) {
	s := newShelf(t)
	var batch []entry.Entry
	for range 4 * checkEvery {
		batch = append(batch, event("m"))
	}
	s.append("web", batch...)
	s.append("imported", dated(1, "x"))
	s.close()
	views := s.views()
	defer journal.CloseViews(views)
	for _, q := range []Query{{}, {Limit: 3}, {Reverse: true}, {Query: query.Query{Filter: is("app", "nobody")}}} {
		for range Run(context.Background(), views, q) {
			break // the consumer may stop at any entry
		}
		ctx, cancel := context.WithCancel(context.Background())
		cancel()
		n, last := 0, error(nil)
		for _, last = range Run(ctx, views, q) {
			n++
		}
		if q.Limit == 0 && !errors.Is(last, context.Canceled) || n > 2*checkEvery {
			t.Errorf("%+v: %d entries, then %v", q, n, last)
		}
	}
}
