package search

import (
	"constat/entry"
	"constat/journal/column"
	"constat/journal/segment"
)

// eval returns the rows of a block, out of those in wanted, that meet a condition. Row 0 is the first of the block.
// Groups whose rows must be looked at one by one are not among the wanted ones. It may change nothing that it is given.
func (s *scan) eval(c cond, b int, wanted rowSet) (rowSet, error) {
	switch c := c.(type) {
	case always:
		if c {
			return wanted, nil
		}
		return newRowSet(64 * len(wanted)), nil
	case kindIs:
		return s.evalGroups(b, wanted, func(g *segment.Group) bool { return c&(1<<g.Shape.Kind) != 0 }), nil
	case all:
		return s.evalAll(c, b, wanted)
	case some:
		return s.evalSome(c, b, wanted)
	case not:
		found, err := s.eval(c.cond, b, wanted)
		if err != nil {
			return nil, err
		}
		rest := append(rowSet(nil), wanted...)
		rest.andNot(found)
		return rest, nil
	case timeIs:
		set, err := s.inTime(c)
		return s.evalPositions(b, wanted, func(p uint32) bool { return set.has(int(p)) }, err)
	case indexIs:
		first := s.seg.First()
		return s.evalPositions(b, wanted, func(p uint32) bool { return c.holds(first+uint64(p), nil) }, nil)
	case *fieldIs:
		return s.evalField(c, b, wanted)
	case *numberIs:
		return s.evalNumber(c, b, wanted)
	}
	return nil, errNoColumns
}

func (s *scan) evalAll(list all, b int, wanted rowSet) (found rowSet, err error) {
	found = wanted
	for _, x := range list {
		if found.empty() {
			return found, nil
		}
		if found, err = s.eval(x, b, found); err != nil {
			return nil, err
		}
	}
	return found, nil
}

func (s *scan) evalSome(list some, b int, wanted rowSet) (rowSet, error) {
	left := append(rowSet(nil), wanted...)
	sum := newRowSet(64 * len(wanted))
	for _, x := range list {
		if left.empty() {
			break
		}
		found, err := s.eval(x, b, left)
		if err != nil {
			return nil, err
		}
		sum.or(found)
		left.andNot(found)
	}
	return sum, nil
}

// evalGroups keeps the rows of groups.
func (s *scan) evalGroups(b int, wanted rowSet, keep func(*segment.Group) bool) rowSet {
	out := append(rowSet(nil), wanted...)
	first := s.seg.Blocks()[b].First
	for _, run := range s.runsOf(b) {
		if g := &s.seg.Groups()[run.Group]; g.Shape == nil || !keep(g) {
			out.clearRange(run.First-first, run.First-first+run.Count)
		}
	}
	return out
}

// evalPositions keeps the rows whose position is wanted.
func (s *scan) evalPositions(b int, wanted rowSet, keep func(uint32) bool, err error) (rowSet, error) {
	if err != nil {
		return nil, err
	}
	out := newRowSet(64 * len(wanted))
	first := s.seg.Blocks()[b].First
	for i := wanted.next(0); i >= 0; i = wanted.next(i + 1) {
		if p := s.positionOf(first + i); p != segment.NoPosition && keep(p) {
			out.set(i)
		}
	}
	return out, nil
}

// operand is what a condition on a field looks at in the rows of a group.
type operand struct {
	every  bool  // all rows meet it
	fields []int // numbers of fields in the shape, whose values are asked
}

// evalField finds the rows that have the field with a value that passes the test.
func (s *scan) evalField(c *fieldIs, b int, wanted rowSet) (rowSet, error) {
	out := newRowSet(64 * len(wanted))
	first := s.seg.Blocks()[b].First
	asked := selection{scan: s, block: b}
	operands := s.operandsOf(c)
	for _, run := range s.runsOf(b) {
		at := run.First - first
		if wanted.emptyRange(at, at+run.Count) || s.seg.Groups()[run.Group].Shape == nil {
			continue
		}
		op := &operands[run.Group]
		if op.every {
			out.orRange(at, wanted, at, run.Count)
			continue
		}
		for _, f := range op.fields {
			asked.add(s.seg.Groups()[run.Group].Shape.Fields[f].Column, int(run.Values[f+1]), run.Count, wanted, at)
		}
	}
	return out, asked.run(c.test, out)
}

// operandsOf returns what a condition asks of each group.
func (s *scan) operandsOf(c *fieldIs) []operand {
	if list, ok := s.fields[c]; ok {
		return list
	}
	list := make([]operand, len(s.seg.Groups()))
	for g := range list {
		if shape := s.seg.Groups()[g].Shape; shape != nil {
			list[g] = s.operandOf(c, shape)
		}
	}
	s.fields[c] = list
	return list
}

func (s *scan) operandOf(c *fieldIs, shape *segment.Shape) (op operand) {
	for _, name := range c.names {
		found := false
		for i := range shape.Fields {
			f := &shape.Fields[i]
			if f.Name != name || !counts(name, f.Provenance, c.imported) {
				continue
			}
			found = true
			if c.test == nil {
				op.every = true
			} else if f.Form == entry.Inline && s.mayPass(c, f.Column) {
				op.fields = append(op.fields, i)
			}
		}
		if found {
			return op
		}
	}
	return op
}

// selection gathers the values of a block that a test must look at, by column.
type selection struct {
	*scan
	block int
	list  []selected
}

// selected is the values of one column.
type selected struct {
	column int
	rows   column.Rows
	parts  []stretch
}

// stretch is values of a column beside each other, and the rows that they belong to.
type stretch struct{ value, row, count int }

// add asks for the values of count rows from row at on, those in wanted, which are value and the following of a column.
func (q *selection) add(c, value, count int, wanted rowSet, at int) {
	var x *selected
	for i := range q.list {
		if q.list[i].column == c {
			x = &q.list[i]
		}
	}
	if x == nil {
		q.list = append(q.list, selected{column: c, rows: column.Rows(newRowSet(q.valuesOf(c, q.block)))})
		x = &q.list[len(q.list)-1]
	}
	rowSet(x.rows).orRange(value, wanted, at, count)
	x.parts = append(x.parts, stretch{value, at, count})
}

// valuesOf is the number of values of a column in a block.
func (s *scan) valuesOf(c, b int) int {
	n := 0
	for _, run := range s.runsOf(b) {
		if shape := s.seg.Groups()[run.Group].Shape; shape != nil {
			for i := range shape.Fields {
				if shape.Fields[i].Column == c {
					n = max(n, int(run.Values[i+1])+run.Count)
				}
			}
		}
	}
	return n
}

// run adds the rows that have a value which passes the test.
func (q *selection) run(test column.Matcher, out rowSet) error {
	for i := range q.list {
		x := &q.list[i]
		if x.rows.Empty() {
			continue
		}
		block, n, err := q.r.Column(x.column, q.block)
		if err != nil {
			return err
		}
		q.tell.readColumn()
		if len(x.rows) != len(newRowSet(n)) {
			return errNoColumns
		}
		if err := block.Select(x.rows, test); err != nil {
			return err
		}
		for _, p := range x.parts {
			out.orRange(p.row, rowSet(x.rows), p.value, p.count)
		}
		if x.rows.Empty() {
			q.r.Forget(x.column, q.block)
		}
	}
	return nil
}

// evalNumber finds the rows whose first field that says a number says a wanted one.
func (s *scan) evalNumber(c *numberIs, b int, wanted rowSet) (rowSet, error) {
	left := append(rowSet(nil), wanted...)
	out := newRowSet(64 * len(wanted))
	for _, name := range c.names {
		if left.empty() {
			break
		}
		says, err := s.evalFirst(name, b, left, numberTest{c, false})
		if err != nil {
			return nil, err
		}
		right, err := s.evalFirst(name, b, says, numberTest{c, true})
		if err != nil {
			return nil, err
		}
		out.or(right)
		left.andNot(says)
	}
	return out, nil
}

// evalFirst finds the rows whose first inline field of a name passes a test.
func (s *scan) evalFirst(name string, b int, wanted rowSet, test column.Matcher) (rowSet, error) {
	out := newRowSet(64 * len(wanted))
	first := s.seg.Blocks()[b].First
	asked := selection{scan: s, block: b}
	for _, run := range s.runsOf(b) {
		shape := s.seg.Groups()[run.Group].Shape
		if shape == nil {
			continue
		}
		for i := range shape.Fields {
			if f := &shape.Fields[i]; f.Name == name && f.Form == entry.Inline {
				asked.add(f.Column, int(run.Values[i+1]), run.Count, wanted, run.First-first)
				break
			}
		}
	}
	return out, asked.run(test, out)
}

// numberTest passes values that say a number; if exact, only a wanted one.
type numberTest struct {
	*numberIs
	exact bool
}

// Match implements [column.Matcher].
func (t numberTest) Match(value []byte) bool {
	n, ok := t.parse(value)
	return ok && (!t.exact || t.want>>n&1 != 0)
}

// Literal implements [column.Matcher].
func (t numberTest) Literal() []byte { return nil }
