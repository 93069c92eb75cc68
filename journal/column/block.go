package column

import (
	"bytes"
	"fmt"
	"slices"
	"sync"

	"github.com/klauspost/compress/zstd"
)

// Numbers of the encodings of a block: its first byte.
const (
	blockCodes     = 1 // numbers of values in the dictionary
	blockList      = 2 // one list
	blockTemplates = 3 // numbers of templates, and a list for each slot
)

// Numbers of the streams of a block behind the header.
const (
	streamRadix = iota
	streamLow
	streamHigh
	streamText
	streamCodes
	streamCount
)

// Block reads one block of a column. It is not safe for concurrent use.
type Block struct {
	column  *Column
	n       int
	kind    byte
	streams [streamCount]packed
	opened  [streamCount][]byte
	*memory

	codes    intsAt // of values or of templates
	single   listAt // of blockList
	used     []used // of blockTemplates
	hasOwned bool   // memory.owners has been read
	hasLists bool   // the lists of used have been read
	lists    reader // where their headers stand
	before   offsets
}

// A memory is what decoding needs, kept from block to block.
type memory struct {
	ints64   []int64
	all      []int64 // a list, of which some are wanted
	flags    []int64 // of a list of repeats
	listsAt  []listAt
	meta     []byte
	fresh    Texts   // of a list of repeats
	owners   []int64 // for each row its template
	slots    Texts   // lists of templates
	whole    Texts   // a list, of which a part is wanted
	answer   Texts   // what Select looks at
	unzipped [streamCount][]byte
}

// Release gives the memory of the block back, for other blocks. It need not be called; the block must
// not be used afterwards.
func (b *Block) Release() {
	if b.memory != nil {
		memories.Put(b.memory)
		b.memory = nil
	}
}

// Block reads the headers of a block of n values. The payload is kept. Errors wrap [ErrDamaged] or [ErrNewer].
func (c *Column) Block(payload []byte, n int) (*Block, error) {
	if n < 0 || n > MaxRows {
		return nil, fmt.Errorf("column block of %d values: at most %d", n, MaxRows)
	}
	b := c.newBlock(n)
	r := reader{b: payload}
	if b.kind = r.byte(); b.kind == 0 || b.kind > blockTemplates {
		return nil, unknownKind("block", b.kind, len(payload))
	}
	meta, err := b.takeStreams(&r)
	if err != nil {
		return nil, err
	}
	m := reader{b: meta}
	var o offsets
	switch b.kind {
	case blockCodes:
		if m.takeInts(&b.codes, n, &o); c.values == nil {
			m.fail()
		}
	case blockList:
		m.takeList(&b.single, n, &o)
	case blockTemplates:
		b.takeTemplates(&m, &o)
	}
	if m.bad || len(m.b) > 0 || b.kind != blockTemplates && !b.fits(o) {
		return nil, fmt.Errorf("%w: header of a block", ErrDamaged)
	}
	return b, nil
}

// unknownKind says that what begins with that byte is of no kind that is known, or that there is nothing.
func unknownKind(what string, kind byte, size int) error {
	if kind == 0 {
		return fmt.Errorf("%w: %s of %d bytes without a kind", ErrDamaged, what, size)
	}
	return fmt.Errorf("%w: %s of kind %d", ErrNewer, what, kind)
}

func (c *Column) newBlock(n int) *Block {
	return &Block{column: c, n: n, memory: memories.Get().(*memory)}
}

// takeStreams finds the streams of a block and gives the first one, its header.
func (b *Block) takeStreams(r *reader) ([]byte, error) {
	meta := r.find()
	for i := range b.streams {
		b.streams[i] = r.find()
	}
	if r.bad || len(r.b) > 0 {
		return nil, fmt.Errorf("%w: streams of a block", ErrDamaged)
	}
	raw, err := meta.open(b.column, b.meta)
	if meta.zipped {
		b.meta = raw
	}
	return raw, err
}

// fits tells whether the streams hold exactly what the lists take.
func (b *Block) fits(o offsets) bool {
	return b.streams[streamRadix].raw == o.radix && b.streams[streamLow].raw == o.low &&
		b.streams[streamHigh].raw == o.high && b.streams[streamText].raw == o.text && b.streams[streamCodes].raw == o.codes
}

// stream gives the bytes of a stream, decompressed once.
func (b *Block) stream(i int) ([]byte, error) {
	if b.opened[i] == nil && b.streams[i].raw > 0 {
		raw, err := b.streams[i].open(b.column, b.unzipped[i])
		if err != nil {
			return nil, err
		}
		if b.opened[i] = raw; b.streams[i].zipped {
			b.unzipped[i] = raw
		}
	}
	return b.opened[i], nil
}

// appendStreams appends the streams of a sink.
func (e *Encoder) appendStreams(dst []byte) []byte {
	dst = appendStream(dst, e.sink.meta, e.zip)
	dst = appendStream(dst, e.sink.radix, nil)
	for _, raw := range [][]byte{e.sink.low, e.sink.high, e.sink.text, e.sink.codes} {
		dst = appendStream(dst, raw, e.zip)
	}
	return dst
}

// payload makes a payload of the streams of a sink.
func (e *Encoder) payload(kind byte) []byte {
	e.out = e.appendStreams(append(e.out[:0], kind))
	return bytes.Clone(e.out)
}

// Texts appends all values of the block to dst. Errors wrap [ErrDamaged].
func (b *Block) Texts(dst *Texts) error { return b.values(dst, nil) }

// Some is like Texts, but values that are not in rows are appended empty, which costs little.
func (b *Block) Some(dst *Texts, rows Rows) error {
	if len(rows) < (b.n+63)>>6 {
		return fmt.Errorf("column block of %d values: a set made for fewer", b.n)
	}
	return b.values(dst, rows)
}

func (b *Block) values(dst *Texts, rows Rows) error {
	if len(dst.Data) > MaxRaw {
		return fmt.Errorf("column block: list of %d bytes is too long to append to: reset it", len(dst.Data))
	}
	dst.Ends = slices.Grow(dst.Ends, b.n)
	switch b.kind {
	case blockCodes:
		return b.fromDictionary(dst, rows)
	case blockTemplates:
		return b.fromTemplates(dst, rows)
	}
	if rows == nil || len(dst.Ends) == 0 && rows.Count() == b.n {
		return b.list(dst, b.single)
	}
	if fewOf(rows, b.n) {
		return b.pickList(dst, b.single, rows)
	}
	b.whole.Reset()
	if err := b.list(&b.whole, b.single); err != nil {
		return err
	}
	for i := range b.n {
		if rows.Has(i) {
			dst.Data = append(dst.Data, b.whole.At(i)...)
		}
		dst.end()
	}
	return nil
}

func (b *Block) fromDictionary(dst *Texts, rows Rows) error {
	if fewOf(rows, b.n) {
		return b.pickCodes(dst, rows)
	}
	codes, err := b.dictionaryCodes()
	if err != nil {
		return err
	}
	for i, code := range codes {
		if rows == nil || rows.Has(i) {
			dst.Data = append(dst.Data, b.column.values.At(int(code))...)
		}
		dst.end()
		if len(dst.Data) > 2*MaxRaw {
			return errTooLong
		}
	}
	return nil
}

func (b *Block) dictionaryCodes() ([]int64, error) {
	codes, err := b.ints(b.ints64, b.codes)
	if err != nil {
		return nil, err
	}
	b.ints64 = codes
	for _, code := range codes {
		if uint64(code) >= uint64(b.column.values.Len()) {
			return nil, fmt.Errorf("%w: value %d of a dictionary of %d", ErrDamaged, code, b.column.values.Len())
		}
	}
	return codes, nil
}

// Codes gives for each row the number of its value in values, if the block is one of a dictionary; ok is false if it
// is not or is damaged. dst is overwritten. values belongs to the column and must not be changed.
func (b *Block) Codes(dst []uint32) (codes []uint32, values *Texts, ok bool) {
	if b.kind != blockCodes {
		return nil, nil, false
	}
	v, err := b.dictionaryCodes()
	if err != nil {
		return nil, nil, false
	}
	dst = grow(dst, b.n)
	for i, x := range v {
		dst[i] = uint32(x)
	}
	return dst, b.column.values, true
}

// Ints gives the values as integers, if all of them are canonical decimal integers and kept as such; ok is false if
// not. dst is overwritten. Errors wrap [ErrDamaged].
func (b *Block) Ints(dst []int64) (v []int64, ok bool, err error) {
	l := b.single
	if l.kind == kindRepeats {
		l = *l.fresh
	}
	if b.kind != blockList || l.kind != kindDecimal || len(l.front) > 0 {
		return nil, false, nil
	}
	if b.single.kind == kindDecimal {
		v, err = b.ints(dst, l.ints)
		return v, err == nil, err
	}
	fresh, err := b.ints(nil, l.ints)
	if err != nil {
		return nil, false, err
	}
	v = grow(dst, b.n)
	err = b.eachRepeat(b.single, func(i, n int) { v[i] = fresh[n] })
	return v, err == nil, err
}

// decoder decompresses. It has no state between two streams, so that all columns share it.
var decoder = sync.OnceValues(func() (*zstd.Decoder, error) {
	return zstd.NewReader(nil, zstd.WithDecoderConcurrency(0), zstd.WithDecodeAllCapLimit(true), zstd.WithDecoderMaxMemory(MaxRaw))
})

// memories holds memory of blocks that were released.
var memories = sync.Pool{New: func() any { return new(memory) }}
