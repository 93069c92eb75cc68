package search

import (
	"errors"

	"constat/entry"
	"constat/journal/column"
	"constat/journal/frame"
	"constat/journal/segment"
)

// isLost reports whether an error says that a part of a segment is damaged, or of a newer program, so that what lies
// beside it can be read.
func isLost(err error) bool {
	return errors.Is(err, entry.ErrNewer) || errors.Is(err, column.ErrNewer) || errors.Is(err, frame.ErrDamaged) || errors.Is(err, column.ErrDamaged) || errors.Is(err, entry.ErrFormat)
}

// rowsOf returns the rows of the positions in a set. Those of arrival blocks that cannot be read are lost.
func (s *scan) rowsOf(positions rowSet) rowSet {
	rows := newRowSet(s.seg.Count())
	for n, x := range s.seg.Spans() {
		if positions.emptyRange(x.From, x.To) || !s.place(n) {
			continue
		}
		of, _ := s.r.Rows(n)
		for p := positions.next(x.From); p >= 0 && p < x.To; p = positions.next(p + 1) {
			rows.set(int(of[p-x.From]))
		}
	}
	return rows
}

// fewPositions is how many positions are looked up alone before all arrival blocks are read.
const fewPositions = 64

// positionOf returns the position of a row.
func (s *scan) positionOf(row int) uint32 {
	if s.position != nil && s.position[row] != segment.NoPosition {
		return s.position[row]
	}
	if s.looked++; s.looked <= fewPositions {
		if p, err := s.r.PositionOf(row); err == nil {
			return p
		}
	}
	s.placeAll()
	return s.position[row]
}

// placeAll reads all arrival blocks that were not read yet.
func (s *scan) placeAll() {
	for n := range s.placed {
		s.place(n)
	}
}

// place notes the positions of the rows of an arrival block. It returns false if the block cannot be read.
func (s *scan) place(n int) bool {
	if s.position == nil {
		s.position = make([]uint32, s.seg.Count())
		for i := range s.position {
			s.position[i] = segment.NoPosition
		}
	}
	rows, err := s.r.Rows(n)
	if s.placed[n] {
		return err == nil
	}
	s.placed[n] = true
	x := s.seg.Spans()[n]
	if err != nil {
		for p := x.From; p < x.To; p++ {
			s.lose(p, err)
		}
		return false
	}
	for i, row := range rows {
		s.position[row] = uint32(x.From + i)
	}
	return true
}

// inTime returns the positions whose time is wanted.
func (s *scan) inTime(c timeIs) (rowSet, error) {
	if set, ok := s.times[c]; ok {
		return set, nil
	}
	set := newRowSet(s.seg.Count())
	for n := range s.seg.Spans() {
		x := &s.seg.Spans()[n]
		switch b := boundsOf(c); {
		case b.outside(x):
		case c.covers(x):
			set.setRange(x.From, x.To)
		default:
			if err := s.addInTime(set, c, n); err != nil {
				return nil, err
			}
		}
	}
	s.times[c] = set
	return set, nil
}

// covers reports whether all entries of an arrival block have a time that is wanted.
func (c timeIs) covers(x *segment.Span) bool {
	received := c.from <= x.MinReceived && x.MaxReceived <= c.to
	event := x.HasEvent && c.from <= x.MinEvent && x.MaxEvent <= c.to
	switch c.axis {
	case axisReceived:
		return received
	case axisEvent:
		return event && x.AllEvent
	}
	return (event || !x.HasEvent) && (received || x.AllEvent)
}

// addInTime looks at the times of one arrival block.
func (s *scan) addInTime(set rowSet, c timeIs, n int) error {
	x := s.seg.Spans()[n]
	times, has, err := s.timesOf(n, c.axis)
	if err != nil {
		return err
	}
	for i, t := range times {
		if t >= c.from && t <= c.to && (has == nil || has.has(i)) {
			set.set(x.From + i)
		}
	}
	return nil
}

// timesOf returns the times of an arrival block on an axis, and which of its entries have one; nil: all. They are
// valid until the next call.
func (s *scan) timesOf(n int, a axis) (times []int64, has rowSet, err error) {
	x := &s.seg.Spans()[n]
	if a == axisReceived || a == axisEither && !x.HasEvent {
		s.times1, err = s.r.Received(s.times1[:0], n)
		return s.times1, nil, err
	}
	s.times1, err = s.r.Events(s.times1[:0], n)
	if times = s.times1; err != nil || x.AllEvent {
		return times, nil, err
	}
	groups, err := s.r.GroupNumbers(n)
	if err != nil {
		return nil, nil, err
	}
	var received []int64
	if a == axisEither {
		if s.times2, err = s.r.Received(s.times2[:0], n); err != nil {
			return nil, nil, err
		}
		received = s.times2
	} else {
		has = newRowSet(len(times))
	}
	return s.mixTimes(times, received, has, groups)
}

// mixTimes sets the times of entries without event time, and says which have one. Rest rows must be read for that.
func (s *scan) mixTimes(times, received []int64, has rowSet, groups []int64) ([]int64, rowSet, error) {
	for i, g := range groups {
		shape := s.seg.Groups()[g].Shape
		switch {
		case shape == nil, shape.Event:
			if has != nil {
				has.set(i)
			}
		case received != nil:
			times[i] = received[i]
		}
	}
	return times, has, nil
}
