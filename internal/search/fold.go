package search

import (
	"errors"
	"fmt"
	"runtime"
	"sync"

	"constat/journal"
	"constat/journal/frame"
	"constat/journal/segment"
)

// canFold reports whether the first pipe only counts everything that matches, so that the order does not matter.
func (x *pipeline) canFold() bool {
	_, counts := x.first.(*statsStage)
	return counts && x.query.Limit == 0 && x.query.Cursor == nil
}

// folding is the counting of all parts by several workers. What each has counted is put together in the end.
type folding struct {
	*pipeline
	stats   *statsStage
	jobs    chan foldJob
	heads   chan foldJob
	working sync.WaitGroup

	mu      sync.Mutex // guards what follows, and merging
	missed  []*journal.MissingError
	failure error
}

type foldJob struct {
	walk *walk
	*job
}

// fold feeds the first pipe, which must be a *statsStage.
func (x *pipeline) fold() error {
	f := &folding{pipeline: x, stats: x.first.(*statsStage)}
	list, err := f.list()
	if err != nil {
		return err
	}
	f.jobs, f.heads = make(chan foldJob, len(list)), make(chan foldJob, len(list))
	for i := range list {
		f.jobs <- list[len(list)-1-i] // heads are at the end, and take longest
	}
	close(f.jobs)
	for range min(runtime.GOMAXPROCS(0), len(list)) {
		f.working.Go(f.work)
	}
	go func() {
		f.working.Wait()
		close(f.heads)
	}()
	own := f.stats.fresh()
	for j := range f.heads {
		f.fail(f.head(j, own))
	}
	f.fail(f.stats.merge(own))
	for _, m := range f.missed {
		f.fail(x.missing(m))
	}
	return f.failure
}

// list returns the parts of all views.
func (f *folding) list() (list []foldJob, err error) {
	m, err := newMerge(f.ctx, f.views, f.query)
	if err != nil {
		return nil, err
	}
	for _, s := range m.sources {
		w := newWalk(s, f.ctx)
		w.yield = func(_ found, err error) bool { return f.noteMissing(err) == nil }
		next := w.from
		for _, j := range w.list() {
			w.missing(next, j.from, errGone)
			next = j.to
			list = append(list, foldJob{w, j})
		}
		w.missing(next, w.to, errGone)
	}
	return list, nil
}

// noteMissing keeps an error about what cannot be read, and returns any other.
func (f *folding) noteMissing(err error) error {
	var gone *journal.MissingError
	if err == nil || !errors.As(err, &gone) {
		return err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.missed = append(f.missed, gone)
	return nil
}

func (f *folding) fail(err error) {
	if err = f.noteMissing(err); err == nil {
		return
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.failure == nil {
		f.failure = err
	}
}

func (f *folding) failed() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.failure != nil || f.ctx.Err() != nil
}

// work counts parts until there are no more.
func (f *folding) work() {
	r, own := new(segment.Reader), f.stats.fresh()
	for j := range f.jobs {
		if f.failed() {
			f.fail(f.ctx.Err())
			return
		}
		s, err := j.part.Segment()
		switch {
		case err != nil:
			f.fail(j.missingAs(err))
		case s == nil:
			f.heads <- j
		default:
			r.Reset(s)
			f.fail(f.segment(j, r, own))
			j.walk.tell.read(r)
			j.part.Release()
		}
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := f.stats.merge(own); err != nil && f.failure == nil {
		f.failure = err
	}
}

// missingAs limits an error about a part to what is wanted of it.
func (j foldJob) missingAs(err error) error {
	var gone *journal.MissingError
	if errors.As(err, &gone) {
		return &journal.MissingError{Journal: gone.Journal, First: j.from, Last: j.to - 1, Cause: gone.Cause}
	}
	return err
}

// segment counts one segment.
func (f *folding) segment(j foldJob, r *segment.Reader, own *statsStage) error {
	w := j.walk
	s := newScan(r, w.filter, w.view, w.tell)
	s.ctx = f.ctx
	c := newCounter(s, own, w.view.Journal)
	if err := c.count(j.from, j.to); err != nil {
		return fmt.Errorf("journal %s: %w", w.view.Journal.Name, err)
	}
	gone := gap{walk: w, cause: s.cause}
	for p := s.lost.next(0); p >= 0; p = s.lost.next(p + 1) {
		gone.add(r.First() + uint64(p))
	}
	gone.tell()
	w.missing(max(j.from, min(r.End(), j.to)), j.to, frame.ErrDamaged)
	return nil
}

// head counts a head, entry by entry.
func (f *folding) head(j foldJob, own *statsStage) error {
	w := j.walk
	for item, err := range w.view.Entries(journal.Range{From: j.from, To: j.to, Skip: w.skip}) {
		if f.steps++; f.steps%checkEvery == 0 && f.ctx.Err() != nil {
			return f.ctx.Err()
		}
		if err != nil {
			f.fail(err)
			continue
		}
		if !w.filter.cond.holds(item.Index, item.Entry) {
			continue
		}
		if err := own.push(&Result{Journal: w.view.Journal, Index: item.Index, Entry: item.Entry, Event: w.filter.event}); err != nil {
			return err
		}
	}
	return nil
}
