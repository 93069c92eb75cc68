package parse

import (
	"bytes"
	"io"
)

// DefaultLimit is the longest entry that a [Splitter] returns whole, unless it is told otherwise.
const DefaultLimit = 16 << 20

// Sizes of a splitter.
const (
	blockSize  = 1 << 20
	keepBlocks = 8   // blocks that wait for being used again
	emptyReads = 100 // reads in a row that bring nothing
)

// Splitter cuts a byte stream into the octets of single entries: lines, or in [Export] what that format's own grammar
// says. Lines end at LF, which is not part of them; a CR is; an empty line is an entry. An entry of [Export] holds its
// closing blank line. What follows the last end is an entry too, so nothing of the stream is ever left out.
//
// It reads into blocks that it never overwrites, so that what [Splitter.Next] returned stays valid until
// [Splitter.Recycle]. Memory is bounded by the limit and by what is returned between two calls of Recycle.
type Splitter struct {
	r          io.Reader
	limit      int
	cut        cutter
	block      []byte   // octets of the stream, block[start:] not yet returned
	start      int      // of the entry being read
	looked     int      // how far of block the cutter has looked
	lent       bool     // something before start was returned since the last Recycle
	used, free [][]byte // blocks that were filled, and blocks to fill
	err        error    // of the reader; returned when block is used up
}

// NewSplitter returns a splitter of r. A limit of 0 is [DefaultLimit].
func NewSplitter(r io.Reader, f Format, limit int) *Splitter {
	if limit <= 0 {
		limit = DefaultLimit
	}
	s := &Splitter{r: r, limit: limit, cut: &lineCutter{}}
	if f == Export {
		s.cut = &exportCutter{}
	}
	return s
}

// cutter finds where an entry ends. It is told octets in the order of the stream.
type cutter interface {
	// look is given what was not looked at yet. It returns how much of it is done with, and whether an entry ends
	// there. What is left over must be given again, with more behind it.
	look(b []byte) (done int, ended bool)
	// framing is how many octets of the end are not part of the entry.
	framing() int
}

// Next returns the octets of the next entry, valid until Recycle. lost says how many octets of it were cut off because
// it is longer than the limit. The error is io.EOF at the end of the stream, or what the reader said; both come after
// all octets that could be read.
func (s *Splitter) Next() (octets []byte, lost int64, err error) {
	for {
		done, ended := s.cut.look(s.block[s.looked:])
		s.looked += done
		if ended {
			octets, lost = s.take(s.looked, s.cut.framing())
			return octets, lost, nil
		}
		if s.looked-s.start > s.limit+s.cut.framing() {
			return s.overlong()
		}
		if s.err != nil {
			if s.start == len(s.block) {
				return nil, 0, s.err
			}
			octets, lost = s.take(len(s.block), 0)
			return octets, lost, nil
		}
		s.fill()
	}
}

// Recycle lets go of all octets that were returned, so that their memory is used again.
func (s *Splitter) Recycle() {
	for _, block := range s.used {
		s.reuse(block)
	}
	clear(s.used)
	s.used = s.used[:0]
	s.lent = false
	if s.start == len(s.block) {
		s.block, s.start, s.looked = s.block[:0], 0, 0
	}
}

// take returns the entry that ends at end with so much framing, no more of it than the limit.
func (s *Splitter) take(end, framing int) (octets []byte, lost int64) {
	size := end - framing - s.start
	keep := min(size, s.limit)
	octets = s.block[s.start : s.start+keep : s.start+keep]
	s.start, s.looked, s.lent = end, end, true
	return octets, int64(size - keep)
}

// overlong returns the first octets of an entry that has not ended within the limit, and steps over the others. These
// are read over each other behind the first ones, so that many such entries share a block.
func (s *Splitter) overlong() (octets []byte, lost int64, err error) {
	base := s.start + s.limit
	octets = s.block[s.start:base:base]
	lost = int64(s.looked - base)
	rest := s.block[s.looked:]
	if s.lent = true; cap(s.block)-base < blockSize/16 {
		s.used = append(s.used, s.block)
		s.block, base, s.lent = s.empty(blockSize), 0, false
	}
	s.block = append(s.block[:base], rest...)
	for {
		done, ended := s.cut.look(s.block[base:])
		lost += int64(done)
		if ended {
			s.start, s.looked = base+done, base+done
			return octets, lost - int64(s.cut.framing()), nil
		}
		if s.err != nil {
			lost += int64(len(s.block) - base - done)
			s.block, s.start, s.looked = s.block[:base], base, base
			return octets, lost, nil
		}
		s.block = s.block[:base+copy(s.block[base:], s.block[base+done:])]
		s.read()
	}
}

// fill reads more into the block, or into a new one when it is full; the beginning of an entry moves along.
func (s *Splitter) fill() {
	if len(s.block) == cap(s.block) {
		size := blockSize
		if pending := len(s.block) - s.start; 2*pending > size {
			size = min(2*pending, s.limit) + blockSize
		}
		old := s.block
		s.block = append(s.empty(size), old[s.start:]...)
		s.looked -= s.start
		s.start = 0
		if s.lent {
			s.used = append(s.used, old)
		} else {
			s.reuse(old)
		}
		s.lent = false
	}
	s.read()
}

// read reads once into the free part of the block. It sets err if there is nothing more to come.
func (s *Splitter) read() {
	for range emptyReads {
		n, err := s.r.Read(s.block[len(s.block):cap(s.block)])
		s.block = s.block[:len(s.block)+n]
		s.err = err
		if n > 0 || err != nil {
			return
		}
	}
	s.err = io.ErrNoProgress
}

// empty returns an empty block of at least that size.
func (s *Splitter) empty(size int) []byte {
	if n := len(s.free); n > 0 && size <= blockSize {
		block := s.free[n-1]
		s.free = s.free[:n-1]
		return block[:0]
	}
	return make([]byte, 0, size)
}

func (s *Splitter) reuse(block []byte) {
	if cap(block) == blockSize && len(s.free) < keepBlocks {
		s.free = append(s.free, block)
	}
}

// lineCutter ends entries at LF.
type lineCutter struct{}

func (*lineCutter) framing() int { return 1 }

func (*lineCutter) look(b []byte) (done int, ended bool) {
	if end := bytes.IndexByte(b, '\n'); end >= 0 {
		return end + 1, true
	}
	return len(b), false
}
