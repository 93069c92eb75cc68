package ingest

import (
	"errors"
	"fmt"
	"time"

	"constat/entry"
	"constat/internal/input"
)

// drain takes a lot out of the queue and begins to append it. It takes no more, so that whatever else is due has its
// turn though the queue may never be empty. While the disk is full, streams wait, and what comes from senders who
// cannot wait is counted.
func (in *Intake) drain(now time.Time) {
	if in.stuck && !now.Before(in.tryAt) {
		in.tryAgain(now)
	}
	if in.stuck {
		in.countDatagrams()
		return
	}
	in.fill(in.filling, now)
	if in.appending {
		if !in.filling.full() && !in.finishing {
			return // more may come until the one before is appended
		}
		if in.settle(<-in.appended, now); in.stuck {
			return
		}
	}
	in.beginAppend(now)
}

// countDatagrams empties the line of those who cannot wait.
func (in *Intake) countDatagrams() {
	for c := in.queue.take(datagrams); c != nil; c = in.queue.take(datagrams) {
		in.loseChunk(c)
	}
}

// loseChunk counts the messages of a chunk that the store cannot take.
func (in *Intake) loseChunk(c *input.Chunk) {
	for _, m := range c.Messages {
		in.losses.add(c.Source.Name, in.reason, 1, uint64(m.End-m.Start)+uint64(m.Lost))
	}
	if c.Done != nil {
		c.Done(errDiskFull)
	}
	in.giveBack(c)
}

// beginAppend appends what was filled, beside everything else. Its result comes by in.appended.
func (in *Intake) beginAppend(now time.Time) {
	in.filling, in.writing = in.writing, in.filling
	l := in.writing
	if len(l.entries) == 0 {
		in.finishLot()
		return
	}
	if !in.hasRoom() {
		in.settle(errDiskFull, now)
		return
	}
	in.appending = true
	l.sort()
	go func() { in.appended <- l.appendTo(in.store) }()
}

// appendNow appends what is left of a lot.
func (in *Intake) appendNow(now time.Time) {
	err := errDiskFull
	if len(in.writing.entries) == 0 {
		err = nil
	} else if in.hasRoom() {
		err = in.writing.appendTo(in.store)
	}
	in.settle(err, now)
}

// settle takes the result of appending a lot. On a full disk it drops, and counts, what senders gave who cannot wait,
// and keeps the rest for another try.
func (in *Intake) settle(err error, now time.Time) {
	in.appending = false
	kept := keptOf(len(in.writing.entries), err)
	in.account(kept, now)
	switch {
	case err == nil:
		if in.broken == nil { // else by somebody else meanwhile
			in.stuck, in.failed, in.backoff = false, nil, 0
		}
		in.finishLot()
	case isFull(err):
		in.full(now)
		if in.loseLot(in.writing, kept); len(in.writing.entries) == 0 {
			in.finishLot()
		}
	case in.dropInvalid(in.writing, kept):
		in.config.Report(err)
		in.appendNow(now) // the others
	default:
		in.trouble(err, now)
	}
}

// finishLot is called when nothing of the lot is left to append.
func (in *Intake) finishLot() {
	in.pending.waiting = append(in.pending.waiting, in.writing.waiting...)
	in.writing.waiting = in.writing.waiting[:0]
	in.empty(in.writing)
}

// tryAgain looks whether the store can be written again, with what waits if anything does.
func (in *Intake) tryAgain(now time.Time) {
	if in.broken != nil && !in.reopen(now) {
		return
	}
	if len(in.writing.entries) > 0 {
		in.appendNow(now)
	} else if in.stuck = !in.hasRoom(); in.stuck {
		in.full(now)
	} else {
		in.failed = nil
	}
}

// dropInvalid drops the first kept entries of a lot, which are appended, and counts those that no journal can take.
// It returns false if there are none.
func (in *Intake) dropInvalid(l *lot, kept int) bool {
	found := false
	l.keepIf(kept, func(e *entry.Entry, s *input.Source) bool {
		valid := keepable(e)
		if !valid {
			in.losses.add(s.Name, "not valid", 1, e.Size())
			found = true
		}
		return valid
	})
	return found
}

// keepable reports whether a journal can take an entry.
func keepable(e *entry.Entry) bool {
	_, err := entry.AppendBody(nil, e)
	if errors.Is(err, entry.ErrTooLong) {
		spilled := *e
		err = entry.Spill(&spilled, func(int, []byte) (d [entry.DigestSize]byte, err error) { return d, nil })
	}
	return err == nil
}

// account notes that the first n entries of the lot were appended.
func (in *Intake) account(n int, now time.Time) {
	if n == 0 {
		return
	}
	in.writing.begun = true
	in.room -= in.writing.heldOctets // more than what was appended: the disk is looked at rather too often
	in.pending.add(uint64(n), in.writing.hurry, now)
	for _, uid := range in.writing.critical {
		in.config.Critical(uid)
	}
}

// loseLot drops the first kept entries of a lot, which are appended, and counts those behind them whose senders cannot
// wait. When the daemon ends nobody can.
func (in *Intake) loseLot(l *lot, kept int) {
	l.keepIf(kept, func(e *entry.Entry, s *input.Source) bool {
		if s.Datagram || in.ending {
			in.losses.add(s.Name, in.reason, 1, e.Size())
			return false
		}
		return true
	})
}

// hasRoom looks at the disk now and then: the reserve is for loss entries and seals.
func (in *Intake) hasRoom() bool {
	if in.room > 0 && !in.stuck {
		return true
	}
	free, err := in.store.Free()
	if err != nil {
		in.config.Report(fmt.Errorf("free space: %w", err))
		return true // writing will tell
	}
	in.room = min(checkFree, (free-diskReserve)/2)
	return in.room > 0
}
