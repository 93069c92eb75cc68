package journal

import (
	"fmt"
	"time"

	"constat/internal/vfs"
	"constat/journal/layout"
)

// queue is what may go of a journal, oldest first.
type queue struct {
	log      *log
	name     string
	bytes    int64 // of all files of the journal that stay
	segments []candidate
	picked   []candidate
}

// candidate is a segment that may go.
type candidate struct {
	first, end     uint64
	bytes          int64 // of the segment, its blobs and its private values
	oldest, newest layout.Moment
	looked         bool // end and times are known
	reason         Reason
}

// newQueue lists the segments of a journal. Heads never go, nor does a segment that still has its head.
func newQueue(fsys vfs.FS, l *log) (*queue, error) {
	q := &queue{log: l, name: l.desc.Name}
	names, err := fsys.ReadDir(l.dir)
	if err != nil {
		return nil, err
	}
	sizes := map[string]int64{}
	for _, n := range names {
		info, err := n.Info()
		if isNotExist(err) {
			continue
		}
		if err != nil {
			return nil, err
		}
		sizes[n.Name()] = info.Size()
		q.bytes += info.Size()
	}
	spans, err := listSpans(fsys, l.dir)
	for _, s := range spans {
		if s.segment && !s.head && !s.kept {
			bytes := sizes[layout.SegmentName(s.first)] + sizes[layout.BlobName(s.first)] + sizes[layout.PrivateName(s.first)]
			q.segments = append(q.segments, candidate{first: s.first, bytes: bytes})
		}
	}
	return q, err
}

// plan picks what goes: in each journal by age and size, then of all of them what is oldest until enough is free.
func (p *pruner) plan() {
	for _, q := range p.queues {
		r := p.policy.of(q.name)
		for len(q.segments) > 0 {
			c := p.look(q)
			if c == nil {
				continue
			}
			why := r.reasonFor(p.clock.Age(c.newest, p.now), q.bytes)
			if why == "" || !p.pick(q, why) {
				break
			}
		}
	}
	p.makeRoom()
}

// reasonFor says why a segment goes whose newest entry has that age, in a journal of so many bytes; "" if it stays.
func (r Retention) reasonFor(age time.Duration, bytes int64) Reason {
	switch {
	case r.MaxAge > 0 && age > r.MaxAge:
		return ByAge
	case r.MaxBytes > 0 && bytes > r.MaxBytes:
		return BySize
	}
	return ""
}

// look returns the oldest segment of a queue with its times. One that cannot be opened is left out, and nil returned.
func (p *pruner) look(q *queue) *candidate {
	c := &q.segments[0]
	if c.looked {
		return c
	}
	if err := c.look(p.w.fsys, q.log); err != nil {
		p.errs = append(p.errs, fmt.Errorf("journal %s: prune %s: %w", q.name, layout.SegmentName(c.first), err))
		q.segments = q.segments[1:]
		return nil
	}
	return c
}

// look reads end and times of a segment. They are believed only for the choice: see [keeper].
func (c *candidate) look(fsys vfs.FS, l *log) error {
	s, err := openSegmentAt(fsys, l.dir, l.desc, c.first)
	if err != nil {
		return err
	}
	defer s.file.Close() // only read
	first := s.Spans()[0]
	c.end, c.looked = s.End(), true
	c.oldest = layout.Moment{Epoch: first.MinEpoch, Received: first.MinReceived}
	c.newest.Epoch, c.newest.Received, err = newestOf(s.Segment)
	return err
}

// pick takes the oldest segment of a queue, unless the floor holds it.
func (p *pruner) pick(q *queue, why Reason) bool {
	c := q.segments[0]
	if floor := p.clock.HighestFloor(q.name, c.oldest, c.newest); p.clock.Age(c.newest, p.now) < floor {
		p.report.Held = append(p.report.Held, Held{Journal: q.name, Reason: why, Floor: floor})
		return false
	}
	c.reason = why
	q.picked, q.segments = append(q.picked, c), q.segments[1:]
	q.bytes -= c.bytes
	return true
}

// makeRoom picks the oldest segments of all journals until enough of the file system is free.
func (p *pruner) makeRoom() {
	if p.policy.KeepFree <= 0 {
		return
	}
	free, err := p.w.fsys.Free(p.w.dir)
	if err != nil {
		p.errs = append(p.errs, err)
		return
	}
	for _, q := range p.queues {
		for _, c := range q.picked {
			free += c.bytes
		}
	}
	held := map[*queue]bool{}
	for free < p.policy.KeepFree {
		q := p.oldest(held)
		if q == nil {
			return
		}
		bytes := q.segments[0].bytes
		if !p.pick(q, BySpace) {
			held[q] = true
			continue
		}
		free += bytes
	}
}

// oldest returns the queue whose next segment is the oldest, of those that nothing holds; nil if there is none.
func (p *pruner) oldest(held map[*queue]bool) *queue {
	var found *queue
	for _, q := range p.queues {
		var c *candidate
		for !held[q] && len(q.segments) > 0 && c == nil {
			c = p.look(q)
		}
		if c != nil && (found == nil || c.newest.Before(found.segments[0].newest)) {
			found = q
		}
	}
	return found
}
