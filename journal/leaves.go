package journal

import (
	"errors"
	"fmt"
	"io"
	"iter"
	"path/filepath"

	"constat/entry"
	"constat/journal/frame"
	"constat/journal/layout"
	"constat/seal"
)

// Leaf is an entry as the tree has it. The body is valid until the next step.
type Leaf struct {
	Index uint64
	Body  []byte // canonical, without the nonce
}

// Leaves yields the bodies of the entries from index from to to-1, in order. If one cannot be read it yields a
// [*MissingError] and ends: a tree with a hole proves nothing.
func (v *View) Leaves(from, to uint64) iter.Seq2[Leaf, error] {
	return func(yield func(Leaf, error) bool) {
		next := from
		for _, h := range v.heads {
			if h.end <= from || h.first >= to || next >= to {
				continue
			}
			var ok bool
			if next, ok = v.leavesOf(h, next, to, yield); !ok {
				return
			}
		}
		if next < to {
			yield(Leaf{}, &MissingError{Journal: v.Journal.Name, First: next, Last: to - 1, Cause: errGone})
		}
	}
}

// leavesOf yields what one head has of the range, up to the first index that is missing.
func (v *View) leavesOf(h *headView, next, to uint64, yield func(Leaf, error) bool) (uint64, bool) {
	if err := v.list(h); err != nil {
		yield(Leaf{}, err)
		return next, false
	}
	for _, x := range h.frames {
		if x.Header.End() <= next || x.Header.First >= to {
			continue
		}
		if x.Header.First > next {
			return next, true // reported as missing
		}
		bodies, err := v.read.bodies(h, x)
		if err != nil {
			yield(Leaf{}, fmt.Errorf("%s at byte %d: %w", h.head.name, x.Offset, err))
			return next, false
		}
		for end := min(x.Header.End(), to); next < end; next++ {
			if !yield(Leaf{next, bodies[next-x.Header.First]}, nil) {
				return next, false
			}
		}
	}
	return next, true
}

// Nonces returns what hashes the leaves of the journal.
func (v *View) Nonces() *entry.Nonces { return entry.NewNonces(v.Journal.NonceKey) }

// LeafHashes returns the leaf hashes of the entries from index from to to-1.
func (v *View) LeafHashes(from, to uint64) ([]seal.Hash, error) {
	nonces := v.Nonces()
	hashes := make([]seal.Hash, 0, to-from)
	for leaf, err := range v.Leaves(from, to) {
		if err != nil {
			return nil, err
		}
		hashes = append(hashes, nonces.LeafHash(leaf.Index, leaf.Body))
	}
	return hashes, nil
}

// Block returns the hash of full block n, which lies below size: from the tree file, or from the entries where that
// does not reach as far yet. The tree file is derived and not checked here; whoever uses a hash compares the root.
func (v *View) Block(n uint64) (seal.Hash, error) {
	var h seal.Hash
	offset := frame.HeadHeaderSize + int64(n)*int64(len(h))
	name := filepath.Join(v.dir, layout.TreeFile)
	f, err := v.fsys.Open(name)
	if err != nil {
		return h, err
	}
	defer f.Close()
	if got, err := f.ReadAt(h[:], offset); got == len(h) {
		return h, nil
	} else if err != nil && !errors.Is(err, io.EOF) {
		return h, fmt.Errorf("%s: %w", name, err)
	}
	leaves, err := v.LeafHashes(n*seal.BlockSize, (n+1)*seal.BlockSize)
	if err != nil {
		return h, err
	}
	return seal.BlockHash(leaves), nil
}

// Hashes reads any hash of the tree at that size, for proofs.
func (v *View) Hashes(size uint64) *seal.Hashes {
	return &seal.Hashes{
		Block: v.Block,
		Leaves: func(n uint64) ([]seal.Hash, error) {
			return v.LeafHashes(n*seal.BlockSize, min((n+1)*seal.BlockSize, size))
		},
	}
}
