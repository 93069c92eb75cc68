package forward

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"constat/journal"
)

// Sizes of a feed: batches that are remembered for those who come to the same place, and places read from at once.
const (
	maxRemembered = 8
	maxLanes      = 4
)

// lookEvery is how often a feed looks at the journals even if nobody says that there is something new.
const lookEvery = 2 * time.Second

// extent is how far a journal is signed.
type extent struct {
	id   [8]byte
	size uint64
}

// Feed reads journals for outputs.
type Feed struct {
	reader *journal.Reader
	wake   chan struct{}

	looking sync.Mutex // held while looking, so that nobody goes back to what another has seen before; taken before mu

	mu         sync.Mutex      // guards everything below
	wanted     map[string]bool // journals that outputs read
	readers    map[string]bool // names of the outputs that have read
	extents    map[string]extent
	changed    chan struct{} // closed when extents have changed
	remembered []*batch      // the oldest first
	lanes      []*lane       // that used last at the end
}

// NewFeed returns a feed. A reader that reveals private values is for outputs that may have them.
func NewFeed(r *journal.Reader) *Feed {
	return &Feed{reader: r, wake: make(chan struct{}, 1), changed: make(chan struct{})}
}

// want says that an output reads journals: those that nobody reads are not looked at. It looks, if one is new.
func (f *Feed) want(output string, journals []string) error {
	f.looking.Lock() // also for those who come second: they wait until it has looked
	defer f.looking.Unlock()
	f.mu.Lock()
	if f.readers == nil {
		f.readers = map[string]bool{}
	}
	f.readers[output] = true
	added := false
	for _, name := range journals {
		if !f.wanted[name] {
			added = true
			if f.wanted == nil {
				f.wanted = map[string]bool{}
			}
			f.wanted[name] = true
		}
	}
	f.mu.Unlock()
	if !added {
		return nil
	}
	return f.look()
}

// Wake says that something was signed. It never blocks.
func (f *Feed) Wake() {
	select {
	case f.wake <- struct{}{}:
	default:
	}
}

// Run looks at the journals when woken, until the context ends. report is told what cannot be read.
func (f *Feed) Run(ctx context.Context, report func(error)) error {
	defer f.close()
	timer := time.NewTicker(lookEvery)
	defer timer.Stop()
	told := ""
	var before <-chan struct{} // that was there when the timer ticked last
	for {
		if err := f.Look(); err != nil && err.Error() != told {
			told = err.Error()
			report(err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-f.wake:
		case <-timer.C:
			if _, changed := f.state(); changed == before {
				f.forget() // nothing is new: nobody comes together where it was
			} else {
				before = changed
			}
		}
	}
}

// forget lets go of what was remembered.
func (f *Feed) forget() {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, b := range f.remembered {
		b.release()
	}
	f.remembered = nil
}

// Look finds out how far the journals are signed.
func (f *Feed) Look() error {
	f.looking.Lock()
	defer f.looking.Unlock()
	return f.look()
}

// look is [Feed.Look] for those who hold looking.
func (f *Feed) look() error {
	names, err := f.reader.Journals()
	if err != nil {
		return err
	}
	var errs []error
	found := map[string]extent{}
	f.mu.Lock()
	names = slices.DeleteFunc(names, func(name string) bool { return !f.wanted[name] })
	f.mu.Unlock()
	slices.Reverse(names) // checkpoints are written in the order of the names: what one speaks of, those before it do too
	for _, name := range names {
		x, err := f.signed(name)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		found[name] = x
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	same := f.extents != nil && len(found) == len(f.extents)
	for name, x := range found {
		same = same && f.extents[name] == x
	}
	if !same {
		f.extents = found
		close(f.changed)
		f.changed = make(chan struct{})
	}
	return errors.Join(errs...)
}

func (f *Feed) signed(name string) (x extent, err error) {
	c, err := f.reader.Checkpoint(name)
	if err != nil {
		return x, fmt.Errorf("journal %s: %w", name, err)
	}
	views, err := f.reader.Snapshot(name)
	if err != nil {
		return x, err
	}
	x = extent{views[0].Journal.ID, c.Size}
	return x, journal.CloseViews(views)
}

// state returns how far the journals are signed, and a channel that is closed when that has changed.
func (f *Feed) state() (map[string]extent, <-chan struct{}) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.extents, f.changed
}

// at returns the batch of a journal that begins at an index, or holds it; nil if nothing behind it is signed. The caller
// releases it.
func (f *Feed) at(name string, from uint64) (*batch, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, b := range f.remembered {
		if b.journal == name && b.first <= from && from < b.next && b.id == f.extents[name].id {
			return b.hold(), nil
		}
	}
	size := f.extents[name].size
	if from >= size {
		return nil, nil
	}
	l, err := f.laneLocked(name, from, size)
	if err != nil {
		return nil, err
	}
	b, err := l.read()
	if err != nil || b == nil || l.next >= l.end {
		f.lanes = slices.DeleteFunc(f.lanes, func(x *lane) bool { return x == l })
		err = errors.Join(err, l.close())
	}
	if err != nil || b == nil {
		b.release()
		return nil, err
	}
	f.rememberLocked(b)
	return b.hold(), nil
}

// laneLocked returns a lane that goes on at a place.
func (f *Feed) laneLocked(name string, from, size uint64) (*lane, error) {
	for i, l := range f.lanes {
		if l.journal == name && l.next == from && l.view.Journal.ID == f.extents[name].id {
			f.lanes = append(slices.Delete(f.lanes, i, i+1), l)
			return l, nil
		}
	}
	l, err := openLane(f.reader, name, from, size)
	if err != nil {
		return nil, err
	}
	if f.lanes = append(f.lanes, l); len(f.lanes) > maxLanes {
		err = f.lanes[0].close()
		f.lanes = slices.Delete(f.lanes, 0, 1)
	}
	return l, err
}

func (f *Feed) rememberLocked(b *batch) {
	limit := maxRemembered
	if len(f.readers) < 2 {
		limit = 1 // nobody comes to it but who reads it now; the same memory again is in the processor's cache
	}
	if f.remembered = append(f.remembered, b); len(f.remembered) > limit {
		f.remembered[0].release()
		f.remembered = slices.Delete(f.remembered, 0, 1)
	}
}

// close releases what is open and remembered. Outputs that read on open it anew.
func (f *Feed) close() {
	f.forget()
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, l := range f.lanes {
		l.close() // read only
	}
	f.lanes = nil
}
