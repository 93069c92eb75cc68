package seal

import (
	"fmt"

	"golang.org/x/mod/sumdb/tlog"
)

// Hashes lets tlog read the hashes of a tree of which only level 8 is kept. Block must return the hash of full block
// n; Leaves the leaf hashes of block n, which may be the last and partial one. Both are asked only for what lies
// within the size that the caller proves for.
type Hashes struct {
	Block  func(n uint64) (Hash, error)
	Leaves func(n uint64) ([]Hash, error)
	// Subtree, if set, is asked first below level 8, for the root of the perfect subtree number n of 2^level leaves; ok
	// is false if Leaves can tell. Where leaves are gone, only some roots above them are known.
	Subtree func(level int, n uint64) (h Hash, ok bool, err error)
}

var _ tlog.HashReader = (*Hashes)(nil)

// ReadHashes implements [tlog.HashReader].
func (h *Hashes) ReadHashes(indexes []int64) ([]Hash, error) {
	out := make([]Hash, len(indexes))
	for i, index := range indexes {
		level, n := tlog.SplitStoredHashIndex(index)
		hash, err := h.node(level, uint64(n))
		if err != nil {
			return nil, fmt.Errorf("tree hash level %d number %d: %w", level, n, err)
		}
		out[i] = hash
	}
	return out, nil
}

// node returns the root of the perfect subtree number n of 2^level leaves.
func (h *Hashes) node(level int, n uint64) (Hash, error) {
	if level == BlockLevel {
		return h.Block(n)
	}
	if level > BlockLevel {
		return h.above(level, n)
	}
	if h.Subtree != nil {
		if hash, ok, err := h.Subtree(level, n); ok || err != nil {
			return hash, err
		}
	}
	first := n << level
	leaves, err := h.Leaves(first / BlockSize)
	if err != nil {
		return Hash{}, err
	}
	at, width := first%BlockSize, uint64(1)<<level
	if at+width > uint64(len(leaves)) {
		return Hash{}, fmt.Errorf("block has %d leaves, need %d", len(leaves), at+width)
	}
	return perfectRoot(leaves[at : at+width]), nil
}

// Parent is the hash of the node above two.
func Parent(left, right Hash) Hash { return tlog.NodeHash(left, right) }

func (h *Hashes) above(level int, n uint64) (Hash, error) {
	left, err := h.node(level-1, 2*n)
	if err != nil {
		return Hash{}, err
	}
	right, err := h.node(level-1, 2*n+1)
	if err != nil {
		return Hash{}, err
	}
	return tlog.NodeHash(left, right), nil
}

// PerfectRoot is the root over a power of two of leaf hashes.
func PerfectRoot(leaves []Hash) Hash { return perfectRoot(leaves) }

// perfectRoot is the root over a power of two of leaf hashes.
func perfectRoot(leaves []Hash) Hash {
	if len(leaves) == 1 {
		return leaves[0]
	}
	half := len(leaves) / 2
	return tlog.NodeHash(perfectRoot(leaves[:half]), perfectRoot(leaves[half:]))
}
