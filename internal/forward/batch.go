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
	body   []byte       // of the entry, which each reader decodes: that is cheaper than to fetch it from where another has put it
	entry  *entry.Entry // where there is no body
	last   uint64       // of the stretch
	gone   bool         // it is a stretch
	pruned bool         // by retention
}

// batch is a stretch of a journal, read once for all who want it at the time. It does not change while anybody holds it.
type batch struct {
	journal     string
	id          [8]byte
	first, next uint64
	items       []item
	entries     []entry.Entry // of items; those that have outgrown the list are elsewhere
	arena       journal.Arena // what bodies and entries point to
	users       atomic.Int32
}

var batches = sync.Pool{New: func() any { return new(batch) }}

func newBatch(v *journal.View, first uint64) *batch {
	b := batches.Get().(*batch)
	b.journal, b.id, b.first, b.next = v.Journal.Name, v.Journal.ID, first, first
	b.items, b.entries = b.items[:0], b.entries[:0]
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
func (b *batch) add(x journal.Item) {
	i := item{index: x.Index, body: x.Body}
	if x.Entry != nil {
		b.entries = append(b.entries, *x.Entry)
		i.entry = &b.entries[len(b.entries)-1]
	}
	b.items = append(b.items, i)
	b.next = x.Index + 1
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
