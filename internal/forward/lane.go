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
		f := filling{view: l.view, now: newBatch(l.view, from)}
		for x, err := range l.view.Entries(journal.Range{From: from, To: l.end, Arena: f.arena, Undecoded: true}) {
			if f.full != nil && !f.give(yield) {
				f.now.release()
				return
			}
			if err == nil {
				f.now.prunedUpTo(x.Index)
				f.now.add(x)
			} else if err = f.now.miss(err); err != nil {
				yield(nil, err)
				return
			}
		}
		if f.full != nil && !f.give(yield) {
			return
		}
		f.now.prunedUpTo(l.end)
		if len(f.now.items) > 0 {
			yield(f.now, nil)
		}
	}
}

// filling is the batch that is being filled, and the one before while that is still to be handed over.
type filling struct {
	view      *journal.View
	now, full *batch
}

// arena is where the next entries go: a new batch begins where they may go to another place than those before.
func (f *filling) arena() *journal.Arena {
	if f.now.full() {
		f.full, f.now = f.now, newBatch(f.view, f.now.next)
	}
	return &f.now.arena
}

// give hands over the full batch, which is not ours any more then.
func (f *filling) give(yield func(*batch, error) bool) bool {
	b := f.full
	f.full = nil
	return yield(b, nil)
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
