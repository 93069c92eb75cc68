package segment

import (
	"encoding/binary"

	"constat/entry"
)

// shape is [Shape] with what the builder and the reader need beside.
type shape struct {
	Shape
	rows    int
	app     int             // the value by which rows are grouped: 1 + number of the field; 0 if there is none
	keys    []columnKey     // of the fields
	apps    map[string]*app // of the builder
	small   int             // group of its small applications
	columns []int           // of parameters and fields, when read
	middle  []byte          // zone, renderer: what stands between event time and parameters in a body
	heads   [][]byte        // for each field what stands before its value in a body
}

// app counts the rows of one application in a shape.
type app struct {
	order int // of first appearance in the shape
	rows  int
	group int
}

// parseShape is the inverse of what [parsed.parse] puts into key. It is only given keys that were made there.
func parseShape(key []byte) *shape {
	s := &shape{apps: map[string]*app{}}
	s.Kind = entry.Kind(key[0])
	flag := key[1]
	key = key[2:]
	if flag > 0 {
		s.Event, s.Digits = true, flag-1
		n := int(key[0])
		s.Zone = string(key[1 : 1+n])
		key = key[1+n:]
	}
	s.Renderer = entry.Renderer(binary.LittleEndian.Uint16(key))
	key = key[2:]
	nth := map[columnKey]int{}
	for c := (cutter{b: key}); c.at < len(key); {
		tag, name := c.field()
		k := columnKey{tag: tag, name: name}
		k.nth = nth[k]
		nth[columnKey{tag: k.tag, name: k.name}]++
		s.Fields = append(s.Fields, Field{Name: k.name, Provenance: entry.Provenance(tag & 3), Form: entry.Form(tag >> 2)})
		s.keys = append(s.keys, k)
	}
	s.app = s.appField()
	return s
}

// field reads the head of a field that [cutter.head] found sound: provenance | form << 2, and the name.
func (c *cutter) field() (tag byte, name string) {
	tag = c.byte()
	switch number := int(tag >> 4); number {
	case 0:
		x := c.string()
		return tag, string(c.b[x.start:x.end])
	case entry.LongName:
		return tag & 15, entry.KnownName(number + int(c.byte()))
	default:
		return tag & 15, entry.KnownName(number)
	}
}

// appField returns 1 + the number of the field that names the application, 0 if there is none: see [entry.RoleNames].
func (s *shape) appField() int {
	for _, name := range entry.RoleNames("app") {
		for i, f := range s.Fields {
			if f.Name == name && f.Form == entry.Inline {
				return i + 1
			}
		}
	}
	return 0
}

// assign numbers the columns of the shape.
func (s *shape) assign(columns *columnSet) {
	s.Params = columns.params()
	for i, k := range s.keys {
		s.Fields[i].Column = columns.number(k)
	}
}

// prepare makes the constant parts of bodies of this shape.
func (s *shape) prepare() {
	s.middle = s.middle[:0]
	if s.Event {
		s.middle = binary.AppendUvarint(s.middle, uint64(len(s.Zone)))
		s.middle = append(s.middle, s.Zone...)
	}
	s.middle = binary.AppendUvarint(s.middle, uint64(s.Renderer))
	s.heads = nil
	for _, f := range s.Fields {
		s.heads = append(s.heads, entry.AppendHead(nil, f.Provenance, f.Form, f.Name))
	}
}

// columnKey tells columns apart. The parameters' and the rest column have tags of their own.
type columnKey struct {
	tag  byte
	name string
	nth  int
}

// Tags of columns that are no fields.
const (
	tagParams = 0xfe
	tagRest   = 0xff
)

// columnSet numbers columns.
type columnSet struct {
	numbers map[columnKey]int
	list    []columnKey
}

func (c *columnSet) reset() {
	c.numbers, c.list = map[columnKey]int{}, c.list[:0]
}

func (c *columnSet) number(k columnKey) int {
	n, known := c.numbers[k]
	if !known {
		n = len(c.list)
		c.numbers[k] = n
		c.list = append(c.list, k)
	}
	return n
}

func (c *columnSet) params() int { return c.number(columnKey{tag: tagParams}) }
func (c *columnSet) rest() int   { return c.number(columnKey{tag: tagRest}) }
