package tiles

import (
	"context"
	"errors"
	"slices"
	"sync"

	"constat/journal/frame"
)

// Limits on what strangers can make us do at once.
const (
	maxPieces   = 4 // that are kept
	maxDecoding = 1 // that are made at a time: it leaves the other cores to intake; less than maxPieces, so that one can go
)

// gate lets a number of callers in at a time.
type gate chan struct{}

func newGate() gate { return make(gate, maxDecoding) }

func (g gate) enter(ctx context.Context) error {
	select {
	case g <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (g gate) leave() { <-g }

// piece is a row that is kept, or is being made.
type piece struct {
	journal frame.JournalID
	row     // of one that is being made: what it is meant to hold. Guarded by pieces.mu until done is closed
	done    chan struct{}
	err     error // set before done is closed
}

// pieces are the pieces that were used last. Callers that want the same one at the same time share the decoding. The
// zero value is empty.
type pieces struct {
	mu   sync.Mutex
	list []*piece // the one used last first, at most maxPieces; guarded by mu
}

var errUnfinished = errors.New("tiles: decoding ended early")

// get returns a piece that holds the entries from to to-1 of a journal. If there is none, one is made as planned; decode
// may return less than that, but not less than the entries.
func (c *pieces) get(ctx context.Context, g gate, journal frame.JournalID, plan row, from, to uint64, decode func() (row, error)) (*piece, error) {
	want := &piece{journal: journal, row: plan, done: make(chan struct{}), err: errUnfinished}
	for {
		p, err := c.claim(ctx, g, want, from, to)
		if err != nil {
			return nil, err
		}
		if p == want {
			c.fill(g, p, decode)
		}
		select {
		case <-p.done:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
		switch {
		case p.err != nil:
			return nil, p.err
		case p.holds(from, to):
			return p, nil
		case p == want:
			return nil, errUnfinished
		} // else it became smaller than it was meant to be
	}
}

// claim returns a piece that holds, or will hold, the entries. If that is want, the caller is inside the gate and must
// fill it.
func (c *pieces) claim(ctx context.Context, g gate, want *piece, from, to uint64) (*piece, error) {
	if p := c.find(want.journal, from, to); p != nil {
		return p, nil
	}
	if err := g.enter(ctx); err != nil {
		return nil, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if p := c.findLocked(want.journal, from, to); p != nil {
		g.leave()
		return p, nil
	}
	c.insertLocked(want)
	return want, nil
}

func (c *pieces) find(journal frame.JournalID, from, to uint64) *piece {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.findLocked(journal, from, to)
}

// findLocked returns a piece and moves it to the front.
func (c *pieces) findLocked(journal frame.JournalID, from, to uint64) *piece {
	for i, p := range c.list {
		if p.journal == journal && p.holds(from, to) {
			copy(c.list[1:i+1], c.list[:i])
			c.list[0] = p
			return p
		}
	}
	return nil
}

// insertLocked makes room: what want replaces goes first, then the piece not used for longest.
func (c *pieces) insertLocked(want *piece) {
	c.list = slices.DeleteFunc(c.list, func(p *piece) bool {
		return p.isDone() && p.journal == want.journal && want.holds(p.from, p.to)
	})
	for i := len(c.list) - 1; i >= 0 && len(c.list) >= maxPieces; i-- {
		if c.list[i].isDone() {
			c.list = slices.Delete(c.list, i, i+1)
		}
	}
	c.list = slices.Insert(c.list, 0, want)
}

func (p *piece) isDone() bool {
	select {
	case <-p.done:
		return true
	default:
		return false
	}
}

// fill makes a piece that is in the list. Whoever waits for it goes on, even if decode panics. One that failed is not
// kept.
func (c *pieces) fill(g gate, p *piece, decode func() (row, error)) {
	var made row
	err := errUnfinished
	defer func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		if p.row, p.err = made, err; err != nil {
			c.list = slices.DeleteFunc(c.list, func(other *piece) bool { return other == p })
		}
		close(p.done)
		g.leave()
	}()
	made, err = decode()
}
