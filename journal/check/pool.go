package check

import (
	"errors"
	"fmt"
	"runtime"

	"constat/entry"
	"constat/journal/frame"
	"constat/journal/layout"
	"constat/journal/segment"
	"constat/seal"
)

// pool decodes and hashes frames and segments on several cores; results come back in their order.
type pool struct {
	jobs    chan task
	workers int
	key     entry.NonceKey
	done    uint64
}

// task is a piece of work for a worker.
type task interface{ run(*worker) }

// job is one frame on its way through the pool.
type job struct {
	h      *partCheck
	x      frame.Extent
	result result
	ready  chan struct{}
}

// result is what a worker found in a frame.
type result struct {
	err      error // the frame cannot be read
	leaves   []seal.Hash
	problems []problem
	special  []special
	moments  []moment
	min, max int64 // received
}

// problem is something wrong with one entry.
type problem struct {
	index uint64
	text  string
	newer bool // not wrong, but of a format that this program does not know
}

// special is an entry that the rest of the check has to see: a control entry, or one with blobs or private values. It owns its bytes.
type special struct {
	index uint64
	entry entry.Entry
}

func newPool(workers int, key entry.NonceKey) *pool {
	if workers <= 0 {
		workers = runtime.GOMAXPROCS(0)
	}
	p := &pool{jobs: make(chan task), workers: workers, key: key}
	for range workers {
		go p.work()
	}
	return p
}

func (p *pool) close() { close(p.jobs) }

func (p *pool) work() {
	w := worker{decoder: frame.NewDecoder(), nonces: entry.NewNonces(p.key)}
	for t := range p.jobs {
		t.run(&w)
	}
}

func (j *job) run(w *worker) {
	w.frame(j)
	close(j.ready)
}

// run sends the extents of a head through the pool and takes the results in order.
func (p *pool) run(h *partCheck) {
	queue := make(chan *job, 2*p.workers)
	go func() {
		defer close(queue)
		for x, err := range frame.Scan(h.f, h.desc.NonceKey, frame.HeadHeaderSize, h.size) {
			j := &job{h: h, x: x, ready: make(chan struct{}), result: result{err: err}}
			queue <- j
			if err != nil || x.Gap {
				close(j.ready)
				continue
			}
			p.jobs <- j
		}
	}()
	for j := range queue {
		<-j.ready
		if j.result.err != nil && j.x.Length == 0 {
			h.cannotScan(j.result.err)
			h.ended = true
			continue
		}
		h.take(j.x, &j.result)
		p.progress(h, uint64(j.x.Header.Count))
	}
}

// cannotScan says that nobody knows what follows in a head.
func (h *partCheck) cannotScan(err error) {
	rule := RuleRead
	if frame.IsOther(err) {
		rule = RuleFormat
	}
	h.add(at(Finding{Rule: rule, File: h.file, Journal: h.dir, Text: err.Error()}, h.next, max(h.next+1, h.limit())-1))
}

// progress tells that n more entries were checked.
func (p *pool) progress(h *partCheck, n uint64) {
	p.done += n
	if h.options.Progress != nil {
		h.options.Progress(p.done)
	}
}

// worker holds what one goroutine decodes with.
type worker struct {
	decoder *frame.Decoder
	nonces  *entry.Nonces
	names   entry.Decoder
	payload []byte
	bodies  [][]byte
	current entry.Entry
	reader  segment.Reader
	deep    deep
	plain   map[*segment.Shape]bool // an entry of that shape was decoded: see isLikeBefore
}

// frame reads, decodes and hashes the frame of a job.
func (w *worker) frame(j *job) {
	r := &j.result
	if w.payload, r.err = w.decoder.Payload(w.payload[:0], j.h.f, j.x.Offset, j.x.Header); r.err != nil {
		return
	}
	if w.bodies, r.err = frame.Bodies(w.bodies[:0], w.payload, j.x.Header.Count); r.err != nil {
		return
	}
	r.leaves = make([]seal.Hash, len(w.bodies))
	kinds, untold := uint8(0), false
	marks := j.h.sealed.marks[j.h.nextMark(j.x.Header.First):]
	for i, body := range w.bodies {
		index := j.x.Header.First + uint64(i)
		r.leaves[i] = w.nonces.LeafHash(index, body)
		text, newer := w.entry(r, index, body, j.x.Header, i == 0)
		if text != "" {
			r.problems = append(r.problems, problem{index, text, newer})
		}
		untold = untold || newer && !isTold(text, newer, body)
		if isTold(text, newer, body) && len(marks) > 0 && marks[0] == index {
			r.moments = append(r.moments, moment{index, layout.Moment{Epoch: w.current.Epoch, Received: w.current.Received}})
		}
		for len(marks) > 0 && marks[0] <= index {
			marks = marks[1:]
		}
		kinds |= 1 << w.current.Kind
	}
	if x := j.x.Header; kinds != x.Kinds || r.min != x.MinReceived || r.max != x.MaxReceived {
		text := fmt.Sprintf("header of the frame at byte %d contradicts its entries", j.x.Offset)
		r.problems = append(r.problems, problem{x.First, text, untold})
	}
}

// isTold reports whether the time of an entry is known, of which text says what is wrong.
func isTold(text string, newer bool, body []byte) bool {
	return text == "" || newer && body[0] == entry.Version
}

// entry decodes one body and compares it with the frame and the entry before. It returns what is wrong, and whether
// that is only that this program is too old.
func (w *worker) entry(r *result, index uint64, body []byte, x frame.Header, first bool) (text string, newer bool) {
	e := &w.current
	if err := w.names.Decode(body, e); err != nil {
		text, newer = err.Error(), errors.Is(err, entry.ErrNewer)
	}
	if !isTold(text, newer, body) {
		return text, newer
	}
	if e.Epoch != x.Epoch {
		newer, text = false, fmt.Sprintf("epoch %d in a frame of epoch %d", e.Epoch, x.Epoch)
	}
	if first {
		r.min, r.max = e.Received, e.Received
	}
	if e.Received < r.max {
		newer, text = false, "received time goes back within a frame"
	}
	r.min, r.max = min(r.min, e.Received), max(r.max, e.Received)
	if isSpecial(e) {
		r.special = append(r.special, special{index, ownCopy(e)})
	}
	return text, newer
}

// isSpecial reports whether the rest of the check has to see an entry.
func isSpecial(e *entry.Entry) bool {
	return e.Kind == entry.Control || e.Kind == entry.Seal || hasMore(e)
}

// hasMore reports whether a field of an entry has its value in another file.
func hasMore(e *entry.Entry) bool {
	for i := range e.Fields {
		if e.Fields[i].Form != entry.Inline {
			return true
		}
	}
	return false
}

// ownCopy copies an entry with all its bytes.
func ownCopy(e *entry.Entry) entry.Entry {
	c := *e
	c.Params = append([]byte(nil), e.Params...)
	c.Fields = append([]entry.Field(nil), e.Fields...)
	for i := range c.Fields {
		c.Fields[i].Value = append([]byte(nil), c.Fields[i].Value...)
	}
	return c
}
