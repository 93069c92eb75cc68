package column

import (
	"encoding/binary"
	"math/bits"
)

// A run is a list of values that are kept next to each other: those of one place in one template. How it is kept is its
// type; where the bytes are is the same for all runs of a block: a few streams that they share.
const (
	runConstant = 0 // one value: string
	runDecimal  = 1 // decimal integers as strconv writes them: svarint least, width
	runPadded   = 2 // decimal integers with leading zeros up to a length of 1 to 18: length, svarint least, width
	runHex      = 3 // lower-case hex digits, all of one even length: length
	runUpperHex = 4 // upper-case
	runText     = 5 // anything: a length in the stream of lengths, and the bytes
	runAffixed  = 6 // string before, string behind; then the type of what is between
)

// widths are the numbers of bytes that a stored integer can have.
var widths = [...]int{0, 1, 2, 3, 4, 8}

// numberStreams is the number of byte planes of all widths: 1+2+3+4+8.
const numberStreams = 18

// planeOf is the number of the first plane of a width.
func planeOf(width int) int {
	first := 0
	for _, w := range widths {
		if w == width {
			return first
		}
		first += w
	}
	return first
}

// streams are the streams of a block that is being encoded.
type streams struct {
	head    []byte // types of the runs, and what belongs to them
	planes  [numberStreams][]byte
	hex     []byte
	lengths []byte
	text    []byte
	inner   [][]byte // scratch: values without their affixes
}

func (s *streams) reset() {
	s.head, s.hex, s.lengths, s.text = s.head[:0], s.hex[:0], s.lengths[:0], s.text[:0]
	for i := range s.planes {
		s.planes[i] = s.planes[i][:0]
	}
}

// values is a run that is being encoded.
type values struct{ list [][]byte }

func (v *values) reset()       { v.list = v.list[:0] }
func (v *values) add(b []byte) { v.list = append(v.list, b) }

// append chooses a type for a run and encodes it. numbers is scratch.
func (s *streams) append(v *values, numbers []int64) []int64 {
	left, right, same := affixes(v.list)
	if same {
		s.head = appendString(append(s.head, runConstant), v.list[0])
		return numbers
	}
	left, right = trimDigits(v.list[0], left, right)
	if left+right < 3 && (left+right == 0 || len(v.list) <= 16) {
		return s.typed(v.list, numbers)
	}
	first := v.list[0]
	s.head = appendString(append(s.head, runAffixed), first[:left])
	s.head = appendString(s.head, first[len(first)-right:])
	s.inner = s.inner[:0]
	for _, b := range v.list {
		s.inner = append(s.inner, b[left:len(b)-right])
	}
	return s.typed(s.inner, numbers)
}

// affixes returns how many bytes at the beginning and at the end are the same in all values, and whether all values
// are the same.
func affixes(list [][]byte) (left, right int, same bool) {
	first := list[0]
	left, right, same = len(first), len(first), true
	for _, b := range list[1:] {
		k := commonPrefix(first[:left], b)
		same = same && k == len(first) && k == len(b)
		left = k
		right = commonSuffix(first[len(first)-right:], b)
		if left+right == 0 && !same {
			return 0, 0, false
		}
	}
	if same {
		return 0, 0, true
	}
	for _, b := range list { // the two must not overlap in the shortest value
		right = max(min(right, len(b)-left), 0)
	}
	return left, right, false
}

func commonPrefix(a, b []byte) int {
	n := min(len(a), len(b))
	for k := range n {
		if a[k] != b[k] {
			return k
		}
	}
	return n
}

func commonSuffix(a, b []byte) int {
	n := min(len(a), len(b))
	for k := range n {
		if a[len(a)-1-k] != b[len(b)-1-k] {
			return k
		}
	}
	return n
}

// trimDigits keeps digits that belong to a number out of what is cut off.
func trimDigits(first []byte, left, right int) (int, int) {
	for left > 0 && isDigit(first[left-1]) {
		left--
	}
	for right > 0 && isDigit(first[len(first)-right]) {
		right--
	}
	return left, right
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

// typed encodes a run by the first type that gives every value back.
func (s *streams) typed(list [][]byte, numbers []int64) []int64 {
	numbers, decimal, padded := decimals(list, numbers[:0])
	switch {
	case decimal:
		s.head = append(s.head, runDecimal)
		s.numbers(numbers)
	case padded > 0:
		s.head = append(s.head, runPadded, byte(padded))
		s.numbers(numbers)
	case s.hexadecimal(list):
	default:
		s.texts(list)
	}
	return numbers
}

// texts encodes a run as it is.
func (s *streams) texts(list [][]byte) {
	lengths, text := len(s.lengths), len(s.text)
	for _, b := range list {
		s.lengths = binary.AppendUvarint(s.lengths, uint64(len(b)))
		s.text = append(s.text, b...)
	}
	s.head = binary.AppendUvarint(append(s.head, runText), uint64(len(s.lengths)-lengths))
	s.head = binary.AppendUvarint(s.head, uint64(len(s.text)-text))
}

// decimals reads a run of decimal integers: as they are written without leading zeros or, if padded is not 0, all of
// that length.
func decimals(list [][]byte, numbers []int64) (_ []int64, canonical bool, padded int) {
	canonical, padded = true, len(list[0])
	if padded > 18 {
		padded = 0
	}
	for _, b := range list {
		n, isCanonical, digits := decimal(b)
		canonical = canonical && isCanonical
		if !digits || len(b) != padded {
			padded = 0
		}
		if !canonical && padded == 0 {
			break
		}
		numbers = append(numbers, n)
	}
	return numbers, canonical, padded
}

// decimal reads an integer. canonical: strconv writes it like that. digits: it has nothing but digits, at most 18.
func decimal(b []byte) (n int64, canonical, digits bool) {
	negative := len(b) > 1 && b[0] == '-'
	d := b
	if negative {
		d = b[1:]
	}
	if len(d) == 0 || len(d) > 19 {
		return 0, false, false
	}
	u := uint64(0)
	for _, c := range d {
		if !isDigit(c) {
			return 0, false, false
		}
		u = u*10 + uint64(c-'0')
	}
	canonical = d[0] != '0' || len(b) == 1
	if negative {
		return -int64(u), canonical && u <= 1<<63, false
	}
	return int64(u), canonical && u < 1<<63, len(d) <= 18
}

// numbers encodes integers: least, width, and the planes.
func (s *streams) numbers(v []int64) {
	least, most := v[0], v[0]
	for _, n := range v {
		least, most = min(least, n), max(most, n)
	}
	if least > 0 && bits.Len64(uint64(most)) <= 16 && (bits.Len64(uint64(most))+7)/8 == (bits.Len64(uint64(most-least))+7)/8 {
		least = 0 // nothing gained by subtracting
	}
	width := widthFor(uint64(most - least))
	s.head = append(binary.AppendVarint(s.head, least), byte(width))
	first := planeOf(width)
	for k := range width {
		p := s.planes[first+k]
		for _, n := range v {
			p = append(p, byte(uint64(n-least)>>(8*k)))
		}
		s.planes[first+k] = p
	}
}

func widthFor(most uint64) int {
	need := (bits.Len64(most) + 7) / 8
	for _, w := range widths {
		if w >= need {
			return w
		}
	}
	return 8
}

// hexadecimal encodes a run of hex digits of one case and one even length, if it is one.
func (s *streams) hexadecimal(list [][]byte) bool {
	length := len(list[0])
	if length == 0 || length%2 != 0 || length > 255 {
		return false
	}
	lower, upper := true, true
	for _, b := range list {
		if len(b) != length || !lower && !upper {
			return false
		}
		for _, c := range b {
			lower = lower && (isDigit(c) || c >= 'a' && c <= 'f')
			upper = upper && (isDigit(c) || c >= 'A' && c <= 'F')
		}
	}
	if !lower && !upper {
		return false
	}
	kind := byte(runHex)
	if !lower {
		kind = runUpperHex
	}
	s.head = append(s.head, kind, byte(length))
	for _, b := range list {
		for k := 0; k < length; k += 2 {
			s.hex = append(s.hex, nibble(b[k])<<4|nibble(b[k+1]))
		}
	}
	return true
}

func nibble(c byte) byte {
	if isDigit(c) {
		return c - '0'
	}
	return (c | 0x20) - 'a' + 10
}

func appendString(dst, s []byte) []byte {
	return append(binary.AppendUvarint(dst, uint64(len(s))), s...)
}
