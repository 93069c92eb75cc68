package main

import (
	"cmp"
	"fmt"
	"os"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// sample is what one run of one contender took. What does not apply is 0.
type sample struct {
	messages int
	elapsed  time.Duration // until everything is in its final form
	durable  time.Duration // until a signed checkpoint covers everything
	cpu      time.Duration
	bytes    int64 // on disk
	network  bool  // messages can be lost
	lost     int   // messages neither kept nor counted
	counted  int   // messages not kept that the contender itself counted
	idle     int64 // memory in bytes when nothing happens
	peak     int64 // memory in bytes, the most
	limit    string
}

// perSecond is the rate.
func (s sample) perSecond() float64 { return float64(s.messages) / s.elapsed.Seconds() }

// durablePerSecond is the rate until everything was durable: for a server that does not tell, until it was written.
func (s sample) durablePerSecond() float64 {
	return float64(s.messages) / cmp.Or(s.durable, s.elapsed).Seconds()
}

// cpuEach is the processor time of a message in µs.
func (s sample) cpuEach() float64 { return s.cpu.Seconds() * 1e6 / float64(s.messages) }

// bytesEach is the room of a message on disk.
func (s sample) bytesEach() float64 { return float64(s.bytes) / float64(s.messages) }

// machineTime is what the processors of the machine have done since some time ago.
type machineTime struct {
	at         time.Time
	busy, wait time.Duration // of all cores; wait: idle while the disk is awaited
	self       time.Duration // by this program
}

// machineNow reads the counters of the kernel.
func machineNow() machineTime {
	m := machineTime{at: time.Now()}
	text, _ := os.ReadFile("/proc/stat")
	m.busy, m.wait = parseStat(string(text))
	var u syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &u) == nil {
		m.self = time.Duration(u.Utime.Nano() + u.Stime.Nano())
	}
	return m
}

// parseStat reads the first line of /proc/stat: user, nice, system, idle, iowait, irq, softirq, in hundredths of
// seconds.
func parseStat(text string) (busy, wait time.Duration) {
	line, _, _ := strings.Cut(text, "\n")
	for i, f := range strings.Fields(line) {
		n, _ := strconv.ParseInt(f, 10, 64)
		switch i {
		case 1, 2, 3, 6, 7:
			busy += time.Duration(n) * 10 * time.Millisecond
		case 5:
			wait = time.Duration(n) * 10 * time.Millisecond
		}
	}
	return busy, wait
}

// until says how many cores were at work from then to end, if the machine has rested since. program is the time that
// the contender used.
func (m machineTime) until(end time.Time, program time.Duration) usage {
	now, span := machineNow(), max(end.Sub(m.at).Seconds(), 1e-3)
	return usage{
		cores:   runtime.NumCPU(),
		program: program.Seconds() / span,
		bench:   (now.self - m.self).Seconds() / span,
		busy:    (now.busy - m.busy).Seconds() / span,
		wait:    (now.wait - m.wait).Seconds() / span,
	}
}

// usage is how many cores were at work in the mean.
type usage struct {
	cores                      int
	program, bench, busy, wait float64
}

// limitOf says what kept a run from being faster, as far as the processors tell.
func limitOf(u usage) string {
	what := "waits (disk, pace or peer)"
	switch {
	case u.busy > 0.9*float64(u.cores):
		what = "all cores"
	case u.wait > 0.2:
		what = "disk"
	case u.program > 0.9:
		what = "own threads"
	case u.bench > 0.8:
		what = "load sender"
	}
	other := max(u.busy-u.program-u.bench, 0)
	return fmt.Sprintf("%s: of %d cores it had %.1f, the load %.1f, others %.1f", what, u.cores, u.program, u.bench, other)
}
