package check

import (
	"errors"
	"fmt"
	"math"
	"path/filepath"
	"slices"

	"constat/entry"
	"constat/journal/frame"
	"constat/journal/layout"
	"constat/journal/segment"
	"constat/seal"
)

// segmentJob is one segment on its way through the pool. A worker has a whole one: to decode a row it needs the blocks
// of its columns, and rows in arrival order come from all of them.
type segmentJob struct {
	*partCheck
	part  part
	seg   *segment.Segment
	err   error // it cannot be opened
	runs  []leafRun
	lost  []*segment.MissingError
	bad   []segment.Damage
	ready chan struct{}
	bounds

	problems []problem
	specials []special
	moments  []moment
	mark     int      // next of the marks of the journal
	lies     []string // what is derived and wrong
}

// leafRun is the leaf hashes of entries that follow each other.
type leafRun struct {
	first  uint64
	leaves []seal.Hash
}

// bounds are where a segment begins and ends in time. They count if there was an entry.
type bounds struct {
	any            bool
	oldest, newest layout.Moment
	kinds          uint8
}

func (x *segmentJob) run(w *worker) {
	defer close(x.ready)
	if x.seg, x.err = x.open(); x.err != nil {
		return
	}
	x.bad = x.seg.Check()
	w.reader.Reset(x.seg)
	w.plain = map[*segment.Shape]bool{}
	w.deep = deep{}
	if x.options.Deep {
		w.deep.begin(x.seg)
	}
	if w.segment(x); x.options.Deep {
		x.lies = w.lies(x)
	}
}

func (x *segmentJob) open() (s *segment.Segment, err error) {
	if x.f, err = x.fsys.Open(filepath.Join(x.checker.dir, x.file)); err != nil {
		return nil, err
	}
	if x.size, err = x.f.Size(); err == nil {
		s, err = segment.Open(x.f, x.size, x.desc.Header(frame.Segment, x.first))
	}
	if err != nil {
		x.f.Close()
		x.f = nil
	}
	return s, err
}

// segment decodes and hashes the rows of a segment.
func (w *worker) segment(x *segmentJob) {
	x.mark = x.nextMark(x.seg.First())
	for row, err := range w.reader.Bodies(x.seg.First(), x.seg.End()) {
		if err != nil {
			var lost *segment.MissingError
			if errors.As(err, &lost) {
				x.lost = append(x.lost, lost)
				continue
			}
			x.err = err
			return
		}
		x.add(row.Index, w.nonces.LeafHash(row.Index, row.Body))
		text, newer := w.row(x, row)
		if text != "" {
			x.problems = append(x.problems, problem{row.Index, text, newer})
		}
		if marks := x.sealed.marks; isTold(text, newer, row.Body) && x.mark < len(marks) && marks[x.mark] <= row.Index {
			x.marked(&w.current, row.Index)
		}
	}
}

// marked notes the time of an entry that a seal begins or ends with.
func (x *segmentJob) marked(e *entry.Entry, index uint64) {
	for marks := x.sealed.marks; x.mark < len(marks) && marks[x.mark] <= index; x.mark++ {
		if marks[x.mark] == index {
			x.moments = append(x.moments, moment{index, layout.Moment{Epoch: e.Epoch, Received: e.Received}})
		}
	}
}

// add adds the leaf hash of an index to the runs.
func (x *segmentJob) add(index uint64, leaf seal.Hash) {
	n := len(x.runs)
	if n == 0 || x.runs[n-1].first+uint64(len(x.runs[n-1].leaves)) != index {
		x.runs = append(x.runs, leafRun{first: index, leaves: make([]seal.Hash, 0, x.seg.End()-index)})
		n++
	}
	x.runs[n-1].leaves = append(x.runs[n-1].leaves, leaf)
}

// row decodes one body and compares it with the entry before. It returns what is wrong, and whether that is only that
// this program is too old.
func (w *worker) row(x *segmentJob, row segment.Row) (text string, newer bool) {
	e := &w.current
	if w.isLikeBefore(&row) {
		e.Kind, e.Epoch, e.Received = row.Shape.Kind, uint32(row.Epoch), row.Received
		return x.inTime(e), false
	}
	if err := w.names.Decode(row.Body, e); err != nil {
		text, newer = err.Error(), errors.Is(err, entry.ErrNewer)
	}
	if !isTold(text, newer, row.Body) {
		return text, newer
	}
	if text == "" && isPlain(row.Shape) && !x.options.Deep {
		w.plain[row.Shape] = true
	}
	w.deep.add(e, int(row.Index-x.first))
	if isSpecial(e) {
		x.specials = append(x.specials, special{row.Index, ownCopy(e)})
	}
	if late := x.inTime(e); late != "" {
		return late, false
	}
	return text, newer
}

// isLikeBefore reports whether a body is canonical because an entry of its shape was decoded before, and nothing that
// may differ from one to the next can be other than canonical: inline values and parameters are any bytes, a received
// time is any number, and so is an event time of six digits. The epoch and the length have limits.
func (w *worker) isLikeBefore(row *segment.Row) bool {
	return w.plain[row.Shape] && row.Epoch >= 0 && row.Epoch <= math.MaxUint32 && len(row.Body) <= entry.MaxBody
}

// isPlain reports whether entries of a shape are such that [worker.isLikeBefore] may speak of them.
func isPlain(s *segment.Shape) bool {
	if s == nil || s.Kind == entry.Control || s.Kind == entry.Seal || s.Event && s.Digits != 6 {
		return false
	}
	return !slices.ContainsFunc(s.Fields, func(f segment.Field) bool { return f.Form != entry.Inline })
}

// inTime compares an entry with the one before. It returns what is wrong.
func (x *segmentJob) inTime(e *entry.Entry) (text string) {
	now := layout.Moment{Epoch: e.Epoch, Received: e.Received}
	if !x.any {
		x.any, x.oldest, x.newest = true, now, now
	}
	if now.Before(x.newest) {
		text = "received time goes back within the segment"
	}
	x.newest = now
	x.kinds |= 1 << e.Kind
	return text
}

// end is the index behind the last entry of the run.
func (r *leafRun) end() uint64 { return r.first + uint64(len(r.leaves)) }

// describe says what is damaged, once for each part.
func describe(d segment.Damage) string {
	return fmt.Sprintf("%s (%d bytes at byte %d)", d.Text, d.Size, d.Offset)
}
