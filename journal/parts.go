package journal

import (
	"errors"
	"slices"

	"constat/entry"
	"constat/journal/segment"
)

// Part is a stretch of a view that is in one file.
type Part struct {
	First, End uint64 // indexes, End excluded

	view *View
	part *part
}

// Parts returns where the entries of the view are, in index order. Indexes between two parts, or behind the last, are
// missing. It opens nothing.
func (v *View) Parts() []Part {
	list := make([]Part, 0, len(v.parts))
	for _, p := range v.parts {
		if p.end > p.first {
			list = append(list, Part{First: p.first, End: p.end, view: v, part: p})
		}
	}
	return list
}

// Unconverted returns how many complete heads of the view are no segments. It opens nothing.
func (v *View) Unconverted() (n int) {
	v.mu.Lock()
	defer v.mu.Unlock()
	for i, p := range v.parts {
		if !p.isSegment && !p.isKept && i+1 < len(v.parts) {
			n++
		}
	}
	return n
}

// Segment returns the segment that holds the part, or nil if a head does: then [View.Entries] gives its entries. The
// segment must be released and not be used after that, nor after the view was closed. It may have fewer entries than
// the part; what is behind its end is missing. An error is a [*MissingError] if nothing of the part can be read.
// Segment and Release may be called by several goroutines.
func (p Part) Segment() (*segment.Segment, error) {
	s, err := p.view.open(p.part)
	if err != nil && (isStructural(err) || isNotExist(err)) {
		err = &MissingError{Journal: p.view.Journal.Name, First: p.First, Last: p.End - 1, Cause: err}
	}
	if err != nil || s == nil {
		if err == nil && p.view.keptOf(p.part) == nil {
			p.view.release(p.part)
		}
		return nil, err
	}
	return s.Segment, nil
}

// Release gives back what [Part.Segment] returned, unless that was nil.
func (p Part) Release() { p.view.release(p.part) }

var errNoPart = errors.New("no part of the view")

// Restore puts the values that are in blobs back into an entry that was read from the segment of a part, and private ones
// as the view reveals them. What cannot be had stays a reference. It may be called by several goroutines.
func (v *View) Restore(index uint64, e *entry.Entry) error {
	p := v.partOf(index)
	if p == nil {
		return errNoPart
	}
	v.restoring.Lock()
	defer v.restoring.Unlock()
	return v.restored.restore(v, p.first, index, e)
}

// Reveals reports whether the view puts private values back: see [Reader.Reveal].
func (v *View) Reveals() bool { return v.reveal }

// partOf returns the part that holds an index, or nil.
func (v *View) partOf(index uint64) *part {
	n, found := slices.BinarySearchFunc(v.parts, index, func(p *part, index uint64) int {
		switch {
		case p.end <= index:
			return -1
		case p.first > index:
			return 1
		}
		return 0
	})
	if !found {
		return nil
	}
	return v.parts[n]
}
