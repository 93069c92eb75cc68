package column

import "math/bits"

// Rows is a set of value numbers of a block.
type Rows []uint64

// NewRows returns the set of the numbers 0 to n-1.
func NewRows(n int) Rows {
	r := make(Rows, (n+63)/64)
	for i := range r {
		r[i] = ^uint64(0)
	}
	if n%64 != 0 {
		r[len(r)-1] = 1<<(n%64) - 1
	}
	return r
}

// Has reports whether i is in the set.
func (r Rows) Has(i int) bool { return r[i/64]>>(i%64)&1 != 0 }

// Set adds i.
func (r Rows) Set(i int) { r[i/64] |= 1 << (i % 64) }

// Clear takes i out.
func (r Rows) Clear(i int) { r[i/64] &^= 1 << (i % 64) }

// Reset empties the set.
func (r Rows) Reset() { clear(r) }

// Count is the number of members.
func (r Rows) Count() int {
	n := 0
	for _, w := range r {
		n += bits.OnesCount64(w)
	}
	return n
}

// Empty reports whether there is no member.
func (r Rows) Empty() bool {
	for _, w := range r {
		if w != 0 {
			return false
		}
	}
	return true
}

// And keeps what is in both sets, which are of the same length.
func (r Rows) And(other Rows) {
	for i := range r {
		r[i] &= other[i]
	}
}

// Or adds what is in the other set.
func (r Rows) Or(other Rows) {
	for i := range r {
		r[i] |= other[i]
	}
}

// Each calls visit for every member, ascending, until it returns false.
func (r Rows) Each(visit func(i int) bool) {
	for w, word := range r {
		for ; word != 0; word &= word - 1 {
			if !visit(w*64 + bits.TrailingZeros64(word)) {
				return
			}
		}
	}
}
