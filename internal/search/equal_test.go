package search

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"constat/entry"
	"constat/journal"
	"constat/journal/layout"
	"constat/query"

	"pgregory.net/rapid"
)

// somePipes are put behind random filters.
var somePipes = []string{
	"", "| stats count()", "| stats count() as n by (host)", "| stats count() by (MESSAGE)", "| stats count() by (level)",
	"| stats count(), min(PRIORITY), max(A), sum(PRIORITY), avg(A), distinct(host), quantile(0.5, A) by (app)",
	"| stats count() by (time:1s)", "| stats count(), rate() by (event:1m, host)", "| stats count() by (received:1ms)",
	"| stats max(index), min(event) by (kind, journal)", "| top 3 host", "| top 10 A", "| uniq by (host, app)", "| limit 3",
	"| last 2", "| first 2 by (PRIORITY desc)", "| sort by (message, index desc)", "| fields host, message, A | limit 5",
	"| context 1", "| sample 3", "| patterns 5", "| offset 2 | drop MESSAGE", "| where host:web1 | stats count()",
	"| stats count() as n by (A) | where n:>1 | sort by (n desc)", "| rename HOSTNAME as h | fields h, level",
	`| extract "<w> <_>" | fields w`, `| format "<host>-<A>" as f | top 2 f`, "| verify | stats count()",
}

// randomNode makes a filter of any depth.
func randomNode(t *rapid.T, depth int, now int64) query.Node {
	n := 9
	if depth == 0 {
		n = 6
	}
	value := rapid.SampledFrom(someValues).Draw(t, "value")
	switch rapid.IntRange(0, n).Draw(t, "node") {
	case 0:
		low := at(now + rapid.Int64Range(-30, 300).Draw(t, "low"))
		return query.Time{Axis: rapid.SampledFrom([]query.Axis{query.Default, query.Received, query.Event}).Draw(t, "axis"), Low: low}
	case 1:
		first := uint64(rapid.IntRange(0, 100).Draw(t, "first"))
		return query.Index{First: first, Last: first + uint64(rapid.IntRange(0, 100).Draw(t, "more"))}
	case 2:
		return query.Match{Field: "level", Op: query.Levels{Set: uint8(rapid.IntRange(1, 255).Draw(t, "levels"))}}
	case 3:
		return query.All{}
	case 4, 5, 6:
		field := rapid.SampledFrom(append([]string{"", "host", "app"}, someNames...)).Draw(t, "field")
		if rapid.IntRange(0, 4).Draw(t, "exists") == 0 {
			return query.Match{Field: field, Op: query.Exists{}}
		}
		return query.Match{Field: field, Op: randomOp(t, value)}
	case 7:
		return query.Not{Node: randomNode(t, depth-1, now)}
	case 8:
		return query.And{Nodes: []query.Node{randomNode(t, depth-1, now), randomNode(t, depth-1, now)}}
	}
	return query.Or{Nodes: []query.Node{randomNode(t, depth-1, now), randomNode(t, depth-1, now)}}
}

// Heads and segments give the same rows, whatever is asked.
func TestSegmentsAreHeads(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		plain, converted := newShelf(t), newShelf(t)
		for range rapid.IntRange(1, 4).Draw(t, "batches") {
			name := rapid.SampledFrom([]string{"web", "imported"}).Draw(t, "journal")
			var batch []entry.Entry
			for range rapid.IntRange(1, 60).Draw(t, "entries") {
				batch = append(batch, withPrivate(randomEntry(t, plain.now)))
			}
			pass := rapid.Int64Range(0, 100).Draw(t, "pass")
			rotate := rapid.IntRange(0, 2).Draw(t, "rotate") == 0
			for _, s := range []*shelf{plain, converted} {
				s.append(name, batch...)
				s.tick(pass)
				if rotate {
					s.must(s.w.Rotate())
				}
			}
		}
		if rapid.Bool().Draw(t, "all") {
			converted.convert()
		} else {
			converted.convertComplete()
		}
		plain.close()
		converted.close()
		for range 5 {
			q := randomQuery(t, plain.now)
			reveal := rapid.Bool().Draw(t, "reveal")
			want, got := rowsOf(t, plain, q, reveal), rowsOf(t, converted, q, reveal)
			if want != got {
				t.Fatalf("%s\nreverse %t, limit %d: heads give\n%s\nsegments give\n%s", q.Query, q.Reverse, q.Limit, want, got)
			}
		}
	})
}

func randomQuery(t *rapid.T, now int64) Query {
	parsed, err := query.Parse("* " + rapid.SampledFrom(somePipes).Draw(t, "pipes"))
	if err != nil {
		t.Fatal(err)
	}
	parsed.Filter = randomNode(t, 2, now)
	q := Query{Query: parsed, Reverse: rapid.Bool().Draw(t, "reverse")}
	q.Limit = max(0, rapid.IntRange(-10, 10).Draw(t, "limit"))
	q.Axis = rapid.SampledFrom([]layout.Axis{"", layout.Received, layout.Event}).Draw(t, "view axis")
	return q
}

// withPrivate gives private fields a value that queries ask for.
func withPrivate(e entry.Entry) entry.Entry {
	for i := range e.Fields {
		if e.Fields[i].Form == entry.Private {
			e.Fields[i].Value = []byte("err")
		}
	}
	return e
}

// rowsOf returns all that a query gives, a line each. Digests of private values are left out: their salts are random.
func rowsOf(t *rapid.T, s *shelf, q Query, reveal bool) string {
	r, err := journal.OpenReader(s.fsys, storeDir)
	s.must(err)
	if reveal {
		s.must(r.Reveal())
	}
	q.Store = r
	q.Explain = new(Explain)
	views, err := r.Snapshot()
	s.must(err)
	defer journal.CloseViews(views)
	var b strings.Builder
	for x, err := range Run(context.Background(), views, q) {
		switch {
		case err != nil && !errors.Is(err, errNotEntries):
			t.Fatalf("%s: %v", q.Query, err)
		case x.Entry != nil:
			for i := range x.Entry.Fields {
				f := &x.Entry.Fields[i]
				if reveal && f.Form == entry.Private {
					t.Fatalf("a private value was not revealed")
				}
				if f.Form == entry.Private {
					f.Value = nil
				}
			}
			fmt.Fprintf(&b, "%s %d %d %d %v %+v\n", x.Journal.Name, x.Index, x.Entry.Received, x.Entry.Kind, x.Entry.Event, x.Entry.Fields)
		default:
			for _, v := range x.Record {
				fmt.Fprintf(&b, "%s=%q%q %t %t ", v.Name, v.Text, v.More, v.Number, v.Absent)
			}
			b.WriteByte('\n')
		}
	}
	return b.String()
}
