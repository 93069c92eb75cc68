package journal

import (
	"time"

	"golang.org/x/sys/unix"
)

// Reading is one look at the two clocks of the machine.
type Reading struct {
	Wall int64 // µs since 1970-01-01 UTC, may be set
	Boot int64 // µs since boot, suspend included; never set
}

// Clock reads the clocks. It may be called by one goroutine at a time.
type Clock func() Reading

// SystemClock reads CLOCK_REALTIME and CLOCK_BOOTTIME.
func SystemClock() Reading {
	var boot unix.Timespec
	r := Reading{Wall: time.Now().UnixMicro()}
	if unix.ClockGettime(unix.CLOCK_BOOTTIME, &boot) == nil {
		r.Boot = boot.Nano() / 1000
	}
	return r
}

// MaxClamp is the largest step of the wall clock that is smoothed over, in µs.
const MaxClamp = 10_000_000

// ingestClock gives received times: within an epoch they never go backwards. A step of the wall clock by more than
// MaxClamp, in either direction, opens the next epoch.
type ingestClock struct {
	read  Clock
	epoch uint32
	last  int64   // newest received time of the epoch, µs
	seen  Reading // last look; zero before the first
	begun bool    // there is an entry in the store
}

// step is a change of epoch.
type step struct {
	before, after, boot int64
}

// resume sets the clock to the newest entry of a journal, if it is newer than what the clock knows.
func (c *ingestClock) resume(epoch uint32, received int64) {
	if !c.begun || epoch > c.epoch || (epoch == c.epoch && received > c.last) {
		c.epoch, c.last, c.begun = epoch, received, true
	}
}

// now returns the received time of what is being appended, and the step if that opened an epoch.
func (c *ingestClock) now() (received int64, s *step) {
	r := c.read()
	drift := int64(0)
	if c.seen != (Reading{}) {
		drift = (r.Wall - c.seen.Wall) - (r.Boot - c.seen.Boot)
	}
	c.seen = r
	if c.begun && (drift > MaxClamp || drift < -MaxClamp || r.Wall < c.last-MaxClamp) {
		s = &step{before: c.last, after: r.Wall, boot: r.Boot}
		c.epoch++
		c.last = r.Wall
	}
	if !c.begun || r.Wall > c.last {
		c.last = r.Wall
	}
	c.begun = true
	return c.last, s
}
