package search

import (
	"io"
	"slices"

	"constat/entry"
	"constat/journal"
	"constat/journal/column"
	"constat/journal/segment"
)

// ruledOut reports whether the catalogue and the filters show that a segment holds nothing that is wanted, so that it
// need not be opened.
func (w *walk) ruledOut(part journal.Part, from, to uint64) bool {
	sum := part.Summary()
	if sum == nil || w.mark != nil && *w.mark >= from && *w.mark < to {
		return false
	}
	b := &w.filter.bounds
	switch {
	case b.never || sum.Kinds&b.kinds == 0:
		w.tell.skipSegment(byKind)
		return true
	case b.outside(&sum.Span):
		w.tell.skipSegment(byTime)
		return true
	}
	s := sketch{summary: sum, part: part}
	defer s.close()
	if s.mayMeet(w.filter.cond) {
		return false
	}
	w.tell.skipSegment(byFilter)
	return true
}

// sketch is a segment as its summary and its filters show it.
type sketch struct {
	summary *segment.Summary
	part    journal.Part
	file    io.ReaderAt
	done    func() error // closes the file
	failed  bool         // the file cannot be read: nothing is known
}

func (s *sketch) close() {
	if s.done != nil {
		_ = s.done() // only read
	}
}

// mayMeet reports whether an entry may meet a condition. It is never false where one does.
func (s *sketch) mayMeet(c cond) bool {
	switch c := c.(type) {
	case always:
		return bool(c)
	case all:
		return !slices.ContainsFunc(c, func(x cond) bool { return !s.mayMeet(x) })
	case some:
		return slices.ContainsFunc(c, s.mayMeet)
	case *fieldIs:
		return s.mayHave(c)
	}
	return true
}

// mayHave reports whether an entry may have a field with a value that passes. What stands in columns of whole entries,
// of references and of packed fields is not known.
func (s *sketch) mayHave(c *fieldIs) bool {
	for i := range s.summary.Columns {
		x := &s.summary.Columns[i]
		named := slices.Contains(c.names, x.Name) && counts(x.Name, x.Provenance, c.imported)
		switch {
		case x.Params:
		case x.Rest, x.Form == entry.Packed, named && x.Form != entry.Inline:
			return true
		case named && (c.test == nil || s.mayPass(x, c.test)):
			return true
		}
	}
	return false
}

// mayPass asks the filter of a column, as [scan.askColumn] does.
func (s *sketch) mayPass(c *segment.SummaryColumn, test valueTest) bool {
	if !c.Filtered() {
		return true
	}
	values := test.whole()
	if !isText(c.Name) {
		return values == nil || slices.ContainsFunc(values, func(v []byte) bool { return s.has(c, [][]byte{v}) })
	}
	if values != nil {
		return slices.ContainsFunc(values, func(v []byte) bool { return s.has(c, column.Keys(v, true)) })
	}
	containing, ok := test.(column.Containing)
	return s.has(c, column.Keys(test.Literal(), ok && containing.Whole()))
}

func (s *sketch) open() {
	f, err := s.part.File()
	if err != nil {
		s.failed = true
		return
	}
	s.file, s.done = f, f.Close
}

// has reports whether all keys may be in the filter of a column.
func (s *sketch) has(c *segment.SummaryColumn, keys [][]byte) bool {
	for _, key := range keys {
		if s.file == nil && !s.failed {
			s.open()
		}
		if s.failed {
			return true
		}
		if has, err := c.Has(s.file, key); !has && err == nil {
			return false
		}
	}
	return true
}
