package sealing

import (
	"iter"
	"time"
)

// Reason is why a seal is due.
type Reason uint8

// The reasons, the more telling ones last: if several hold, the last is given.
const (
	None      Reason = iota
	Heartbeat        // the store has been idle
	Interval         // something has waited for a seal
	Urgent           // something critical happened
	ClockStep        // somebody has set the clock
	Resume           // the machine was suspended
	Start            // the process has started
)

// Times of the policy that no certificate promises.
const (
	Poll      = time.Second            // how often the clocks are looked at
	UrgentGap = time.Second            // between two seals, unless the later is not urgent
	retry     = 5 * time.Second        // after a seal that could not be made
	suspended = 2 * time.Second        // CLOCK_BOOTTIME runs ahead of CLOCK_MONOTONIC by more than that
	stepped   = 10 * time.Second       // CLOCK_REALTIME runs away from CLOCK_BOOTTIME by more than that
	early     = 10 * time.Second       // a seal is made so long before its time, or a sixth of it
	awake     = 45 * time.Second       // who was about to sleep and did not is awake again
	atOnce    = 100 * time.Millisecond // what is critical waits so long for what comes with it
)

// Clocks are the clocks of the machine at one moment, each since its own beginning.
type Clocks struct {
	Boot      time.Duration // CLOCK_BOOTTIME: goes on while suspended
	Monotonic time.Duration // CLOCK_MONOTONIC: does not
	Wall      time.Duration // CLOCK_REALTIME
}

// Policy says when the next seal is due. Its times are CLOCK_BOOTTIME. It is not for concurrent use.
type Policy struct {
	after, heartbeat time.Duration
	seen             Clocks
	sealed           time.Duration // when the last seal was made
	unsealed         time.Duration // since when something waits
	waiting          bool
	urgent           time.Duration // since when something critical waits
	hurry            bool
	cause            Reason        // of the clocks
	asleep           bool          // the machine is about to sleep, or does
	slept            time.Duration // since when
	failed           time.Duration // when a seal could not be made, last
	failing          bool
	buckets          buckets
}

// NewPolicy returns the policy of a store whose certificate promises a seal within after of the first unsealed event,
// and one each heartbeat. A seal is due at once.
func NewPolicy(after, heartbeat time.Duration, now Clocks) *Policy {
	return &Policy{after: ahead(after), heartbeat: ahead(heartbeat), seen: now, sealed: now.Boot, cause: Start}
}

// ahead leaves room for a seal to be made, and for a look at the clocks.
func ahead(promise time.Duration) time.Duration { return promise - min(early, promise/6) }

// Look takes a look at the clocks and notices a suspension or a step.
func (p *Policy) Look(now Clocks) {
	boot := now.Boot - p.seen.Boot
	switch {
	case boot-(now.Monotonic-p.seen.Monotonic) > suspended, p.asleep && now.Boot-p.slept > awake:
		p.cause = max(p.cause, Resume)
	case (now.Wall - p.seen.Wall - boot).Abs() > stepped:
		p.cause = max(p.cause, ClockStep)
	}
	p.seen = now
}

// Suspended says that a seal of reason suspend was made at a time. Until the machine has slept, or has not slept for a
// while, no seal is due: one that comes between would promise to go on.
func (p *Policy) Suspended(at time.Duration) {
	p.Sealed(at)
	p.asleep, p.slept = true, at
}

// Woken says that the machine is awake again. It says nothing if that was noticed by the clocks.
func (p *Policy) Woken() {
	if p.asleep {
		p.cause = max(p.cause, Resume)
	}
}

// Unsealed says whether something waits for a seal, and since when.
func (p *Policy) Unsealed(waiting bool, since time.Duration) { p.waiting, p.unsealed = waiting, since }

// Critical says that a process of a user of this machine says that something critical happened. It is never called for
// what comes from the network. What comes before the seal that it causes shares it.
func (p *Policy) Critical(uid string, at time.Duration) {
	if !p.hurry && p.buckets.take(uid, at) {
		p.hurry, p.urgent = true, at
	}
}

// Sealed says that a seal was begun at a time, and is made.
func (p *Policy) Sealed(begun time.Duration) {
	p.sealed, p.failing, p.cause, p.asleep = begun, false, None, false
	p.waiting = false
	p.hurry = p.hurry && p.urgent > begun
}

// Failed says that a seal could not be made. It stays due.
func (p *Policy) Failed(at time.Duration) { p.failed, p.failing = at, true }

// Due returns why a seal is due at a time, or None.
func (p *Policy) Due(now time.Duration) (why Reason) {
	if p.failing && now < p.failed+retry || p.asleep && p.cause < Resume {
		return None
	}
	for r, at := range p.times() {
		if at <= now {
			why = r
		}
	}
	return why
}

// Wait is how long nothing is due, at most [Poll]: then the clocks want to be looked at.
func (p *Policy) Wait(now time.Duration) time.Duration {
	wait := Poll
	for _, at := range p.times() {
		wait = min(wait, max(at-now, 0))
	}
	if p.failing {
		wait = max(wait, min(p.failed+retry-now, Poll))
	}
	return wait
}

// times gives the reasons that there will be, in their order, and when.
func (p *Policy) times() iter.Seq2[Reason, time.Duration] {
	return func(yield func(Reason, time.Duration) bool) {
		_ = yield(Heartbeat, p.sealed+p.heartbeat) &&
			(!p.waiting || yield(Interval, p.unsealed+p.after)) &&
			(!p.hurry || yield(Urgent, max(p.urgent+atOnce, p.sealed+UrgentGap))) &&
			(p.cause == None || yield(p.cause, p.seen.Boot))
	}
}
