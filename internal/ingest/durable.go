package ingest

import (
	"time"
)

// makeDurable syncs if it is time to, and signs. Whoever waits for a signature gets both at once.
func (in *Intake) makeDurable(now time.Time) error {
	if len(in.committing) > 0 {
		return in.seal(now)
	}
	if in.syncDue(now) {
		if err := in.store.Sync(); err != nil {
			return err
		}
		in.unsigned = in.unsigned || in.appended > 0
		in.synced()
	}
	if !in.unsigned || now.Sub(in.signedAt) < signEvery {
		return nil
	}
	return in.seal(now)
}

// syncDue reports whether somebody waits, something critical came, or the oldest entry is a second old. While the disk
// is full nobody can be told anything.
func (in *Intake) syncDue(now time.Time) bool {
	if len(in.waiting) > 0 && !in.stuck {
		return true
	}
	return in.appended > 0 && (in.hurry || now.Sub(in.since) >= syncWithin)
}

// synced notes that everything appended is durable, and tells those who wait for that.
func (in *Intake) synced() {
	in.durable.Add(in.appended)
	in.appended, in.hurry = 0, false
	if !in.stuck {
		in.waiting = tell(in.waiting, nil)
	}
}

// seal makes everything durable and signs it, and answers those who wait for that. If the disk is too full for a
// signature it is tried again.
func (in *Intake) seal(now time.Time) error {
	in.signedAt = now
	err := in.store.Checkpoint()
	if err != nil && !isFull(err) {
		return err
	}
	in.synced()
	in.unsigned = err != nil
	in.committing = tell(in.committing, err)
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
	keys, counts := in.losses.take()
	if len(keys) == 0 {
		return nil
	}
	_, err := in.store.Append(systemJournal, lossEntries(keys, counts))
	if kept := keptOf(len(keys), err); kept > 0 {
		in.unsigned = true
		in.losses.restore(keys[kept:], counts)
		if err := in.store.Sync(); err != nil {
			return err
		}
	} else {
		in.losses.restore(keys, counts)
	}
	if isFull(err) {
		return nil
	}
	return err
}

// Stats returns what the intake has done since it began. It may be called at any time.
func (in *Intake) Stats() IntakeStats {
	return IntakeStats{Received: in.received.Load(), Durable: in.durable.Load(), Queued: in.queue.size(), Lost: in.losses.totals()}
}
