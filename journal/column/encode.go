package column

import (
	"bytes"
	"encoding/binary"
	"slices"

	"github.com/klauspost/compress/zstd"
)

// Use says how a column is searched.
type Use uint8

// The uses. Values are compared as a whole, and the filter holds them. Messages are searched for words, and the filter
// holds those of four bytes and more that hold a digit, and all of plain rows.
const (
	Values Use = iota
	Message
)

// Encodings of a block, its first byte.
const (
	encText      = 0 // lengths and bytes
	encConstant  = 1 // the value, the same in all rows
	encCodes     = 2 // numbers in the dictionary of the shared part
	encTemplates = 3 // numbers of templates of the shared part, and runs of variables
)

// Kinds of shared parts, the first byte; a column without one has none.
const (
	sharedDictionary = 1
	sharedTemplates  = 2
)

// Encoded is one column of a segment.
type Encoded struct {
	Shared []byte   // dictionary of values or of templates, needed by all blocks; empty if there is none
	Blocks [][]byte // one payload for each block
	Filter []byte   // lines of 64 bytes; empty if the column needs none
}

// Encoder encodes columns. It keeps its memory. Not for concurrent use.
type Encoder struct {
	zstd      *zstd.Encoder
	raw       []byte
	packed    []byte
	numbers   []uint64
	signed    []int64
	streams   streams
	templates templates
	ordered   ordered
	values    values
	filter    filterKeys
	codes     map[string]uint32
	order     [][]byte // values of the dictionary
	rowCodes  []uint32
	out       Encoded
}

// NewEncoder returns an encoder.
func NewEncoder() *Encoder {
	z, err := zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1), zstd.WithEncoderCRC(false), zstd.WithWindowSize(1<<20))
	if err != nil {
		panic("column: options of zstd: " + err.Error())
	}
	return &Encoder{zstd: z}
}

// Encode encodes the blocks of one column, each of 1 to [MaxRows] values. The result is valid until the next call.
// Every encoding gives the values back byte for byte.
func (e *Encoder) Encode(blocks []Texts, use Use) *Encoded {
	e.out = Encoded{Blocks: e.out.Blocks[:0]}
	e.filter.reset()
	if e.constant(blocks) || e.dictionary(blocks) || e.templated(blocks, use) {
		return &e.out
	}
	for i := range blocks {
		e.out.Blocks = append(e.out.Blocks, e.appendText(nil, &blocks[i]))
		e.filter.texts(&blocks[i], use)
	}
	e.out.Filter = e.filter.build()
	return &e.out
}

// constant encodes a column of one value.
func (e *Encoder) constant(blocks []Texts) bool {
	value := blocks[0].At(0)
	if len(value) > 4096 {
		return false
	}
	for i := range blocks {
		for k := range blocks[i].Ends {
			if !bytes.Equal(blocks[i].At(k), value) {
				return false
			}
		}
	}
	for range blocks {
		e.out.Blocks = append(e.out.Blocks, append([]byte{encConstant}, value...))
	}
	return true
}

// Limits of a dictionary.
const (
	maxDictionary  = 16384 // values
	maxValue       = 1024  // bytes of one
	maxValuesBytes = 1 << 20
)

// dictionary encodes a column of few different values.
func (e *Encoder) dictionary(blocks []Texts) bool {
	rows := 0
	for i := range blocks {
		rows += blocks[i].Len()
	}
	limit := min(max(rows/8, min(rows/2, 256)), maxDictionary)
	if e.codes == nil {
		e.codes = map[string]uint32{}
	}
	clear(e.codes)
	e.order, e.rowCodes = e.order[:0], e.rowCodes[:0]
	size := 0
	var last []byte
	lastCode := uint32(0)
	for i := range blocks {
		for k := range blocks[i].Ends {
			v := blocks[i].At(k)
			if len(e.rowCodes) > 0 && bytes.Equal(v, last) {
				e.rowCodes = append(e.rowCodes, lastCode)
				continue
			}
			code, known := e.codes[string(v)]
			if !known {
				code = uint32(len(e.order))
				if size += len(v); len(e.order) == limit || len(v) > maxValue || size > maxValuesBytes {
					return false
				}
				e.codes[string(v)] = code
				e.order = append(e.order, v)
			}
			e.rowCodes = append(e.rowCodes, code)
			last, lastCode = v, code
		}
	}
	e.appendCodes(blocks)
	return true
}

// appendCodes encodes dictionary and blocks: codes in one byte plane, or in two.
func (e *Encoder) appendCodes(blocks []Texts) {
	lengths, texts := []byte(nil), []byte(nil)
	for _, v := range e.order {
		lengths = binary.AppendUvarint(lengths, uint64(len(v)))
		texts = append(texts, v...)
	}
	shared := binary.AppendUvarint([]byte{sharedDictionary}, uint64(len(e.order)))
	e.out.Shared = e.appendPacked(e.appendPacked(shared, lengths), texts)
	at := 0
	for i := range blocks {
		codes := e.rowCodes[at : at+blocks[i].Len()]
		at += len(codes)
		e.out.Blocks = append(e.out.Blocks, e.appendCodePlanes([]byte{encCodes}, codes, len(e.order)))
	}
}

// appendCodePlanes appends numbers below limit, in as many planes as that needs.
func (e *Encoder) appendCodePlanes(dst []byte, codes []uint32, limit int) []byte {
	for shift := 0; shift == 0 || (limit-1)>>shift > 0; shift += 8 {
		e.raw = e.raw[:0]
		for _, c := range codes {
			e.raw = append(e.raw, byte(c>>shift))
		}
		dst = e.appendPacked(dst, e.raw)
	}
	return dst
}

func (e *Encoder) appendText(dst []byte, t *Texts) []byte {
	e.raw = e.raw[:0]
	last := uint32(0)
	for _, end := range t.Ends {
		e.raw = binary.AppendUvarint(e.raw, uint64(end-last))
		last = end
	}
	dst = e.appendPacked(append(dst, encText), e.raw)
	return e.appendPacked(dst, t.Data)
}

// templated encodes a column by templates, if most of its rows have one of few.
func (e *Encoder) templated(blocks []Texts, use Use) bool {
	t := &e.templates
	t.reset()
	for i := range blocks {
		for k := range blocks[i].Ends {
			t.add(blocks[i].At(k))
			if len(t.rows)%1024 == 0 && len(t.list) > len(t.rows)/2 {
				return false
			}
		}
	}
	kept := t.number()
	covered := 0
	for _, x := range kept {
		covered += x.rows
	}
	if covered*2 < len(t.rows) {
		return false
	}
	row, spans := 0, t.spans
	for i := range blocks {
		rows := t.rows[row : row+blocks[i].Len()]
		row += len(rows)
		var payload []byte
		payload, spans = e.appendTemplated(&blocks[i], rows, spans, kept, use)
		e.out.Blocks = append(e.out.Blocks, payload)
	}
	e.out.Shared = e.appendTemplates([]byte{sharedTemplates}, kept, covered < len(t.rows))
	e.out.Filter = e.filter.build()
	return true
}

// appendTemplated encodes a block: the ids of the rows' templates (0: plain), the runs of variables by template and
// place, and the plain rows as one run of texts.
func (e *Encoder) appendTemplated(t *Texts, rows []*template, spans []span, kept []*template, use Use) (payload []byte, rest []span) {
	if use == Values {
		e.filter.texts(t, use)
	}
	o := e.sortRows(rows, len(kept)+1)
	s := &e.streams
	s.reset()
	e.plain(t, o.members(0), use)
	for id := 1; id <= len(kept); id++ {
		list := o.members(id)
		if len(list) == 0 {
			continue
		}
		for k := range kept[id-1].slots {
			e.values.reset()
			for _, i := range list {
				x := spans[int(o.firsts[i])+k]
				e.values.add(t.At(int(i))[x.start:x.end])
			}
			e.signed = s.append(&e.values, e.signed)
			e.filter.variables(&e.values, use)
		}
	}
	payload = e.appendPresent([]byte{encTemplates}, o, len(kept)+1)
	payload = e.appendPacked(payload, s.head)
	for i := range s.planes {
		payload = e.appendPacked(payload, s.planes[i])
	}
	payload = e.appendPacked(e.appendPacked(e.appendPacked(payload, s.hex), s.lengths), s.text)
	return payload, spans[o.spans:]
}

// appendPresent appends which ids stand in the block, as a bitmap, and for each row the number of its id among them.
func (e *Encoder) appendPresent(dst []byte, o *ordered, ids int) []byte {
	bitmap, place := make([]byte, (ids+7)/8), make([]uint32, ids)
	n := 0
	for id := range ids {
		if len(o.members(id)) > 0 {
			bitmap[id/8] |= 1 << (id % 8)
			place[id] = uint32(n)
			n++
		}
	}
	for i, id := range o.ids {
		o.ids[i] = place[id]
	}
	return e.appendCodePlanes(e.appendPacked(dst, bitmap), o.ids, n)
}

// ordered is the rows of a block by the ids of their templates, 0 for none.
type ordered struct {
	ids    []uint32
	rows   []int32 // by id, ascending in each
	starts []int32 // where the rows of an id begin in rows
	firsts []int32 // where the spans of a row begin
	spans  int     // of all rows
}

func (o *ordered) members(id int) []int32 { return o.rows[o.starts[id]:o.starts[id+1]] }

// sortRows puts the rows of a block in order, by counting.
func (e *Encoder) sortRows(rows []*template, ids int) *ordered {
	o := &e.ordered
	n := len(rows)
	o.ids, o.rows = sized(o.ids, n), sized(o.rows, n)
	o.firsts, o.starts, o.spans = sized(o.firsts, n), sized(o.starts, ids+2), 0
	clear(o.starts)
	for i, x := range rows {
		o.ids[i], o.firsts[i] = 0, int32(o.spans)
		if x != nil {
			o.ids[i] = uint32(x.id)
			o.spans += x.slots
		}
		o.starts[o.ids[i]+2]++
	}
	for id := range ids {
		o.starts[id+2] += o.starts[id+1]
	}
	for i, id := range o.ids {
		o.rows[o.starts[id+1]] = int32(i)
		o.starts[id+1]++
	}
	return o
}

// sized returns a slice of n elements, in the memory of s if that is large enough.
func sized[T any](s []T, n int) []T { return slices.Grow(s[:0], n)[:n] }

// plain encodes the rows that have no template as one run.
func (e *Encoder) plain(t *Texts, list []int32, use Use) {
	if len(list) == 0 {
		return
	}
	e.values.reset()
	for _, i := range list {
		v := t.At(int(i))
		e.values.add(v)
		if use == Message {
			e.filter.text(v, use)
		}
	}
	e.streams.texts(e.values.list)
}
