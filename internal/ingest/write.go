package ingest

import (
	"errors"
	"fmt"
	"time"

	"constat/entry"
	"constat/internal/input"
)

// reasonDiskFull is why messages of senders who cannot wait are lost while the disk is full.
const reasonDiskFull = "disk full"

// drain takes a lot out of the queue and begins to append it. It takes no more, so that whatever else is due has its
// turn though the queue may never be empty. While the disk is full, streams wait, and what comes from senders who
// cannot wait is counted.
func (in *Intake) drain(now time.Time) error {
	if in.stuck && !now.Before(in.tryAt) {
		if err := in.tryAgain(now); err != nil {
			return err
		}
	}
	if in.stuck {
		in.countDatagrams()
		return nil
	}
	in.fill(in.filling, now)
	if in.appending {
		if !in.filling.full() && !in.finishing {
			return nil // more may come until the one before is appended
		}
		if err := in.settle(<-in.appended, now); err != nil || in.stuck {
			return err
		}
	}
	return in.beginAppend(now)
}

// countDatagrams empties the line of those who cannot wait.
func (in *Intake) countDatagrams() {
	for c := in.queue.take(datagrams); c != nil; c = in.queue.take(datagrams) {
		in.loseChunk(c)
	}
}

// loseChunk counts the messages of a chunk for which the disk has no room.
func (in *Intake) loseChunk(c *input.Chunk) {
	for _, m := range c.Messages {
		in.losses.add(c.Source.Name, reasonDiskFull, 1, uint64(m.End-m.Start)+uint64(m.Lost))
	}
	if c.Done != nil {
		c.Done(errDiskFull)
	}
	in.giveBack(c)
}

// beginAppend appends what was filled, beside everything else. Its result comes by in.appended.
func (in *Intake) beginAppend(now time.Time) error {
	in.filling, in.writing = in.writing, in.filling
	l := in.writing
	if len(l.entries) == 0 {
		in.finishLot()
		return nil
	}
	if !in.hasRoom() {
		return in.settle(errDiskFull, now)
	}
	in.appending = true
	go func() {
		_, err := in.store.Append(in.config.Journal, l.entries)
		in.appended <- err
	}()
	return nil
}

// appendNow appends what is left of a lot.
func (in *Intake) appendNow(now time.Time) error {
	err := errDiskFull
	if len(in.writing.entries) == 0 {
		err = nil
	} else if in.hasRoom() {
		_, err = in.store.Append(in.config.Journal, in.writing.entries)
	}
	return in.settle(err, now)
}

// settle takes the result of appending a lot. On a full disk it drops, and counts, what senders gave who cannot wait,
// and keeps the rest for another try.
func (in *Intake) settle(err error, now time.Time) error {
	in.appending = false
	kept := keptOf(len(in.writing.entries), err)
	in.account(kept, now)
	switch {
	case err == nil:
		in.stuck = false
		in.finishLot()
	case isFull(err):
		if in.loseLot(in.writing, kept); len(in.writing.entries) == 0 {
			in.finishLot()
		}
		in.stick(now)
	case in.dropInvalid(in.writing, kept):
		in.config.Report(err)
		return in.appendNow(now) // the others
	default:
		return err
	}
	return nil
}

// finishLot is called when nothing of the lot is left to append.
func (in *Intake) finishLot() {
	in.pending.waiting = append(in.pending.waiting, in.writing.waiting...)
	in.writing.waiting = in.writing.waiting[:0]
	in.empty(in.writing)
}

// tryAgain looks whether the disk has room again, for what waits if anything does.
func (in *Intake) tryAgain(now time.Time) error {
	if len(in.writing.entries) > 0 {
		return in.appendNow(now)
	}
	if in.stuck = !in.hasRoom(); in.stuck {
		in.stick(now)
	}
	return nil
}

// stick holds back what waits for room, for a while.
func (in *Intake) stick(now time.Time) {
	if !in.stuck && now.Sub(in.toldFull) > fullEvery {
		in.config.Report(fmt.Errorf("%w: streams are held back, datagrams are counted", errDiskFull))
		in.toldFull = now
	}
	in.stuck, in.tryAt = true, now.Add(retryEvery)
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
	in.room -= in.writing.heldOctets // more than what was appended: the disk is looked at rather too often
	in.pending.add(uint64(n), in.writing.hurry, now)
}

// loseLot drops the first kept entries of a lot, which are appended, and counts those behind them whose senders cannot
// wait. When the daemon ends nobody can.
func (in *Intake) loseLot(l *lot, kept int) {
	l.keepIf(kept, func(e *entry.Entry, s *input.Source) bool {
		if s.Datagram || in.ending {
			in.losses.add(s.Name, reasonDiskFull, 1, e.Size())
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
