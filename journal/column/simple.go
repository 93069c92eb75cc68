package column

import (
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/klauspost/compress/zstd"
)

// ErrDamaged says that bytes are no column.
var ErrDamaged = errors.New("damaged column")

// Use says what a column is for.
type Use uint8

const (
	Values Use = iota
	Message
)

// Encoded is one column of a segment.
type Encoded struct {
	Shared []byte
	Blocks [][]byte
	Filter []byte
}

// Encoder encodes columns.
type Encoder struct {
	z   *zstd.Encoder
	raw []byte
	out Encoded
}

// NewEncoder returns an encoder.
func NewEncoder() *Encoder {
	z, _ := zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1))
	return &Encoder{z: z}
}

// Encode encodes the blocks of one column.
func (e *Encoder) Encode(blocks []Texts, use Use) (*Encoded, error) {
	e.out = Encoded{}
	for i := range blocks {
		e.raw = e.raw[:0]
		last := uint32(0)
		for _, end := range blocks[i].Ends {
			e.raw = binary.AppendUvarint(e.raw, uint64(end-last))
			last = end
		}
		e.raw = append(e.raw, blocks[i].Data...)
		e.out.Blocks = append(e.out.Blocks, e.z.EncodeAll(e.raw, nil))
	}
	return &e.out, nil
}

// AppendInts appends integers.
func (e *Encoder) AppendInts(dst []byte, v []int64) []byte {
	e.raw = e.raw[:0]
	last := int64(0)
	for _, x := range v {
		e.raw = binary.AppendVarint(e.raw, x-last)
		last = x
	}
	return e.z.EncodeAll(e.raw, dst)
}

var decoder, _ = zstd.NewReader(nil, zstd.WithDecoderConcurrency(0), zstd.WithDecoderMaxMemory(256<<20))

// Ints is the inverse of AppendInts.
func Ints(dst []int64, data []byte, n int) ([]int64, error) {
	raw, err := decoder.DecodeAll(data, nil)
	if err != nil {
		return dst, fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	last := int64(0)
	for range n {
		d, used := binary.Varint(raw)
		if used <= 0 {
			return dst, ErrDamaged
		}
		raw = raw[used:]
		last += d
		dst = append(dst, last)
	}
	return dst, nil
}

// Column reads one column.
type Column struct{}

// Open opens one.
func Open(shared []byte) (*Column, error) { return &Column{}, nil }

// Block is one block of a column.
type Block struct {
	payload []byte
	n       int
}

// Block parses a payload.
func (c *Column) Block(payload []byte, n int) (*Block, error) { return &Block{payload, n}, nil }

// Texts appends all values.
func (b *Block) Texts(dst *Texts) error {
	raw, err := decoder.DecodeAll(b.payload, nil)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	ends, at := make([]uint32, b.n), uint32(0)
	for i := range ends {
		n, used := binary.Uvarint(raw)
		if used <= 0 || n > uint64(len(raw)) {
			return ErrDamaged
		}
		raw = raw[used:]
		at += uint32(n)
		ends[i] = at
	}
	if int(at) != len(raw) {
		return ErrDamaged
	}
	base := uint32(len(dst.Data))
	dst.Data = append(dst.Data, raw...)
	for _, e := range ends {
		dst.Ends = append(dst.Ends, base+e)
	}
	return nil
}

// Matcher says which values are wanted.
type Matcher interface {
	Match(value []byte) bool
	Literal() []byte
}

// FilterLine is the line that answers for key.
func FilterLine(size int64, key []byte) int64 { return 0 }

// FilterHas reports whether a line has a key.
func FilterHas(line, key []byte) bool { return true }
