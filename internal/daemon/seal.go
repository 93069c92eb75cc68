package daemon

import (
	"context"
	"time"

	"constat/internal/sealing"
	"constat/seal"

	"golang.org/x/sys/unix"
)

// sealReasons are the reasons of the policy as seals give them.
var sealReasons = map[sealing.Reason]seal.Reason{
	sealing.Start: seal.Boot, sealing.Resume: seal.Resume, sealing.ClockStep: seal.ClockStep,
	sealing.Urgent: seal.Urgent, sealing.Interval: seal.Interval, sealing.Heartbeat: seal.Heartbeat,
}

// seal makes the seals that are due, beside intake, until the context ends: the first one at once. What goes wrong is
// tried again.
func (d *Daemon) seal(ctx context.Context) error {
	defer close(d.sealed)
	terms := d.store.get().Certificate()
	policy := sealing.NewPolicy(time.Duration(terms.SealAfter)*time.Second, time.Duration(terms.Heartbeat)*time.Second, clocks())
	timer := time.NewTimer(policy.Wait(clocks().Boot))
	defer timer.Stop()
	last := ""
	for {
		made, err := d.sealIfDue(policy) // the boot seal even if the daemon is told to end at once
		if made {
			last = ""
		}
		if err != nil && err.Error() != last { // said once
			last = err.Error()
			d.log.Warn("not sealed for now", "error", err)
		}
		timer.Reset(policy.Wait(clocks().Boot))
		select {
		case <-ctx.Done():
			return nil
		case <-timer.C:
		case uid := <-d.urgent:
			policy.Critical(uid, clocks().Boot)
		case s := <-d.sleeps:
			s.done <- d.sleepSeal(policy, s.before)
		}
	}
}

func (d *Daemon) sealIfDue(policy *sealing.Policy) (made bool, err error) {
	now := clocks()
	policy.Look(now)
	since, waiting := d.store.Unsealed()
	policy.Unsealed(waiting, time.Duration(since)*time.Microsecond)
	why := policy.Due(now.Boot)
	if why == sealing.None {
		return false, nil
	}
	err = d.store.Seal(sealReasons[why])
	if err != nil {
		d.intake.Notice(err)
		policy.Failed(clocks().Boot)
		return false, err
	}
	policy.Sealed(now.Boot)
	return true, nil
}

// sealLast makes the stop seal, when nothing more is written.
func (d *Daemon) sealLast() {
	if err := d.store.sealAs(seal.Stop); err != nil {
		d.log.Warn("no stop seal: the next start will count as one after an unclean stop", "error", err)
	}
}

// critical is told of users who say that something critical happened. Those who do not fit share the seal of the others.
func (d *Daemon) critical(uid string) {
	select {
	case d.urgent <- uid:
	default:
	}
}

// clocks reads the clocks of the machine.
func clocks() sealing.Clocks {
	read := func(clock int32) time.Duration {
		var t unix.Timespec
		_ = unix.ClockGettime(clock, &t) // cannot fail with these clocks
		return time.Duration(t.Nano())
	}
	return sealing.Clocks{Boot: read(unix.CLOCK_BOOTTIME), Monotonic: read(unix.CLOCK_MONOTONIC), Wall: read(unix.CLOCK_REALTIME)}
}

// keepSecrets keeps the memory of the process, with the seal seed in it, from core dumps and from debuggers of the same
// user. What the system does not allow stays as it is.
func keepSecrets() {
	_ = unix.Prctl(unix.PR_SET_DUMPABLE, 0, 0, 0, 0)
	_ = unix.Setrlimit(unix.RLIMIT_CORE, &unix.Rlimit{})
}
