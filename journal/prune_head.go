package journal

import (
	"fmt"
	"path/filepath"
	"slices"

	"constat/internal/vfs"
	"constat/journal/frame"
	"constat/journal/layout"
)

// completeAt returns the complete head that begins at an index. Nil says that nobody is to make a segment of one there:
// there is none, or it cannot be read whole.
func (l *log) completeAt(first uint64) *completeHead {
	for _, h := range l.complete {
		if h.first == first {
			return h
		}
	}
	return nil
}

// isBusy reports whether somebody makes a segment of the head that begins at an index.
func (l *log) isBusy(first uint64) bool {
	h := l.completeAt(first)
	return h != nil && h.busy != nil
}

// mayGo reports whether the head that begins at an index gets no more entries, and nobody makes a segment of it.
func (l *log) mayGo(first uint64) bool {
	h := l.completeAt(first)
	return first < l.head.first && (h == nil || h.busy == nil && !h.converted)
}

// claim keeps others from making a segment of a head that is to go, until [pruner.release]. It returns false if somebody
// has begun to since the files were listed.
func (p *pruner) claim(q *queue, c *candidate) bool {
	if !c.isHead || p.policy.DryRun {
		return true
	}
	p.w.mu.Lock()
	defer p.w.mu.Unlock()
	if !q.log.mayGo(c.first) {
		return false
	}
	if c.head = q.log.completeAt(c.first); c.head != nil {
		c.head.busy = make(chan struct{})
		return true
	}
	_, err := p.w.fsys.Stat(filepath.Join(q.log.dir, c.name()))
	return !isNotExist(err) // it is a segment by now
}

// gone takes a head that is pruned off the list of those that are to become segments.
func (p *pruner) gone(q *queue, h *completeHead) {
	if h == nil {
		return
	}
	p.w.mu.Lock()
	defer p.w.mu.Unlock()
	q.log.complete = slices.DeleteFunc(q.log.complete, func(o *completeHead) bool { return o == h })
	h.free()
}

// release lets others have the heads of a queue that were claimed and have not gone.
func (p *pruner) release(q *queue) {
	p.w.mu.Lock()
	defer p.w.mu.Unlock()
	for i := range q.picked {
		if h := q.picked[i].head; h != nil && slices.Contains(q.log.complete, h) {
			h.free()
		}
	}
}

// lookHead reads the times of a head, from its first and its last frame.
func (c *candidate) lookHead(fsys vfs.FS, l *log) error {
	h, err := openHead(l.dir, l.desc, c.first, fsys.Open)
	if err != nil {
		return unreadable(err)
	}
	defer h.file.Close() // only read
	first, whole, err := frame.HeaderAt(h.file, l.desc.NonceKey, frame.HeadHeaderSize, h.size)
	if err != nil {
		return unreadable(fmt.Errorf("%s: %w", h.name, err))
	}
	last, ok, err := frame.Before(h.file, l.desc.NonceKey, h.size, h.size)
	if err != nil {
		return unreadable(fmt.Errorf("%s: %w", h.name, err))
	}
	if !whole || !ok || last.Header.End() != c.end {
		return fmt.Errorf("%s: %w", h.name, errUnreadable)
	}
	c.looked = true
	c.oldest = layout.Moment{Epoch: first.Epoch, Received: first.MinReceived}
	c.newest = layout.Moment{Epoch: last.Header.Epoch, Received: last.Header.MaxReceived}
	return nil
}

// openHead opens a head to be read whole.
func (c *candidate) openHead(fsys vfs.FS, l *log) (*leavesOf, error) {
	h, err := openHead(l.dir, l.desc, c.first, fsys.Open)
	if err != nil {
		return nil, unreadable(err)
	}
	return &leavesOf{h.name, h.file, func(yield func(Leaf, error) bool) {
		next := c.first
		for body, err := range bodiesOf(h, l.desc, frame.NewDecoder()) {
			if !yield(Leaf{next, body}, unreadable(err)) || err != nil {
				return
			}
			next++
		}
		if next != c.end {
			yield(Leaf{}, fmt.Errorf("holds entries up to %d instead of %d: %w", next, c.end, errUnreadable))
		}
	}}, nil
}
