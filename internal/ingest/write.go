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

// drain takes everything out of the queue and appends it, a batch at a time. While the disk is full, streams wait, and
// what comes from senders who cannot wait is counted.
func (in *Intake) drain(now time.Time) error {
	for {
		if in.stuck && now.Before(in.tryAt) {
			in.countDatagrams()
			return nil
		}
		if len(in.batch) >= maxBatch || in.stuck {
			if err := in.appendBatch(now); err != nil {
				return err
			}
			continue
		}
		c := in.queue.take(both)
		if c == nil {
			return in.appendBatch(now)
		}
		in.takeChunk(c, now)
	}
}

// countDatagrams empties the line of those who cannot wait.
func (in *Intake) countDatagrams() {
	for c := in.queue.take(datagrams); c != nil; c = in.queue.take(datagrams) {
		for _, m := range c.Messages {
			in.losses.add(c.Source.Name, reasonDiskFull, 1, uint64(m.End-m.Start))
		}
		in.giveBack(c)
	}
}

// takeChunk makes entries of the messages of a chunk.
func (in *Intake) takeChunk(c *input.Chunk, now time.Time) {
	received := now.UnixMicro()
	for _, m := range c.Messages {
		octets := c.Octets[m.Start:m.End]
		if !in.limits.allow(c.Source.Name, now) {
			in.losses.add(c.Source.Name, "rate limit", 1, uint64(len(octets)))
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
	in.held = append(in.held, c)
	if c.Done != nil {
		in.waiting = append(in.waiting, c.Done)
	}
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

// partial is the part of a store's error that says how many entries were appended before it.
type partial interface{ Kept() int }

// appendBatch appends the batch. On a full disk it drops, and counts, what senders gave who cannot wait, and keeps the
// rest for another try.
func (in *Intake) appendBatch(now time.Time) error {
	if len(in.batch) == 0 {
		in.release()
		return nil
	}
	kept, err := 0, error(nil)
	if in.hasRoom() {
		_, err = in.store.Append(in.config.Journal, in.batch)
		kept = len(in.batch)
		if p := partial(nil); err != nil {
			kept = 0
			if errors.As(err, &p) {
				kept = p.Kept()
			}
		}
	} else {
		err = errDiskFull
	}
	in.account(kept, now)
	if err == nil {
		in.stuck = false
		in.dropBatch()
		return nil
	}
	if !isFull(err) {
		return err
	}
	in.keepStreams(kept)
	in.stuck, in.tryAt = len(in.batch) > 0, now.Add(retryEvery)
	if !in.stuck {
		in.tryAt = time.Time{}
	}
	return nil
}

// account notes that the first n entries of the batch were appended.
func (in *Intake) account(n int, now time.Time) {
	if n == 0 {
		return
	}
	for i := range in.batch[:n] {
		in.room -= int64(in.batch[i].Size())
	}
	if in.appended == 0 {
		in.since = now
	}
	in.appended += uint64(n)
}

// keepStreams drops the first kept entries of the batch, which are appended, and counts those behind them whose
// senders cannot wait.
func (in *Intake) keepStreams(kept int) {
	n := 0
	for i := kept; i < len(in.batch); i++ {
		if s := in.sources[i]; s.Datagram {
			in.losses.add(s.Name, reasonDiskFull, 1, in.batch[i].Size())
			continue
		}
		in.batch[n], in.batch[i] = in.batch[i], in.batch[n]
		in.sources[n] = in.sources[i]
		n++
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
	in.held = in.held[:0]
	in.parser.Release()
}

func (in *Intake) giveBack(c *input.Chunk) {
	if cap(c.Octets) <= keepChunk {
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
