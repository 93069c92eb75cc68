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
	block, _, err := c.r.Column(col, b)
	if err != nil {
		return err
	}
	c.tell.readColumn()
	if value, ok := block.Constant(); ok {
		return c.addValue(value, true, n)
	}
	at := int(run.Values[f+1]) - run.First
	if codes, values, ok := block.Codes(nil); ok {
		t := counts[col]
		if t == nil {
			t = &tallies{values, make([]int, values.Len())}
			counts[col] = t
		}
		if n == run.Count {
			for _, code := range codes[at+run.First : at+run.First+run.Count] {
				t.counts[code]++
			}
			return nil
		}
		for i := rows.next(run.First); i >= 0 && i < run.First+run.Count; i = rows.next(i + 1) {
			t.counts[codes[at+i]]++
		}
		return nil
	}
	var buf []byte
	for i := rows.next(run.First); i >= 0 && i < run.First+run.Count; i = rows.next(i + 1) {
		if buf, err = block.AppendValue(buf[:0], at+i); err != nil {
			return err
		}
		if err := c.addValue(buf, true, 1); err != nil {
			c.failed = err
			return err
		}
	}
	return nil
}

// loseRows notes that the wanted ones of count rows cannot be read.
func (c *counter) loseRows(first, count int, rows rowSet, err error) {
	for i := rows.next(first); i >= 0 && i < first+count; i = rows.next(i + 1) {
		if p := c.positionOf(i); p != segment.NoPosition {
			c.lose(int(p), err)
		}
	}
}
