package column

import (
	"fmt"
	"slices"
)

// Column reads one column: what all its blocks need. It may be used concurrently.
type Column struct {
	values   *Texts    // the dictionary, if it has one
	patterns []pattern // the templates, if it has them
	plain    bool      // a row has no template
}

// Open reads the shared part of a column, which may be empty. An error wraps [ErrDamaged] or [ErrNewer].
func Open(shared []byte) (*Column, error) {
	c := &Column{}
	if len(shared) == 0 {
		return c, nil
	}
	s := source{b: shared}
	switch kind := s.byte(); kind {
	case sharedDictionary:
		c.values = parseDictionary(&s)
	case sharedTemplates:
		c.patterns, c.plain = parseTemplates(&s)
	default:
		return nil, fmt.Errorf("%w: shared part of kind %d", ErrNewer, kind)
	}
	if s.err != nil {
		return nil, s.err
	}
	return c, nil
}

func parseDictionary(s *source) *Texts {
	n := s.number(maxDictionary)
	lengths := source{b: s.packed(maxRaw)}
	t := &Texts{Data: s.packed(maxRaw)}
	end := 0
	for range n {
		end += lengths.number(len(t.Data))
		if lengths.err != nil || end > len(t.Data) {
			s.fail("dictionary")
			return nil
		}
		t.Ends = append(t.Ends, uint32(end))
	}
	if end != len(t.Data) || len(lengths.b) != 0 || len(s.b) != 0 {
		s.fail("bytes behind the dictionary")
	}
	return t
}

// Dictionary returns the values of the column, if they are few: every row has one of them. They must not be changed.
func (c *Column) Dictionary() (values *Texts, ok bool) { return c.values, c.values != nil }

// Templates returns the number of templates.
func (c *Column) Templates() int { return len(c.patterns) }

// Template returns the constant parts of a template. Between each two stands a variable.
func (c *Column) Template(n int) [][]byte { return c.patterns[n].constants }

// Block is one block of a column. It is decoded when it is needed. Not for concurrent use.
type Block struct {
	column   *Column
	encoding byte
	n        int
	payload  []byte
	ready    bool
	err      error

	value []byte // encConstant
	texts Texts  // encText
	codes []uint32

	// encTemplates
	rest    []byte   // of the payload, behind ids
	ids     []uint16 // that stand in the block, ascending; codes are places in it
	streams [allStreams]lazy
	places  []uint32 // of each row, its number among the rows of its template
	runs    []run    // plain rows, then the variables of the templates
	first   []int32  // by code, where in runs its variables begin
}

// Block returns the block of n values that a payload holds, which is kept. An error wraps [ErrDamaged] or [ErrNewer].
func (c *Column) Block(payload []byte, n int) (*Block, error) {
	if len(payload) == 0 || n < 1 || n > MaxRows {
		return nil, damaged("block of %d bytes for %d values", len(payload), n)
	}
	b := &Block{column: c, encoding: payload[0], n: n, payload: payload[1:]}
	switch {
	case b.encoding > encTemplates:
		return nil, fmt.Errorf("%w: number %d", ErrNewer, b.encoding)
	case b.encoding == encCodes && c.values == nil, b.encoding == encTemplates && c.patterns == nil:
		return nil, damaged("block without the shared part that it needs")
	case b.encoding == encConstant:
		b.value = b.payload
	}
	return b, nil
}

// decode makes the block ready to be read.
func (b *Block) decode() error {
	if b.ready {
		return b.err
	}
	b.ready = true
	s := source{b: b.payload}
	switch b.encoding {
	case encText:
		b.decodeText(&s)
	case encCodes:
		b.codes = b.codePlanes(&s, b.column.values.Len())
	case encTemplates:
		if err := b.decodeIDs(); err != nil {
			s.err = err
			break
		}
		s.b = b.rest
		b.decodeTemplates(&s)
	}
	if b.encoding != encConstant && s.err == nil && len(s.b) != 0 {
		s.fail("bytes behind a block")
	}
	b.err = s.err
	return b.err
}

func (b *Block) decodeText(s *source) {
	lengths := source{b: s.packed(maxRaw)}
	b.texts.Data = s.packed(maxRaw)
	end := 0
	for range b.n {
		end += lengths.number(len(b.texts.Data))
		if lengths.err != nil || end > len(b.texts.Data) {
			s.fail("lengths of texts")
			return
		}
		b.texts.Ends = append(b.texts.Ends, uint32(end))
	}
	if end != len(b.texts.Data) || len(lengths.b) != 0 {
		s.fail("bytes behind texts")
	}
}

// codePlanes reads a number below limit for each row.
func (b *Block) codePlanes(s *source, limit int) []uint32 {
	codes := make([]uint32, b.n)
	for shift := 0; shift == 0 || (limit-1)>>shift > 0; shift += 8 {
		plane := s.packed(b.n)
		if len(plane) != b.n {
			s.fail("plane of %d bytes for %d values", len(plane), b.n)
			return nil
		}
		for i, x := range plane {
			codes[i] |= uint32(x) << shift
		}
	}
	for _, c := range codes {
		if int(c) >= limit {
			s.fail("number %d of %d", c, limit)
			return nil
		}
	}
	return codes
}

// decodeIDs reads which templates stand in the block: 0 for plain rows, 1 + its number for a template.
func (b *Block) decodeIDs() error {
	if b.ids != nil {
		return nil
	}
	limit := len(b.column.patterns) + 1
	s := source{b: b.payload}
	bitmap := s.packed(limit/8 + 1)
	if len(bitmap) != (limit+7)/8 {
		s.fail("bitmap of %d bytes for %d templates", len(bitmap), limit)
		return s.err
	}
	for id := range limit {
		if bitmap[id/8]>>(id%8)&1 != 0 {
			b.ids = append(b.ids, uint16(id))
		}
	}
	if b.rest = s.b; len(b.ids) == 0 {
		s.fail("no template stands in the block")
	}
	return s.err
}

func (b *Block) decodeTemplates(s *source) {
	b.codes = b.codePlanes(s, len(b.ids))
	h := heads{source: source{b: s.packed(maxRaw)}, streams: &b.streams}
	for i := range b.streams {
		b.streams[i] = s.lazy(maxRaw)
	}
	if s.err != nil {
		return
	}
	b.places, b.first = make([]uint32, b.n), make([]int32, len(b.ids))
	counts, total := make([]uint32, len(b.ids)), 0
	for i, c := range b.codes {
		b.places[i] = counts[c]
		counts[c]++
	}
	for c := range b.ids {
		b.first[c] = int32(total)
		total += b.slots(c)
	}
	b.runs = make([]run, 0, min(total, len(h.b)))
	for c, n := range counts {
		for range b.slots(c) {
			if h.err == nil {
				b.runs = append(b.runs, h.run(int(n)))
			}
		}
	}
	if h.err == nil && b.ids[0] == 0 && b.runs[0].kind != runText {
		h.fail("plain rows are a run of type %d", b.runs[0].kind)
	}
	if h.err != nil || len(h.b) != 0 {
		s.fail("runs: %v", h.err)
	}
}

// slots is the number of runs of a template; plain rows have one.
func (b *Block) slots(code int) int {
	if b.ids[code] == 0 {
		return 1
	}
	return b.column.patterns[b.ids[code]-1].slots()
}

// runsOf returns the runs of a template.
func (b *Block) runsOf(code int) []run { return b.runs[b.first[code]:][:b.slots(code)] }

// needAll reads what the runs need.
func (b *Block) needAll(runs []run) error {
	for i := range runs {
		if err := b.need(&runs[i]); err != nil {
			return err
		}
	}
	return nil
}

// decodeAll makes the block ready for [Block.append].
func (b *Block) decodeAll() error {
	if err := b.decode(); err != nil {
		return err
	}
	return b.needAll(b.runs)
}

// append appends the value of row i, whose runs must be there.
func (b *Block) append(dst []byte, i int) []byte {
	switch b.encoding {
	case encConstant:
		return append(dst, b.value...)
	case encText:
		return append(dst, b.texts.At(i)...)
	case encCodes:
		return append(dst, b.column.values.At(int(b.codes[i]))...)
	}
	code, place := int(b.codes[i]), int(b.places[i])
	runs := b.runsOf(code)
	if b.ids[code] == 0 {
		return runs[0].append(dst, place)
	}
	constants := b.column.patterns[b.ids[code]-1].constants
	dst = append(dst, constants[0]...)
	for k := range runs {
		dst = runs[k].append(dst, place)
		dst = append(dst, constants[k+1]...)
	}
	return dst
}

// Len is the number of values.
func (b *Block) Len() int { return b.n }

// Texts appends all values.
func (b *Block) Texts(dst *Texts) error {
	if err := b.decodeAll(); err != nil {
		return err
	}
	dst.Data = slices.Grow(dst.Data, b.size())
	dst.Ends = slices.Grow(dst.Ends, b.n)
	for i := range b.n {
		dst.Data = b.append(dst.Data, i)
		dst.Ends = append(dst.Ends, uint32(len(dst.Data)))
	}
	return nil
}

// size guesses how many bytes all values have.
func (b *Block) size() int {
	total := len(b.texts.Data)
	if b.encoding == encTemplates {
		for i := 0; i < b.n; i += 64 {
			total += 64 * (len(b.append(nil, i)) + 4)
		}
	}
	return total
}

// Some is like [Block.Texts], but the values of rows that are not in the set are left empty.
func (b *Block) Some(dst *Texts, rows Rows) (err error) {
	for i := range b.n {
		if rows.Has(i) {
			if dst.Data, err = b.AppendValue(dst.Data, i); err != nil {
				return err
			}
		}
		dst.Ends = append(dst.Ends, uint32(len(dst.Data)))
	}
	return nil
}

// AppendValue appends the value of row i.
func (b *Block) AppendValue(dst []byte, i int) ([]byte, error) {
	if err := b.decode(); err != nil {
		return dst, err
	}
	if b.encoding == encTemplates {
		if err := b.needAll(b.runsOf(int(b.codes[i]))); err != nil {
			return dst, err
		}
	}
	return b.append(dst, i), nil
}

// Codes returns for each row the number of its value among values; ok is false if the block is not kept so. Neither
// must be changed.
func (b *Block) Codes() (codes []uint32, values *Texts, ok bool) {
	if b.encoding != encCodes || b.decode() != nil {
		return nil, nil, false
	}
	return b.codes, b.column.values, true
}

// Constant returns the value that all rows have; ok is false if they may differ.
func (b *Block) Constant() (value []byte, ok bool) { return b.value, b.encoding == encConstant }
