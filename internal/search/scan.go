package search

import (
	"context"

	"constat/entry"
	"constat/journal"
	"constat/journal/segment"
)

// scan finds the entries of one segment that meet a condition, by its columns. Not for concurrent use.
type scan struct {
	ctx     context.Context // nil: it is not stopped
	seg     *segment.Segment
	r       *segment.Reader
	filter  *filter
	restore func(index uint64, e *entry.Entry) error // puts blobs back
	tell    *Explain

	cond     cond // what is left of the condition for this segment
	columns  []segment.Column
	runs     [][]segment.Run // by block, made when needed
	byRow    []bool          // groups whose rows must be looked at one by one
	fields   map[*fieldIs][]operand
	numbers  map[*numberIs][]operand
	dead     map[columnOf]bool // columns whose values cannot pass a test
	position []uint32          // of each row; those of arrival blocks that were not read are not known
	looked   int               // positions that were looked up alone
	placed   []bool            // arrival blocks whose rows are in position
	times1   []int64           // memory of times
	times2   []int64
	times    map[timeIs]rowSet // positions whose time is wanted
	current  entry.Entry
	failed   error // what keeps from going on
	lost     rowSet
	cause    error // of what is lost
}

// columnOf is a column as a condition on a field sees it.
type columnOf struct {
	test   *fieldIs
	column int
}

// newScan prepares a search. The reader must be that of the segment.
func newScan(r *segment.Reader, f *filter, view *journal.View, tell *Explain) *scan {
	s := &scan{lost: newRowSet(r.Count()), seg: r.Segment, r: r, filter: f, restore: view.Restore, tell: tell, columns: r.Columns(),
		fields: map[*fieldIs][]operand{}, numbers: map[*numberIs][]operand{}, dead: map[columnOf]bool{}}
	s.runs = make([][]segment.Run, len(s.seg.Blocks()))
	s.placed = make([]bool, len(s.seg.Spans()))
	s.times = map[timeIs]rowSet{}
	for _, g := range s.seg.Groups() {
		s.byRow = append(s.byRow, needsRows(g.Shape, view.Reveals()))
	}
	return s
}

// needsRows reports whether the columns do not tell what the fields of a shape are: the whole entry must be made. Private
// values are in no column: where they are revealed, each entry is looked at. So is what a newer program wrote, to be told.
func needsRows(shape *segment.Shape, reveals bool) bool {
	if shape == nil || (&entry.Entry{Kind: shape.Kind, Renderer: shape.Renderer}).Known() != nil {
		return true
	}
	for i := range shape.Fields {
		if form := shape.Fields[i].Form; form == entry.Blob || form == entry.Packed || reveals && form == entry.Private {
			return true
		}
	}
	return false
}

// find returns the positions that match and those that cannot be read, of the indexes from from to to-1. An error
// ends everything.
func (s *scan) find(from, to uint64) (hits, lost rowSet, err error) {
	possible, rows := s.findRows(from, to)
	if rows == nil || s.failed != nil {
		return possible, s.lost, s.failed
	}
	hits = newRowSet(s.seg.Count())
	for i := rows.next(0); i >= 0; i = rows.next(i + 1) {
		if p := s.positionOf(i); p != segment.NoPosition {
			hits.set(int(p))
		}
	}
	return hits, s.lost, s.failed
}

// findRows returns the rows that match; nil if these are those of the positions that are returned.
func (s *scan) findRows(from, to uint64) (positions, rows rowSet) {
	possible := s.possible(from, to)
	if possible.empty() {
		return possible, nil
	}
	s.cond = s.specialise(s.filter.cond)
	switch byRow := s.anyByRow(); {
	case s.cond == always(false) && !byRow:
		s.tell.skipSegment(byValue)
		return newRowSet(s.seg.Count()), nil
	case s.cond == always(true) && !byRow:
		s.tell.readSegment()
		return possible, nil
	}
	s.tell.readSegment()
	rows = newRowSet(s.seg.Count())
	s.search(possible, rows)
	return nil, rows
}

func (s *scan) anyByRow() bool {
	for _, yes := range s.byRow {
		if yes {
			return true
		}
	}
	return false
}

// possible returns the positions whose index, kind and time may be wanted, as far as the directory tells.
func (s *scan) possible(from, to uint64) rowSet {
	set := newRowSet(s.seg.Count())
	b := &s.filter.bounds
	from, to = max(from, b.firstIndex), min(to-1, b.lastIndex)
	switch {
	case b.never || s.seg.Kinds()&b.kinds == 0:
		s.tell.skipSegment(byKind)
		return set
	case to < from || from >= s.seg.End() || to < s.seg.First():
		s.tell.skipSegment(byIndex)
		return set
	}
	first, end := int(max(from, s.seg.First())-s.seg.First()), int(min(to, s.seg.End()-1)-s.seg.First())+1
	for i := range s.seg.Spans() {
		x := &s.seg.Spans()[i]
		if b.outside(x) {
			continue
		}
		set.setRange(max(first, x.From), max(max(first, x.From), min(end, x.To)))
	}
	if set.empty() {
		s.tell.skipSegment(byTime)
	}
	return set
}

// outside reports whether no entry of an arrival block can be within the bounds.
func (b *bounds) outside(x *segment.Span) bool {
	if x.MaxReceived < b.received.from || x.MinReceived > b.received.to {
		return true
	}
	if !x.HasEvent {
		return !b.withoutEvent
	}
	return (x.AllEvent || !b.withoutEvent) && (x.MaxEvent < b.event.from || x.MinEvent > b.event.to)
}

// search evaluates the condition block by block, and adds the rows that meet it to hits.
func (s *scan) search(possible, hits rowSet) {
	whole := possible.count() == s.seg.Count()
	var rows rowSet
	if !whole {
		rows = s.rowsOf(possible)
	}
	for b, block := range s.seg.Blocks() {
		wanted := fullSet(block.Count)
		if !whole {
			wanted = newRowSet(block.Count)
			wanted.orRange(0, rows, block.First, block.Count)
		}
		if wanted.empty() {
			s.tell.skipBlock()
			continue
		}
		s.searchBlock(b, wanted, hits)
		if s.ctx != nil && s.ctx.Err() != nil {
			s.failed = s.ctx.Err()
		}
		if s.failed != nil {
			return
		}
	}
}

// searchBlock adds the rows of a block that match.
func (s *scan) searchBlock(b int, wanted, hits rowSet) {
	first := s.seg.Blocks()[b].First
	single := newRowSet(s.seg.Blocks()[b].Count) // to be looked at one by one
	for _, run := range s.runsOf(b) {
		if s.byRow[run.Group] {
			at := run.First - first
			single.orRange(at, wanted, at, run.Count)
			wanted.clearRange(at, at+run.Count)
		}
	}
	found, err := s.eval(s.cond, b, wanted)
	if err != nil {
		single.or(wanted) // what can be read of it all the same
		found = nil
	}
	for i := single.next(0); i >= 0; i = single.next(i + 1) {
		s.single(first+i, hits)
	}
	if found != nil {
		hits.orRange(first, found, 0, s.seg.Blocks()[b].Count)
	}
}

// single looks at the whole entry of a row.
func (s *scan) single(row int, hits rowSet) {
	p := s.positionOf(row)
	if p == segment.NoPosition {
		return
	}
	index := s.seg.First() + uint64(p)
	if err := s.entry(index, &s.current); err != nil {
		s.lose(int(p), err)
	} else if s.filter.cond.holds(index, &s.current) {
		hits.set(row)
	}
}

// entry reads an entry, its blobs put back.
func (s *scan) entry(index uint64, e *entry.Entry) error {
	if err := s.r.Entry(index, e); err != nil {
		return err
	}
	return s.putBack(index, e)
}

// entryAlone is entry where only few of a segment are wanted.
func (s *scan) entryAlone(index uint64, e *entry.Entry) error {
	if err := s.r.Single(index, e); err != nil {
		return err
	}
	return s.putBack(index, e)
}

// putBack puts values that are in other files back into an entry, as far as the view shows them.
func (s *scan) putBack(index uint64, e *entry.Entry) error {
	for i := range e.Fields {
		if e.Fields[i].Form != entry.Inline {
			return s.restore(index, e)
		}
	}
	return nil
}

// lose notes that an entry cannot be read.
func (s *scan) lose(position int, err error) {
	if !isLost(err) {
		s.failed = err
		return
	}
	s.lost.set(position)
	if s.cause == nil {
		s.cause = err
	}
}

func (s *scan) runsOf(b int) []segment.Run {
	if s.runs[b] == nil {
		s.runs[b] = s.seg.Runs(b)
	}
	return s.runs[b]
}
