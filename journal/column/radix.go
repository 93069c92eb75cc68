package column

import (
	"encoding/binary"
	"math/bits"
)

// radix is how numbers below a base are put together: k of them, as digits in that base, in a number of size bytes.
// A number of values that is no multiple of k ends with a smaller group.
type radix struct {
	base uint64
	k    int
	size int
}

// newRadix returns the grouping that takes the fewest bytes a value; base ≥ 1.
func newRadix(base uint64) radix {
	r := radix{base: base, k: 1, size: groupSize(base, 1)}
	if base <= 1 {
		return radix{base: base, k: 64, size: 1}
	}
	most := base - 1 // the largest number of k digits
	for k := 2; k <= 64; k++ {
		hi, lo := bits.Mul64(most, base)
		lo, carry := bits.Add64(lo, base-1, 0)
		if hi+carry != 0 {
			break
		}
		most = lo
		if size := (bits.Len64(most) + 7) / 8; size*r.k < r.size*k {
			r.k, r.size = k, size
		}
	}
	return r
}

// groupSize returns how many bytes k digits in that base need, 0 if more than eight.
func groupSize(base uint64, k int) int {
	most := uint64(0) // the largest number of k digits
	for range k {
		hi, lo := bits.Mul64(most, base)
		lo, carry := bits.Add64(lo, base-1, 0)
		if hi+carry != 0 {
			return 0
		}
		most = lo
	}
	return max(1, (bits.Len64(most)+7)/8)
}

// bytes returns how many bytes n values take.
func (r radix) bytes(n int) int {
	size := n / r.k * r.size
	if rest := n % r.k; rest > 0 {
		size += groupSize(r.base, rest)
	}
	return size
}

// append appends values, each below base.
func (r radix) append(dst []byte, v []uint64) []byte {
	var b [8]byte
	for len(v) > 0 {
		k, size := r.k, r.size
		if len(v) < k {
			k = len(v)
			size = groupSize(r.base, k)
		}
		x := uint64(0)
		for i := k - 1; i >= 0; i-- {
			x = x*r.base + v[i]
		}
		binary.LittleEndian.PutUint64(b[:], x)
		dst, v = append(dst, b[:size]...), v[k:]
	}
	return dst
}

// read gives len(v) values from data, which must hold bytes(len(v)) of them, with min added.
func (r radix) read(v []int64, data []byte, min int64) {
	if r.k == 1 && r.size == 1 {
		for i := range v {
			v[i] = min + int64(data[i])
		}
		return
	}
	for len(v) > 0 {
		k, size := r.k, r.size
		if len(v) < k {
			k = len(v)
			size = groupSize(r.base, k)
		}
		x := number(data[:size])
		data = data[size:]
		for i := range k {
			q := x / r.base
			v[i] = min + int64(x-q*r.base)
			x = q
		}
		v = v[k:]
	}
}

// at gives value i of n.
func (r radix) at(data []byte, i, n int) uint64 {
	group, size := i/r.k, r.size
	if k := n - group*r.k; k < r.k {
		size = groupSize(r.base, k)
	}
	x := number(data[group*r.size:][:size])
	for range i % r.k {
		x /= r.base
	}
	return x % r.base
}

// number reads up to eight bytes.
func number(b []byte) uint64 {
	if len(b) == 8 {
		return binary.LittleEndian.Uint64(b)
	}
	x := uint64(0)
	for i, c := range b {
		x |= uint64(c) << (8 * i)
	}
	return x
}
