package journal

import (
	"errors"
	"fmt"
	"iter"

	"constat/entry"
	"constat/journal/column"
	"constat/journal/frame"
	"constat/journal/segment"
)

// MissingError says that indexes of a journal cannot be read. What lies beside them can.
type MissingError struct {
	Journal     string
	First, Last uint64
	Cause       error
}

// Error names the journal and the indexes.
func (e *MissingError) Error() string {
	return fmt.Sprintf("journal %s: entries %d to %d cannot be read: %v", e.Journal, e.First, e.Last, e.Cause)
}

// Unwrap returns the cause.
func (e *MissingError) Unwrap() error { return e.Cause }

// Range selects entries of a view.
type Range struct {
	From, To uint64 // indexes, To excluded; cut at the size of the view
	Reverse  bool   // highest index first
	// Skip, if set, says of some entries that none of them is wanted, so that they need not be read. The header is that
	// of a frame, or says as much of a stretch of a segment.
	Skip func(frame.Header) bool
	// Arena, if set, says where the next entries go: what they point to then stays valid until that arena is reset. It is
	// asked before each frame of a head, all of which goes to one place, and before each other entry.
	Arena func() *Arena
	// Undecoded, with an arena, leaves entries of a head as they are, beside which nothing is kept: what is read then is
	// the body. Whoever wants them decodes them.
	Undecoded bool
}

// All is the range of all entries of the view.
func (v *View) All() Range { return Range{To: v.Size} }

// Item is an entry with its index. The entry is valid until the next step.
type Item struct {
	Index uint64
	Entry *entry.Entry // nil if Body is set
	Body  []byte       // see [Range]
}

// Entries yields the entries of a range in the order of their indexes, values in blobs put back. Indexes that cannot
// be read come as a [*MissingError], after which it goes on; any other error ends it.
func (v *View) Entries(r Range) iter.Seq2[Item, error] {
	return func(yield func(Item, error) bool) {
		w := walk{view: v, r: r, yield: yield}
		w.r.To = min(r.To, v.Size)
		if w.r.From < w.r.To {
			w.run()
		}
	}
}

// walk goes over the parts of a range.
type walk struct {
	view  *View
	r     Range
	yield func(Item, error) bool
	rows  *segment.Reader // nil until a segment is met
}

// run visits the parts that hold some of the range.
func (w *walk) run() {
	next := w.r.From // first index not visited yet; in reverse, the index behind it
	if w.r.Reverse {
		next = w.r.To
	}
	for i := range w.view.parts {
		if w.r.Reverse {
			i = len(w.view.parts) - 1 - i
		}
		p := w.view.parts[i]
		if p.end <= w.r.From || p.first >= w.r.To {
			continue
		}
		if w.r.Reverse {
			if !w.missing(p.end, next, errGone) || !w.part(p) {
				return
			}
			next = p.first
		} else {
			if !w.missing(next, p.first, errGone) || !w.part(p) {
				return
			}
			next = p.end
		}
	}
	if w.r.Reverse {
		w.missing(w.r.From, next, errGone)
	} else {
		w.missing(next, w.r.To, errGone)
	}
}

var errGone = errors.New("not in any file")

// missing reports that the indexes from to to-1, as far as they are in the range, cannot be read.
func (w *walk) missing(from, to uint64, cause error) bool {
	from, to = max(from, w.r.From), min(to, w.r.To)
	if from >= to {
		return true
	}
	return w.yield(Item{}, &MissingError{Journal: w.view.Journal.Name, First: from, Last: to - 1, Cause: cause})
}

// part visits a part, as what it is by now.
func (w *walk) part(p *part) bool {
	s, err := w.view.open(p)
	switch {
	case err != nil && (isStructural(err) || isNotExist(err)):
		return w.missing(p.first, p.end, err)
	case err != nil:
		return w.yield(Item{}, err) && false
	case w.view.keptOf(p) != nil:
		return w.kept(p, w.view.keptOf(p))
	}
	defer w.view.release(p)
	switch {
	case s == nil && w.r.Reverse:
		return w.down(p)
	case s == nil:
		return w.head(p)
	}
	return w.segment(p, s)
}

func (w *walk) head(p *part) bool {
	next := p.first
	frames, err := w.view.lastFrames(p, w.r.From)
	if len(frames) > 0 {
		next = frames[0].Header.First
	} else if err == nil {
		err = w.view.list(p)
		frames = p.frames
	}
	if err != nil {
		return w.yield(Item{}, err) && false
	}
	for _, x := range frames {
		if x.Header.First > next && !w.missing(next, x.Header.First, frame.ErrDamaged) || !w.frame(p, x) {
			return false
		}
		next = x.Header.End()
	}
	return w.missing(next, p.end, frame.ErrDamaged)
}

// down visits the frames of a head from its end, by their trailers as long as they are whole.
func (w *walk) down(p *part) bool {
	next, offset := p.end, p.size
	for !p.listed && next > max(p.first, w.r.From) {
		x, ok, err := frame.Before(p.head.file, w.view.Journal.NonceKey, offset, p.size)
		if err != nil {
			return w.yield(Item{}, err) && false
		}
		if !ok || x.Header.End() != next {
			if err := w.view.list(p); err != nil {
				return w.yield(Item{}, err) && false
			}
			break
		}
		if !w.frame(p, x) {
			return false
		}
		next, offset = x.Header.First, x.Offset
	}
	for i := len(p.frames) - 1; i >= 0; i-- {
		x := p.frames[i]
		if x.Header.End() > next {
			continue
		}
		if x.Header.End() < next && !w.missing(x.Header.End(), next, frame.ErrDamaged) || !w.frame(p, x) {
			return false
		}
		next = x.Header.First
	}
	return !p.listed || w.missing(p.first, next, frame.ErrDamaged)
}

// arena is where the next entries go; nil if they are to be valid for one step only.
func (w *walk) arena() *Arena {
	if w.r.Arena == nil {
		return nil
	}
	return w.r.Arena()
}

// frame yields the entries of one frame that are in the range.
func (w *walk) frame(p *part, x frame.Extent) bool {
	from, to := max(x.Header.First, w.r.From), min(x.Header.End(), w.r.To)
	if from >= to || w.r.Skip != nil && w.r.Skip(x.Header) {
		return true
	}
	a := w.arena()
	bodies, err := w.view.read.bodies(p, x, a)
	if isStructural(err) {
		return w.missing(from, to, fmt.Errorf("%s at byte %d: %w", p.head.name, x.Offset, err))
	}
	if err != nil {
		return w.yield(Item{}, fmt.Errorf("%s: %w", p.head.name, err)) && false
	}
	undecoded := a != nil && w.r.Undecoded && w.view.isAlone(p)
	for n := range to - from {
		index := from + n
		if w.r.Reverse {
			index = to - 1 - n
		}
		if undecoded {
			if !w.yield(Item{Index: index, Body: bodies[index-x.Header.First]}, nil) {
				return false
			}
			continue
		}
		e, err := w.view.read.entry(w.view, p.first, index, bodies[index-x.Header.First], a)
		if err != nil {
			if !w.missing(index, index+1, err) {
				return false
			}
		} else if !w.yield(Item{Index: index, Entry: e}, nil) {
			return false
		}
	}
	return true
}

// isStructural reports whether an error is about what a file holds, not about reading it.
func isStructural(err error) bool {
	return errors.Is(err, frame.ErrDamaged) || errors.Is(err, frame.ErrNotOurs) || errors.Is(err, column.ErrDamaged)
}
