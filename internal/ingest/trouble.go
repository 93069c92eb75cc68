package ingest

import (
	"errors"
	"fmt"
	"time"

	"constat/journal"
)

// Reasons why messages of senders who cannot wait are lost while the store takes nothing.
const (
	reasonDiskFull = "disk full"
	reasonBroken   = "store cannot be written"
)

// reopenedSource is what entries are counted under that were received, and gone when the store was opened again.
const (
	reopenedSource = "the store"
	reasonReopened = "not durable when the store broke"
)

// Times of a store that cannot be written.
const (
	maxRetry  = 10 * time.Second // between two tries; the first is at once
	toldEvery = time.Minute      // how often people are told
)

// full holds back what waits for room, for a while.
func (in *Intake) full(now time.Time) {
	if !in.stuck && now.Sub(in.toldAt) > toldEvery {
		in.toldAt = now
		in.config.Report(fmt.Errorf("%w: streams are held back, datagrams are counted", errDiskFull))
	}
	in.stuck, in.reason, in.tryAt = true, reasonDiskFull, now.Add(retryEvery)
}

// trouble holds everything back because the store cannot be written. Intake goes on when it can be again.
func (in *Intake) trouble(err error, now time.Time) {
	if in.backoff == 0 || now.Sub(in.toldAt) > toldEvery {
		in.toldAt = now
		in.config.Report(fmt.Errorf("streams are held back, datagrams are counted, because of %w", err))
	}
	if errors.Is(err, journal.ErrBroken) && in.broken == nil {
		in.broken = err
		in.era.Add(1)
	}
	in.stuck, in.failed, in.reason, in.tryAt = true, err, reasonBroken, now.Add(in.backoff)
	in.backoff = min(max(2*in.backoff, retryEvery), maxRetry)
}

// Notice has the intake look after a store that somebody else found broken: err is what it said. It may be called at
// any time.
func (in *Intake) Notice(err error) { in.notice(err) }

func (in *Intake) notice(err error) {
	if errors.Is(err, journal.ErrBroken) {
		in.sick.CompareAndSwap(nil, &err)
		in.queue.rouse()
	}
}

// takeNotice does.
func (in *Intake) takeNotice(now time.Time) {
	if err := in.sick.Swap(nil); err != nil && in.broken == nil {
		in.trouble(*err, now)
	}
}

// reopen opens a broken store again. Whoever waits is told first, because what was received may be gone. What is gone
// is counted; what is not is synced and signed as if it had just come.
func (in *Intake) reopen(now time.Time) bool {
	in.rest(now)
	f := &in.pending
	tell(f.waiting, in.broken)
	tell(in.committing, in.broken)
	f.waiting, in.committing = nil, nil
	if in.writing.begun { // what was appended of it may be gone, though the rest will be kept
		tell(in.writing.waiting, in.broken)
		in.writing.waiting = nil
	}
	lost, err := in.store.Reopen()
	if err != nil {
		in.trouble(err, now)
		return false
	}
	in.losses.add(reopenedSource, reasonReopened, lost, 0)
	f.messages -= min(f.messages, lost)
	f.any, f.hurry, f.since = true, true, now
	in.broken, in.failed = nil, nil
	in.config.Report(fmt.Errorf("the store was opened again; entries that were received and are lost: %d", lost))
	return true
}

// rest waits for what runs beside.
func (in *Intake) rest(now time.Time) {
	if in.appending {
		in.settle(<-in.appended, now)
	}
	if in.syncing != nil {
		in.endSync(<-in.synced, now)
	}
}
