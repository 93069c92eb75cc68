package search

import (
	"slices"

	"constat/entry"
	"constat/journal/column"
	"constat/journal/segment"
)

// specialise returns what is left of a condition for the rows of this segment whose columns tell everything: what all
// or none of them meet is known without reading them.
func (s *scan) specialise(c cond) cond {
	switch c := c.(type) {
	case kindIs:
		kinds := s.seg.Kinds()
		if uint8(c)&kinds == kinds {
			return always(true)
		} else if uint8(c)&kinds == 0 {
			return always(false)
		}
	case indexIs:
		if c.from <= s.seg.First() && s.seg.End()-1 <= c.to {
			return always(true)
		}
	case timeIs:
		return s.specialiseTime(c)
	case not:
		x := s.specialise(c.cond)
		if known, ok := x.(always); ok {
			return !known
		}
		return not{x}
	case all:
		return s.specialiseAll(c)
	case some:
		return s.specialiseSome(c)
	case *fieldIs:
		return s.specialiseField(c)
	case *numberIs:
		return s.specialiseNumber(c)
	}
	return c
}

func (s *scan) specialiseTime(c timeIs) cond {
	inside, outside := true, true
	b := boundsOf(c)
	for i := range s.seg.Spans() {
		x := &s.seg.Spans()[i]
		inside = inside && c.covers(x)
		outside = outside && b.outside(x)
	}
	switch {
	case inside:
		return always(true)
	case outside:
		return always(false)
	}
	return c
}

// specialiseAll leaves out what always holds, and puts what is cheap to the front.
func (s *scan) specialiseAll(c all) cond {
	var cheap, dear all
	for _, x := range c {
		switch x := s.specialise(x).(type) {
		case always:
			if !x {
				return x
			}
		case kindIs, *numberIs:
			cheap = append(cheap, x)
		case *fieldIs:
			if x.test == nil || x.test.whole() != nil {
				cheap = append(cheap, x)
			} else {
				dear = append(dear, x)
			}
		default:
			dear = append(dear, x)
		}
	}
	cheap = append(cheap, dear...)
	switch len(cheap) {
	case 0:
		return always(true)
	case 1:
		return cheap[0]
	}
	return cheap
}

func (s *scan) specialiseSome(c some) cond {
	var left some
	for _, x := range c {
		x = s.specialise(x)
		if known, ok := x.(always); ok {
			if known {
				return known
			}
			continue
		}
		left = append(left, x)
	}
	switch len(left) {
	case 0:
		return always(false)
	case 1:
		return left[0]
	}
	return left
}

func (s *scan) specialiseField(c *fieldIs) cond {
	every, none := true, true
	for g, op := range s.operandsOf(c) {
		if s.byRow[g] {
			continue
		}
		every = every && op.every
		none = none && !op.every && len(op.fields) == 0
	}
	switch {
	case none:
		return always(false)
	case every:
		return always(true)
	}
	return c
}

func (s *scan) specialiseNumber(c *numberIs) cond {
	for _, g := range s.seg.Groups() {
		if g.Shape != nil && hasAny(g.Shape, c.names) {
			return c
		}
	}
	return always(false)
}

func hasAny(shape *segment.Shape, names []string) bool {
	for i := range shape.Fields {
		for _, name := range names {
			if f := &shape.Fields[i]; f.Name == name && f.Form == entry.Inline {
				return true
			}
		}
	}
	return false
}

// mayPass reports whether a value of a column can pass the test, by its dictionary, its templates and its filter.
func (s *scan) mayPass(c *fieldIs, n int) bool {
	key := columnOf{c, n}
	if dead, ok := s.dead[key]; ok {
		return !dead
	}
	may := s.askColumn(c.test, n)
	s.dead[key] = !may
	return may
}

func (s *scan) askColumn(test valueTest, c int) bool {
	text := isText(s.columns[c].Name)
	if text && !s.askTokens(test, c) || !text && !s.askValues(test, c) {
		s.tell.skipColumn(byFilter)
		return false
	}
	if values := test.whole(); !text && len(values) > 0 && s.seg.Lacks(c, values) {
		s.tell.skipColumn(byDictionary)
		return false
	}
	shared, err := s.r.Shared(c)
	if err != nil {
		return true // reading it will say so
	}
	if values, ok := shared.Dictionary(); ok {
		for i := range values.Len() {
			if test.Match(values.At(i)) {
				return true
			}
		}
		s.tell.skipColumn(byDictionary)
		return false
	}
	if text && !mayHold(shared, test) {
		s.tell.skipColumn(byTemplates)
		return false
	}
	return true
}

// askValues asks the filter of a column whose keys are whole values. One that cannot be read lets everything pass, as
// does a column that has none.
func (s *scan) askValues(test valueTest, c int) bool {
	values := test.whole()
	for _, value := range values {
		if s.filterHas(c, value) {
			return true
		}
	}
	return values == nil
}

func (s *scan) filterHas(c int, key []byte) bool {
	has, err := s.r.Filter(c, key)
	return has || err != nil
}

// askTokens asks the filter of a column of texts, whose keys are all tokens in them, for those that must stand in a text.
func (s *scan) askTokens(test valueTest, c int) bool {
	values := test.whole()
	for _, value := range values {
		if s.filterHasAll(c, column.Keys(value, true)) {
			return true
		}
	}
	if values != nil {
		return false
	}
	containing, ok := test.(column.Containing)
	return s.filterHasAll(c, column.Keys(test.Literal(), ok && containing.Whole()))
}

func (s *scan) filterHasAll(c int, keys [][]byte) bool {
	for _, key := range keys {
		if !s.filterHas(c, key) {
			return false
		}
	}
	return true
}

// mayHold asks the templates of a column of texts for what must stand in a text.
func mayHold(shared *column.Column, test valueTest) bool {
	values := test.whole()
	if values == nil {
		literal := test.Literal()
		return len(literal) == 0 || shared.MayHold(literal)
	}
	return slices.ContainsFunc(values, func(value []byte) bool { return len(value) == 0 || shared.MayHold(value) })
}
