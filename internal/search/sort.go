package search

import (
	"container/heap"
	"slices"
	"strconv"

	"constat/entry"
	"constat/query"
)

// sorted is a result with its sort keys.
type sorted struct {
	row    *Result
	keys   []key1
	number int // of arrival
}

// key1 is one sort key; results that have none come last.
type key1 struct {
	text []byte
	ok   bool
}

// sortStage sorts all results, stably; with a limit it keeps only the first or last so many in that order.
type sortStage struct {
	stage
	by    []query.Key
	limit int // 0: all
	last  bool
	rows  []sorted
	seen  int
	kept  room
}

func newSort(next stage, by []query.Key, limit int, last bool) *sortStage {
	return &sortStage{stage: next, by: by, limit: limit, last: last,
		kept: newRoom("sort", "rows", "narrow the query, or write \"first N by (…)\" to keep only some")}
}

func (s *sortStage) push(r *Result) error {
	x := sorted{row: r, number: s.seen}
	for _, o := range s.by {
		text, ok := r.get(orMessage(o.Field))
		if n, known := entry.ParseLevel(text); o.Field == "level" && ok && known {
			text = strconv.AppendInt(nil, int64(n), 10)
		}
		x.keys = append(x.keys, key1{text, ok})
	}
	s.seen++
	if s.limit > 0 && len(s.rows) == s.limit {
		if s.compare(x, s.rows[0]) >= 0 {
			return nil
		}
		if err := s.kept.count(-1, -heap.Pop(s).(sorted).row.size()); err != nil {
			return err
		}
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
	return s.kept.take(x.row.size())
}

// compare says which of two rows is rather kept: that which comes first, or last if the last ones are wanted.
func (s *sortStage) compare(a, b sorted) int {
	if s.last {
		return -s.order(a, b)
	}
	return s.order(a, b)
}

func (s *sortStage) order(a, b sorted) int {
	for i, o := range s.by {
		c := compareKeys(a.keys[i], b.keys[i])
		if o.Desc && a.keys[i].ok && b.keys[i].ok {
			c = -c
		}
		if c != 0 {
			return c
		}
	}
	return a.number - b.number
}

// compareKeys puts what is absent last.
func compareKeys(a, b key1) int {
	switch {
	case a.ok && b.ok:
		return compareValues(a.text, b.text)
	case a.ok:
		return -1
	case b.ok:
		return 1
	}
	return 0
}

func (s *sortStage) end() error {
	slices.SortFunc(s.rows, s.order)
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
