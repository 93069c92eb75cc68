package search

import (
	"context"
	"iter"
	"runtime"
	"sync"

	"constat/journal"
	"constat/journal/segment"
)

// Renderer makes bytes of results, one after the other. It need not be safe for concurrent use.
type Renderer interface {
	// Append appends what is written of a result.
	Append(dst []byte, r *Result) ([]byte, error)
}

// Sizes of rendering.
const (
	pieceSize = 256 << 10 // bytes after which a piece is handed on
	maxPieces = 96        // pieces of one part that wait for those before it
)

// Render yields what renderers make of everything that a query finds, in the order of [Run] and in pieces that are
// valid until the next step; several renderers work beside each other. Errors are as with Run. ok is false, and nothing
// was read in vain, where only Run will do: with pipes, a limit or a cursor, or if several journals must be merged.
func Render(ctx context.Context, views []*journal.View, q Query, renderer func() Renderer) (pieces iter.Seq2[[]byte, error], ok bool, err error) {
	if len(q.Pipes) > 0 || q.Limit > 0 || q.Cursor != nil || len(views) == 0 {
		return nil, false, nil
	}
	m, err := newMerge(ctx, views, &q)
	if err != nil {
		return nil, false, err
	}
	defer m.close()
	largest := 0
	for i, s := range m.sources {
		if s.view.Size > m.sources[largest].view.Size {
			largest = i
		}
	}
	for i, s := range m.sources {
		if i == largest {
			continue
		}
		if s.advance(); s.current {
			return nil, false, nil
		}
	}
	p := &press{source: m.sources[largest], renderer: renderer}
	return p.run, true, nil
}

// press renders one source.
type press struct {
	*source
	renderer func() Renderer
	ctx      context.Context
	jobs     []*printJob
	mu       sync.Mutex
	next     int           // job that a worker takes next
	room     chan struct{} // one for each job that was begun and not handed on yet
	free     chan []byte
	working  sync.WaitGroup
}

// printJob is a part and what was made of it.
type printJob struct {
	*job
	pieces chan piece
}

// piece is bytes, an error, or the head that must be read by whoever takes the pieces.
type piece struct {
	data []byte
	err  error
	head bool
}

func (p *press) run(yield func([]byte, error) bool) {
	var cancel context.CancelFunc
	p.ctx, cancel = context.WithCancel(p.source.ctx)
	defer p.working.Wait()
	defer cancel()
	w := newWalk(p.source, p.ctx)
	own := &printing{press: p, renderer: p.renderer(), send: func(x piece) bool { return yield(x.data, x.err) }}
	w.yield = own.found
	for _, j := range w.list() {
		p.jobs = append(p.jobs, &printJob{j, make(chan piece, maxPieces)})
	}
	workers := runtime.GOMAXPROCS(0)
	p.room, p.free = make(chan struct{}, workers+1), make(chan []byte, 2*maxPieces)
	for range workers {
		p.working.Go(p.work)
	}
	p.collect(w, own)
}

// collect hands on what the workers make, in order.
func (p *press) collect(w *walk, own *printing) {
	order := p.jobs
	next := w.from
	if p.reverse {
		next = w.to
	}
	for i := range order {
		j := p.at(i)
		before, after := j.from, j.to
		ok := !p.reverse && w.missing(next, before, errGone) || p.reverse && w.missing(after, next, errGone)
		if next = after; p.reverse {
			next = before
		}
		if !ok || !p.handOn(j, w, own) {
			return
		}
		<-p.room
	}
	if p.reverse {
		w.missing(w.from, next, errGone)
	} else {
		w.missing(next, w.to, errGone)
	}
}

// at returns job i in the order of the results.
func (p *press) at(i int) *printJob {
	if p.reverse {
		i = len(p.jobs) - 1 - i
	}
	return p.jobs[i]
}

func (p *press) handOn(j *printJob, w *walk, own *printing) bool {
	for x := range j.pieces {
		switch {
		case x.head:
			if !w.rows(j.job) || !own.flush() {
				return false
			}
			continue
		case !own.send(x):
			return false
		}
		if x.data != nil {
			select {
			case p.free <- x.data[:0]:
			default:
			}
		}
	}
	if err := p.source.ctx.Err(); err != nil {
		own.send(piece{err: err})
		return false
	}
	return true
}

// work renders parts until there are no more.
func (p *press) work() {
	r := new(segment.Reader)
	renderer := p.renderer()
	for {
		select {
		case p.room <- struct{}{}:
		case <-p.ctx.Done():
			return
		}
		p.mu.Lock()
		i := p.next
		p.next++
		p.mu.Unlock()
		if i >= len(p.jobs) {
			return
		}
		p.print(p.at(i), r, renderer)
	}
}

// print renders one part.
func (p *press) print(j *printJob, r *segment.Reader, renderer Renderer) {
	defer close(j.pieces)
	own := &printing{press: p, renderer: renderer, send: func(x piece) bool {
		select {
		case j.pieces <- x:
			return true
		case <-p.ctx.Done():
			return false
		}
	}, gives: true}
	w := newWalk(p.source, p.ctx)
	w.yield = own.found
	w.work(j.job, r)
	if j.isHead() {
		own.send(piece{head: true})
		return
	}
	if w.visit(j.job) {
		own.flush()
	}
}

// printing is one renderer with what it has made.
type printing struct {
	*press
	renderer Renderer
	send     func(piece) bool
	buf      []byte
	gives    bool // what is sent belongs to whoever takes it
}

// found renders what a walk has found.
func (x *printing) found(f found, err error) bool {
	if err == nil {
		r := Result{Journal: x.view.Journal, Index: f.Index, Entry: f.Entry, Event: x.filter.event}
		x.buf, err = x.renderer.Append(x.buf, &r)
	}
	switch {
	case err != nil:
		return x.flush() && x.send(piece{err: err})
	case len(x.buf) < pieceSize:
		return true
	}
	return x.flush()
}

// flush sends what is rendered.
func (x *printing) flush() bool {
	if len(x.buf) == 0 {
		return true
	}
	data := x.buf
	x.buf = x.buf[:0]
	if x.gives {
		select {
		case x.buf = <-x.free:
		default:
			x.buf = make([]byte, 0, pieceSize+pieceSize/4)
		}
	}
	return x.send(piece{data: data})
}
