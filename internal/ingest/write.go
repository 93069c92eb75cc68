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

// drain takes a batch out of the queue and appends it. It takes no more, so that whatever else is due has its turn
// though the queue may never be empty. While the disk is full, streams wait, and what comes from senders who cannot
// wait is counted.
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
	for len(in.batch) < maxBatch && in.heldOctets < maxHeld {
		c := in.queue.take(both)
		if c == nil {
			return in.appendBatch(now)
		}
		in.takeChunk(c, now)
	}
	in.queue.rouse()
	return in.appendBatch(now)
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

// takeChunk makes entries of the messages of a chunk.
func (in *Intake) takeChunk(c *input.Chunk, now time.Time) {
	received, before := now.UnixMicro(), len(in.batch)
	for _, m := range c.Messages {
		octets := c.Octets[m.Start:m.End]
		if !in.limits.allow(c.Source.Name, now) {
			in.losses.add(c.Source.Name, "rate limit", 1, uint64(len(octets))+uint64(m.Lost))
			continue
		}
		e := in.nextEntry(c.Source)
		in.parser.Parse(e, octets, received)
		e.Fields = append(e.Fields, c.Source.Fields...)
		if m.Flag != "" {
			e.AddString("_FRAMING", m.Flag, entry.Observed)
		}
		if m.Lost > 0 {
			e.Add(Truncated, fmt.Append(nil, m.Lost), entry.Observed)
		}
		in.hurryFor(e, c.Source, now)
	}
	if c.Done != nil {
		in.waiting = append(in.waiting, c.Done)
	}
	if len(in.batch) == before {
		in.giveBack(c)
		return
	}
	in.held = append(in.held, c)
	in.heldOctets += weight(c)
}

// nextEntry lengthens the batch by one entry.
func (in *Intake) nextEntry(s *input.Source) *entry.Entry {
	in.sources = append(in.sources, s)
	if len(in.batch) < cap(in.batch) {
		in.batch = in.batch[:len(in.batch)+1] // its list of fields is used again
	} else {
		in.batch = append(in.batch, entry.Entry{})
	}
	return &in.batch[len(in.batch)-1]
}

// hurryFor asks for a sync at once if a local sender says that something critical happened, at most once a second for
// each sender. Nobody on the network can make the disk work.
func (in *Intake) hurryFor(e *entry.Entry, s *input.Source, now time.Time) {
	if !s.Local {
		return
	}
	level, ok := e.Level()
	if !ok || level > urgentLevel || now.Sub(in.urgent[s.Name]) < time.Second {
		return
	}
	if len(in.urgent) > maxSources {
		clear(in.urgent)
	}
	in.urgent[s.Name] = now
	in.hurry = true
}

// appendBatch appends the batch. On a full disk it drops, and counts, what senders gave who cannot wait, and keeps the
// rest for another try.
func (in *Intake) appendBatch(now time.Time) error {
	if len(in.batch) == 0 {
		in.release()
		return nil
	}
	err := errDiskFull
	if in.hasRoom() {
		_, err = in.store.Append(in.config.Journal, in.batch)
	}
	kept := keptOf(len(in.batch), err)
	in.account(kept, now)
	switch {
	case err == nil:
		in.dropBatch()
		in.stuck = false
	case isFull(err):
		in.loseBatch(kept)
		in.stick(now)
	case in.dropInvalid(kept):
		in.config.Report(err)
		return in.appendBatch(now) // the others
	default:
		return err
	}
	return nil
}

// tryAgain looks whether the disk has room again, for what waits if anything does.
func (in *Intake) tryAgain(now time.Time) error {
	if len(in.batch) > 0 {
		return in.appendBatch(now)
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

// dropInvalid drops the first kept entries of the batch, which are appended, and counts those that no journal can
// take. It returns false if there are none.
func (in *Intake) dropInvalid(kept int) bool {
	found := false
	in.keepIf(kept, func(e *entry.Entry, s *input.Source) bool {
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

// account notes that the first n entries of the batch were appended.
func (in *Intake) account(n int, now time.Time) {
	if n == 0 {
		return
	}
	in.room -= in.heldOctets // more than what was appended: the disk is looked at rather too often
	if in.appended == 0 {
		in.since = now
	}
	in.appended += uint64(n)
}

// loseBatch drops the first kept entries of the batch, which are appended, and counts those behind them whose senders
// cannot wait. When the daemon ends nobody can.
func (in *Intake) loseBatch(kept int) {
	in.keepIf(kept, func(e *entry.Entry, s *input.Source) bool {
		if s.Datagram || in.ending {
			in.losses.add(s.Name, reasonDiskFull, 1, e.Size())
			return false
		}
		return true
	})
}

// keepIf drops the first entries of the batch, and of those behind them all but the ones to keep.
func (in *Intake) keepIf(from int, keep func(*entry.Entry, *input.Source) bool) {
	n := 0
	for i := from; i < len(in.batch); i++ {
		if keep(&in.batch[i], in.sources[i]) {
			in.batch[n], in.batch[i] = in.batch[i], in.batch[n]
			in.sources[n] = in.sources[i]
			n++
		}
	}
	in.batch, in.sources = in.batch[:n], in.sources[:n]
	if n == 0 {
		in.release()
	}
}

// dropBatch empties the batch and gives the memory behind it back.
func (in *Intake) dropBatch() {
	in.batch, in.sources = in.batch[:0], in.sources[:0]
	in.release()
}

// release gives back what the entries of an empty batch pointed into.
func (in *Intake) release() {
	for i, c := range in.held {
		in.giveBack(c)
		in.held[i] = nil
	}
	in.held, in.heldOctets = in.held[:0], 0
	in.parser.Release()
}

func (in *Intake) giveBack(c *input.Chunk) {
	if n := cap(c.Octets); leastChunk <= n && n <= keepChunk {
		c.Reset()
		in.chunks.Put(c)
	}
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
