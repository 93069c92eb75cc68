package journal

import (
	"context"
	"errors"
	"fmt"
	"math"
	"path/filepath"
	"slices"
	"sync"
	"syscall"

	"constat/entry"
	"constat/internal/durable"
	"constat/journal/frame"
	"constat/journal/layout"
	"constat/journal/segment"
	"constat/seal"
)

// completeHead is a head that gets no more entries and is to become a segment. Writer.mu guards it.
type completeHead struct {
	first, end uint64
	converted  bool          // the segment is in place; the head is still to be removed
	busy       chan struct{} // somebody converts or prunes it; closed when that has ended. Nil: nobody does
}

// free says that nobody converts or prunes the head any more.
func (h *completeHead) free() {
	close(h.busy)
	h.busy = nil
}

// Completed says when there are complete heads to convert: a value comes after one or more of them, also after opening.
func (w *Writer) Completed() <-chan struct{} { return w.completed }

// Unconverted is the number of complete heads that [Writer.Convert] would turn into segments.
func (w *Writer) Unconverted() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	n := 0
	for _, l := range w.logs {
		n += len(l.complete)
	}
	return n
}

// tellCompleted wakes whoever waits for [Writer.Completed].
func (w *Writer) tellCompleted() {
	select {
	case w.completed <- struct{}{}:
	default: // a value is waiting already
	}
}

// Convert turns complete heads of all journals into segments until there are none, the context ends, or the writer is
// closed, and returns how many it has converted. It is meant for a goroutine beside the one that appends, which it does
// not hold up. Several may call it: each works on a head of its own, for which it takes memory of some times the size of
// the head, and waits at the end for those of the others.
//
// A segment is written, synced, read back from the disk and compared with the tree before it gets its name, and the
// head goes after that. On an error the head stays, nothing is lost, and the next call tries again; other heads are
// converted all the same, unless the disk is full. A head that cannot be read whole, or does not fit the tree, is left
// as it is and reported once.
func (w *Writer) Convert(ctx context.Context) (n int, err error) { return w.convert(ctx, math.MaxInt) }

// ConvertNext is [Writer.Convert] for at most one head. more is false if there was none, or on an error.
func (w *Writer) ConvertNext(ctx context.Context) (more bool, err error) {
	n, err := w.convert(ctx, 1)
	return n > 0, err
}

func (w *Writer) convert(ctx context.Context, limit int) (n int, err error) {
	if err := w.beginConverting(); err != nil {
		return 0, err
	}
	defer w.converting.Done()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(w.open, cancel)()
	c := w.memory.get()
	defer w.memory.put(c)
	c.w, c.ctx, c.failed = w, ctx, map[*completeHead]bool{}
	var errs []error
	for n < limit && c.next() {
		err := c.run()
		c.release()
		if err == nil {
			n++
			continue
		}
		errs = append(errs, fmt.Errorf("journal %s: convert %s: %w", c.desc.Name, layout.HeadName(c.first), err))
		if c.failed[c.head] = true; isFull(err) {
			break
		}
	}
	return n, errors.Join(append(errs, ctx.Err())...)
}

// Memory is what conversions use again and again: it takes time to get so much at once. Writers may share it, one after
// another. What is not used for some time is given back. The zero value is ready.
type Memory struct{ unused sync.Pool } // of *conversion

func (m *Memory) get() *conversion {
	c, _ := m.unused.Get().(*conversion)
	if c == nil {
		c = &conversion{builder: segment.NewBuilder()}
	}
	return c
}

// put keeps the memory, and nothing of the writer.
func (m *Memory) put(c *conversion) {
	c.w, c.ctx, c.failed, c.log, c.head = nil, nil, nil, nil, nil
	m.unused.Put(c)
}

// beginConverting keeps the writer from closing until converting is done.
func (w *Writer) beginConverting() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.broken == nil {
		w.converting.Add(1)
	}
	return w.broken
}

// conversion makes segments of heads, one after the other. What belongs to one head stands behind the blank line.
type conversion struct {
	w       *Writer
	ctx     context.Context
	failed  map[*completeHead]bool // heads that are to be left alone until the next call
	builder *segment.Builder
	reader  segment.Reader

	log        *log // guarded by Writer.mu
	head       *completeHead
	desc       layout.Journal
	dir        string
	first, end uint64
	converted  bool
	unwritten  []seal.Hash // blocks that the tree file does not hold yet
	inTree     uint64      // blocks that it holds
	edges      []seal.Hash // leaf hashes of the entries in no whole block
	summary    segment.Summary
}

// next takes the next head that nobody else converts. When there are only heads that others convert, it waits for
// them.
func (c *conversion) next() bool {
	for {
		found, busy := c.take()
		if found || busy == nil {
			return found
		}
		select {
		case <-busy:
		case <-c.ctx.Done():
			return false
		}
	}
}

func (c *conversion) take() (found bool, busy chan struct{}) {
	c.w.signing.Lock() // for what is in the tree file
	defer c.w.signing.Unlock()
	c.w.mu.Lock()
	defer c.w.mu.Unlock()
	if c.w.broken != nil || c.ctx.Err() != nil {
		return false, nil
	}
	for _, l := range c.w.sortedLogs() {
		for _, h := range l.complete {
			if h.busy != nil {
				busy = h.busy
			} else if !c.failed[h] {
				h.busy = make(chan struct{})
				c.takeLocked(l, h)
				return true, nil
			}
		}
	}
	return false, busy
}

func (c *conversion) takeLocked(l *log, h *completeHead) {
	c.log, c.head, c.desc, c.dir = l, h, l.desc, l.dir
	c.first, c.end, c.converted = h.first, h.end, h.converted
	c.inTree, c.unwritten = l.inTree, append(append(c.unwritten[:0], l.unwritten...), l.blocks...)
	c.edges = c.edges[:0]
}

// release lets others have the head, if it is still to be converted.
func (c *conversion) release() {
	c.note(c.head.free)
}

// run converts the head at hand.
func (c *conversion) run() error {
	headName := filepath.Join(c.dir, layout.HeadName(c.first))
	if !c.converted {
		err := c.make()
		if errors.Is(err, errUnreadable) || errors.Is(err, errOtherTree) {
			c.done() // trying again would say the same
		}
		if err != nil {
			return err
		}
		c.note(func() { c.head.converted = true })
	}
	if err := removeFile(c.w.fsys, headName); err != nil {
		return err
	}
	c.done()
	return nil
}

// note changes what the writer knows.
func (c *conversion) note(change func()) {
	c.w.mu.Lock()
	defer c.w.mu.Unlock()
	change()
}

// done takes the head off the list.
func (c *conversion) done() {
	c.note(func() {
		c.log.complete = slices.DeleteFunc(c.log.complete, func(h *completeHead) bool { return h == c.head })
	})
}

// make puts the segment in place.
func (c *conversion) make() error {
	if err := c.build(); err != nil {
		return err
	}
	image, err := c.builder.Image()
	if err != nil {
		return err
	}
	if err := c.ctx.Err(); err != nil {
		return err
	}
	if err := c.leavesRoom(len(image)); err != nil {
		return err
	}
	name := filepath.Join(c.dir, layout.SegmentName(c.first))
	if err := durable.WriteChecked(c.w.fsys, name, image, fileMode, c.compare); err != nil {
		return err
	}
	_ = c.w.catalogued(c.dir, c.desc, &c.summary) // derived, and done by the next start if not now
	return nil
}

// leavesRoom reports whether half of the room on the disk is enough for a file. A conversion gives back more than it
// takes, but until then somebody else may need the rest.
func (c *conversion) leavesRoom(size int) error {
	free, err := c.w.fsys.Free(c.dir)
	if err == nil && free/2 < int64(size) {
		err = fmt.Errorf("the segment needs %d bytes, which is more than half of what is free: %w", size, syscall.ENOSPC)
	}
	return err
}

// errUnreadable says that a head does not give back what was appended to it.
var errUnreadable = errors.New("cannot be read whole and stays as it is; 'constat verify' says why")

// build reads the head.
func (c *conversion) build() error {
	h, err := openHead(c.dir, c.desc, c.first, c.w.fsys.Open)
	if err != nil {
		return unreadable(err)
	}
	defer h.file.Close() // only read
	c.builder.Reset(c.desc.Header(frame.Segment, c.first))
	nonces, index := entry.NewNonces(c.desc.NonceKey), c.first
	for body, err := range bodiesOf(h, c.desc, frame.NewDecoder()) {
		if err == nil && index < c.end {
			err = c.builder.Add(body)
		}
		if err != nil {
			return unreadable(err)
		}
		if c.isEdge(index) {
			c.edges = append(c.edges, nonces.LeafHash(index, body))
		}
		if index++; index%seal.BlockSize == 0 && c.ctx.Err() != nil {
			return c.ctx.Err()
		}
	}
	if index != c.end {
		return fmt.Errorf("holds entries up to %d instead of %d: %w", index, c.end, errUnreadable)
	}
	return nil
}

func unreadable(err error) error {
	if isLost(err) {
		return fmt.Errorf("%w: %w", errUnreadable, err)
	}
	return err
}
