package evidence

import (
	"errors"
	"fmt"

	"constat/seal"

	"golang.org/x/mod/sumdb/tlog"
)

// errShort says that there are fewer leaves or hashes than the tree takes.
var errShort = errors.New("fewer entries or hashes than the tree takes")

// tree is one journal of an evidence file while it is folded.
type tree struct {
	name    string
	origin  string
	size    uint64
	cuts    []uint64
	asked   []run
	support []run
	leaves  [][]byte // of asked, of this journal
	proving [][]byte // leaves of support
	hashes  []seal.Hash
	roots   map[uint64]seal.Hash // at the cuts, at 0 and at the size
	nodes   map[node]seal.Hash   // that are wanted
}

// fold computes the roots from what is shown and what is withheld.
func (t *tree) fold() error {
	f := fold{wants: t.nodes}
	t.roots = map[uint64]seal.Hash{0: f.root(), t.size: {}}
	for _, at := range t.cuts {
		t.roots[at] = seal.Hash{}
	}
	all, err := merged(t.asked, t.support)
	if err != nil {
		return err
	}
	leaves, proving, hashes, asked := t.leaves, t.proving, t.hashes, t.asked
	err = cover(t.size, t.cuts, all, func(x node, leaf bool) error {
		var hash seal.Hash
		for len(asked) > 0 && asked[0].end() <= x.first() {
			asked = asked[1:]
		}
		var ok bool
		switch {
		case !leaf:
			hash, hashes, ok = cut(hashes)
		case len(asked) > 0 && asked[0].First <= x.first():
			hash, leaves, ok = cutLeaf(leaves)
		default:
			hash, proving, ok = cutLeaf(proving)
		}
		if !ok {
			return errShort
		}
		if err := f.add(x, hash); err != nil {
			return err
		}
		if _, ok := t.roots[f.size]; ok {
			t.roots[f.size] = f.root()
		}
		return nil
	})
	if err == nil && len(leaves)+len(proving)+len(hashes) > 0 {
		err = fmt.Errorf("%d entries and %d hashes too many", len(leaves)+len(proving), len(hashes))
	}
	return err
}

func cut(list []seal.Hash) (h seal.Hash, rest []seal.Hash, ok bool) {
	if len(list) == 0 {
		return h, nil, false
	}
	return list[0], list[1:], true
}

func cutLeaf(list [][]byte) (h seal.Hash, rest [][]byte, ok bool) {
	if len(list) == 0 {
		return h, nil, false
	}
	return tlog.RecordHash(list[0]), list[1:], true
}

// trees makes the trees of an evidence file. The leaves and hashes of all of them follow each other; that there are as
// many as it says is found when they are folded.
func (c *contents) trees() ([]*tree, error) {
	leaves, support, hashes := c.leaves, c.support, c.hashes
	var list []*tree
	names := map[string]bool{}
	for _, j := range c.proof.Journals {
		a := c.question.asked(j.Name)
		if a.To > j.Size {
			return nil, fmt.Errorf("journal %s: the window ends at %d, behind the checkpoint at %d", j.Name, a.To, j.Size)
		}
		t := &tree{name: j.Name, origin: j.Origin, size: j.Size, cuts: c.cuts(j.Name, j.Size), asked: a.Shown, support: j.Support}
		var ok1, ok2, ok3 bool
		t.leaves, leaves, ok1 = split(leaves, count(a.Shown))
		t.proving, support, ok2 = split(support, count(j.Support))
		t.hashes, hashes, ok3 = split(hashes, j.Hashes)
		if !ok1 || !ok2 || !ok3 {
			return nil, fmt.Errorf("journal %s: %w", j.Name, errShort)
		}
		list = append(list, t)
		names[j.Name] = true
	}
	for _, a := range c.question.Journals {
		if !names[a.Name] {
			return nil, fmt.Errorf("journal %s: nothing proves it", a.Name)
		}
	}
	if len(leaves)+len(support)+len(hashes) > 0 {
		return nil, fmt.Errorf("%d entries and %d hashes belong to no journal", len(leaves)+len(support), len(hashes))
	}
	return list, nil
}

// split cuts the first n off a list.
func split[T any](list []T, n uint64) (first, rest []T, ok bool) {
	if n > uint64(len(list)) {
		return nil, nil, false
	}
	return list[:n:n], list[n:], true
}

// each calls yield for the asked entries of a tree with their indexes.
func (t *tree) each(yield func(index uint64, leaf []byte) error) error {
	return eachOf(t.asked, t.leaves, yield)
}

// eachOf calls yield for leaves with their indexes, until that returns an error.
func eachOf(list []run, leaves [][]byte, yield func(index uint64, leaf []byte) error) error {
	n := 0
	for _, r := range list {
		for i := r.First; i < r.end(); i++ {
			if err := yield(i, leaves[n]); err != nil {
				return err
			}
			n++
		}
	}
	return nil
}

// leafAt returns the leaf of a supporting or shown entry.
func (t *tree) leafAt(index uint64) ([]byte, bool) {
	if n, ok := place(t.support, index); ok && n < uint64(len(t.proving)) {
		return t.proving[n], true
	}
	if n, ok := place(t.asked, index); ok && n < uint64(len(t.leaves)) {
		return t.leaves[n], true
	}
	return nil, false
}

// place is the number of an index among those of runs.
func place(list []run, index uint64) (n uint64, ok bool) {
	for _, r := range list {
		if index >= r.First && index < r.end() {
			return n + index - r.First, true
		}
		n += r.Count
	}
	return 0, false
}
