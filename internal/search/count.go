package search

import (
	"slices"

	"constat/entry"
	"constat/journal/column"
	"constat/journal/layout"
	"constat/journal/segment"
)

// counter counts the rows of one segment that match, reading only the columns that the count needs.
type counter struct {
	*scan
	stats     *statsStage
	journal   layout.Journal
	names     []string // fields that are asked for; those of roles all
	timed     bool     // times or indexes are asked for
	times     []spanTimes
	opened    map[int]*values // columns of the block at hand
	texts     []*column.Texts // memory that is used again
	used      int
	codes     [][]uint32
	usedCodes int
}

// spanTimes are the times of an arrival block.
type spanTimes struct {
	received, events []int64
	ready            bool
}

func newCounter(s *scan, stats *statsStage, d layout.Journal) *counter {
	c := &counter{scan: s, stats: stats, journal: d, times: make([]spanTimes, len(s.seg.Spans())), opened: map[int]*values{}}
	for i := range stats.by {
		c.ask(stats.by[i].name)
	}
	for i := range stats.functions {
		f := &stats.functions[i]
		c.timed = c.timed || f.name == "rate" && !stats.bucketed()
		if f.field != "" {
			c.ask(f.field)
		}
	}
	return c
}

func (c *counter) ask(name string) {
	switch name {
	case "time", "received", "event", "index":
		c.timed = true
	default:
		c.names = append(c.names, fieldNames(name)...)
	}
}

// bucketed reports whether the groups are pieces of time.
func (s *statsStage) bucketed() bool {
	return slices.ContainsFunc(s.by, func(b bucket) bool { return b.step > 0 })
}

// onlyCounts reports whether all that is worked out is how many rows a group has.
func (s *statsStage) onlyCounts() bool {
	return !slices.ContainsFunc(s.functions, func(f function) bool {
		return f.field != "" || f.name != "count" && (f.name != "rate" || !s.bucketed())
	})
}

// count counts the entries from index from to to-1 that match.
func (c *counter) count(from, to uint64) error {
	positions, rows := c.findRows(from, to)
	if c.failed != nil {
		return c.failed
	}
	if rows == nil {
		if positions.empty() {
			return nil
		}
		if len(c.stats.by) == 0 && c.stats.onlyCounts() {
			return c.stats.add(nil, func(*counter) []Value { return nil }, c, positions.count())
		}
		if rows = fullSet(c.seg.Count()); positions.count() != c.seg.Count() {
			rows = c.rowsOf(positions)
		}
	}
	if err := c.alone(rows); err != nil {
		return err
	}
	switch simple := c.stats.onlyCounts(); {
	case simple && len(c.stats.by) == 0:
		return c.stats.add(nil, func(*counter) []Value { return nil }, c, rows.count())
	case simple && len(c.stats.by) == 1 && c.stats.by[0].step > 0:
		return c.histogram(rows)
	case simple && len(c.stats.by) == 1 && c.names != nil && c.byColumn():
		return c.values(rows)
	}
	return c.narrow(rows)
}

// add counts n rows of a group. Its values are made if it is new.
func (s *statsStage) add(key []byte, values func(*counter) []Value, c *counter, n int) error {
	if n == 0 {
		return nil
	}
	s.key = append(s.key[:0], key...)
	g := s.groups[string(s.key)]
	if g == nil {
		g = &group{state: make([]aggregate, len(s.functions)), values: values(c)}
		if err := s.addGroup(g); err != nil {
			return err
		}
	}
	for i := range g.state {
		g.state[i].n += int64(n)
	}
	return nil
}

// alone counts the rows that must be looked at one by one, and takes them out of the set.
func (c *counter) alone(rows rowSet) error {
	for n, g := range c.seg.Groups() {
		if !c.byRow[n] {
			continue
		}
		for i := rows.next(g.First); i >= 0 && i < g.First+g.Count; i = rows.next(i + 1) {
			p := c.positionOf(i)
			if p == segment.NoPosition {
				continue
			}
			index := c.seg.First() + uint64(p)
			if err := c.entry(index, &c.current); err != nil {
				if c.lose(int(p), err); c.failed != nil {
					return c.failed
				}
				continue
			}
			if err := c.push(index, &c.current); err != nil {
				return err
			}
		}
		rows.clearRange(g.First, g.First+g.Count)
	}
	return nil
}

func (c *counter) push(index uint64, e *entry.Entry) error {
	return c.stats.push(&Result{Journal: c.journal, Index: index, Entry: e, Event: c.filter.event})
}

// timesIn returns the times of an arrival block. Where an entry has no event time, that is of no meaning.
func (c *counter) timesIn(span int) (*spanTimes, error) {
	t := &c.times[span]
	if t.ready {
		return t, nil
	}
	var err error
	if t.received, err = c.r.Received(t.received[:0], span); err == nil && c.seg.Spans()[span].HasEvent {
		t.events, err = c.r.Events(t.events[:0], span)
	}
	t.ready = err == nil
	return t, err
}

// histogram counts rows by pieces of time.
func (c *counter) histogram(rows rowSet) error {
	by := &c.stats.by[0]
	a := axisReceived
	if by.name == "event" || by.name == "time" && c.filter.event {
		a = axisEither
	}
	whole := rows.count() == c.seg.Count()
	for n, x := range c.seg.Spans() {
		var of []uint32
		if !whole {
			var err error
			if of, err = c.r.Rows(n); err != nil {
				c.place(n) // notes what is lost
				continue
			}
		}
		times, _, err := c.timesOf(n, a)
		if err != nil {
			if c.loseSpan(x, rows, of, err); c.failed != nil {
				return c.failed
			}
			continue
		}
		if err := c.buckets(by, times, rows, of); err != nil {
			return err
		}
	}
	return nil
}

// buckets counts the times of an arrival block whose rows are in the set; all of them if of is nil.
func (c *counter) buckets(by *bucket, times []int64, rows rowSet, of []uint32) error {
	start, n := int64(0), 0
	flush := func() error {
		return c.stats.add(appendTimeKey(nil, start), func(*counter) []Value {
			return []Value{{Name: by.as, Text: AppendTime(nil, start)}}
		}, c, n)
	}
	for i, t := range times {
		if of != nil && !rows.has(int(of[i])) {
			continue
		}
		if d := t - start; d < 0 || d >= by.step || n == 0 {
			if err := flush(); err != nil {
				return err
			}
			start, n = floorTo(t, by.step), 0
		}
		n++
	}
	return flush()
}

// loseSpan notes that the wanted rows of an arrival block cannot be counted.
func (c *counter) loseSpan(x segment.Span, rows rowSet, of []uint32, err error) {
	for p := x.From; p < x.To; p++ {
		if of == nil || rows.has(int(of[p-x.From])) {
			c.lose(p, err)
		}
	}
}
