package ingest

import (
	"time"
)

// makeDurable syncs if it is time to: somebody waits, something critical came, or the oldest entry is a second old.
// Then it signs.
func (in *Intake) makeDurable(now time.Time) error {
	if len(in.committing) > 0 {
		return in.commit(now)
	}
	if in.appended == 0 && len(in.waiting) == 0 {
		return in.sign(now)
	}
	if in.stuck && len(in.waiting) > 0 && in.appended == 0 {
		return nil // what they wait for is not appended yet
	}
	if len(in.waiting) == 0 && !in.hurry && now.Sub(in.since) < syncWithin {
		return nil
	}
	if err := in.store.Sync(); err != nil {
		return err
	}
	in.durable.Add(in.appended)
	in.unsigned = in.unsigned || in.appended > 0
	in.appended, in.hurry = 0, false
	if !in.stuck {
		in.waiting = tell(in.waiting, nil)
	}
	return in.sign(now)
}

// sign makes a checkpoint, at most once a second.
func (in *Intake) sign(now time.Time) error {
	if !in.unsigned || now.Sub(in.signedAt) < signEvery {
		return nil
	}
	in.unsigned, in.signedAt = false, now
	return in.store.Checkpoint()
}

// commit makes durable and signs everything, and answers everybody who waits.
func (in *Intake) commit(now time.Time) error {
	if err := in.store.Checkpoint(); err != nil {
		return err
	}
	in.durable.Add(in.appended)
	in.appended, in.hurry, in.unsigned, in.signedAt = 0, false, false, now
	if !in.stuck {
		in.waiting = tell(in.waiting, nil)
	}
	in.committing = tell(in.committing, nil)
	return nil
}

// tell answers those who wait, and returns the empty list.
func tell(list []func(error), err error) []func(error) {
	for _, done := range list {
		done(err)
	}
	clear(list)
	return list[:0]
}

// writeLosses appends what was lost as entries, by timer. They have the reserve of the disk. If even that is used up,
// they are counted on.
func (in *Intake) writeLosses(now time.Time) error {
	if now.Before(in.lossesDue) {
		return nil
	}
	in.lossesDue = now.Add(lossEvery)
	list := in.losses.entries()
	if len(list) == 0 {
		return nil
	}
	_, err := in.store.Append(systemJournal, list)
	if isFull(err) {
		in.losses.restore(list)
		return nil
	}
	if err != nil {
		return err
	}
	in.unsigned = true
	return in.store.Sync()
}

// Stats returns what the intake has done since it began. It may be called at any time.
func (in *Intake) Stats() IntakeStats {
	return IntakeStats{Received: in.received.Load(), Durable: in.durable.Load(), Queued: in.queue.size(), Lost: in.losses.totals()}
}
