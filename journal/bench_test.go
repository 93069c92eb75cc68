package journal_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"constat/entry"
	"constat/internal/vfs"
	"constat/journal"
	"constat/seal"

	"golang.org/x/sys/unix"
)

// benchEntries are syslog events of about 200 bytes as they come from the RFC 5424 parser.
func benchEntries(n int) []entry.Entry {
	list := make([]entry.Entry, n)
	for i := range list {
		e := &list[i]
		e.Renderer = entry.RenderRFC5424
		e.Event = entry.Time{Valid: true, Micros: 1_760_000_000_000_000 + int64(i)*503, Digits: 6, Zone: "Z"}
		e.AddString("PRIORITY", fmt.Sprint(i%8), entry.Imported)
		e.AddString("SYSLOG_FACILITY", "4", entry.Imported)
		e.AddString("HOSTNAME", fmt.Sprintf("node%02d", i%40), entry.Imported)
		e.AddString("SYSLOG_IDENTIFIER", "sshd", entry.Imported)
		e.AddString("SYSLOG_PID", fmt.Sprint(300+i%4000), entry.Imported)
		e.AddString("MESSAGE", fmt.Sprintf("Failed password for invalid user admin%d from 10.%d.%d.%d port %d ssh2",
			i%97, i%251, i*7%256, i*13%256, 1024+i*31%60000), entry.Imported)
	}
	return list
}

// BenchmarkAppend appends batches of 4096 entries, hashed and compressed, with a sync every 16 batches, to real files.
func BenchmarkAppend(b *testing.B) {
	store := b.TempDir() + "/store"
	if _, err := journal.CreateWith(vfs.OS(), store, journal.New{Origin: "bench.example", Keys: 16}); err != nil {
		b.Fatal(err)
	}
	w, err := journal.OpenWriter(vfs.OS(), store, journal.Options{})
	if err != nil {
		b.Fatal(err)
	}
	defer w.Close()
	batch := benchEntries(4096)
	b.ReportAllocs()
	b.ResetTimer()
	for n := 0; n < b.N; n += len(batch) {
		if _, err := w.Append("imported", batch); err != nil {
			b.Fatal(err)
		}
		if n/len(batch)%16 == 15 {
			if err := w.Sync(); err != nil {
				b.Fatal(err)
			}
		}
	}
	if err := w.Checkpoint(); err != nil {
		b.Fatal(err)
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "entries/s")
}

// BenchmarkConvert turns heads of 65,536 entries into segments, on real files.
func BenchmarkConvert(b *testing.B) {
	store := b.TempDir() + "/store"
	if _, err := journal.CreateWith(vfs.OS(), store, journal.New{Origin: "bench.example", Keys: 16}); err != nil {
		b.Fatal(err)
	}
	w, err := journal.OpenWriter(vfs.OS(), store, journal.Options{})
	if err != nil {
		b.Fatal(err)
	}
	defer w.Close()
	list := benchEntries(journal.MaxHeadEntries)
	b.ReportAllocs()
	b.ResetTimer()
	for range b.N {
		b.StopTimer()
		if _, err := w.Append("imported", list); err != nil {
			b.Fatal(err)
		}
		if err := w.Rotate(); err != nil {
			b.Fatal(err)
		}
		b.StartTimer()
		if _, err := w.Convert(context.Background()); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.N)*journal.MaxHeadEntries/b.Elapsed().Seconds(), "entries/s")
}

// BenchmarkSeal is the time between two seals at 100,000 entries a second: a minute, as in steady state, or a second, which is
// the most that urgent events bring about. An op is one such time. The share is that of the seal, with its sync and its two
// writes of the seed, in the processor time of appending, of the checkpoint that is due each second anyway, and of sealing;
// parsing and converting, which take more, are left out.
func BenchmarkSeal(b *testing.B) {
	for _, x := range []struct {
		name    string
		reason  seal.Reason
		seconds int
	}{{"urgent", seal.Urgent, 1}, {"steady", seal.Interval, 60}} {
		b.Run(x.name, func(b *testing.B) { benchmarkSeal(b, x.reason, x.seconds) })
	}
}

func benchmarkSeal(b *testing.B, reason seal.Reason, seconds int) {
	store := b.TempDir() + "/store"
	if _, err := journal.Create(vfs.OS(), store, "bench.example"); err != nil {
		b.Fatal(err)
	}
	w, err := journal.OpenWriter(vfs.OS(), store, journal.Options{})
	if err != nil {
		b.Fatal(err)
	}
	defer w.Close()
	if _, err := w.Seal(seal.Boot); err != nil {
		b.Fatal(err)
	}
	const second, size = 100_000, 500
	batch := benchEntries(size)
	var all, sealing time.Duration
	for b.Loop() {
		begun := processorTime(b)
		for range seconds {
			for n := 0; n < second; n += size {
				if _, err := w.Append("imported", batch); err != nil {
					b.Fatal(err)
				}
			}
			if err := w.Checkpoint(); err != nil {
				b.Fatal(err)
			}
		}
		synced := processorTime(b)
		if _, err := w.Seal(reason); err != nil {
			b.Fatal(err)
		}
		ended := processorTime(b)
		all, sealing = all+ended-begun, sealing+ended-synced
	}
	b.ReportMetric(float64(sealing.Microseconds())/float64(b.N), "µs-cpu/seal")
	b.ReportMetric(100*float64(sealing)/float64(all), "%-of-cpu")
}

// processorTime is what the process has used.
func processorTime(b *testing.B) time.Duration {
	var u unix.Rusage
	if err := unix.Getrusage(unix.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
