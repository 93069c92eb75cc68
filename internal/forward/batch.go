package forward

import (
	"errors"
	"sync"
	"sync/atomic"

	"constat/entry"
	"constat/journal"
)

// Limits of a batch. A larger one is not faster, and is sent twice if its target breaks.
const (
	maxEntries = 1024
	maxOctets  = 1 << 20
)

// item is an entry of a batch, or a stretch of indexes that cannot be read.
type item struct {
	index  uint64
	entry  entry.Entry
	last   uint64 // of the stretch
	gone   bool   // it is a stretch
	pruned bool   // by retention
}

// batch is a stretch of a journal, decoded once for all who read it at the time. It does not change while anybody holds
// it.
type batch struct {
	journal     string
	id          [8]byte
	first, next uint64
	items       []item
	arena       journal.Arena // what entries point to
	users       atomic.Int32
}

var batches = sync.Pool{New: func() any { return new(batch) }}

func newBatch(v *journal.View, first uint64) *batch {
	b := batches.Get().(*batch)
	b.journal, b.id, b.first, b.next = v.Journal.Name, v.Journal.ID, first, first
	b.items = b.items[:0]
	b.arena.Reset()
	b.users.Store(1)
	return b
}

func (b *batch) hold() *batch {
	b.users.Add(1)
	return b
}

// release says that a user does not need the batch any more.
func (b *batch) release() {
	if b != nil && b.users.Add(-1) == 0 {
		batches.Put(b)
	}
}

func (b *batch) full() bool { return len(b.items) >= maxEntries || b.arena.Size() >= maxOctets }

// add takes an entry that lies in the arena.
func (b *batch) add(index uint64, e *entry.Entry) {
	b.items = append(b.items, item{index: index, entry: *e})
	b.next = index + 1
}

// miss notes indexes that cannot be read. It returns an error that is about something else.
func (b *batch) miss(err error) error {
	var gone *journal.MissingError
	if !errors.As(err, &gone) {
		return err
	}
	b.prunedUpTo(gone.First)
	if gone.Last < b.next {
		return nil // among those that retention left: said with them
	}
	b.items = append(b.items, item{index: max(gone.First, b.next), last: gone.Last, gone: true})
	b.next = gone.Last + 1
	return nil
}

// prunedUpTo notes that the indexes before one are not there: retention has removed them, of which readers say nothing.
func (b *batch) prunedUpTo(index uint64) {
	if index > b.next {
		b.items = append(b.items, item{index: b.next, last: index - 1, gone: true, pruned: true})
		b.next = index
	}
}
