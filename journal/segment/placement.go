package segment

// run is the rows of one group in one block.
type run struct {
	number int // among all runs of the segment
	group  int
	block  int
	first  int     // row
	count  int     // rows
	values []int32 // for parameters and each field, the number of the run's first value in its column's block
}

// placement says where rows are. It follows from the directory.
type placement struct {
	byBlock [][]run
	byGroup [][]*run
	counts  [][]int32 // values of each column in each block
	runs    int
}

// place works out the placement, once.
func (s *Segment) place() *placement {
	s.once.Do(func() {
		p := &s.placed
		p.byBlock, p.byGroup = make([][]run, len(s.blocks)), make([][]*run, len(s.groups))
		p.counts = make([][]int32, len(s.columns))
		for c := range p.counts {
			p.counts[c] = make([]int32, len(s.blocks))
		}
		g := 0
		for b := range s.blocks {
			g = s.placeBlock(b, g)
		}
		for b := range p.byBlock {
			for i := range p.byBlock[b] {
				r := &p.byBlock[b][i]
				p.byGroup[r.group] = append(p.byGroup[r.group], r)
			}
		}
	})
	return &s.placed
}

// placeBlock makes the runs of a block, whose first row is in group g or a later one. It returns the group of its end.
func (s *Segment) placeBlock(b, g int) int {
	for row, end := s.blocks[b].First, s.blocks[b].First+s.blocks[b].Count; row < end; {
		group := &s.groups[g]
		if row >= group.First+group.Count {
			g++
			continue
		}
		r := run{number: s.placed.runs, group: g, block: b, first: row, count: min(end, group.First+group.Count) - row}
		for _, c := range s.columnsOf(g) {
			r.values = append(r.values, s.placed.counts[c][b])
			s.placed.counts[c][b] += int32(r.count)
		}
		s.placed.byBlock[b] = append(s.placed.byBlock[b], r)
		row += r.count
		s.placed.runs++
	}
	return g
}

// columnsOf returns the columns of a group: parameters and fields, or the rest column alone.
func (s *Segment) columnsOf(g int) []int {
	if n := s.shapeOf[g]; n > 0 {
		return s.shapes[n-1].columns
	}
	return s.restColumns
}

// Run is the rows of one group in one block: rows First to First+Count-1. Values holds, for the parameters and then
// for each field of the shape, the number of the run's first value in its column's block; for rest rows that of the
// body only.
type Run struct {
	Group, First, Count int
	Values              []int32
}

// Runs returns the runs of a block, in row order.
func (s *Segment) Runs(block int) []Run {
	list := s.place().byBlock[block]
	out := make([]Run, len(list))
	for i, r := range list {
		out[i] = Run{Group: r.group, First: r.first, Count: r.count, Values: r.values}
	}
	return out
}

// RestColumn returns the number of the column that holds the bodies of rest rows; -1 if there are none.
func (s *Segment) RestColumn() int {
	if len(s.restColumns) == 0 {
		return -1
	}
	return s.restColumns[0]
}
