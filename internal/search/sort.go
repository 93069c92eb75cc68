package search

import (
	"container/heap"
	"slices"
)

// order is what to sort by.
type order struct {
	name string
	desc bool
}

// sorted is a result with its sort keys.
type sorted struct {
	row    *Result
	keys   []key1
	number int // of arrival
}

// key1 is one sort key; results that have none come first.
type key1 struct {
	text []byte
	ok   bool
}

// sortStage sorts all results, stably; with a limit it keeps only the first so many in that order.
type sortStage struct {
	stage
	by    []order
	limit int // 0: all
	rows  []sorted
	seen  int
	room
}

func (s *sortStage) push(r *Result) error {
	x := sorted{row: r, number: s.seen}
	for _, o := range s.by {
		text, ok := r.get(o.name)
		x.keys = append(x.keys, key1{text, ok})
	}
	s.seen++
	if s.limit > 0 && len(s.rows) == s.limit {
		if s.compare(x, s.rows[0]) >= 0 {
			return nil
		}
		old := heap.Pop(s).(sorted)
		s.rows2(old, -1)
	}
	x.row = r.clone()
	for i := range x.keys {
		x.keys[i].text = slices.Clone(x.keys[i].text)
	}
	if s.limit > 0 {
		heap.Push(s, x)
	} else {
		s.rows = append(s.rows, x)
	}
	return s.rows2(x, 1)
}

// rows2 counts a row that comes (1) or goes (-1).
func (s *sortStage) rows2(x sorted, sign int) error {
	if sign < 0 {
		s.room.rows--
		s.bytes -= x.row.size()
		return nil
	}
	return s.take(x.row.size())
}

func (s *sortStage) compare(a, b sorted) int {
	for i, o := range s.by {
		c := compareKeys(a.keys[i], b.keys[i])
		if o.desc {
			c = -c
		}
		if c != 0 {
			return c
		}
	}
	return a.number - b.number
}

func compareKeys(a, b key1) int {
	switch {
	case a.ok && b.ok:
		return compareValues(a.text, b.text)
	case a.ok:
		return 1
	case b.ok:
		return -1
	}
	return 0
}

func (s *sortStage) end() error {
	slices.SortFunc(s.rows, s.compare)
	for _, x := range s.rows {
		if err := s.stage.push(x.row); err != nil {
			return endOf(s.stage, err)
		}
	}
	return s.stage.end()
}

// The last of the rows that are kept is on top of the heap.

// Len is the number of rows that are kept.
func (s *sortStage) Len() int { return len(s.rows) }

// Less reports whether row i comes behind row j.
func (s *sortStage) Less(i, j int) bool { return s.compare(s.rows[i], s.rows[j]) > 0 }

// Swap swaps two rows.
func (s *sortStage) Swap(i, j int) { s.rows[i], s.rows[j] = s.rows[j], s.rows[i] }

// Push adds a row.
func (s *sortStage) Push(x any) { s.rows = append(s.rows, x.(sorted)) }

// Pop takes the last row away.
func (s *sortStage) Pop() any {
	last := len(s.rows) - 1
	x := s.rows[last]
	s.rows = s.rows[:last]
	return x
}
