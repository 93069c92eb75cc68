package search

import (
	"slices"

	"constat/entry"
	"constat/journal/column"
	"constat/journal/segment"
)

// byColumn reports whether the values of the one group are those of a column, and not what is made of them.
func (c *counter) byColumn() bool {
	switch c.stats.by[0].name {
	case "level", "facility", "journal", "kind":
		return false
	}
	return true
}

// groupColumn returns the number of the field of a shape whose value the rows are grouped by; -1 if they have none.
func (c *counter) groupColumn(shape *segment.Shape) int {
	isRole := len(c.names) > 1
	for _, name := range c.names {
		for i := range shape.Fields {
			f := &shape.Fields[i]
			switch {
			case f.Name != name:
			case f.Form == entry.Inline:
				return i
			case isRole:
				return -1
			}
		}
	}
	return -1
}

// values counts rows by the values of a field.
func (c *counter) values(rows rowSet) error {
	counts := map[int]*tallies{}
	for b, block := range c.seg.Blocks() {
		if rows.emptyRange(block.First, block.First+block.Count) {
			continue
		}
		c.begin()
		for _, run := range c.runsOf(b) {
			shape := c.seg.Groups()[run.Group].Shape
			n := rows.countRange(run.First, run.First+run.Count)
			if shape == nil || n == 0 {
				continue
			}
			f := c.groupColumn(shape)
			if f < 0 {
				if err := c.addValue(nil, false, n); err != nil {
					return err
				}
				continue
			}
			if err := c.valuesOfRun(b, run, f, rows, n, counts); err != nil {
				if c.loseRows(run.First, run.Count, rows, err); c.failed != nil {
					return c.failed
				}
			}
		}
	}
	for _, t := range counts {
		if err := c.flushTallies(t); err != nil {
			return err
		}
	}
	return nil
}

// tallies are the counts of the values of a dictionary.
type tallies struct {
	values *column.Texts
	counts []int
}

func (c *counter) flushTallies(t *tallies) error {
	for i, n := range t.counts {
		if n > 0 {
			if err := c.addValue(t.values.At(i), true, n); err != nil {
				return err
			}
		}
	}
	return nil
}

// addValue counts n rows of a value.
func (c *counter) addValue(text []byte, has bool, n int) error {
	key := []byte{0}
	if has {
		key = appendTextKey(nil, text)
	}
	return c.stats.add(key, func(*counter) []Value {
		return []Value{{Name: c.stats.by[0].as, Text: slices.Clone(text), Absent: !has}}
	}, c, n)
}

// valuesOfRun counts the n rows of a run that are in the set.
func (c *counter) valuesOfRun(b int, run segment.Run, f int, rows rowSet, n int, counts map[int]*tallies) error {
	col := c.seg.Groups()[run.Group].Shape.Fields[f].Column
	v := c.opened[col]
	if v == nil {
		var err error
		if v, err = c.decode(col, b); err != nil {
			return err
		}
		c.opened[col] = v
	}
	at := int(run.Values[f+1]) - run.First
	switch {
	case v.codes != nil:
		c.tally(col, v, run, at, rows, n, counts)
		return nil
	case v.texts == nil:
		return c.addValue(v.constant, true, n)
	}
	for i := rows.next(run.First); i >= 0 && i < run.First+run.Count; i = rows.next(i + 1) {
		if err := c.addValue(v.texts.At(at+i), true, 1); err != nil {
			c.failed = err
			return err
		}
	}
	return nil
}

// tally counts the codes of the n rows of a run that are in the set.
func (c *counter) tally(col int, v *values, run segment.Run, at int, rows rowSet, n int, counts map[int]*tallies) {
	t := counts[col]
	if t == nil {
		t = &tallies{v.texts, make([]int, v.texts.Len())}
		counts[col] = t
	}
	if n == run.Count {
		for _, code := range v.codes[at+run.First : at+run.First+run.Count] {
			t.counts[code]++
		}
		return
	}
	for i := rows.next(run.First); i >= 0 && i < run.First+run.Count; i = rows.next(i + 1) {
		t.counts[v.codes[at+i]]++
	}
}

// loseRows notes that the wanted ones of count rows cannot be read.
func (c *counter) loseRows(first, count int, rows rowSet, err error) {
	for i := rows.next(first); i >= 0 && i < first+count; i = rows.next(i + 1) {
		if p := c.positionOf(i); p != segment.NoPosition {
			c.lose(int(p), err)
		}
	}
}
