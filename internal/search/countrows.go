package search

import (
	"slices"

	"constat/entry"
	"constat/journal/column"
	"constat/journal/segment"
)

// narrow counts rows as entries that have only the fields that are asked for.
func (c *counter) narrow(rows rowSet) error {
	for b, block := range c.seg.Blocks() {
		if rows.emptyRange(block.First, block.First+block.Count) {
			continue
		}
		c.begin()
		for _, run := range c.runsOf(b) {
			if c.seg.Groups()[run.Group].Shape == nil || rows.emptyRange(run.First, run.First+run.Count) {
				continue
			}
			list, err := c.open(b, run)
			if err == nil {
				err = c.pushRun(run, list, rows)
			}
			if err != nil {
				if !isLost(err) {
					return err
				}
				c.loseRows(run.First, run.Count, rows, err)
			}
		}
	}
	return c.failed
}

// values are those of a column in a block, decoded.
type values struct {
	constant []byte
	codes    []uint32
	texts    *column.Texts
	first    int // number of the value of row 0
	field    *segment.Field
}

func (v *values) at(row int) []byte {
	switch {
	case v.codes != nil:
		return v.texts.At(int(v.codes[v.first+row]))
	case v.texts != nil:
		return v.texts.At(v.first + row)
	}
	return v.constant
}

// begin forgets what was decoded of the block before.
func (c *counter) begin() {
	c.used, c.usedCodes = 0, 0
	clear(c.opened)
}

// open decodes the columns that are asked for of a run.
func (c *counter) open(b int, run segment.Run) (list []values, err error) {
	shape := c.seg.Groups()[run.Group].Shape
	for i := range shape.Fields {
		f := &shape.Fields[i]
		if !slices.Contains(c.names, f.Name) {
			continue
		}
		v := c.opened[f.Column]
		if v == nil {
			if v, err = c.decode(f.Column, b); err != nil {
				return nil, err
			}
			c.opened[f.Column] = v
		}
		own := *v
		own.first, own.field = int(run.Values[i+1])-run.First, f
		list = append(list, own)
	}
	return list, nil
}

func (c *counter) decode(col, b int) (*values, error) {
	block, _, err := c.r.Column(col, b)
	if err != nil {
		return nil, err
	}
	c.tell.readColumn()
	v := &values{}
	var ok bool
	if v.constant, ok = block.Constant(); ok {
		return v, nil
	}
	if c.usedCodes == len(c.codes) {
		c.codes = append(c.codes, nil)
	}
	if v.codes, v.texts, ok = block.Codes(c.codes[c.usedCodes]); ok {
		c.codes[c.usedCodes] = v.codes
		c.usedCodes++
		return v, nil
	}
	v.codes, v.texts = nil, nil
	if c.used == len(c.texts) {
		c.texts = append(c.texts, new(column.Texts))
	}
	v.texts = c.texts[c.used]
	c.used++
	v.texts.Reset()
	return v, block.Texts(v.texts)
}

// pushRun counts the rows of a run.
func (c *counter) pushRun(run segment.Run, list []values, rows rowSet) error {
	shape := c.seg.Groups()[run.Group].Shape
	e := entry.Entry{Kind: shape.Kind}
	for i := range list {
		f := list[i].field
		e.Fields = append(e.Fields, entry.Field{Name: f.Name, Provenance: f.Provenance, Form: f.Form})
	}
	r := Result{Journal: c.journal, Entry: &e, Event: c.filter.event}
	for row := rows.next(run.First); row >= 0 && row < run.First+run.Count; row = rows.next(row + 1) {
		for i := range list {
			e.Fields[i].Value = list[i].at(row)
		}
		if c.timed && !c.setTimes(&r, shape, row) {
			continue
		}
		if err := c.stats.push(&r); err != nil {
			return err
		}
	}
	return nil
}

// setTimes sets index and times of a row. It returns false if they cannot be read.
func (c *counter) setTimes(r *Result, shape *segment.Shape, row int) bool {
	p := c.positionOf(row)
	if p == segment.NoPosition {
		return false
	}
	n := segment.SpanOf(int(p))
	t, err := c.timesIn(n)
	if err != nil {
		c.lose(int(p), err)
		return false
	}
	at := int(p) - c.seg.Spans()[n].From
	r.Index = c.seg.First() + uint64(p)
	r.Entry.Received = t.received[at]
	if shape.Event {
		r.Entry.Event = entry.Time{Valid: true, Micros: t.events[at]}
	}
	return true
}
