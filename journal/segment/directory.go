package segment

import (
	"encoding/binary"
	"fmt"

	"constat/entry"
	"constat/journal/frame"
)

// part is a stretch of the file with a checksum of its own. A part of size 0 is not there.
type part struct {
	offset int64
	size   uint32
	crc    uint32
}

// Parts of an arrival block.
const (
	groupPart = iota
	epochPart
	receivedPart
	eventPart
	nanosPart
	spanParts
)

// maxPlaces bounds the fields of all groups together. No head has so many: they would not fit into its bytes.
const maxPlaces = 1 << 25

// directory says what a segment holds and where.
type directory struct {
	rows    int
	kinds   uint8
	spans   []Span
	arrival [][spanParts]part
	columns []columnEntry
	shapes  []*shape
	groups  []Group
	shapeOf []int // of each group: 1 + number of its shape, 0 for rest rows
	blocks  []Block

	restColumns []int // the number of the rest column, if there is one
}

// columnEntry is a column of the directory.
type columnEntry struct {
	columnKey
	shared part // offset from the beginning of the shared area
	filter part
	blocks []part
}

// append encodes the directory. Offsets are not kept: parts follow each other in the order in which they stand here.
func (d *directory) append(dst []byte) []byte {
	dst = binary.AppendUvarint(dst, uint64(d.rows))
	dst = append(dst, d.kinds)
	dst = binary.AppendUvarint(dst, uint64(len(d.spans)))
	for i := range d.spans {
		dst = appendSpan(dst, &d.spans[i], &d.arrival[i])
	}
	dst = binary.AppendUvarint(dst, uint64(len(d.blocks)))
	for _, b := range d.blocks {
		dst = binary.AppendUvarint(dst, uint64(b.Count))
	}
	dst = binary.AppendUvarint(dst, uint64(len(d.columns)))
	for i := range d.columns {
		dst = d.columns[i].append(dst)
	}
	dst = binary.AppendUvarint(dst, uint64(len(d.shapes)))
	for _, s := range d.shapes {
		dst = s.append(dst)
	}
	dst = binary.AppendUvarint(dst, uint64(len(d.groups)))
	for i, g := range d.groups {
		dst = binary.AppendUvarint(dst, uint64(d.shapeOf[i]))
		dst = binary.AppendUvarint(dst, uint64(g.Count))
	}
	return dst
}

func appendSpan(dst []byte, s *Span, parts *[spanParts]part) []byte {
	flags := byte(0)
	if s.HasEvent {
		flags = 1
	}
	if s.AllEvent {
		flags |= 2
	}
	dst = append(dst, flags)
	dst = binary.AppendUvarint(dst, uint64(s.To-s.From))
	dst = binary.AppendUvarint(dst, uint64(s.MinEpoch))
	dst = binary.AppendUvarint(dst, uint64(s.MaxEpoch))
	for _, t := range [...]int64{s.MinReceived, s.MaxReceived, s.MinEvent, s.MaxEvent} {
		dst = binary.AppendVarint(dst, t)
	}
	for i := range parts {
		dst = parts[i].append(dst)
	}
	return dst
}

// append writes size and, unless that is 0, checksum.
func (p *part) append(dst []byte) []byte {
	dst = binary.AppendUvarint(dst, uint64(p.size))
	if p.size == 0 {
		return dst
	}
	return binary.LittleEndian.AppendUint32(dst, p.crc)
}

func (c *columnEntry) append(dst []byte) []byte {
	dst = append(dst, c.tag)
	dst = binary.AppendUvarint(dst, uint64(len(c.name)))
	dst = append(dst, c.name...)
	dst = binary.AppendUvarint(dst, uint64(c.nth))
	dst = c.shared.append(dst)
	dst = c.filter.append(dst)
	for i := range c.blocks {
		dst = c.blocks[i].append(dst)
	}
	return dst
}

func (s *shape) append(dst []byte) []byte {
	flag := byte(0)
	if s.Event {
		flag = 1 + s.Digits
	}
	dst = append(dst, byte(s.Kind), flag)
	dst = binary.AppendUvarint(dst, uint64(len(s.Zone)))
	dst = append(dst, s.Zone...)
	dst = binary.AppendUvarint(dst, uint64(s.Renderer))
	dst = binary.AppendUvarint(dst, uint64(s.Params))
	dst = binary.AppendUvarint(dst, uint64(len(s.Fields)))
	for _, f := range s.Fields {
		dst = binary.AppendUvarint(dst, uint64(f.Column))
	}
	return dst
}

// parseDirectory is the inverse of [directory.append], for a file whose parts begin at that offset. It believes no
// number: an error wraps [frame.ErrDamaged].
func parseDirectory(data []byte, parts int64) (*directory, error) {
	p := dirParser{cutter: cutter{b: data}, offset: parts}
	d := &directory{rows: p.number(MaxRows), kinds: p.byte()}
	p.spans(d)
	p.blocks(d)
	for range p.list(4) {
		d.columns = append(d.columns, p.column(len(d.blocks)))
		if last := len(d.columns) - 1; d.columns[last].tag == tagRest {
			d.restColumns = []int{last}
		}
	}
	for range p.list(4) {
		d.shapes = append(d.shapes, p.shape(d))
	}
	p.groups(d)
	if p.bad || p.at != len(data) {
		return nil, fmt.Errorf("%w: directory", frame.ErrDamaged)
	}
	return d, nil
}

// dirParser reads a directory.
type dirParser struct {
	cutter
	offset int64 // of the next part
	shared int64 // of the next shared part
}

// number reads one that is at most limit.
func (p *dirParser) number(limit int) int {
	n := p.uvarint()
	if limit < 0 || n > uint64(limit) {
		p.bad = true
	}
	if p.bad {
		return 0
	}
	return int(n)
}

// list reads the length of a list whose elements have at least so many bytes.
func (p *dirParser) list(least int) int { return p.number((len(p.b) - p.at) / least) }

func (p *dirParser) part(offset *int64) part {
	x := part{offset: *offset, size: uint32(p.number(1 << 30))}
	if x.size > 0 {
		if sum := p.take(4); !p.bad {
			x.crc = binary.LittleEndian.Uint32(p.b[sum.start:])
		}
	}
	*offset += int64(x.size)
	return x
}

func (p *dirParser) spans(d *directory) {
	at := 0
	for range p.list(10) {
		var parts [spanParts]part
		flags := p.byte()
		s := Span{From: at, HasEvent: flags&1 != 0, AllEvent: flags&2 != 0}
		full := min(BlockRows, d.rows-at)
		s.To = at + p.number(full)
		s.MinEpoch, s.MaxEpoch = uint32(p.uvarint()), uint32(p.uvarint())
		for _, t := range [...]*int64{&s.MinReceived, &s.MaxReceived, &s.MinEvent, &s.MaxEvent} {
			*t = p.svarint()
		}
		for i := range parts {
			parts[i] = p.part(&p.offset)
		}
		p.bad = p.bad || flags > 3 || s.To-at != full
		at = s.To
		d.spans, d.arrival = append(d.spans, s), append(d.arrival, parts)
	}
	p.bad = p.bad || at != d.rows
}

func (p *dirParser) blocks(d *directory) {
	at := 0
	for range p.list(1) {
		b := Block{First: at, Count: p.number(min(BlockRows, d.rows-at))}
		at += b.Count
		d.blocks = append(d.blocks, b)
	}
	p.bad = p.bad || at != d.rows
}

func (p *dirParser) column(blocks int) columnEntry {
	c := columnEntry{columnKey: columnKey{tag: p.byte()}}
	name := p.string()
	if p.bad || name.end-name.start > entry.MaxName || blocks > len(p.b) {
		p.bad = true
		return c
	}
	c.name = string(p.b[name.start:name.end])
	c.nth = p.number(1 << 16)
	c.shared = p.part(&p.shared)
	c.filter = p.part(&p.offset)
	for range blocks {
		c.blocks = append(c.blocks, p.part(&p.offset))
		if p.bad {
			return c
		}
	}
	return c
}

func (p *dirParser) shape(d *directory) *shape {
	s := &shape{}
	kind, flag := p.byte(), p.byte()
	zone := p.string()
	if p.bad || kind > byte(entry.MaxKind) || flag > 10 || zone.end-zone.start > entry.MaxZone {
		p.bad = true
		return s
	}
	s.Kind, s.Event, s.Zone = entry.Kind(kind), flag > 0, string(p.b[zone.start:zone.end])
	s.Digits = max(flag, 1) - 1
	s.Renderer = entry.Renderer(p.number(1 << 16))
	s.Params = p.number(len(d.columns) - 1)
	s.columns = []int{s.Params}
	for range p.list(1) {
		n := p.number(len(d.columns) - 1)
		if p.bad {
			return s
		}
		c := &d.columns[n]
		s.Fields = append(s.Fields, Field{Name: c.name, Provenance: entry.Provenance(c.tag & 3), Form: entry.Form(c.tag >> 2), Column: n})
		s.columns = append(s.columns, n)
	}
	s.prepare()
	return s
}

func (p *dirParser) groups(d *directory) {
	at, values := 0, 0
	for range p.list(2) {
		n := p.number(len(d.shapes))
		g := Group{First: at, Count: p.number(d.rows - at)}
		if p.bad {
			return
		}
		if n == 0 && len(d.restColumns) == 0 {
			p.bad = true
		}
		if n > 0 {
			g.Shape = &d.shapes[n-1].Shape
			values += len(g.Shape.Fields)
		}
		if values > maxPlaces {
			p.bad = true
			return
		}
		at += g.Count
		d.groups, d.shapeOf = append(d.groups, g), append(d.shapeOf, n)
	}
	p.bad = p.bad || at != d.rows
}
