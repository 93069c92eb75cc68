package journal

import (
	"errors"
	"fmt"

	"constat/entry"
	"constat/journal/column"
	"constat/journal/frame"
	"constat/journal/segment"
)

// segment visits the stretches of a segment that are not skipped.
func (w *walk) segment(p *part, s *openSegment) bool {
	if w.rows == nil {
		w.rows = new(segment.Reader)
	}
	w.rows.Reset(s.Segment)
	if w.r.Reverse && !w.missing(s.End(), p.end, frame.ErrDamaged) {
		return false
	}
	spans := s.Spans()
	for i := range spans {
		if w.r.Reverse {
			i = len(spans) - 1 - i
		}
		if !w.stretch(p, s, &spans[i]) {
			return false
		}
	}
	return w.r.Reverse || w.missing(s.End(), p.end, frame.ErrDamaged)
}

// stretch visits the entries of a segment that one span speaks of.
func (w *walk) stretch(p *part, s *openSegment, x *segment.Span) bool {
	from := max(s.First()+uint64(x.From), w.r.From)
	to := min(s.First()+uint64(x.To), w.r.To, p.end)
	if from >= to || w.r.Skip != nil && x.MinEpoch == x.MaxEpoch && w.r.Skip(headerOf(s.Segment, x)) {
		return true
	}
	g := gap{walk: w}
	for n := range to - from {
		index := from + n
		if w.r.Reverse {
			index = to - 1 - n
		}
		e := &w.view.read.current
		err := w.rows.Entry(index, e)
		if err == nil {
			err = w.view.read.restore(w.view, p.first, index, e)
		}
		if isLost(err) {
			g.add(index, fmt.Errorf("%s: %w", s.name, err))
			continue
		}
		if !g.tell() {
			return false
		}
		if err != nil {
			return w.yield(Item{}, fmt.Errorf("%s: %w", s.name, err)) && false
		}
		if a := w.arena(); a != nil {
			w.view.read.lasting = a.copy(*e)
			e = &w.view.read.lasting
		}
		if !w.yield(Item{Index: index, Entry: e}, nil) {
			return false
		}
	}
	return g.tell()
}

// headerOf says of a stretch of a segment what the header of a frame says. Its kinds may be too many.
func headerOf(s *segment.Segment, x *segment.Span) frame.Header {
	return frame.Header{First: s.First() + uint64(x.From), Count: uint32(x.To - x.From), Epoch: x.MinEpoch,
		MinReceived: x.MinReceived, MaxReceived: x.MaxReceived, Kinds: s.Kinds()}
}

// isLost reports whether an error says of an entry of a segment that the file does not give it back, or not to this
// program.
func isLost(err error) bool {
	return isStructural(err) || errors.Is(err, entry.ErrFormat) || errors.Is(err, entry.ErrNewer) || errors.Is(err, column.ErrNewer)
}

// gap gathers entries side by side that cannot be read.
type gap struct {
	*walk
	from, to uint64
	cause    error // nil: there is no gap
}

func (g *gap) add(index uint64, err error) {
	if g.cause == nil {
		g.from, g.to, g.cause = index, index+1, err
	}
	g.from, g.to = min(g.from, index), max(g.to, index+1)
}

// tell reports the gap, if there is one.
func (g *gap) tell() bool {
	cause := g.cause
	g.cause = nil
	return cause == nil || g.missing(g.from, g.to, cause)
}
