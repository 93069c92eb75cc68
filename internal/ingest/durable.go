package ingest

import (
	"time"
)

// flush is what one sync makes durable.
type flush struct {
	any      bool      // there is something, perhaps only loss entries
	messages uint64    // of the inputs
	since    time.Time // when the oldest of it was appended
	hurry    bool      // something of it wants to be durable at once
	waiting  []func(error)

	sign    bool          // too
	signing []func(error) // wait for that
}

func (f *flush) add(messages uint64, hurry bool, now time.Time) {
	if !f.any {
		f.any, f.since = true, now
	}
	f.messages += messages
	f.hurry = f.hurry || hurry
}

// makeDurable begins to sync if it is time to, and to sign. Whoever waits for a signature gets both at once. What is
// appended meanwhile is for the next time.
func (in *Intake) makeDurable(now time.Time) {
	if in.syncing != nil || in.broken != nil {
		return
	}
	signDue := !now.Before(in.due(in.signedAt))
	switch due := in.syncDue(now); {
	case len(in.committing) > 0 || in.unsigned && signDue:
		in.beginSync(true, now)
	case due:
		in.beginSync(signDue && !in.pending.hurry && len(in.pending.waiting) == 0, now)
	}
}

// syncDue reports whether somebody waits, something critical came, or the oldest entry is as old as it may be.
func (in *Intake) syncDue(now time.Time) bool {
	p := &in.pending
	return len(p.waiting) > 0 || p.any && (p.hurry || !now.Before(in.due(p.since)))
}

// beginSync syncs everything appended, and signs it, beside everything else. The result comes by in.synced.
func (in *Intake) beginSync(sign bool, now time.Time) {
	f := in.pending
	in.pending = flush{}
	call := in.store.Sync
	if f.sign = sign; sign {
		f.signing, in.committing = in.committing, nil
		in.signedAt = now
		call = in.store.Checkpoint
	}
	in.syncing = &f
	go func() { in.synced <- call() }()
}

// endSync takes the result of a sync, and tells those who waited for it. If the disk is too full for a signature it is
// tried again.
func (in *Intake) endSync(err error, now time.Time) {
	f := in.syncing
	in.syncing = nil
	if err != nil && !(f.sign && isFull(err)) {
		tell(f.waiting, err)
		tell(f.signing, err)
		in.pending.add(f.messages, false, now)
		in.trouble(err, now)
		return
	}
	in.durable.Add(f.messages)
	tell(f.waiting, nil)
	tell(f.signing, err)
	if f.sign {
		in.unsigned = err != nil
	} else {
		in.unsigned = in.unsigned || f.any
	}
}

// seal makes everything durable and signs it, and waits for that.
func (in *Intake) seal(now time.Time) {
	in.rest(now)
	in.beginSync(true, now)
	in.rest(now)
}

// tell answers those who wait.
func tell(list []func(error), err error) {
	for _, done := range list {
		done(err)
	}
}

// writeLosses appends what was lost as entries, by timer. They have the reserve of the disk. If even that is used up,
// they are counted on.
func (in *Intake) writeLosses(now time.Time) {
	if now.Before(in.lossesDue) || in.broken != nil {
		return
	}
	in.lossesDue = now.Add(lossEvery)
	keys, counts := in.losses.take()
	if len(keys) == 0 {
		return
	}
	_, err := in.store.Append(systemJournal, lossEntries(keys, counts))
	kept := keptOf(len(keys), err)
	in.losses.restore(keys[kept:], counts)
	if kept > 0 {
		in.pending.add(0, true, now)
	}
	if err != nil && !isFull(err) {
		in.trouble(err, now)
	}
}

// Stats returns what the intake has done since it began. It may be called at any time.
func (in *Intake) Stats() IntakeStats {
	return IntakeStats{Received: in.received.Load(), Durable: in.durable.Load(), Queued: in.queue.size(), Lost: in.losses.totals()}
}
