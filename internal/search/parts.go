package search

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync"

	"constat/entry"
	"constat/journal"
	"constat/journal/frame"
	"constat/journal/segment"
)

// found yields what a source has, in its direction: entries that match and the marked one, and what cannot be read.
func (s *source) found(yield func(found, error) bool) {
	ctx, cancel := context.WithCancel(s.ctx)
	w := newWalk(s, ctx)
	w.yield = yield
	if w.from < w.to {
		w.run()
	}
	cancel()
	w.working.Wait()
}

func newWalk(s *source, ctx context.Context) *walk {
	w := &walk{source: s, ctx: ctx, ahead: 1, from: s.r.From, to: min(s.r.To, s.view.Size)}
	if b := &s.filter.bounds; s.mark == nil && !b.never && w.to > 0 {
		w.from, w.to = max(w.from, b.firstIndex), min(w.to-1, b.lastIndex)+1
	}
	return w
}

// walk goes over the parts of a source.
type walk struct {
	*source
	ctx      context.Context // of the jobs
	yield    func(found, error) bool
	from, to uint64
	steps    uint
	jobs     []*job
	ahead    int // how many jobs may be under way
	readers  []*segment.Reader
	working  sync.WaitGroup
	entry    entry.Entry
}

// job is the search of one part.
type job struct {
	part       journal.Part
	from, to   uint64
	begun      bool
	done       chan struct{}
	segment    *segment.Segment // nil: a head
	scan       *scan
	hits, lost rowSet
	err        error
}

// list returns the parts that hold something of the range, in index order.
func (w *walk) list() (jobs []*job) {
	for _, p := range w.view.Parts() {
		if p.End > w.from && p.First < w.to {
			jobs = append(jobs, &job{part: p, from: max(p.First, w.from), to: min(p.End, w.to), done: make(chan struct{})})
		}
	}
	return jobs
}

// run visits the parts that hold something of the range.
func (w *walk) run() {
	w.jobs = w.list()
	if w.reverse {
		for i, j := 0, len(w.jobs)-1; i < j; i, j = i+1, j-1 {
			w.jobs[i], w.jobs[j] = w.jobs[j], w.jobs[i]
		}
	}
	next := w.from // first index not visited yet; in reverse, the index behind it
	if w.reverse {
		next = w.to
	}
	for len(w.jobs) > 0 {
		j := w.take()
		if w.reverse {
			if !w.missing(j.to, next, errGone) || !w.visit(j) {
				return
			}
			next = j.from
		} else {
			if !w.missing(next, j.from, errGone) || !w.visit(j) {
				return
			}
			next = j.to
		}
	}
	if w.reverse {
		w.missing(w.from, next, errGone)
	} else {
		w.missing(next, w.to, errGone)
	}
}

var errGone = errors.New("not in any file")

// take waits for the next job, and lets those behind it begin.
func (w *walk) take() *job {
	for i := 0; i < min(w.ahead, len(w.jobs)); i++ {
		if j := w.jobs[i]; !j.begun {
			j.begun = true
			r := w.reader()
			w.working.Go(func() { w.work(j, r) })
		}
	}
	w.ahead = min(2*w.ahead, runtime.GOMAXPROCS(0)+1)
	j := w.jobs[0]
	w.jobs = w.jobs[1:]
	<-j.done
	return j
}

func (w *walk) reader() *segment.Reader {
	if n := len(w.readers); n > 0 {
		r := w.readers[n-1]
		w.readers = w.readers[:n-1]
		return r
	}
	return new(segment.Reader)
}

// work searches a part, if it is a segment.
func (w *walk) work(j *job, r *segment.Reader) {
	defer close(j.done)
	if j.segment, j.err = j.part.Segment(); j.segment == nil || j.err != nil {
		return
	}
	r.Reset(j.segment)
	j.scan = newScan(r, w.filter, w.view, w.tell)
	j.scan.ctx = w.ctx
	if j.hits, j.lost, j.err = j.scan.find(j.from, j.to); j.err != nil {
		j.part.Release()
		j.err = fmt.Errorf("journal %s: %w", w.view.Journal.Name, j.err)
	}
}

// visit yields what a job has found.
func (w *walk) visit(j *job) bool {
	switch {
	case j.err != nil:
		var missing *journal.MissingError
		if errors.As(j.err, &missing) {
			return w.missing(j.from, j.to, missing.Cause)
		}
		return w.yield(found{}, j.err) && false
	case j.segment == nil:
		return w.rows(j)
	}
	defer func() {
		w.tell.read(j.scan.r)
		j.part.Release()
		w.readers = append(w.readers, j.scan.r)
	}()
	end := max(min(j.segment.End(), j.to), j.from)
	if w.reverse {
		return w.missing(end, j.to, frame.ErrDamaged) && w.hits(j)
	}
	return w.hits(j) && w.missing(end, j.to, frame.ErrDamaged)
}

// missing reports that the indexes from to to-1 cannot be read.
func (w *walk) missing(from, to uint64, cause error) bool {
	if from >= to {
		return true
	}
	return w.yield(found{}, &journal.MissingError{Journal: w.view.Journal.Name, First: from, Last: to - 1, Cause: cause})
}

// rows looks at the entries of a head one by one.
func (w *walk) rows(j *job) bool {
	for item, err := range w.view.Entries(journal.Range{From: j.from, To: j.to, Reverse: w.reverse, Skip: w.skip}) {
		if w.steps++; w.steps%checkEvery == 0 && w.source.ctx.Err() != nil {
			return w.yield(found{}, w.source.ctx.Err()) && false
		}
		if err != nil {
			if !w.yield(found{}, err) {
				return false
			}
			continue
		}
		matches := w.filter.cond.holds(item.Index, item.Entry)
		if (matches || w.isMark(item.Index)) && !w.yield(found{item, matches}, nil) {
			return false
		}
	}
	return true
}

// skip reports whether a frame need not be read.
func (w *walk) skip(h frame.Header) bool {
	if w.mark != nil && h.First <= *w.mark && *w.mark < h.End() {
		return false
	}
	last := h.MaxReceived
	if w.reverse {
		last = h.MinReceived
	}
	skip := w.filter.bounds.skip(h) || !w.filter.event && w.bound.excludes(key{h.Epoch, last}, w.reverse)
	w.tell.frame(skip)
	return skip
}
