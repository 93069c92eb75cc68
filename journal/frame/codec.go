package frame

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"slices"

	"constat/entry"

	"github.com/klauspost/compress/s2"
)

// Encoder makes frames. It is not safe for concurrent use.
//
// Frames are compressed with S2, which costs a third of what zstd does at its fastest and takes half as much again on
// disk: a head lives until it becomes a segment, and everything that comes in passes through here.
type Encoder struct {
	packed []byte
}

// NewEncoder returns an encoder.
func NewEncoder() *Encoder { return &Encoder{} }

// Append appends a frame with that payload to a head of the journal with that nonce key. Of h it takes
// Count, Epoch, First, Kinds and the received times.
func (e *Encoder) Append(dst []byte, payload []byte, h Header, key entry.NonceKey) []byte {
	start := len(dst)
	dst = append(dst, make([]byte, HeaderSize)...)
	h.Codec, h.RawSize = S2, uint32(len(payload))
	if need := s2.MaxEncodedLen(len(payload)); cap(e.packed) < need {
		e.packed = make([]byte, need)
	}
	packed := s2.Encode(e.packed[:cap(e.packed)], payload)
	if len(packed) >= len(payload) {
		h.Codec, packed = Stored, payload
	}
	dst = append(dst, packed...)
	stored := dst[start+HeaderSize:]
	h.StoredSize, h.PayloadCRC = uint32(len(stored)), Checksum(stored)
	h.Length = HeaderSize + h.StoredSize + TrailerSize
	appendHeader(dst[start:start], h, key)
	return binary.LittleEndian.AppendUint32(dst, h.Length)
}

// AppendBody appends one entry to a payload.
func AppendBody(payload, body []byte) []byte {
	payload = binary.AppendUvarint(payload, uint64(len(body)))
	return append(payload, body...)
}

// Decoder reads the payloads of frames. It is not safe for concurrent use.
type Decoder struct {
	stored []byte
}

// NewDecoder returns a decoder that never makes more of a payload than [MaxRaw].
func NewDecoder() *Decoder { return &Decoder{} }

// Payload appends the payload of the frame at offset to dst. An error wraps [ErrDamaged] unless reading failed.
func (d *Decoder) Payload(dst []byte, r io.ReaderAt, offset int64, h Header) ([]byte, error) {
	size := int(h.StoredSize) + TrailerSize
	if cap(d.stored) < size {
		d.stored = make([]byte, size)
	}
	b := d.stored[:size]
	if n, err := r.ReadAt(b, offset+HeaderSize); n < size {
		if err == nil || errors.Is(err, io.EOF) {
			return dst, fmt.Errorf("%w: frame of %d bytes ends early", ErrDamaged, h.Length)
		}
		return dst, err
	}
	payload, trailer := b[:h.StoredSize], binary.LittleEndian.Uint32(b[h.StoredSize:])
	switch {
	case Checksum(payload) != h.PayloadCRC:
		return dst, fmt.Errorf("%w: payload checksum", ErrDamaged)
	case trailer != h.Length:
		return dst, fmt.Errorf("%w: trailer says %d bytes, header %d", ErrDamaged, trailer, h.Length)
	}
	return d.decompress(dst, payload, h)
}

func (d *Decoder) decompress(dst, payload []byte, h Header) ([]byte, error) {
	if h.Codec == Stored {
		if h.RawSize != h.StoredSize {
			return dst, fmt.Errorf("%w: stored payload of two sizes", ErrDamaged)
		}
		return append(dst, payload...), nil
	}
	if n, err := s2.DecodedLen(payload); err != nil || n != int(h.RawSize) {
		return dst, fmt.Errorf("%w: payload of %d bytes, header says %d (%v)", ErrDamaged, n, h.RawSize, err)
	}
	start := len(dst)
	dst = slices.Grow(dst, int(h.RawSize))
	if _, err := s2.Decode(dst[start:start+int(h.RawSize)], payload); err != nil {
		return dst[:start], fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	return dst[:start+int(h.RawSize)], nil
}

// Bodies splits a payload into the bodies of its entries, appended to dst. The bodies point into payload. The number
// must be count and every byte must belong to one.
func Bodies(dst [][]byte, payload []byte, count uint32) ([][]byte, error) {
	for range count {
		size, n := binary.Uvarint(payload)
		if n <= 0 || size > uint64(len(payload)-n) || (n > 1 && payload[n-1] == 0) {
			return dst, fmt.Errorf("%w: length of an entry", ErrDamaged)
		}
		dst = append(dst, payload[n:n+int(size):n+int(size)])
		payload = payload[n+int(size):]
	}
	if len(payload) != 0 {
		return dst, fmt.Errorf("%w: %d bytes behind the last entry", ErrDamaged, len(payload))
	}
	return dst, nil
}
