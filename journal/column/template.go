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
	id    int // 1 + its number, by falling number of rows; 0: not kept
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
		x = &template{text: bytes.Clone(key), slots: slots}
		t.byText[string(key)] = x
		t.list = append(t.list, x)
	}
	x.rows++
	t.rows = append(t.rows, x)
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
// lengths and texts.
func (e *Encoder) appendTemplates(dst []byte, kept []*template, plain bool) []byte {
	flag := byte(0)
	if plain {
		flag = 1
	}
	dst = append(dst, flag)
	dst = binary.AppendUvarint(dst, uint64(len(kept)))
	lengths, texts := []byte(nil), []byte(nil)
	for _, x := range kept {
		lengths = binary.AppendUvarint(lengths, uint64(len(x.text)))
		texts = append(texts, x.text...)
	}
	return e.appendPacked(e.appendPacked(dst, lengths), texts)
}

// pattern is a template while reading: constants with a variable between each two.
type pattern struct {
	constants [][]byte
}

func (p *pattern) slots() int { return len(p.constants) - 1 }

// parseTemplates reads the shared part.
func parseTemplates(s *source) (patterns []pattern, plain bool) {
	flag := s.byte()
	n := s.number(maxTemplates)
	lengths := source{b: s.packed(maxRaw)}
	texts := s.packed(maxRaw)
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
		patterns = append(patterns, pattern{constants: bytes.Split(texts[:size:size], []byte{0})})
		texts = texts[size:]
	}
	if len(texts) != 0 || len(lengths.b) != 0 || len(s.b) != 0 {
		s.fail("bytes behind the templates")
	}
	return patterns, flag == 1
}
