package search

import "math/bits"

// rowSet is a set of numbers from 0 up to a size that its user knows, a bit each. Bits behind the size are 0.
type rowSet []uint64

func newRowSet(n int) rowSet { return make(rowSet, (n+63)/64) }

// fullSet returns the set of all numbers below n.
func fullSet(n int) rowSet {
	s := newRowSet(n)
	s.setRange(0, n)
	return s
}

func (s rowSet) has(i int) bool { return s[i/64]>>(i%64)&1 != 0 }
func (s rowSet) set(i int)      { s[i/64] |= 1 << (i % 64) }

// setRange adds the numbers from to to-1.
func (s rowSet) setRange(from, to int) {
	for from < to {
		n := min(64-from%64, to-from)
		s[from/64] |= ^uint64(0) >> (64 - n) << (from % 64)
		from += n
	}
}

// clearRange removes the numbers from to to-1.
func (s rowSet) clearRange(from, to int) {
	for from < to {
		n := min(64-from%64, to-from)
		s[from/64] &^= ^uint64(0) >> (64 - n) << (from % 64)
		from += n
	}
}

// get returns n bits from from on, n at most 64.
func (s rowSet) get(from, n int) uint64 {
	x := s[from/64] >> (from % 64)
	if rest := 64 - from%64; rest < n {
		x |= s[from/64+1] << rest
	}
	return x & (^uint64(0) >> (64 - n))
}

// orRange adds n numbers of another set, from from on, as to, to+1, ….
func (s rowSet) orRange(to int, other rowSet, from, n int) {
	for n > 0 {
		k := min(n, 64-to%64)
		s[to/64] |= other.get(from, k) << (to % 64)
		to, from, n = to+k, from+k, n-k
	}
}

// emptyRange reports whether no number from from to to-1 is in the set.
func (s rowSet) emptyRange(from, to int) bool {
	for from < to {
		n := min(64, to-from)
		if s.get(from, n) != 0 {
			return false
		}
		from += n
	}
	return true
}

// countRange is how many numbers from from to to-1 are in the set.
func (s rowSet) countRange(from, to int) (count int) {
	for from < to {
		n := min(64, to-from)
		count += bits.OnesCount64(s.get(from, n))
		from += n
	}
	return count
}

func (s rowSet) empty() bool {
	for _, w := range s {
		if w != 0 {
			return false
		}
	}
	return true
}

func (s rowSet) count() (n int) {
	for _, w := range s {
		n += bits.OnesCount64(w)
	}
	return n
}

func (s rowSet) or(o rowSet) {
	for i := range s {
		s[i] |= o[i]
	}
}

func (s rowSet) andNot(o rowSet) {
	for i := range s {
		s[i] &^= o[i]
	}
}

// next returns the first number from i on that is in the set; -1 if there is none.
func (s rowSet) next(i int) int {
	if i >= 64*len(s) {
		return -1
	}
	n := i / 64
	w := s[n] >> (i % 64) << (i % 64)
	for w == 0 {
		if n++; n == len(s) {
			return -1
		}
		w = s[n]
	}
	return 64*n + bits.TrailingZeros64(w)
}

// before returns the last number below i that is in the set; -1 if there is none.
func (s rowSet) before(i int) int {
	n := min(i, 64*len(s))
	for n > 0 {
		w := s[(n-1)/64] << (63 - (n-1)%64)
		if w != 0 {
			return n - 1 - bits.LeadingZeros64(w)
		}
		n = (n - 1) / 64 * 64
	}
	return -1
}

// appendTo appends the numbers from from to to-1 that are in the set, ascending.
func (s rowSet) appendTo(dst []int, from, to int) []int {
	for i := s.next(from); i >= 0 && i < to; i = s.next(i + 1) {
		dst = append(dst, i)
	}
	return dst
}
