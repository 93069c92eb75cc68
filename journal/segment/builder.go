package segment

import (
	"errors"
	"fmt"
	"slices"

	"constat/journal/column"
	"constat/journal/frame"
)

// Limits of a segment.
const (
	MaxRows    = 65536   // entries
	BlockRows  = 8192    // of a block, in rows, and of an arrival block, in positions
	BlockBytes = 1 << 20 // of the values of one column in a block; a longer value has a block of its own
	minShape   = 8       // rows; shapes of fewer become rest rows
	minApp     = 64      // rows; applications of fewer share a group
	maxBytes   = 1 << 31 // of all bodies
)

// reserveAt is the number of rows after which a builder takes memory for a whole segment.
const reserveAt = 2048

// Builder makes the image of a segment. It keeps its memory for the next one. Not for concurrent use.
type Builder struct {
	header  frame.FileHeader
	bodies  []byte
	rows    []row
	extents []extent // of all values of all rows, one behind the other
	shapes  map[string]*shape
	order   []*shape // of first appearance
	columns columnSet
	current parsed
	kinds   uint8

	groups  []group
	rest    int      // number of the column of rest rows, if there are any
	byRow   []uint32 // position of each row
	blocks  []Block
	encoder *column.Encoder
	memory  memory
}

// row is an entry, by its position.
type row struct {
	body     extent
	values   uint32 // where its values begin
	shape    *shape
	app      *app
	group    int
	epoch    uint32
	received int64
	event    int64
	nanos    int64
}

// NewBuilder returns a builder.
func NewBuilder() *Builder { return &Builder{encoder: column.NewEncoder()} }

// Reset begins a segment with that header, whose Kind must be frame.Segment.
func (b *Builder) Reset(h frame.FileHeader) {
	h.Kind = frame.Segment
	b.header = h
	b.bodies, b.rows, b.extents = b.bodies[:0], b.rows[:0], b.extents[:0]
	b.shapes, b.order, b.kinds = map[string]*shape{}, b.order[:0], 0
}

// Add takes the canonical body of the next entry, which it copies. An error means that it is not canonical, or that
// the segment is full.
func (b *Builder) Add(body []byte) error {
	if len(b.rows) >= MaxRows || len(b.bodies)+len(body) > maxBytes {
		return errors.New("segment is full")
	}
	p := &b.current
	if err := p.parse(body); err != nil {
		return fmt.Errorf("entry %d: %w", b.header.First+uint64(len(b.rows)), err)
	}
	if len(b.rows) == reserveAt {
		b.reserve(len(b.bodies) / reserveAt)
	}
	start := uint32(len(b.bodies))
	b.bodies = append(b.bodies, body...)
	r := row{body: extent{start, uint32(len(b.bodies))}, values: uint32(len(b.extents)), shape: b.shape(p.key),
		epoch: p.epoch, received: p.received, event: p.event, nanos: p.nanos}
	for _, v := range p.values {
		b.extents = append(b.extents, extent{start + v.start, start + v.end})
	}
	r.shape.rows++
	r.app = r.shape.count(b.appOf(&r))
	b.rows = append(b.rows, r)
	b.kinds |= 1 << p.kind
	return nil
}

// shape returns the shape with that key.
func (b *Builder) shape(key []byte) *shape {
	s := b.shapes[string(key)]
	if s == nil {
		s = parseShape(key)
		b.shapes[string(key)] = s
		b.order = append(b.order, s)
	}
	return s
}

// value returns value number n of a row: 0 is the parameters, the others are the fields.
func (b *Builder) value(r *row, n int) []byte {
	v := b.extents[r.values+uint32(n)]
	return b.bodies[v.start:v.end]
}

// appOf returns the name of the application of a row, nil if it has none.
func (b *Builder) appOf(r *row) []byte {
	if r.shape.app == 0 {
		return nil
	}
	return b.value(r, r.shape.app)
}

// count counts a row of the application with that name.
func (s *shape) count(name []byte) *app {
	a := s.apps[string(name)]
	if a == nil {
		a = &app{order: len(s.apps)}
		s.apps[string(name)] = a
	}
	a.rows++
	return a
}

// reserve takes memory for a segment of bodies of about that size, unless there is nearly enough: what was kept from the
// segment before should not be copied for a few bytes more.
func (b *Builder) reserve(body int) {
	b.bodies = reserved(b.bodies, min(MaxRows*body, 64<<20))
	b.rows = slices.Grow(b.rows, MaxRows-len(b.rows))
	b.extents = reserved(b.extents, MaxRows/reserveAt*len(b.extents))
}

// reserved returns s with room for n values and a quarter more, if it has no room for n.
func reserved[T any](s []T, n int) []T {
	if cap(s) >= n {
		return s
	}
	return slices.Grow(s, n+n/4-len(s))
}
