package column

import "math/bits"

// Rows is a set of value numbers of a block: number i is bit i&63 of word i>>6.
type Rows []uint64

// NewRows returns the set of the numbers 0 … n-1.
func NewRows(n int) Rows {
	r := make(Rows, (n+63)>>6)
	for i := range r {
		r[i] = ^uint64(0)
	}
	if n&63 != 0 {
		r[len(r)-1] = 1<<(n&63) - 1
	}
	return r
}

// Has tells whether number i is in the set; numbers behind its end are not.
func (r Rows) Has(i int) bool { return i>>6 < len(r) && r[i>>6]>>(i&63)&1 != 0 }

// Set puts number i into the set. It must lie within the size that the set was made with.
func (r Rows) Set(i int) { r[i>>6] |= 1 << (i & 63) }

// Clear takes number i out of the set. It must lie within the size that the set was made with.
func (r Rows) Clear(i int) { r[i>>6] &^= 1 << (i & 63) }

// Count returns how many numbers are in the set.
func (r Rows) Count() int {
	n := 0
	for _, w := range r {
		n += bits.OnesCount64(w)
	}
	return n
}

// Empty tells whether the set is empty.
func (r Rows) Empty() bool {
	for _, w := range r {
		if w != 0 {
			return false
		}
	}
	return true
}

// Next returns the smallest number of the set that is at least i, or -1.
func (r Rows) Next(i int) int {
	for w := i >> 6; w < len(r); w++ {
		x := r[w]
		if w == i>>6 {
			x &= ^uint64(0) << (i & 63)
		}
		if x != 0 {
			return w<<6 + bits.TrailingZeros64(x)
		}
	}
	return -1
}

// And keeps only the numbers that are in o as well. Both sets must have been made with the same size.
func (r Rows) And(o Rows) {
	for i := range r {
		r[i] &= o[i]
	}
}

// numbers returns the numbers of the set, smallest first.
func (r Rows) numbers() []int {
	list := make([]int, 0, r.Count())
	for i := r.Next(0); i >= 0; i = r.Next(i + 1) {
		list = append(list, i)
	}
	return list
}
