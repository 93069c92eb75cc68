package sealing

import (
	"fmt"
	"testing"
	"time"
)

const s = time.Second

// machine is a policy with the clocks of a machine that runs.
type machine struct {
	*Policy
	clocks  Clocks
	waiting bool
	since   time.Duration
	seals   []string
}

func newMachine() *machine {
	start := Clocks{Boot: 500 * s, Monotonic: 400 * s, Wall: 1_700_000_000 * s}
	m := &machine{Policy: NewPolicy(60*s, 900*s, start), clocks: start}
	if m.Due(start.Boot) != Start {
		panic("a start is not sealed")
	}
	m.Sealed(start.Boot)
	return m
}

// event is the first one that no seal covers.
func (m *machine) event() {
	if !m.waiting {
		m.waiting, m.since = true, m.clocks.Boot
	}
}

// run lets time go by, with whatever happens each step, and makes the seals that are due.
func (m *machine) run(d, step time.Duration, happens func()) {
	for end := m.clocks.Boot + d; m.clocks.Boot < end; {
		happens()
		m.Look(m.clocks)
		m.Unsealed(m.waiting, m.since)
		if why := m.Due(m.clocks.Boot); why != None {
			m.seals = append(m.seals, fmt.Sprintf("%d at %v", why, m.clocks.Boot-500*s))
			m.Sealed(m.clocks.Boot)
			m.waiting = false
		}
		if w := m.Wait(m.clocks.Boot); w < 0 || w > Poll {
			panic(fmt.Sprint("waits ", w))
		}
		m.clocks.Boot, m.clocks.Monotonic, m.clocks.Wall = m.clocks.Boot+step, m.clocks.Monotonic+step, m.clocks.Wall+step
	}
}

func (m *machine) want(t *testing.T, seals ...string) {
	t.Helper()
	if fmt.Sprint(m.seals) != fmt.Sprint(seals) {
		t.Errorf("seals %q, want %q", m.seals, seals)
	}
	m.seals = nil
}

func TestIdleStoreHasAHeartbeat(t *testing.T) {
	m := newMachine()
	m.run(1800*s, s, func() {})
	m.want(t, "1 at 14m50s", "1 at 29m40s")
}

func TestSealWithinAMinuteOfTheFirstEvent(t *testing.T) {
	m := newMachine()
	m.run(30*s, s, func() {})
	m.run(155*s, s, m.event) // events all the time
	m.want(t, "2 at 1m20s", "2 at 2m11s", "2 at 3m2s")
}

// TestCriticalInALoop: at most one seal a second, and after a while no more than one each refill.
func TestCriticalInALoop(t *testing.T) {
	m := newMachine()
	urgent := func() { m.event(); m.Critical("1000", m.clocks.Boot) }
	m.run(10*s, 10*time.Millisecond, urgent)
	if n := len(m.seals); n < 9 || n > 10 {
		t.Errorf("%d seals in 10 s: %q", n, m.seals)
	}
	m.run(600*s, 10*time.Millisecond, urgent)
	m.seals = nil
	m.run(100*s, 10*time.Millisecond, urgent)
	if n := len(m.seals); n < 8 || n > 12 {
		t.Errorf("%d seals in 100 s after ten minutes: %q", n, m.seals)
	}
	m.seals = nil
	m.run(s, 10*time.Millisecond, func() { m.event(); m.Critical("0", m.clocks.Boot) })
	if len(m.seals) == 0 {
		t.Error("another user has no seal of his own")
	}
}

func TestCriticalIsSealedAtOnce(t *testing.T) {
	m := newMachine()
	m.run(20*s, 10*time.Millisecond, func() {
		if m.clocks.Boot == 510*s {
			m.event()
			m.Critical("0", m.clocks.Boot)
		}
	})
	m.want(t, "3 at 10.1s")
}

func TestSuspensionAndStepsOfTheClock(t *testing.T) {
	m := newMachine()
	m.run(10*s, s, func() {})
	m.clocks.Boot, m.clocks.Wall = m.clocks.Boot+3600*s, m.clocks.Wall+3600*s
	m.run(10*s, s, func() {})
	m.want(t, "5 at 1h0m10s")
	m.clocks.Wall -= 86400 * s
	m.run(10*s, s, func() {})
	m.want(t, "4 at 1h0m20s")
	m.clocks.Wall += 9 * s // as far as clocks are smoothed over
	m.run(10*s, s, func() {})
	m.want(t)
	m.clocks.Boot, m.clocks.Wall = m.clocks.Boot+600*s, m.clocks.Wall+7200*s // both
	m.run(10*s, s, func() {})
	m.want(t, "5 at 1h10m40s")
}

func TestWhatFailsIsTriedAgain(t *testing.T) {
	m := newMachine()
	m.Unsealed(true, m.clocks.Boot)
	now := m.clocks.Boot + 51*s
	if m.Due(now) != Interval {
		t.Fatal("nothing is due")
	}
	m.Failed(now)
	if why := m.Due(now + 4*s); why != None {
		t.Errorf("%d is due at once", why)
	}
	if why := m.Due(now + 5*s); why != Interval {
		t.Errorf("%d is due after a while", why)
	}
}

// sleep makes the seal before the machine sleeps.
func (m *machine) sleep() {
	m.Suspended(m.clocks.Boot)
	m.waiting = false
}

// TestNothingIsDueBeforeSleep: from the suspend seal on until the machine is awake no seal is due, whatever happens; then one
// is, and only one, whoever notices first.
func TestNothingIsDueBeforeSleep(t *testing.T) {
	m := newMachine()
	m.run(10*s, s, m.event)
	m.sleep()
	m.run(3*s, s, func() { m.event(); m.Critical("0", m.clocks.Boot) })
	m.want(t)
	m.clocks.Boot, m.clocks.Wall = m.clocks.Boot+3600*s, m.clocks.Wall+3600*s
	m.run(5*s, s, func() {})
	m.want(t, "5 at 1h0m13s")
	m.Woken() // too late
	m.run(10*s, s, func() {})
	m.want(t)
	m.sleep()
	m.Woken()
	m.clocks.Boot, m.clocks.Wall = m.clocks.Boot+3600*s, m.clocks.Wall+3600*s
	m.run(5*s, s, func() {})
	m.want(t, "5 at 2h0m28s")
}

// TestSleepThatDidNotCome: the promise is taken up again.
func TestSleepThatDidNotCome(t *testing.T) {
	m := newMachine()
	m.sleep()
	m.run(100*s, s, m.event)
	m.want(t, "5 at 46s", "2 at 1m37s")
	m.sleep()
	m.run(2*s, s, func() {})
	m.Woken()
	m.run(2*s, s, func() {})
	m.want(t, "5 at 1m42s")
}
