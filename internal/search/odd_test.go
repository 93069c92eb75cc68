package search

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"constat/entry"
	"constat/journal"
	"constat/query"
)

// count returns how many results a query gives, and what the first value of the first record is.
func count(t *testing.T, s *shelf, text string) (n int, first string) {
	t.Helper()
	q, err := query.Parse(text)
	s.must(err)
	views := s.views("web")
	defer journal.CloseViews(views)
	for r, err := range Run(context.Background(), views, Query{Query: q}) {
		if err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		if n == 0 && r.Entry == nil {
			first = string(r.Record[0].Text)
		}
		n++
	}
	return n, first
}

// Values in blobs are found in segments as in heads.
func TestLongValues(t *testing.T) {
	s := newShelf(t)
	long := strings.Repeat("x ", 35_000)
	var batch []entry.Entry
	for i := range 40 {
		batch = append(batch, event(fmt.Sprintf("%s needle%d %s", long, i, long), fmt.Sprintf("N=%d", i%4)), event("short", "N=9"))
	}
	s.append("web", batch...)
	for _, converted := range []bool{false, true} {
		if converted {
			s.convert()
		}
		for text, want := range map[string]int{"needle7": 1, "*eedle1*": 11, "N:2": 10, "N:2 needle6": 1, "*": 80, "-needle7": 79, `~"needle3\\d"`: 10} {
			if got, _ := count(t, s, text); got != want {
				t.Errorf("%s: %d results, want %d; converted %t", text, got, want, converted)
			}
		}
		if _, n := count(t, s, "N:* | stats count(), max(N) by (host) | fields \"count()\""); n != "80" {
			t.Errorf("%s counted", n)
		}
	}
	s.close()
}

// Thousands of field names cost what they cost, and are all found.
func TestManyNames(t *testing.T) {
	s := newShelf(t)
	var batch []entry.Entry
	for i := range 5000 {
		batch = append(batch, event("m", fmt.Sprintf("NAME_%d=%d", i, i%10)))
	}
	s.append("web", batch...)
	s.convert()
	s.close()
	for text, want := range map[string]int{"NAME_4711:1": 1, "NAME_4711:2": 0, "NAME_17:*": 1, "m": 5000, "-NAME_1:*": 4999} {
		if got, _ := count(t, s, text); got != want {
			t.Errorf("%s: %d results, want %d", text, got, want)
		}
	}
	views := s.views("web")
	defer journal.CloseViews(views)
	if names, err := FieldNames(context.Background(), views); err != nil || len(names) < 5001 {
		t.Errorf("%d names, %v", len(names), err)
	}
}

// What would take too much memory is refused by name, not tried.
func TestTooMuch(t *testing.T) {
	used := newRoom("stats", "groups", narrow)
	if err := used.take(maxMemory + 1); err == nil || !strings.Contains(err.Error(), "stats: groups of more than 128 MiB; narrow the query") {
		t.Error(err)
	}
	used = newRoom("stats", "groups", narrow)
	if err := used.count(maxRows+1, 0); err == nil || !strings.Contains(err.Error(), "more than 1000000 groups") {
		t.Error(err)
	}
}
