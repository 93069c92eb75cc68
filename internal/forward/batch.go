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
	octets      []byte        // memory of values and parameters
	fields      []entry.Field // memory of fields
	size        int           // octets of values
	users       atomic.Int32
}

var batches = sync.Pool{New: func() any { return new(batch) }}

func newBatch(v *journal.View, first uint64) *batch {
	b := batches.Get().(*batch)
	b.journal, b.id, b.first, b.next = v.Journal.Name, v.Journal.ID, first, first
	b.items, b.octets, b.fields, b.size = b.items[:0], b.octets[:0], b.fields[:0], 0
	b.users.Store(1)
	return b
}

func (b *batch) hold() *batch {
	b.users.Add(1)
	return b
}

// release says that a user does not need the batch any more.
func (b *batch) release() {
	if b != nil && b.users.Add(-1) == 0 && cap(b.octets) <= 2*maxOctets {
		batches.Put(b)
	}
}

func (b *batch) full() bool { return len(b.items) >= maxEntries || b.size >= maxOctets }

// add copies an entry, which is valid until the next one is read.
func (b *batch) add(index uint64, e *entry.Entry) {
	x := item{index: index, entry: *e}
	x.entry.Params = b.copy(e.Params)
	if cap(b.fields)-len(b.fields) < len(e.Fields) {
		b.fields = make([]entry.Field, 0, max(2*cap(b.fields), 1024, len(e.Fields)))
	}
	from := len(b.fields)
	for _, f := range e.Fields {
		f.Value = b.copy(f.Value)
		b.fields = append(b.fields, f)
	}
	x.entry.Fields = b.fields[from:len(b.fields):len(b.fields)]
	b.items = append(b.items, x)
	b.next = index + 1
}

// copy copies a value into the memory of the batch. Memory that is full is left to those who point into it.
func (b *batch) copy(value []byte) []byte {
	if cap(b.octets)-len(b.octets) < len(value) {
		b.octets = make([]byte, 0, max(min(2*cap(b.octets), maxOctets), 64<<10, len(value)))
	}
	from := len(b.octets)
	b.octets = append(b.octets, value...)
	b.size += len(value)
	return b.octets[from:len(b.octets):len(b.octets)]
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
