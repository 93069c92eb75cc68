package journal_test

import (
	"context"
	"testing"
	"time"

	"constat/internal/vfs"
	"constat/journal"
)

// BenchmarkPrune prunes four heads of 65,536 entries, or the segments that were made of them, on real files. An op is
// all of them.
func BenchmarkPrune(b *testing.B) {
	for _, kind := range []string{"heads", "segments"} {
		b.Run(kind, func(b *testing.B) { benchmarkPrune(b, kind == "segments") })
	}
}

func benchmarkPrune(b *testing.B, convert bool) {
	const heads = 4
	store, clock := b.TempDir()+"/store", newClock()
	if _, err := journal.CreateWith(vfs.OS(), store, journal.New{Origin: "bench.example", Keys: 16}); err != nil {
		b.Fatal(err)
	}
	w, err := journal.OpenWriter(vfs.OS(), store, journal.Options{Clock: clock.read})
	if err != nil {
		b.Fatal(err)
	}
	defer w.Close()
	list := benchEntries(journal.MaxHeadEntries)
	b.ReportAllocs()
	b.ResetTimer()
	used := time.Duration(0)
	for range b.N {
		b.StopTimer()
		for range heads {
			if _, err := w.Append("app", list); err != nil {
				b.Fatal(err)
			}
		}
		if err := w.Rotate(); err != nil {
			b.Fatal(err)
		}
		if convert {
			if _, err := w.Convert(context.Background()); err != nil {
				b.Fatal(err)
			}
		}
		clock.pass(3 * day)
		begun := processorTime(b)
		b.StartTimer()
		r, err := w.Prune(context.Background(), journal.Limit("app", journal.Retention{MaxAge: 2 * day}))
		if n, _ := r.Total(); err != nil || n != heads*journal.MaxHeadEntries {
			b.Fatalf("%d entries: %v", n, err)
		}
		used += processorTime(b) - begun
	}
	b.ReportMetric(float64(used.Nanoseconds())/float64(b.N)/(heads*journal.MaxHeadEntries), "ns-cpu/entry")
}
