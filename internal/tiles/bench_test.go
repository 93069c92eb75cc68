package tiles

import (
	"fmt"
	"testing"

	"constat/entry"
	"constat/internal/vfs"
	"constat/journal"
)

// BenchmarkRead asks what a client costs that reads a whole log: bundles, hashes of level 0 and of level 1, in order.
// The entries stand in frames of 1000, as an import makes them, or in frames of one, as a quiet machine makes them.
func BenchmarkRead(b *testing.B) {
	const size = 60_000
	for _, batch := range []int{1000, 1} {
		dir := b.TempDir() + "/store"
		if _, err := journal.CreateWith(vfs.OS(), dir, journal.New{Origin: "bench.example", Keys: 16}); err != nil {
			b.Fatal(err)
		}
		w, err := journal.OpenWriter(vfs.OS(), dir, journal.Options{})
		if err != nil {
			b.Fatal(err)
		}
		defer w.Close()
		for i := 0; i < size; i += batch {
			list := make([]entry.Entry, batch)
			for k := range list {
				list[k].AddString("MESSAGE", fmt.Sprintf("connection %d closed after %d ms, user %x", i+k, i*7919%60000, i*104729), entry.Claimed)
				list[k].Renderer = entry.RenderText
			}
			if _, err := w.Append(logName, list); err != nil {
				b.Fatal(err)
			}
		}
		if err := w.Checkpoint(); err != nil {
			b.Fatal(err)
		}
		r, err := journal.OpenReader(vfs.OS(), dir)
		if err != nil {
			b.Fatal(err)
		}
		b.Run(fmt.Sprintf("frame=%d", batch), func(b *testing.B) { benchRead(b, New(vfs.OS(), r), size) })
	}
}

func benchRead(b *testing.B, l *Logs, size uint64) {
	b.ReportAllocs()
	for b.Loop() {
		for n := range size / Full {
			for _, kind := range []Kind{Bundle, Hashes} {
				if _, err := l.Read(b.Context(), logName, Path{Kind: kind, N: n, Width: Full}); err != nil {
					b.Fatal(err)
				}
			}
		}
		if _, err := l.Read(b.Context(), logName, Path{Kind: Hashes, Level: 1, Width: int(size / Full % Full)}); err != nil {
			b.Fatal(err)
		}
	}
	perOp := float64(b.Elapsed().Nanoseconds()) / float64(b.N)
	b.ReportMetric(perOp/float64(size), "ns/entry")
	b.ReportMetric(perOp/float64(2*(size/Full)), "ns/request")
}
