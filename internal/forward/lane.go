package forward

import (
	"iter"

	"constat/journal"
)

// lane reads a journal on from a place, a batch at a time.
type lane struct {
	journal string
	next    uint64 // first index of the next batch
	end     uint64 // behind the last
	view    *journal.View
	pull    func() (*batch, error, bool)
	stop    func()
}

func openLane(r *journal.Reader, name string, from, size uint64) (*lane, error) {
	views, err := r.Snapshot(name)
	if err != nil {
		return nil, err
	}
	l := &lane{journal: name, next: from, view: views[0]}
	l.end = min(size, l.view.Size)
	l.pull, l.stop = iter.Pull2(l.batches(from))
	return l, nil
}

// batches yields the entries in batches. An error ends it.
func (l *lane) batches(from uint64) iter.Seq2[*batch, error] {
	return func(yield func(*batch, error) bool) {
		b := newBatch(l.view, from)
		for x, err := range l.view.Entries(journal.Range{From: from, To: l.end}) {
			if err == nil {
				b.prunedUpTo(x.Index)
				b.add(x.Index, x.Entry)
			} else if err = b.miss(err); err != nil {
				yield(nil, err)
				return
			}
			if !b.full() {
				continue
			}
			next := b.next // the batch is not ours any more once it is handed over
			if !yield(b, nil) {
				return
			}
			b = newBatch(l.view, next)
		}
		b.prunedUpTo(l.end)
		if len(b.items) > 0 {
			yield(b, nil)
		}
	}
}

// read returns the next batch; nil at the end.
func (l *lane) read() (*batch, error) {
	b, err, ok := l.pull()
	if !ok || err != nil {
		return nil, err
	}
	l.next = b.next
	return b, nil
}

func (l *lane) close() error {
	l.stop()
	return l.view.Close()
}
