package show

import (
	"syscall"
	"testing"
	"time"

	"constat/entry"
)

// typical is an entry of syslog as most are: 12 fields, a message of 60 bytes, the renderer of RFC 5424.
func typical() *Record {
	r := record(
		claimed("PRIORITY", "6"), claimed("SYSLOG_FACILITY", "10"), claimed("HOSTNAME", "LabSZ"), claimed("SYSLOG_IDENTIFIER", "sshd"),
		claimed("SYSLOG_PID", "24206"), claimed("MESSAGE", "Failed password for invalid user admin from 187.141.143.180 port 40346 ssh2"),
		observed("_TRANSPORT", "syslog"), observed("_SOURCE_ADDR", "192.0.2.7"), observed("_HOSTNAME", "relay"),
		observed("_PID", "812"), observed("_UID", "0"), observed("_COMM", "sshd"),
	)
	r.Entry.Renderer = entry.RenderRFC5424
	r.Entry.Event = entry.Time{Micros: 1750001399000000, Digits: 3, Zone: "+02:00", Valid: true}
	return r
}

func BenchmarkAppend(b *testing.B) {
	for _, format := range Formats() {
		b.Run(format, func(b *testing.B) { benchmark(b, format, Options{}) })
	}
	b.Run("short-terminal", func(b *testing.B) { benchmark(b, "short", Options{Colour: true, Escape: true}) })
	b.Run("json-fields", func(b *testing.B) { benchmark(b, "json", Options{Fields: []string{"MESSAGE", "PRIORITY"}}) })
}

func benchmark(b *testing.B, format string, o Options) {
	p, err := New(format, o)
	if err != nil {
		b.Fatal(err)
	}
	r := typical()
	var out []byte
	b.ReportAllocs()
	var before, after syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &before); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		r.Entry.Received += 500 // µs: 2,000 entries a second
		r.Entry.Event.Micros = (r.Entry.Received - 1000) / 1000 * 1000
		r.Index++
		if out, err = p.Append(out[:0], r); err != nil {
			b.Fatal(err)
		}
	}
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &after); err != nil {
		b.Fatal(err)
	}
	// CPU time, because neighbours on the machine change what the clock on the wall says.
	cpu := time.Duration(after.Utime.Nano() + after.Stime.Nano() - before.Utime.Nano() - before.Stime.Nano())
	b.SetBytes(int64(len(out)))
	b.ReportMetric(float64(cpu.Nanoseconds())/float64(b.N), "cpu-ns/op")
	b.ReportMetric(float64(b.N)/cpu.Seconds()/1e6, "Mentries/cpu-s")
}

// Printing allocates nothing once the buffers have grown, whatever the entry.
func TestAllocations(t *testing.T) {
	for _, format := range Formats() {
		for _, o := range []Options{{}, {Colour: true, Escape: true}, {Fields: []string{"MESSAGE", "level", "TAG", "__CURSOR"}}} {
			p, err := New(format, o)
			if err != nil {
				t.Fatal(err)
			}
			records := []*Record{typical()}
			for _, c := range cases() {
				if _, err := p.Append(nil, c.record); err == nil {
					records = append(records, c.record)
				}
			}
			out := make([]byte, 0, 1<<16)
			if n := testing.AllocsPerRun(50, func() {
				for _, r := range records {
					r.Entry.Received += 2_000_000
					if out, err = p.Append(out[:0], r); err != nil {
						t.Fatal(err)
					}
				}
			}); n != 0 {
				t.Errorf("%s %+v: %v allocations for %d entries", format, o, n, len(records))
			}
		}
	}
}
