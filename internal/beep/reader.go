package beep

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
)

// Reader reads frames: [Reader.Next] the header, then, unless it is SEQ, [Reader.Payload] once. Its memory is one buffer
// of fixed size.
type Reader struct {
	r    *bufio.Reader
	left int // octets of payload that were not read
}

// readBuffer is the memory of a reader in octets.
const readBuffer = 32 << 10

// NewReader returns a reader.
func NewReader(r io.Reader) *Reader { return &Reader{r: bufio.NewReaderSize(r, readBuffer)} }

// Await waits for the first octet of a frame. After a deadline one can wait again.
func (r *Reader) Await() error {
	_, err := r.r.Peek(1)
	return err
}

// Whole reports whether the next frame can be read, or refused, without reading from the stream.
func (r *Reader) Whole() bool {
	h, n, err := r.header()
	switch {
	case err != nil:
		return true
	case n == 0:
		return false
	case h.Kind == SEQ:
		return true
	}
	return r.r.Buffered() >= n+int(h.Size)+len(trailer)
}

// Buffered is how many octets were read from the stream and not taken.
func (r *Reader) Buffered() int { return r.r.Buffered() }

// header looks at the header in the buffer: n are its octets, 0 if it is not complete.
func (r *Reader) header() (h Header, n int, err error) {
	b, _ := r.r.Peek(min(r.r.Buffered(), maxHeader))
	end := bytes.IndexByte(b, '\n')
	switch {
	case end < 0 && len(b) == maxHeader:
		return h, 0, fmt.Errorf("%w: no header within %d octets: %.20q", ErrProtocol, maxHeader, b)
	case end < 0:
		return h, 0, r.foreign(b)
	case end == 0 || b[end-1] != '\r':
		return h, 0, fmt.Errorf("%w: a header that does not end in CR LF: %.20q", ErrProtocol, b)
	}
	h, err = parseHeader(b[:end-1])
	return h, end + 1, err
}

// foreign refuses what does not begin like a frame before a line of it is there, which may never come.
func (r *Reader) foreign(b []byte) error {
	for _, word := range keywords {
		if n := min(len(b), len(word)); string(b[:n]) == word[:n] {
			return nil
		}
	}
	return fmt.Errorf("%w: %.20q where a frame should begin", ErrProtocol, b)
}

// Next reads the header of a frame. io.EOF says that the stream ended between two frames; io.ErrUnexpectedEOF, that it
// ended within one; [ErrProtocol], that it is none.
func (r *Reader) Next() (Header, error) {
	for size := 1; ; size = r.r.Buffered() + 1 {
		if _, err := r.r.Peek(size); err != nil { // waits for more
			if errors.Is(err, io.EOF) && r.r.Buffered() > 0 {
				err = io.ErrUnexpectedEOF
			}
			return Header{}, err
		}
		h, n, err := r.header()
		if err != nil {
			return h, err
		}
		if n == 0 {
			continue
		}
		r.r.Discard(n) // they are in the buffer
		if r.left = int(h.Size); h.Kind == SEQ {
			r.left = 0
		}
		return h, nil
	}
}

// Payload appends the payload of the frame whose header was read to b, and reads its trailer. Memory grows with what has
// come; the caller has bounded the size of the frame by its window.
func (r *Reader) Payload(b []byte) ([]byte, error) {
	for r.left > 0 {
		if err := r.need(1); err != nil {
			return b, err
		}
		piece, _ := r.r.Peek(min(r.left, r.r.Buffered()))
		b = append(b, piece...)
		r.r.Discard(len(piece))
		r.left -= len(piece)
	}
	if err := r.need(len(trailer)); err != nil {
		return b, err
	}
	end, _ := r.r.Peek(len(trailer))
	if string(end) != trailer {
		return b, fmt.Errorf("%w: %q where a frame should end: its size is wrong", ErrProtocol, end)
	}
	r.r.Discard(len(trailer))
	return b, nil
}

// need waits until n octets are in the buffer.
func (r *Reader) need(n int) error {
	_, err := r.r.Peek(n)
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}
