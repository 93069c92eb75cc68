package journal

import (
	"errors"
	"fmt"
	"iter"

	"constat/entry"
	"constat/journal/frame"
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
	// Skip, if set, says of a frame that none of its entries is wanted, so that it need not be read.
	Skip func(frame.Header) bool
}

// All is the range of all entries of the view.
func (v *View) All() Range { return Range{To: v.Size} }

// Item is an entry with its index. The entry is valid until the next step.
type Item struct {
	Index uint64
	Entry *entry.Entry
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

// walk goes over the frames of a range.
type walk struct {
	view  *View
	r     Range
	yield func(Item, error) bool
}

// run visits the heads that hold part of the range.
func (w *walk) run() {
	next := w.r.From // first index not visited yet; in reverse, the index behind it
	if w.r.Reverse {
		next = w.r.To
	}
	for i := range w.view.heads {
		if w.r.Reverse {
			i = len(w.view.heads) - 1 - i
		}
		h := w.view.heads[i]
		if h.end <= w.r.From || h.first >= w.r.To {
			continue
		}
		if w.r.Reverse {
			if !w.missing(h.end, next, errGone) || !w.head(h) {
				return
			}
			next = h.first
		} else {
			if !w.missing(next, h.first, errGone) || !w.head(h) {
				return
			}
			next = h.end
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

func (w *walk) head(h *headView) bool {
	if err := w.view.open(h); err != nil {
		if isStructural(err) || isNotExist(err) {
			return w.missing(h.first, h.end, err)
		}
		return w.yield(Item{}, err) && false
	}
	if w.r.Reverse {
		return w.down(h)
	}
	if err := w.view.list(h); err != nil {
		return w.yield(Item{}, err) && false
	}
	next := h.first
	for _, x := range h.frames {
		if x.Header.First > next && !w.missing(next, x.Header.First, frame.ErrDamaged) || !w.frame(h, x) {
			return false
		}
		next = x.Header.End()
	}
	return w.missing(next, h.end, frame.ErrDamaged)
}

// down visits the frames of a head from its end, by their trailers as long as they are whole.
func (w *walk) down(h *headView) bool {
	next, offset := h.end, h.size
	for !h.listed && next > max(h.first, w.r.From) {
		x, ok, err := frame.Before(h.head.file, w.view.Journal.NonceKey, offset, h.size)
		if err != nil {
			return w.yield(Item{}, err) && false
		}
		if !ok || x.Header.End() != next {
			if err := w.view.list(h); err != nil {
				return w.yield(Item{}, err) && false
			}
			break
		}
		if !w.frame(h, x) {
			return false
		}
		next, offset = x.Header.First, x.Offset
	}
	for i := len(h.frames) - 1; i >= 0; i-- {
		x := h.frames[i]
		if x.Header.End() > next {
			continue
		}
		if x.Header.End() < next && !w.missing(x.Header.End(), next, frame.ErrDamaged) || !w.frame(h, x) {
			return false
		}
		next = x.Header.First
	}
	return !h.listed || w.missing(h.first, next, frame.ErrDamaged)
}

// frame yields the entries of one frame that are in the range.
func (w *walk) frame(h *headView, x frame.Extent) bool {
	from, to := max(x.Header.First, w.r.From), min(x.Header.End(), w.r.To)
	if from >= to || w.r.Skip != nil && w.r.Skip(x.Header) {
		return true
	}
	bodies, err := w.view.read.bodies(h, x)
	if isStructural(err) {
		return w.missing(from, to, fmt.Errorf("%s at byte %d: %w", h.head.name, x.Offset, err))
	}
	if err != nil {
		return w.yield(Item{}, fmt.Errorf("%s: %w", h.head.name, err)) && false
	}
	for n := range to - from {
		index := from + n
		if w.r.Reverse {
			index = to - 1 - n
		}
		e, err := w.view.read.entry(w.view, h, index, bodies[index-x.Header.First])
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
	return errors.Is(err, frame.ErrDamaged) || errors.Is(err, frame.ErrNotOurs)
}
