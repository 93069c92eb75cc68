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
	"constat/journal/segment"
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
		w := leafWalk{view: v, next: from, to: to, yield: yield}
		for _, p := range v.parts {
			if p.end <= from || p.first >= to || w.next >= to {
				continue
			}
			if p.first > w.next || !w.part(p) {
				break
			}
		}
		if !w.over && w.next < to {
			yield(Leaf{}, &MissingError{Journal: v.Journal.Name, First: w.next, Last: to - 1, Cause: errGone})
		}
	}
}

// leafWalk yields leaves up to the first index that is missing.
type leafWalk struct {
	view     *View
	next, to uint64
	yield    func(Leaf, error) bool
	over     bool // nothing more is wanted, or an error was yielded
}

// part yields what one part has of the range. It returns false if the walk cannot go on behind it.
func (w *leafWalk) part(p *part) bool {
	s, err := w.view.open(p)
	if err != nil {
		return w.fail(p, err)
	}
	if k := w.view.keptOf(p); k != nil {
		return w.kept(p, k)
	}
	defer w.view.release(p)
	if s == nil {
		return w.head(p)
	}
	for row, err := range w.view.read.of(s.Segment).Bodies(w.next, min(w.to, p.end)) {
		var lost *segment.MissingError
		if errors.As(err, &lost) && isLost(err) {
			w.over = true
			w.yield(Leaf{}, &MissingError{w.view.Journal.Name, lost.First, lost.Last, fmt.Errorf("%s: %w", s.name, lost.Cause)})
			return false
		}
		if err != nil {
			return w.fail(p, fmt.Errorf("%s: %w", s.name, err))
		}
		if !w.leaf(row.Index, row.Body) {
			return false
		}
	}
	return true
}

// fail reports that a part cannot be read, from the next index on.
func (w *leafWalk) fail(p *part, err error) bool {
	if isStructural(err) || isNotExist(err) {
		err = &MissingError{Journal: w.view.Journal.Name, First: w.next, Last: min(p.end, w.to) - 1, Cause: err}
	}
	w.over = true
	w.yield(Leaf{}, err)
	return false
}

func (w *leafWalk) leaf(index uint64, body []byte) bool {
	w.next = index + 1
	w.over = !w.yield(Leaf{index, body}, nil)
	return !w.over
}

func (w *leafWalk) head(p *part) bool {
	if err := w.view.list(p); err != nil {
		return w.fail(p, err)
	}
	for _, x := range p.frames {
		if x.Header.End() <= w.next || x.Header.First >= w.to {
			continue
		}
		if x.Header.First > w.next {
			return false // reported as missing
		}
		bodies, err := w.view.read.bodies(p, x, nil)
		if err != nil {
			return w.fail(p, fmt.Errorf("%s at byte %d: %w", p.head.name, x.Offset, err))
		}
		for end := min(x.Header.End(), w.to); w.next < end; {
			if !w.leaf(w.next, bodies[w.next-x.Header.First]) {
				return false
			}
		}
	}
	return true
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
	if h, ok, err := v.subtree(seal.BlockLevel, n); ok || err != nil {
		return h, err
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
		Block:   v.Block,
		Subtree: v.subtree,
		Leaves: func(n uint64) ([]seal.Hash, error) {
			return v.LeafHashes(n*seal.BlockSize, min((n+1)*seal.BlockSize, size))
		},
	}
}
