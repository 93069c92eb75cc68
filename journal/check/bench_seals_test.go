package check_test

import (
	"context"
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"

	"constat/entry"
	"constat/internal/vfs/crashfs"
	"constat/journal"
	"constat/journal/check"
	"constat/seal"

	"golang.org/x/sys/unix"
)

// sealsOfYear is how many one-minute seals a year has.
const sealsOfYear = 365 * 24 * 60

// BenchmarkVerifySeals measures the check of a store that was sealed each minute for eleven days, over a generation, on
// one core, and says what a year would take: the work for a seal does not depend on how many there are, but for the
// height of the trees.
func BenchmarkVerifySeals(b *testing.B) {
	const seals, perMinute = 16_500, 3
	fsys := crashfs.New()
	certificate, err := journal.Create(fsys, dir, "test.example")
	must(b, err)
	now := journal.Reading{Wall: 1_760_000_000_000_000, Boot: 1_000_000}
	w, err := journal.OpenWriter(fsys, dir, journal.Options{Clock: func() journal.Reading { return now }})
	must(b, err)
	for n := range seals {
		for i := range perMinute {
			_, err := w.Append([]string{"app", "auth", "audit"}[i%3], []entry.Entry{message(fmt.Sprintf("minute %d event %d", n, i))})
			must(b, err)
		}
		_, err := w.Seal(seal.Interval)
		must(b, err)
		now.Wall, now.Boot = now.Wall+minute, now.Boot+minute
	}
	must(b, w.Rotate())
	_, err = w.Convert(context.Background())
	must(b, err)
	must(b, w.Close())
	size := 0
	for _, file := range fsys.Walk() {
		if data, err := fsys.ReadFile(file); err == nil && strings.HasPrefix(file, dir+"/system/") {
			size += len(data)
		}
	}
	code := certificate.Code()
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	b.ResetTimer()
	from := cpuTime(b)
	for range b.N {
		r := check.Store(fsys, dir, check.Options{Pin: &code, Workers: 1})
		if r.Verdict != check.Verified || r.Sealed.Seals != seals {
			b.Fatalf("%s: %v", r.Word, r.Findings)
		}
	}
	b.ReportMetric(float64(size)/seals, "B/seal")
	each := (cpuTime(b) - from).Seconds() / float64(b.N) / seals
	b.ReportMetric(each*1e6, "cpu-µs/seal")
	b.ReportMetric(each*sealsOfYear, "cpu-s/year")
}

// cpuTime is what this process has used of all cores: other processes do not count.
func cpuTime(b *testing.B) time.Duration {
	var u unix.Rusage
	must(b, unix.Getrusage(unix.RUSAGE_SELF, &u))
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
