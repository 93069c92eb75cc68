package journal

import (
	"fmt"

	"constat/journal/layout"
	"constat/seal"
)

// subtree returns the root of the perfect subtree number n of 2^level leaves, at most a block. ok is false if nothing of
// its block is pruned. An error wraps [ErrPruned] if what stays does not tell.
func (v *View) subtree(level int, n uint64) (h seal.Hash, ok bool, err error) {
	first := n << level
	end := first + 1<<level
	block := first / seal.BlockSize * seal.BlockSize
	if v.keptBetween(block, block+seal.BlockSize) == nil {
		return h, false, nil
	}
	p := v.keptBetween(first, end)
	if p == nil {
		leaves, err := v.LeafHashes(first, end)
		if err != nil {
			return h, false, err
		}
		return seal.PerfectRoot(leaves), true, nil
	}
	if _, err := v.open(p); err != nil {
		return h, false, err
	}
	k := v.keptOf(p)
	if h, ok := k.subtree(level, first); ok {
		return h, true, nil
	}
	if level == 0 {
		h, err := v.keptLeaf(k, first)
		return h, err == nil, err
	}
	left, _, err := v.subtree(level-1, 2*n)
	if err != nil {
		return h, false, err
	}
	right, _, err := v.subtree(level-1, 2*n+1)
	return seal.Parent(left, right), err == nil, err
}

// keptBetween returns the first part that is pruned and has an index of a range.
func (v *View) keptBetween(first, end uint64) *part {
	v.mu.Lock()
	defer v.mu.Unlock()
	for _, p := range v.parts {
		if p.isKept && p.first < end && first < p.end {
			return p
		}
	}
	return nil
}

// keptLeaf is the leaf hash of an entry that is kept.
func (v *View) keptLeaf(k *keptPart, index uint64) (seal.Hash, error) {
	if body := k.body(index); body != nil {
		return v.Nonces().LeafHash(index, body), nil
	}
	return seal.Hash{}, fmt.Errorf("journal %s: hash of entry %d: %w", v.Journal.Name, index, ErrPruned)
}

// subtree returns the hash that stands for the 2^level entries from an index on, if there is exactly that one.
func (k *keptPart) subtree(level int, first uint64) (h seal.Hash, ok bool) {
	hashes := k.Hashes
	for _, r := range k.Missing() {
		levels := seal.Subtrees(r.First, r.End())
		if first < r.First || first >= r.End() {
			hashes = hashes[len(levels):]
			continue
		}
		return within(r, levels, hashes, level, first)
	}
	return h, false
}

func within(r layout.Run, levels []int, hashes []seal.Hash, level int, first uint64) (h seal.Hash, ok bool) {
	at := r.First
	for i, l := range levels {
		if at == first && l == level {
			return hashes[i], true
		}
		at += 1 << l
	}
	return h, false
}
