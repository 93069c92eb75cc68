package evidence

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"math/bits"
	"slices"

	"constat/seal"
)

// node is the root of a perfect subtree: number n of those with 2^level leaves.
type node struct {
	level int
	n     uint64
}

func (x node) first() uint64 { return x.n << x.level }
func (x node) end() uint64   { return (x.n + 1) << x.level }

// run is a number of indexes in a row.
type run struct{ First, Count uint64 }

func (r run) end() uint64 { return r.First + r.Count }

// runs makes runs of indexes that are sorted and unique.
func runs(indexes []uint64) []run {
	var out []run
	for _, i := range indexes {
		if n := len(out); n > 0 && out[n-1].end() == i {
			out[n-1].Count++
		} else {
			out = append(out, run{i, 1})
		}
	}
	return out
}

// count is the number of indexes in runs.
func count(list []run) (n uint64) {
	for _, r := range list {
		n += r.Count
	}
	return n
}

// within counts the indexes of runs that are in from to to-1.
func within(list []run, from, to uint64) (n uint64) {
	for _, r := range list {
		if low, high := max(r.First, from), min(r.end(), to); low < high {
			n += high - low
		}
	}
	return n
}

// checkRuns reports runs that are not sorted, touch each other, are empty, or reach beyond the size.
func checkRuns(list []run, size uint64) error {
	at, begun := uint64(0), false
	for _, r := range list {
		if r.Count == 0 || begun && r.First <= at || r.First >= size || r.Count > size-r.First {
			return fmt.Errorf("range %d+%d is out of order or beyond size %d", r.First, r.Count, size)
		}
		at, begun = r.end(), true
	}
	return nil
}

// merged joins two lists of runs that have no index in common into one, sorted.
func merged(a, b []run) ([]run, error) {
	all := append(slices.Clone(a), b...)
	slices.SortFunc(all, func(x, y run) int {
		switch {
		case x.First < y.First:
			return -1
		case x.First > y.First:
			return 1
		}
		return 0
	})
	out := all[:0]
	for _, r := range all {
		switch n := len(out); {
		case n > 0 && out[n-1].end() > r.First:
			return nil, fmt.Errorf("entry %d is shown twice", r.First)
		case n > 0 && out[n-1].end() == r.First:
			out[n-1].Count += r.Count
		default:
			out = append(out, r)
		}
	}
	return out, nil
}

// cover splits the leaves of a tree into those that are shown and, between them, the largest perfect subtrees that hold
// none and that no cut goes through. It is a function of its arguments alone: whoever has these knows which hashes
// follow each other. It calls yield in order, until that returns an error. Cuts are sorted; the size is one.
func cover(size uint64, cuts []uint64, shown []run, yield func(x node, leaf bool) error) error {
	at := uint64(0)
	for at < size {
		for len(shown) > 0 && shown[0].end() <= at {
			shown = shown[1:]
		}
		for len(cuts) > 0 && cuts[0] <= at {
			cuts = cuts[1:]
		}
		if len(shown) > 0 && shown[0].First <= at {
			if err := yield(node{0, at}, true); err != nil {
				return err
			}
			at++
			continue
		}
		end := size
		if len(cuts) > 0 {
			end = min(end, cuts[0])
		}
		if len(shown) > 0 {
			end = min(end, shown[0].First)
		}
		x := largest(at, end)
		if err := yield(x, false); err != nil {
			return err
		}
		at = x.end()
	}
	return nil
}

// largest is the largest perfect subtree that begins at first and does not reach beyond end.
func largest(first, end uint64) node {
	level := bits.Len64(end-first) - 1
	if first > 0 {
		level = min(level, bits.TrailingZeros64(first))
	}
	return node{level, first >> level}
}

// fold is the left edge of a tree that takes subtrees of any size at its right.
type fold struct {
	size  uint64
	peaks []peak
	wants map[node]seal.Hash // nodes that somebody wants to know; filled in as they come by
}

type peak struct {
	node
	hash seal.Hash
}

var errFold = errors.New("subtrees do not follow each other")

// add appends a subtree.
func (f *fold) add(x node, hash seal.Hash) error {
	if x.first() != f.size {
		return errFold
	}
	f.note(x, hash)
	f.size = x.end()
	for n := len(f.peaks); n > 0 && f.peaks[n-1].level == x.level && x.n&1 == 1; n-- {
		hash = seal.Parent(f.peaks[n-1].hash, hash)
		x = node{x.level + 1, x.n >> 1}
		f.peaks = f.peaks[:n-1]
		f.note(x, hash)
	}
	f.peaks = append(f.peaks, peak{x, hash})
	return nil
}

func (f *fold) note(x node, hash seal.Hash) {
	if _, ok := f.wants[x]; ok {
		f.wants[x] = hash
	}
}

// root is the root of the tree as far as it goes. That of the empty tree is SHA-256 of nothing.
func (f *fold) root() seal.Hash {
	if len(f.peaks) == 0 {
		return sha256.Sum256(nil)
	}
	h := f.peaks[len(f.peaks)-1].hash
	for i := len(f.peaks) - 2; i >= 0; i-- {
		h = seal.Parent(f.peaks[i].hash, h)
	}
	return h
}

// sizesBelow returns the different sizes above 0 and below size, sorted.
func sizesBelow(list []uint64, size uint64) []uint64 {
	slices.Sort(list)
	list = slices.Compact(list)
	return slices.DeleteFunc(list, func(n uint64) bool { return n == 0 || n >= size })
}
