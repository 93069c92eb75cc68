package column

import (
	"encoding/binary"
	"errors"
	"fmt"
	"sync"

	"github.com/klauspost/compress/zstd"
)

// ErrDamaged is wrapped by the error of whoever reads bytes that are no column.
var ErrDamaged = errors.New("damaged column")

// ErrNewer is wrapped by the error when a column has an encoding that this program does not know.
var ErrNewer = errors.New("column encoding newer than this program")

// Limits of what is believed of a length.
const (
	maxRaw   = 64 << 20 // bytes of one stream before compression
	packFrom = 24       // bytes; shorter streams are not worth compressing
)

func damaged(format string, arguments ...any) error {
	return fmt.Errorf("%w: "+format, append([]any{ErrDamaged}, arguments...)...)
}

// decoders hold zstd decoders that are not in use. They have no state between two streams.
var decoders = sync.Pool{New: func() any {
	d, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(maxRaw), zstd.WithDecoderLowmem(true))
	if err != nil {
		panic("column: options of zstd: " + err.Error())
	}
	return d
}}

// appendPacked appends a stream: uvarint of its length before compression, uvarint of that behind it, or 0 if it is
// stored as it is, and the bytes.
func (e *Encoder) appendPacked(dst, raw []byte) []byte {
	dst = binary.AppendUvarint(dst, uint64(len(raw)))
	if len(raw) == 0 {
		return dst
	}
	if len(raw) >= packFrom {
		e.packed = e.zstd.EncodeAll(raw, e.packed[:0])
		if len(e.packed) < len(raw) {
			dst = binary.AppendUvarint(dst, uint64(len(e.packed)))
			return append(dst, e.packed...)
		}
	}
	return append(binary.AppendUvarint(dst, 0), raw...)
}

// source takes values off the front of encoded bytes. After the first that is not there err is set and everything is
// zero.
type source struct {
	b   []byte
	err error
}

func (s *source) fail(format string, arguments ...any) {
	if s.err == nil {
		s.err = damaged(format, arguments...)
	}
	s.b = nil
}

func (s *source) byte() byte {
	if len(s.b) == 0 {
		s.fail("ends early")
		return 0
	}
	b := s.b[0]
	s.b = s.b[1:]
	return b
}

// number reads a uvarint of at most limit.
func (s *source) number(limit int) int {
	n, used := binary.Uvarint(s.b)
	if used <= 0 || n > uint64(limit) {
		s.fail("a length is out of range")
		return 0
	}
	s.b = s.b[used:]
	return int(n)
}

func (s *source) svarint() int64 {
	n, used := binary.Varint(s.b)
	if used <= 0 {
		s.fail("a number is out of range")
		return 0
	}
	s.b = s.b[used:]
	return n
}

func (s *source) take(n int) []byte {
	if n > len(s.b) {
		s.fail("ends early")
		return nil
	}
	b := s.b[:n:n]
	s.b = s.b[n:]
	return b
}

// packed reads a stream of at most limit bytes. It may point into the encoded bytes.
func (s *source) packed(limit int) []byte {
	raw := s.number(limit)
	if raw == 0 {
		return nil
	}
	size := s.number(len(s.b))
	if size == 0 {
		return s.take(raw)
	}
	data := s.take(size)
	if s.err != nil {
		return nil
	}
	out, err := unpack(data, raw)
	if err != nil {
		s.fail("%v", err)
		return nil
	}
	return out
}

// lazy is a stream that is decompressed when it is needed.
type lazy struct {
	data   []byte
	raw    int
	stored bool // data is the stream itself
}

// lazy reads a stream of at most limit bytes without decompressing it.
func (s *source) lazy(limit int) (x lazy) {
	if x.raw = s.number(limit); x.raw == 0 {
		return lazy{stored: true}
	}
	if size := s.number(len(s.b)); size > 0 {
		x.data = s.take(size)
	} else {
		x.data, x.stored = s.take(x.raw), true
	}
	return x
}

// bytes returns the stream.
func (x *lazy) bytes() ([]byte, error) {
	if x.stored {
		return x.data, nil
	}
	out, err := unpack(x.data, x.raw)
	if err != nil {
		return nil, damaged("%v", err)
	}
	x.data, x.stored = out, true
	return out, nil
}

func unpack(data []byte, raw int) ([]byte, error) {
	var h zstd.Header
	if err := h.Decode(data); err != nil || h.HasFCS && h.FrameContentSize != uint64(raw) {
		return nil, fmt.Errorf("stream is not of %d bytes (%v)", raw, err)
	}
	d := decoders.Get().(*zstd.Decoder)
	defer decoders.Put(d)
	out, err := d.DecodeAll(data, make([]byte, 0, raw))
	if err == nil && len(out) != raw {
		err = fmt.Errorf("stream of %d bytes instead of %d", len(out), raw)
	}
	return out, err
}
