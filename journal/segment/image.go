package segment

import (
	"encoding/binary"
	"errors"

	"constat/entry"
	"constat/journal/column"
	"constat/journal/frame"
)

// image is a segment while it is put together.
type image struct {
	*Builder
	*memory
	dir directory
}

// memory is what putting an image together uses again and again.
type memory struct {
	shared []byte
	parts  []byte
	ints   []int64
	values []gathered // by column
}

// Image returns the whole file. It is not decoded again here: whoever puts it in the place of the entries reads it
// back and compares first.
func (b *Builder) Image() ([]byte, error) {
	if len(b.rows) == 0 {
		return nil, errors.New("a segment of no entries")
	}
	b.arrange()
	b.cut()
	m := &image{Builder: b, memory: &b.memory}
	m.shared, m.parts = m.shared[:0], m.parts[:0]
	m.dir = directory{rows: len(b.rows), kinds: b.kinds, blocks: b.blocks}
	m.describe()
	m.spans()
	if err := m.encodeColumns(); err != nil {
		return nil, err
	}
	return m.file(), nil
}

// describe lists shapes and groups.
func (m *image) describe() {
	numbers := map[*shape]int{}
	for _, g := range m.groups {
		if g.shape != nil && numbers[g.shape] == 0 {
			m.dir.shapes = append(m.dir.shapes, g.shape)
			numbers[g.shape] = len(m.dir.shapes)
		}
		m.dir.groups = append(m.dir.groups, Group{First: g.first, Count: g.count})
		m.dir.shapeOf = append(m.dir.shapeOf, numbers[g.shape])
	}
}

// spans encodes what is in position order.
func (m *image) spans() {
	before := make([]int64, len(m.groups)) // rows of each group in the spans before
	for from := 0; from < len(m.rows); from += BlockRows {
		rows := m.rows[from:min(from+BlockRows, len(m.rows))]
		s := spanOf(rows)
		s.From, s.To = from, from+len(rows)
		m.dir.spans = append(m.dir.spans, s)
		m.dir.arrival = append(m.dir.arrival, [spanParts]part{
			groupPart:    m.groupNumbers(rows, before),
			epochPart:    m.column(rows, func(r *row) int64 { return int64(r.epoch) }),
			receivedPart: m.column(rows, func(r *row) int64 { return r.received }),
			eventPart:    m.events(rows, s.HasEvent),
			nanosPart:    m.nanos(rows),
		})
	}
}

func spanOf(rows []row) Span {
	r := &rows[0]
	s := Span{MinEpoch: r.epoch, MaxEpoch: r.epoch, MinReceived: r.received, MaxReceived: r.received, AllEvent: true}
	for i := range rows {
		r := &rows[i]
		s.MinEpoch, s.MaxEpoch = min(s.MinEpoch, r.epoch), max(s.MaxEpoch, r.epoch)
		s.MinReceived, s.MaxReceived = min(s.MinReceived, r.received), max(s.MaxReceived, r.received)
		if !r.shape.Event {
			s.AllEvent = false
			continue
		}
		if !s.HasEvent {
			s.HasEvent, s.MinEvent, s.MaxEvent = true, r.event, r.event
		}
		s.MinEvent, s.MaxEvent = min(s.MinEvent, r.event), max(s.MaxEvent, r.event)
	}
	return s
}

// part adds bytes to the parts.
func (m *image) part(data []byte) part {
	if len(data) == 0 {
		return part{}
	}
	m.parts = append(m.parts, data...)
	return part{size: uint32(len(data)), crc: frame.Checksum(data)}
}

// groupNumbers encodes how many rows of each group stand before, and the group of each position.
func (m *image) groupNumbers(rows []row, before []int64) part {
	counts := m.encoder.AppendInts(nil, before)
	data := append(binary.AppendUvarint(nil, uint64(len(counts))), counts...)
	m.ints = m.ints[:0]
	for i := range rows {
		m.ints = append(m.ints, int64(rows[i].group))
		before[rows[i].group]++
	}
	return m.part(m.encoder.AppendInts(data, m.ints))
}

func (m *image) column(rows []row, value func(*row) int64) part {
	m.ints = m.ints[:0]
	for i := range rows {
		m.ints = append(m.ints, value(&rows[i]))
	}
	return m.part(m.encoder.AppendInts(nil, m.ints))
}

// events encodes the event times. Where there is none, the one before is repeated.
func (m *image) events(rows []row, any bool) part {
	if !any {
		return part{}
	}
	last := int64(0)
	return m.column(rows, func(r *row) int64 {
		if r.shape.Event {
			last = r.event
		}
		return last
	})
}

func (m *image) nanos(rows []row) part {
	for i := range rows {
		if rows[i].shape.Event && rows[i].shape.Digits > 6 {
			return m.column(rows, func(r *row) int64 { return r.nanos })
		}
	}
	return part{}
}

// gathered is the values of one column.
type gathered struct {
	texts  []column.Texts // of the blocks in which it has some
	blocks []int          // the numbers of these blocks
}

// in returns the list for a block, whose memory may have been used before.
func (g *gathered) in(block int) *column.Texts {
	n := len(g.blocks)
	if n > 0 && g.blocks[n-1] == block {
		return &g.texts[n-1]
	}
	g.blocks = append(g.blocks, block)
	if n < cap(g.texts) {
		g.texts = g.texts[:n+1]
		g.texts[n].Reset()
	} else {
		g.texts = append(g.texts, column.Texts{})
	}
	return &g.texts[n]
}

// gather collects the values of all columns, by block. It goes over the rows once: their values are far apart.
func (m *image) gather() {
	n := len(m.columns.list)
	if n > len(m.values) {
		m.values = append(m.values, make([]gathered, n-len(m.values))...)
	}
	for i := range m.values {
		g := &m.values[i]
		g.texts, g.blocks = g.texts[:0], g.blocks[:0]
	}
	for b, block := range m.blocks {
		for _, position := range m.byRow[block.First : block.First+block.Count] {
			m.scatter(&m.rows[position], b)
		}
	}
}

// scatter appends the values of a row to their columns.
func (m *image) scatter(r *row, block int) {
	if r.shape.rows < minShape {
		m.values[m.rest].in(block).Append(m.bodies[r.body.start:r.body.end])
		return
	}
	m.values[r.shape.Params].in(block).Append(m.value(r, 0))
	for i := range r.shape.Fields {
		m.values[r.shape.Fields[i].Column].in(block).Append(m.value(r, i+1))
	}
}

func (m *image) encodeColumns() error {
	m.gather()
	for c, key := range m.columns.list {
		g := &m.values[c]
		encoded, err := m.encoder.Encode(g.texts, useOf(key))
		if err != nil {
			return err
		}
		e := columnEntry{columnKey: key, blocks: make([]part, len(m.blocks))}
		if e.shared.size = uint32(len(encoded.Shared)); e.shared.size > 0 {
			e.shared.crc = frame.Checksum(encoded.Shared)
			m.shared = append(m.shared, encoded.Shared...)
		}
		e.filter = m.part(encoded.Filter)
		for i, block := range g.blocks {
			e.blocks[block] = m.part(encoded.Blocks[i])
		}
		m.dir.columns = append(m.dir.columns, e)
	}
	return nil
}

// useOf says how a column is searched.
func useOf(k columnKey) column.Use {
	if k.tag == tagRest || k.tag == tagParams || entry.Form(k.tag>>2) != entry.Inline {
		return column.Values
	}
	for _, name := range append(entry.RoleNames("message"), entry.Raw) {
		if k.name == name {
			return column.Message
		}
	}
	return column.Values
}

// file puts header, trailer, directory, shared parts and parts together.
func (m *image) file() []byte {
	dir := m.dir.append(nil)
	t := trailer{journal: m.header.Journal, first: m.header.First, directory: uint32(len(dir)), sum: frame.Checksum(dir),
		shared: uint32(len(m.shared))}
	t.parts = metaOffset + int64(len(dir)+len(m.shared))
	t.copy = t.parts + int64(len(m.parts))
	out := make([]byte, 0, t.size())
	out = frame.AppendFileHeader(out, m.header)
	out = t.append(out)
	out = append(append(out, dir...), m.shared...)
	out = append(out, m.parts...)
	out = append(append(out, dir...), m.shared...)
	return t.append(out)
}
