package frame

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"iter"

	"constat/entry"
)

// Extent is a piece of a head: a frame whose header is sound, or a gap between frames that is none.
type Extent struct {
	Offset int64
	Length int64 // bytes
	Header Header
	Gap    bool
}

// Scan walks the frames of a head of the journal with that nonce key, from offset to size by their headers. Bytes that are no frame, or that a frame
// announces but the file does not have, come as a gap; behind a gap it goes on at the next header that is sound.
// Payloads are not read.
func Scan(r io.ReaderAt, key entry.NonceKey, offset, size int64) iter.Seq2[Extent, error] {
	return func(yield func(Extent, error) bool) {
		s := scanner{r: r, key: key, size: size}
		for at := offset; at < size; {
			x, err := s.next(at)
			if !yield(x, err) || err != nil {
				return
			}
			at += x.Length
		}
	}
}

type scanner struct {
	r    io.ReaderAt
	key  entry.NonceKey
	size int64
	buf  []byte
}

// next returns the extent that begins at offset at.
func (s *scanner) next(at int64) (Extent, error) {
	h, ok, err := HeaderAt(s.r, s.key, at, s.size)
	if err != nil || ok {
		return Extent{Offset: at, Length: int64(h.Length), Header: h}, err
	}
	end, err := s.find(at + 1)
	return Extent{Offset: at, Length: end - at, Gap: true}, err
}

// find returns the offset of the first sound header at or behind at, or the size of the file.
func (s *scanner) find(at int64) (int64, error) {
	if s.buf == nil {
		s.buf = make([]byte, 256<<10)
	}
	for at < s.size {
		n, err := s.r.ReadAt(s.buf[:min(int64(len(s.buf)), s.size-at)], at)
		if n == 0 && err != nil && !errors.Is(err, io.EOF) {
			return 0, err
		}
		chunk := s.buf[:n]
		for i := bytes.Index(chunk, magic[:]); i >= 0; {
			if _, ok, err := HeaderAt(s.r, s.key, at+int64(i), s.size); ok || err != nil {
				return at + int64(i), err
			}
			next := bytes.Index(chunk[i+1:], magic[:])
			if next < 0 {
				break
			}
			i += 1 + next
		}
		if n < len(s.buf) {
			break
		}
		at += int64(n - len(magic) + 1)
	}
	return s.size, nil
}

// HeaderAt reads the frame header at offset of a file of that size. ok is false if there is none, or if the frame does
// not end within the file; an error means that reading failed, or [ErrNewer].
func HeaderAt(r io.ReaderAt, key entry.NonceKey, offset, size int64) (h Header, ok bool, err error) {
	if offset < HeadHeaderSize || size-offset < HeaderSize+TrailerSize {
		return Header{}, false, nil
	}
	var b [HeaderSize]byte
	if n, err := r.ReadAt(b[:], offset); n < len(b) {
		if err == nil || errors.Is(err, io.EOF) {
			return Header{}, false, nil
		}
		return Header{}, false, err
	}
	if h, ok, err = parseHeader(b[:], key); err != nil {
		return Header{}, false, fmt.Errorf("byte %d: %w", offset, err)
	}
	if !ok || int64(h.Length) > size-offset {
		return Header{}, false, nil
	}
	return h, true, nil
}

// Before returns the frame that ends at offset end, by its trailer. ok is false if that place does not look like the
// end of a frame: then only [Scan] can tell.
func Before(r io.ReaderAt, key entry.NonceKey, end, size int64) (x Extent, ok bool, err error) {
	var b [TrailerSize]byte
	if end < HeadHeaderSize+HeaderSize+TrailerSize {
		return Extent{}, false, nil
	}
	if n, err := r.ReadAt(b[:], end-TrailerSize); n < len(b) {
		if err == nil || errors.Is(err, io.EOF) {
			return Extent{}, false, nil
		}
		return Extent{}, false, err
	}
	length := int64(binary.LittleEndian.Uint32(b[:]))
	h, ok, err := HeaderAt(r, key, end-length, size)
	if !ok || int64(h.Length) != length {
		return Extent{}, false, err
	}
	return Extent{Offset: end - length, Length: length, Header: h}, true, nil
}
