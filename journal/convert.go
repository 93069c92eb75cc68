package journal

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"

	"constat/internal/durable"
	"constat/journal/frame"
	"constat/journal/layout"
	"constat/journal/segment"
	"constat/seal"
)

// completeHead is a head that gets no more entries and is to become a segment. Writer.mu guards it.
type completeHead struct {
	first, end uint64
	converted  bool // the segment is in place; the head is still to be removed
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
// not hold up; a second call waits for the first. Memory is bounded by the size of one head.
//
// A segment is written, synced, read back from the disk and compared with the tree before it gets its name, and the
// head goes after that. On an error the head stays, nothing is lost, and the next call tries again; the heads of other
// journals are converted all the same. A head that cannot be read whole, or
// does not fit the tree, is left as it is and reported once.
func (w *Writer) Convert(ctx context.Context) (n int, err error) {
	w.converting.Lock()
	defer w.converting.Unlock()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(w.open, cancel)()
	c := &conversion{w: w, ctx: ctx, failed: map[string]bool{}}
	var errs []error
	for c.next() {
		err := c.run()
		if ctx.Err() != nil {
			return n, errors.Join(append(errs, ctx.Err())...)
		}
		if err == nil {
			n++
			continue
		}
		c.failed[c.desc.Name] = true
		errs = append(errs, fmt.Errorf("journal %s: convert %s: %w", c.desc.Name, layout.HeadName(c.first), err))
	}
	return n, errors.Join(append(errs, w.brokenBy())...)
}

// brokenBy is why the writer must be reopened, nil if it need not be.
func (w *Writer) brokenBy() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.broken
}

// conversion makes segments of heads, one after the other. What belongs to one head stands behind the blank line.
type conversion struct {
	w       *Writer
	ctx     context.Context
	failed  map[string]bool // journals that are to be left alone until the next call
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
}

// next finds the next head: in each journal the oldest comes first, so that there is never a segment behind a head
// that is not durable.
func (c *conversion) next() bool {
	c.w.mu.Lock()
	defer c.w.mu.Unlock()
	if c.w.broken != nil || c.ctx.Err() != nil {
		return false
	}
	for _, l := range c.w.sortedLogs() {
		if len(l.complete) == 0 || c.failed[l.desc.Name] {
			continue
		}
		h := l.complete[0]
		c.log, c.head, c.desc, c.dir = l, h, l.desc, l.dir
		c.first, c.end, c.converted = h.first, h.end, h.converted
		c.inTree, c.unwritten = l.inTree, append(c.unwritten[:0], l.blocks...)
		c.edges = c.edges[:0]
		return true
	}
	return false
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
	c.note(func() { c.log.complete = c.log.complete[1:] })
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
	name := filepath.Join(c.dir, layout.SegmentName(c.first))
	return durable.WriteChecked(c.w.fsys, name, image, fileMode, c.compare)
}

// errUnreadable says that a head does not give back what was appended to it.
var errUnreadable = errors.New("cannot be read whole and stays as it is; 'constat verify' says what is damaged")

// build reads the head.
func (c *conversion) build() error {
	h, err := openHead(c.dir, c.desc, c.first, c.w.fsys.Open)
	if err != nil {
		return unreadable(err)
	}
	defer h.file.Close() // only read
	if c.builder == nil {
		c.builder = segment.NewBuilder()
	}
	c.builder.Reset(c.desc.Header(frame.Segment, c.first))
	nonces, index := c.log.nonces, c.first
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
