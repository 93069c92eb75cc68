package daemon

import (
	"context"
	"errors"
	"time"

	"constat/internal/logind"
	"constat/internal/sealing"
	"constat/seal"
)

// sleepSign says that the machine is about to sleep, or has woken up. Whoever seals answers when a seal says so.
type sleepSign struct {
	before bool
	done   chan error // has room for one
}

// busAgain is how long the daemon waits before it looks for logind again.
const busAgain = time.Minute

// sleep follows logind, where there is one, until the context ends. Without one the clocks tell that the machine has
// slept, and a command that it is about to.
func (d *Daemon) sleep(ctx context.Context) error {
	for {
		if s, err := logind.Dial(ctx, "constat", "seals its store before the machine sleeps"); err == nil {
			err = d.follow(ctx, s)
			if err = errors.Join(err, s.Close()); ctx.Err() == nil {
				d.log.Warn("logind says no more when the machine sleeps; looking again", "error", err)
			}
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(busAgain):
		}
	}
}

// follow seals when the machine goes to sleep, which waits for it, and when it has woken up.
func (d *Daemon) follow(ctx context.Context, s *logind.Sleep) error {
	refused := s.Delay(ctx)
	if refused != nil {
		d.log.Warn("the seal before the machine sleeps may come too late", "error", refused)
	}
	for {
		before, err := s.Next(ctx)
		if err != nil {
			return err
		}
		if err := d.sign(ctx, before); err != nil {
			d.log.Warn("not sealed before the machine sleeps", "error", err)
		}
		if err = s.Release(); !before && refused == nil {
			err = s.Delay(ctx)
		}
		if err != nil {
			d.log.Warn("logind", "error", err)
		}
	}
}

// sign tells whoever seals, and waits until it is sealed that the machine sleeps. After it nothing is waited for.
func (d *Daemon) sign(ctx context.Context, before bool) error {
	s := sleepSign{before, make(chan error, 1)}
	select {
	case d.sleeps <- s:
		return <-s.done
	case <-d.sealed:
		return errors.New("the daemon ends")
	case <-ctx.Done():
		return ctx.Err()
	}
}

// sleepSeal seals before the machine sleeps. After that a seal is due.
func (d *Daemon) sleepSeal(policy *sealing.Policy, before bool) error {
	if !before {
		policy.Woken()
		return nil
	}
	now := clocks()
	policy.Look(now)
	err := d.store.sealAs(seal.Suspend)
	if err != nil {
		d.intake.Notice(err)
		return err
	}
	policy.Suspended(now.Boot)
	return nil
}
