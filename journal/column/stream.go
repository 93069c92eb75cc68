package column

import (
	"encoding/binary"
	"fmt"

	"github.com/klauspost/compress/zstd"
)

// A stream is a run of bytes, compressed if that makes it shorter: uvarint of twice the number of bytes before
// compression, plus one if compressed; then the number of bytes as stored if compressed; then the bytes.

// A zipper compresses. It is not safe for concurrent use.
type zipper struct {
	zstd   *zstd.Encoder
	packed []byte
}

// zip compresses raw; the result is valid until the next call.
func (z *zipper) zip(raw []byte) []byte {
	z.packed = z.zstd.EncodeAll(raw, z.packed[:0])
	return z.packed
}

// appendStream appends raw as a stream. Nothing is compressed with z nil.
func appendStream(dst, raw []byte, z *zipper) []byte {
	if z != nil && len(raw) > 24 {
		start := len(dst)
		dst = appendUvarint(dst, len(raw)<<1|1)
		packed := z.zip(raw)
		if len(packed)+len(packed)/64+3 < len(raw) {
			dst = appendUvarint(dst, len(packed))
			return append(dst, packed...)
		}
		dst = dst[:start]
	}
	dst = appendUvarint(dst, len(raw)<<1)
	return append(dst, raw...)
}

func appendUvarint(dst []byte, n int) []byte { return binary.AppendUvarint(dst, uint64(n)) }

// A reader takes numbers and bytes from the front of b. After anything that is not there it is bad for good and gives
// zeros.
type reader struct {
	b       []byte
	bad     bool
	radixes [16]radix // by base
}

func (r *reader) fail() {
	r.b, r.bad = nil, true
}

func (r *reader) byte() byte {
	if len(r.b) == 0 {
		r.fail()
		return 0
	}
	c := r.b[0]
	r.b = r.b[1:]
	return c
}

func (r *reader) uvarint() uint64 {
	v, n := binary.Uvarint(r.b)
	if n <= 0 {
		r.fail()
		return 0
	}
	r.b = r.b[n:]
	return v
}

func (r *reader) varint() int64 {
	v, n := binary.Varint(r.b)
	if n <= 0 {
		r.fail()
		return 0
	}
	r.b = r.b[n:]
	return v
}

// size reads a number that must not be larger than most.
func (r *reader) size(most int) int {
	v := r.uvarint()
	if v > uint64(most) {
		r.fail()
		return 0
	}
	return int(v)
}

// take takes n bytes.
func (r *reader) take(n int) []byte {
	if n > len(r.b) {
		r.fail()
		return nil
	}
	v := r.b[:n:n]
	r.b = r.b[n:]
	return v
}

// texts takes what appendTexts wrote.
func (r *reader) texts() *Texts {
	t := &Texts{Ends: make([]uint32, r.size(len(r.b)))}
	sum := 0
	for i := range t.Ends {
		sum += r.size(len(r.b))
		if sum > len(r.b) {
			r.fail()
		}
		t.Ends[i] = uint32(sum)
	}
	t.Data = r.take(sum)
	if r.bad {
		return &Texts{}
	}
	return t
}

// packed is a stream that has been found, but not yet decompressed.
type packed struct {
	stored []byte
	raw    int
	zipped bool
}

// mostRatio is the most that zstd makes of one byte.
const mostRatio = 1 << 15

// find takes a stream without decompressing it.
func (r *reader) find() (p packed) {
	head := r.size(2*MaxRaw + 1)
	p.raw, p.zipped = head>>1, head&1 != 0
	n := p.raw
	if p.zipped {
		n = r.size(len(r.b))
		if p.raw > (n+1)*mostRatio {
			r.fail()
			return packed{}
		}
	}
	p.stored = r.take(n)
	return p
}

// open gives the bytes of the stream, in memory if they fit.
func (p packed) open(c *Column, memory []byte) ([]byte, error) {
	if !p.zipped {
		return p.stored, nil
	}
	zip, err := decoder()
	if err != nil {
		return nil, fmt.Errorf("make a decoder for columns: %w", err)
	}
	raw, err := zip.DecodeAll(p.stored, grow(memory, p.raw)[:0:p.raw])
	if err != nil || len(raw) != p.raw {
		return nil, fmt.Errorf("%w: stream of %d bytes, %d announced (%v)", ErrDamaged, len(raw), p.raw, err)
	}
	return raw, nil
}

func appendUvarint64(dst []byte, n uint64) []byte { return binary.AppendUvarint(dst, n) }

func appendVarint(dst []byte, n int64) []byte { return binary.AppendVarint(dst, n) }
