package column

import (
	"bytes"
	"encoding/binary"
	"slices"
)

// A template is a text whose variables are left open. In the shared part each open place is one byte 0; texts that
// hold that byte have no template.

// Limits of templates.
const (
	leastRows    = 4     // a template of fewer rows is not kept: its rows are plain
	maxTemplates = 65535 // of a column
	maxSlots     = 255   // variables of a template
)

// template is one while encoding.
type template struct {
	text  []byte
	slots int
	rows  int
	open  []slot
	id    int // 1 + its number, by falling number of rows; 0: not kept
}

// slot is what all values of a variable have in common.
type slot struct {
	bytes   uint64 // a bit for each byte, or class of bytes, that stands in one: see [bitOf]
	longest uint8  // bytes; 255 stands for more, too
}

// slotSize is the size in bytes of a slot in the shared part: its bytes, little-endian, and the longest value.
const slotSize = 9

// bitOf returns the bit of a token byte: bit 0 for digits, 1 to 26 for a to z, 27 to 52 for A to Z, 53 for _, and 54
// for bytes from 0x80.
var bitOf = func() (c [256]uint64) {
	for i := range c {
		switch b := byte(i); {
		case isDigit(b):
			c[i] = 1
		case b >= 'a' && b <= 'z':
			c[i] = 1 << (1 + b - 'a')
		case b >= 'A' && b <= 'Z':
			c[i] = 1 << (27 + b - 'A')
		case b == '_':
			c[i] = 1 << 53
		case b >= 0x80:
			c[i] = 1 << 54
		}
	}
	return c
}()

// add takes a value.
func (s *slot) add(v []byte) {
	for _, b := range v {
		s.bytes |= bitOf[b]
	}
	s.longest = max(s.longest, uint8(min(len(v), 255)))
}

// canHold reports whether a value can contain part; start and end say that it must begin or end with it.
func (s slot) canHold(part []byte, start, end bool) bool {
	if len(part) > int(s.longest) && s.longest < 255 {
		return false
	}
	bits := uint64(0)
	for _, b := range part {
		bits |= bitOf[b]
	}
	return bits&^s.bytes == 0 && (!start || !end || bits&1 != 0)
}

// templates finds the templates of a column.
type templates struct {
	byText map[string]*template
	list   []*template
	rows   []*template // of each value of all blocks, nil if it has none
	spans  []span      // of all variables, one value behind the other
	key    []byte
}

func (t *templates) reset() {
	t.byText, t.list = map[string]*template{}, t.list[:0]
	t.rows, t.spans = t.rows[:0], t.spans[:0]
}

// add takes the next value.
func (t *templates) add(v []byte) {
	key, spans := t.key[:0], len(t.spans)
	at, slots := 0, 0
	for {
		start, end, ok := nextVariable(v, at)
		if !ok {
			break
		}
		key = append(append(key, v[at:start]...), 0)
		t.spans = append(t.spans, span{uint32(start), uint32(end)})
		at = end
		slots++
	}
	key = append(key, v[at:]...)
	t.key = key
	if slots > maxSlots || bytes.IndexByte(v, 0) >= 0 {
		t.spans = t.spans[:spans]
		t.rows = append(t.rows, nil)
		return
	}
	x := t.byText[string(key)]
	if x == nil {
		x = &template{text: bytes.Clone(key), slots: slots, open: make([]slot, slots)}
		t.byText[string(key)] = x
		t.list = append(t.list, x)
	}
	x.rows++
	t.rows = append(t.rows, x)
	for k, at := range t.spans[spans:] {
		x.open[k].add(v[at.start:at.end])
	}
}

// number gives the templates that are kept their ids, the most frequent first.
func (t *templates) number() []*template {
	slices.SortStableFunc(t.list, func(a, b *template) int { return b.rows - a.rows })
	kept := t.list
	for i, x := range t.list {
		if x.rows < leastRows || i == maxTemplates {
			kept = t.list[:i]
			break
		}
		x.id = i + 1
	}
	return kept
}

// appendTemplates encodes the shared part: whether a row of the column is plain, the number of templates, their
// lengths and texts, and what their variables have in common.
func (e *Encoder) appendTemplates(dst []byte, kept []*template, plain bool) []byte {
	flag := byte(0)
	if plain {
		flag = 1
	}
	dst = append(dst, flag)
	dst = binary.AppendUvarint(dst, uint64(len(kept)))
	var lengths, texts, slots []byte
	for _, x := range kept {
		lengths = binary.AppendUvarint(lengths, uint64(len(x.text)))
		texts = append(texts, x.text...)
		for _, s := range x.open {
			slots = append(binary.LittleEndian.AppendUint64(slots, s.bytes), s.longest)
		}
	}
	return e.appendPacked(e.appendPacked(e.appendPacked(dst, lengths), texts), slots)
}

// pattern is a template while reading: constants with a variable between each two.
type pattern struct {
	constants [][]byte
	open      []slot
}

func (p *pattern) slots() int { return len(p.constants) - 1 }

// parseTemplates reads the shared part.
func parseTemplates(s *source) (patterns []pattern, plain bool) {
	flag := s.byte()
	n := s.number(maxTemplates)
	lengths := source{b: s.packed(maxRaw)}
	texts, slots := s.packed(maxRaw), s.packed(maxRaw)
	if flag > 1 || n > len(lengths.b) {
		s.fail("templates")
		return nil, false
	}
	for range n {
		size := lengths.number(len(texts))
		if lengths.err != nil {
			s.fail("templates")
			return nil, false
		}
		p := pattern{constants: bytes.Split(texts[:size:size], []byte{0})}
		if slotSize*p.slots() > len(slots) {
			s.fail("variables of templates")
			return nil, false
		}
		for range p.slots() {
			p.open = append(p.open, slot{binary.LittleEndian.Uint64(slots), slots[slotSize-1]})
			slots = slots[slotSize:]
		}
		patterns, texts = append(patterns, p), texts[size:]
	}
	if len(texts) != 0 || len(slots) != 0 || len(lengths.b) != 0 || len(s.b) != 0 {
		s.fail("bytes behind the templates")
	}
	return patterns, flag == 1
}
