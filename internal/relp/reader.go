package relp

import (
	"bufio"
	"errors"
	"fmt"
	"io"
)

// Reader reads frames: [Reader.Next] the header, then [Reader.Data] once. Its memory is one buffer of fixed size.
type Reader struct {
	r    *bufio.Reader
	left int // octets of data that were not read
}

// readBuffer is the memory of a reader in octets: more frames than a window has at their usual length.
const readBuffer = 32 << 10

// NewReader returns a reader.
func NewReader(r io.Reader) *Reader { return &Reader{r: bufio.NewReaderSize(r, readBuffer)} }

// Buffered is how many octets are there without reading from the stream.
func (r *Reader) Buffered() int { return r.r.Buffered() }

// Whole reports whether the next frame can be read, or refused, without reading from the stream: if it is, with all its
// data, in the buffer already.
func (r *Reader) Whole() bool {
	b, _ := r.r.Peek(min(r.r.Buffered(), maxHeader+2))
	h, n, err := parseHeader(b)
	if err != nil {
		return true
	}
	if h.Size > 0 {
		n++
	}
	return n > 0 && r.r.Buffered() > n+h.Size
}

// Await waits for the first octet of a frame. After a deadline one can wait again.
func (r *Reader) Await() error {
	_, err := r.r.Peek(1)
	return err
}

// Next reads the header of a frame. io.EOF says that the stream ended between two frames; io.ErrUnexpectedEOF, that it
// ended within one; [ErrProtocol], that it is none.
func (r *Reader) Next() (h Header, err error) {
	n := 0
	for size := 1; n == 0; size = r.r.Buffered() + 1 {
		if _, err := r.r.Peek(size); err != nil { // waits for more
			return h, r.ended(err)
		}
		b, _ := r.r.Peek(min(r.r.Buffered(), maxHeader+2))
		if h, n, err = parseHeader(b); err != nil {
			return h, err
		}
	}
	_, err = r.r.Discard(n)
	r.left = h.Size
	return h, err
}

// ended is the error of a stream that ended where a header was awaited. Other errors stay what they are: after a
// deadline one can read on.
func (r *Reader) ended(err error) error {
	if errors.Is(err, io.EOF) && r.r.Buffered() > 0 {
		return io.ErrUnexpectedEOF
	}
	return err
}

// Data appends the data of the frame whose header was read to b, at most limit octets, and reads past the frame. lost
// is how many octets there were above the limit. Memory grows with what has come, not with what was announced.
func (r *Reader) Data(b []byte, limit int) (_ []byte, lost int, err error) {
	if r.left > 0 {
		if err := r.expect(' '); err != nil {
			return b, 0, err
		}
	}
	kept := min(r.left, limit)
	lost = r.left - kept
	for r.left > lost {
		piece, err := r.peek(r.left - lost)
		if err != nil {
			return b, 0, err
		}
		b = append(b, piece...)
		r.take(len(piece))
	}
	for r.left > 0 {
		piece, err := r.peek(r.left)
		if err != nil {
			return b, 0, err
		}
		r.take(len(piece))
	}
	return b, lost, r.expect('\n')
}

// peek returns at least one octet of the next size ones.
func (r *Reader) peek(size int) ([]byte, error) {
	if r.r.Buffered() == 0 {
		if _, err := r.r.Peek(1); err != nil {
			return nil, within(err)
		}
	}
	return r.r.Peek(min(size, r.r.Buffered()))
}

func (r *Reader) take(n int) {
	r.r.Discard(n) // they are in the buffer
	r.left -= n
}

// expect reads one octet that must be there.
func (r *Reader) expect(want byte) error {
	c, err := r.r.ReadByte()
	if err != nil {
		return within(err)
	}
	if c != want {
		return fmt.Errorf("%w: %q where %q should be: the length of the data is wrong", ErrProtocol, c, want)
	}
	return nil
}

// within is the error of a stream that ended within a frame.
func within(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}
