package check_test

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"constat/entry"
	"constat/internal/vfs/crashfs"
	"constat/journal"
	"constat/journal/check"
	"constat/journal/layout"
)

// logLine is an entry such as a syslog sender makes.
func logLine(rng *rand.Rand) entry.Entry {
	e := entry.Entry{Renderer: entry.RenderRFC3164}
	e.AddString("PRIORITY", fmt.Sprint(rng.IntN(8)), entry.Claimed)
	e.AddString("SYSLOG_FACILITY", fmt.Sprint(rng.IntN(24)), entry.Claimed)
	e.AddString("HOSTNAME", fmt.Sprintf("web%02d", rng.IntN(40)), entry.Claimed)
	e.AddString("SYSLOG_IDENTIFIER", []string{"sshd", "kernel", "nginx", "cron"}[rng.IntN(4)], entry.Claimed)
	e.AddString("SYSLOG_PID", fmt.Sprint(rng.IntN(65536)), entry.Claimed)
	e.AddString("MESSAGE", fmt.Sprintf("Accepted publickey for user%d from 10.1.%d.%d port %d ssh2: RSA SHA256:%016x%016x",
		rng.IntN(9), rng.IntN(256), rng.IntN(256), rng.IntN(65536), rng.Uint64(), rng.Uint64()), entry.Claimed)
	return e
}

// BenchmarkVerify measures entries a second of the whole check on one core, from heads and from segments.
func BenchmarkVerify(b *testing.B) {
	const segments, size = 3, 65536
	fsys := crashfs.New()
	certificate, err := journal.CreateWith(fsys, dir, journal.New{Origin: "test.example", Keys: 16})
	if err != nil {
		b.Fatal(err)
	}
	code, rng := certificate.Code(), rand.New(rand.NewPCG(1, 2))
	w, err := journal.OpenWriter(fsys, dir, journal.Options{})
	if err != nil {
		b.Fatal(err)
	}
	list := make([]entry.Entry, 1024)
	for range segments * size / len(list) {
		for i := range list {
			list[i] = logLine(rng)
		}
		if _, err := w.Append("app", list); err != nil {
			b.Fatal(err)
		}
	}
	if err := w.Checkpoint(); err != nil {
		b.Fatal(err)
	}
	w.Close()
	run := func(b *testing.B) {
		for range b.N {
			r := check.Store(fsys, dir, check.Options{Pin: &code, Workers: 1})
			if r.Verdict != check.Verified {
				b.Fatalf("verdict %s: %v", r.Word, r.Findings)
			}
		}
		b.ReportMetric(float64(segments*size*b.N)/b.Elapsed().Seconds(), "entries/s")
	}
	b.Run("heads", run)
	f := forger{&testing.T{}, fsys}
	for n := range segments {
		f.convert("app", uint64(n*size))
	}
	info, _ := fsys.Stat(dir + "/app/" + layout.SegmentName(0))
	b.Logf("%.1f bytes an entry", float64(info.Size())/size)
	b.Run("segments", run)
}
