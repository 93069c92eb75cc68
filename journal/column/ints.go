package column

import (
	"encoding/binary"
	"math/bits"
)

// Modes of a list of integers.
const (
	intsPlain = 0 // value = least + unit · stored
	intsDelta = 1 // value = the one before + least + unit · stored
)

// AppendInts appends a list of integers: mode, unit and least as varints, the number of bytes of a stored number, and
// as many byte planes, the lowest first, each a packed stream.
func (e *Encoder) AppendInts(dst []byte, v []int64) []byte {
	plain := e.intsOf(v, false)
	if len(v) < 2 {
		return e.appendPlanes(dst, plain)
	}
	if delta := e.intsOf(v, true); delta.cost < plain.cost {
		return e.appendPlanes(dst, delta)
	}
	return e.appendPlanes(dst, e.intsOf(v, false))
}

// ints is a list on its way into planes.
type ints struct {
	mode   byte
	first  int64
	least  int64
	unit   uint64
	stored []uint64
	width  int
	cost   int // bits, roughly
}

// intsOf prepares a list, or the differences in it.
func (e *Encoder) intsOf(v []int64, delta bool) ints {
	x := ints{unit: 1}
	e.numbers = append(e.numbers[:0], make([]uint64, len(v))...)
	x.stored = e.numbers
	if len(v) == 0 {
		return x
	}
	if delta {
		x.mode, x.first = intsDelta, v[0]
	}
	step := func(i int) int64 { return v[i] }
	from := 0
	if delta {
		step, from = func(i int) int64 { return v[i] - v[i-1] }, 1
	}
	x.least = step(from)
	for i := from; i < len(v); i++ {
		x.least = min(x.least, step(i))
	}
	unit := uint64(0)
	for i := from; i < len(v); i++ {
		x.stored[i] = uint64(step(i) - x.least)
		if unit != 1 {
			unit = gcd(unit, x.stored[i])
		}
	}
	x.unit = max(unit, 1)
	x.scale()
	return x
}

// scale divides by the unit and finds width and cost.
func (x *ints) scale() {
	most := uint64(0)
	for i := range x.stored {
		if x.unit > 1 {
			x.stored[i] /= x.unit
		}
		most = max(most, x.stored[i])
		x.cost += bits.Len64(x.stored[i])
	}
	x.width = (bits.Len64(most) + 7) / 8
}

func gcd(a, b uint64) uint64 {
	for b != 0 {
		a, b = b, a%b
	}
	return a
}

func (e *Encoder) appendPlanes(dst []byte, x ints) []byte {
	dst = append(dst, x.mode, byte(x.width))
	dst = binary.AppendVarint(dst, x.first)
	dst = binary.AppendVarint(dst, x.least)
	dst = binary.AppendUvarint(dst, x.unit)
	for plane := range x.width {
		e.raw = e.raw[:0]
		for _, n := range x.stored {
			e.raw = append(e.raw, byte(n>>(8*plane)))
		}
		dst = e.appendPacked(dst, e.raw)
	}
	return dst
}

// Ints appends the n integers that data holds. An error wraps [ErrDamaged].
func Ints(dst []int64, data []byte, n int) ([]int64, error) {
	s := source{b: data}
	mode, width := s.byte(), int(s.byte())
	first, least := s.svarint(), s.svarint()
	unit, used := binary.Uvarint(s.b)
	if used <= 0 || width > 8 || mode > intsDelta {
		return dst, damaged("list of integers")
	}
	s.b = s.b[used:]
	start := len(dst)
	dst = append(dst, make([]int64, n)...)
	out := dst[start:]
	for plane := range width {
		raw := s.packed(n)
		if len(raw) != n {
			s.fail("plane of %d bytes for %d integers", len(raw), n)
			return dst[:start], s.err
		}
		for i, b := range raw {
			out[i] |= int64(b) << (8 * plane)
		}
	}
	if s.err != nil || len(s.b) != 0 {
		s.fail("bytes behind a list of integers")
		return dst[:start], s.err
	}
	for i := range out {
		out[i] = least + int64(uint64(out[i])*unit)
	}
	if mode == intsDelta && n > 0 {
		out[0] = first
		for i := 1; i < n; i++ {
			out[i] += out[i-1]
		}
	}
	return dst, nil
}
