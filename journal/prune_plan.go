package journal

import (
	"fmt"
	"time"

	"constat/internal/vfs"
	"constat/journal/layout"
)

// queue is what may go of a journal, oldest first.
type queue struct {
	log    *log
	name   string
	bytes  int64 // of all files of the journal that stay
	rest   []candidate
	picked []candidate
}

// candidate is a segment that may go, or a complete head of which none was made.
type candidate struct {
	first, end     uint64
	isHead         bool
	head           *completeHead // that is kept from being converted; nil: nothing has to be
	bytes          int64         // of the file, its blobs and its private values
	oldest, newest layout.Moment
	looked         bool // times are known, and the end of a segment
	reason         Reason
}

// name is that of the file.
func (c *candidate) name() string {
	if c.isHead {
		return layout.HeadName(c.first)
	}
	return layout.SegmentName(c.first)
}

// newQueue lists the segments and complete heads of a journal; Writer.mu is held. A segment that still has its head does
// not go. The list ends at the head that grows, and at one that somebody makes a segment of: what came in later does
// not go before it.
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
	for i, s := range spans {
		if s.kept || s.segment && s.head && !l.isBusy(s.first) {
			continue
		}
		if s.head && !l.mayGo(s.first) {
			break
		}
		c := candidate{first: s.first, isHead: s.head}
		if s.head && i+1 < len(spans) {
			c.end = spans[i+1].first
		}
		c.bytes = sizes[c.name()] + sizes[layout.BlobName(s.first)] + sizes[layout.PrivateName(s.first)]
		q.rest = append(q.rest, c)
	}
	return q, err
}

// plan picks what goes: in each journal by age and size, then of all of them what is oldest until enough is free.
func (p *pruner) plan() {
	for _, q := range p.queues {
		r := p.policy.of(q.name)
		for len(q.rest) > 0 {
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

// reasonFor says why something goes whose newest entry has that age, in a journal of so many bytes; "" if it stays.
func (r Retention) reasonFor(age time.Duration, bytes int64) Reason {
	switch {
	case r.MaxAge > 0 && age > r.MaxAge:
		return ByAge
	case r.MaxBytes > 0 && bytes > r.MaxBytes:
		return BySize
	}
	return ""
}

// look returns the oldest candidate of a queue with its times. One that cannot be opened is left out, and nil returned. A head
// that has become a segment meanwhile ends the queue: the next run has it.
func (p *pruner) look(q *queue) *candidate {
	c := &q.rest[0]
	if c.looked {
		return c
	}
	if err := c.look(p.w.fsys, q.log); err != nil {
		if c.isHead && isNotExist(err) {
			q.rest = nil
			return nil
		}
		p.errs = append(p.errs, fmt.Errorf("journal %s: prune %s: %w", q.name, c.name(), err))
		q.rest = q.rest[1:]
		return nil
	}
	return c
}

// look reads the times of a candidate, and the end of a segment. They are believed only for the choice: see [keeper].
func (c *candidate) look(fsys vfs.FS, l *log) error {
	if c.isHead {
		return c.lookHead(fsys, l)
	}
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

// pick takes the oldest candidate of a queue, unless the floor holds it.
func (p *pruner) pick(q *queue, why Reason) bool {
	c := q.rest[0]
	if floor := p.clock.HighestFloor(q.name, c.oldest, c.newest); p.clock.Age(c.newest, p.now) < floor {
		p.report.Held = append(p.report.Held, Held{Journal: q.name, Reason: why, Floor: floor})
		return false
	}
	c.reason = why
	q.picked, q.rest = append(q.picked, c), q.rest[1:]
	q.bytes -= c.bytes
	return true
}

// makeRoom picks the oldest candidates of all journals until enough of the file system is free.
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
		bytes := q.rest[0].bytes
		if !p.pick(q, BySpace) {
			held[q] = true
			continue
		}
		free += bytes
	}
}

// oldest returns the queue whose next candidate is the oldest, of those that nothing holds; nil if there is none.
func (p *pruner) oldest(held map[*queue]bool) *queue {
	var found *queue
	for _, q := range p.queues {
		var c *candidate
		for !held[q] && len(q.rest) > 0 && c == nil {
			c = p.look(q)
		}
		if c != nil && (found == nil || c.newest.Before(found.rest[0].newest)) {
			found = q
		}
	}
	return found
}
