package search

import (
	"testing"

	"pgregory.net/rapid"
)

// Sets of bits do what lists of booleans do.
func TestRowSet(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 300).Draw(t, "n")
		s, plain := newRowSet(n), make([]bool, n)
		for range rapid.IntRange(0, 6).Draw(t, "steps") {
			from := rapid.IntRange(0, n).Draw(t, "from")
			to := rapid.IntRange(from, n).Draw(t, "to")
			on := rapid.Bool().Draw(t, "on")
			if on {
				s.setRange(from, to)
			} else {
				s.clearRange(from, to)
			}
			for i := from; i < to; i++ {
				plain[i] = on
			}
		}
		checkSet(t, s, plain)
		from := rapid.IntRange(0, n-1).Draw(t, "copy from")
		k := rapid.IntRange(0, n-from).Draw(t, "copied")
		to := rapid.IntRange(0, n-k).Draw(t, "copy to")
		moved, want := newRowSet(n), make([]bool, n)
		moved.orRange(to, s, from, k)
		copy(want[to:to+k], plain[from:from+k])
		checkSet(t, moved, want)
	})
}

func checkSet(t *rapid.T, s rowSet, plain []bool) {
	var want []int
	for i, on := range plain {
		if s.has(i) != on {
			t.Fatalf("bit %d is %t", i, !on)
		}
		if on {
			want = append(want, i)
		}
	}
	got := s.appendTo(nil, 0, len(plain))
	back := len(want)
	for i := s.before(64 * len(s)); i >= 0; i = s.before(i) {
		if back--; back < 0 || want[back] != i {
			t.Fatalf("backwards %d, want %v", i, want)
		}
	}
	if len(got) != len(want) || s.count() != len(want) || s.empty() != (len(want) == 0) ||
		s.countRange(0, len(plain)) != len(want) || s.emptyRange(0, len(plain)) != (len(want) == 0) {
		t.Fatalf("got %v, want %v", got, want)
	}
	for i := range got {
		if got[i] != want[i] {
			t.Fatalf("got %v, want %v", got, want)
		}
	}
}
