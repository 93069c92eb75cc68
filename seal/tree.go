package seal

import (
	"crypto/sha256"
	"fmt"

	"golang.org/x/mod/sumdb/tlog"
)

// Hash is a node of a tree.
type Hash = tlog.Hash

// BlockLevel is the level of the hashes that a store keeps; a block has BlockSize entries.
const (
	BlockLevel = 8
	BlockSize  = 1 << BlockLevel
)

// Frontier is the left edge of a tree: the roots of the perfect subtrees that together hold all leaves, largest
// first. It takes leaves at the right and gives the root at any moment. The zero value is the empty tree.
type Frontier struct {
	size  uint64
	peaks []Hash
}

// Size is the number of leaves.
func (f *Frontier) Size() uint64 { return f.size }

// Append adds a leaf hash. When that completes a block, it returns the hash of the block and true.
func (f *Frontier) Append(leaf Hash) (block Hash, full bool) { return f.AppendSubtree(0, leaf) }

// AppendBlock adds the [BlockSize] leaves under a block hash. The size must be a multiple of [BlockSize].
func (f *Frontier) AppendBlock(block Hash) { f.AppendSubtree(BlockLevel, block) }

// AppendSubtree adds the 2^level leaves under the root of a perfect subtree. The level is at most [BlockLevel], and the
// size must be a multiple of 2^level. When that completes a block, it returns the hash of the block and true.
func (f *Frontier) AppendSubtree(level int, root Hash) (block Hash, full bool) {
	if level > BlockLevel || f.size>>level<<level != f.size {
		panic(fmt.Sprintf("seal: subtree of level %d appended at size %d", level, f.size))
	}
	f.peaks = append(f.peaks, root)
	f.size += 1 << level
	block, full = root, level == BlockLevel
	for ; f.size>>level&1 == 0; level++ {
		f.merge()
		if level+1 == BlockLevel {
			block, full = f.peaks[len(f.peaks)-1], true
		}
	}
	return block, full
}

// Subtrees returns the levels of the perfect subtrees of at most [BlockSize] leaves that together hold the leaves first
// to end-1, in order, each as large as it can be.
func Subtrees(first, end uint64) []int {
	var levels []int
	for first < end {
		level := 0
		for level < BlockLevel && first>>level&1 == 0 && first+(2<<level) <= end {
			level++
		}
		levels = append(levels, level)
		first += 1 << level
	}
	return levels
}

// merge replaces the last two peaks by their parent.
func (f *Frontier) merge() {
	last := len(f.peaks) - 1
	f.peaks[last-1] = tlog.NodeHash(f.peaks[last-1], f.peaks[last])
	f.peaks = f.peaks[:last]
}

// Root is the root of the tree. The root of the empty tree is SHA-256 of nothing.
func (f *Frontier) Root() Hash {
	if len(f.peaks) == 0 {
		return sha256.Sum256(nil)
	}
	root := f.peaks[len(f.peaks)-1]
	for i := len(f.peaks) - 2; i >= 0; i-- {
		root = tlog.NodeHash(f.peaks[i], root)
	}
	return root
}

// Clone returns an independent copy.
func (f *Frontier) Clone() *Frontier {
	return &Frontier{size: f.size, peaks: append([]Hash(nil), f.peaks...)}
}

// BlockHash returns the root over exactly [BlockSize] leaf hashes. It overwrites them.
func BlockHash(leaves []Hash) Hash {
	if len(leaves) != BlockSize {
		panic(fmt.Sprintf("seal: block of %d leaves", len(leaves)))
	}
	for n := BlockSize; n > 1; n /= 2 {
		for i := 0; i < n; i += 2 {
			leaves[i/2] = tlog.NodeHash(leaves[i], leaves[i+1])
		}
	}
	return leaves[0]
}
