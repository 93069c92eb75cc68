package search

import (
	"context"
	"os"
	"strconv"
	"testing"

	"constat/internal/vfs"
	"constat/journal"
	"constat/query"
)

// BenchmarkStore asks a store that CONSTAT_STORE names what CONSTAT_QUERY says.
func BenchmarkStore(b *testing.B) {
	dir, text := os.Getenv("CONSTAT_STORE"), os.Getenv("CONSTAT_QUERY")
	if dir == "" || text == "" {
		b.Skip("CONSTAT_STORE and CONSTAT_QUERY say what to ask")
	}
	parsed, err := query.Parse(text)
	if err != nil {
		b.Fatal(err)
	}
	limit, _ := strconv.Atoi(os.Getenv("CONSTAT_LIMIT"))
	for b.Loop() {
		r, err := journal.OpenReader(vfs.OS(), dir)
		if err != nil {
			b.Fatal(err)
		}
		views, err := r.Snapshot()
		if err != nil {
			b.Fatal(err)
		}
		n := 0
		for _, err := range Run(context.Background(), views, Query{Query: parsed, Limit: limit}) {
			if err != nil {
				b.Fatal(err)
			}
			n++
		}
		b.ReportMetric(float64(n), "rows")
		if err := journal.CloseViews(views); err != nil {
			b.Fatal(err)
		}
	}
}
