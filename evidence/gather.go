package evidence

import (
	"bytes"
	"errors"
	"fmt"
	"iter"
	"sort"

	"constat/seal"

	"golang.org/x/mod/sumdb/tlog"
)

// Log is one journal as one of its checkpoints signs it: what evidence is taken from.
type Log interface {
	// Name is the name of the journal.
	Name() string
	// Origin is that of its checkpoints: that of the store, a slash and the name; a dot and an id follow if the journal is
	// the successor of a damaged one.
	Origin() string
	// Checkpoint is the signed checkpoint. Nothing behind its size is asked for.
	Checkpoint() []byte
	// Leaves yields the leaves, nonce ‖ body, of the indexes from from to to-1. A leaf is valid until the next step.
	Leaves(from, to uint64) iter.Seq2[[]byte, error]
	// ReadHashes reads hashes of the tree. What it says need not be right: the root is compared.
	tlog.HashReader
}

// gathered is what evidence needs of a journal.
type gathered struct {
	hashes []seal.Hash // of the subtrees of the cover, in order
	leaves [][]byte    // that are to be kept, in order
}

// gatherer reads the nodes of a cover. Leaves that lie near each other are read in one go; subtrees of a block and
// more are asked for, unless they lie in between.
type gatherer struct {
	log   Log
	known []stretch // hashes of leaves that were read before
	keep  []run     // indexes of leaves that are wanted themselves
	nodes []node
	leaf  []bool // by node: it is shown
	out   gathered
	fold  fold
	roots map[uint64]seal.Hash // at the cuts
}

// bridge is the number of leaves up to which they are read for being in between.
const bridge = 16 * seal.BlockSize

// gather reads what the cover of a tree needs, and the roots at its cuts and at its size.
func gather(log Log, g gatherer, size uint64, cuts []uint64, shown []run) (gathered, map[uint64]seal.Hash, error) {
	g.log, g.roots = log, map[uint64]seal.Hash{}
	for _, at := range append(cuts, size) {
		g.roots[at] = (&fold{}).root()
	}
	err := cover(size, cuts, shown, func(x node, leaf bool) error {
		g.nodes, g.leaf = append(g.nodes, x), append(g.leaf, leaf)
		return nil
	})
	for i := 0; i < len(g.nodes) && err == nil; {
		if hash, ok := g.recall(i); ok {
			err = g.take(i, hash)
			i++
			continue
		}
		if g.nodes[i].level >= seal.BlockLevel {
			err = g.ask(i)
			i++
			continue
		}
		i, err = g.read(i, g.stretch(i))
	}
	return g.out, g.roots, err
}

// stretch is the number of the node behind the last one that is read in one go with node i.
func (g *gatherer) stretch(i int) int {
	end := i + 1
	for j := end; j < len(g.nodes) && !g.isKnown(j) && g.nodes[j].first()-g.nodes[end-1].end() <= bridge; j++ {
		if g.nodes[j].level < seal.BlockLevel {
			end = j + 1
		}
	}
	return end
}

// place is the stretch that holds the leaves under a node; nil: none does.
func (g *gatherer) place(i int) *stretch {
	x := g.nodes[i]
	n := sort.Search(len(g.known), func(k int) bool { return g.known[k].first+uint64(len(g.known[k].hashes)) >= x.end() })
	if n == len(g.known) || g.known[n].first > x.first() {
		return nil
	}
	return &g.known[n]
}

// isKnown reports whether the hash of a node can be recalled.
func (g *gatherer) isKnown(i int) bool {
	if g.leaf[i] && within(g.keep, g.nodes[i].n, g.nodes[i].n+1) == 1 {
		return false
	}
	return g.place(i) != nil
}

// recall computes the hash of a node from leaves that were read before.
func (g *gatherer) recall(i int) (seal.Hash, bool) {
	if !g.isKnown(i) {
		return seal.Hash{}, false
	}
	k, x := g.place(i), g.nodes[i]
	return seal.PerfectRoot(k.hashes[x.first()-k.first : x.end()-k.first]), true
}

// take notes the hash of a node.
func (g *gatherer) take(i int, hash seal.Hash) error {
	if !g.leaf[i] {
		g.out.hashes = append(g.out.hashes, hash)
	}
	if err := g.fold.add(g.nodes[i], hash); err != nil {
		return err
	}
	if _, ok := g.roots[g.fold.size]; ok {
		g.roots[g.fold.size] = g.fold.root()
	}
	return nil
}

// ask asks for the hash of a node.
func (g *gatherer) ask(i int) error {
	x := g.nodes[i]
	hashes, err := g.log.ReadHashes([]int64{tlog.StoredHashIndex(x.level, int64(x.n))})
	if err != nil {
		return fmt.Errorf("journal %s: %w", g.log.Name(), err)
	}
	return g.take(i, hashes[0])
}

// errLeavesEnd says that there are fewer leaves than there should be.
var errLeavesEnd = errors.New("entries end too early")

// read reads the leaves under the nodes from i to end-1 and returns the number of the node to go on with. Where leaves
// are gone, it asks for the hash above them.
func (g *gatherer) read(i, end int) (int, error) {
	next, stop := iter.Pull2(g.log.Leaves(g.nodes[i].first(), g.nodes[end-1].end()))
	defer stop()
	for ; i < end; i++ {
		hash, err := g.under(i, next)
		if err != nil && !g.leaf[i] {
			if asked := g.ask(i); asked != nil {
				return i, errors.Join(err, asked)
			}
			return i + 1, nil
		}
		if err == nil {
			err = g.take(i, hash)
		}
		if err != nil {
			return i, fmt.Errorf("journal %s: entry %d: %w", g.log.Name(), g.nodes[i].first(), err)
		}
	}
	return i, nil
}

// under reads the leaves under a node.
func (g *gatherer) under(i int, next func() ([]byte, error, bool)) (seal.Hash, error) {
	var f fold
	for range g.nodes[i].end() - g.nodes[i].first() {
		leaf, err, ok := next()
		if !ok {
			err = errLeavesEnd
		}
		if err != nil {
			return seal.Hash{}, err
		}
		if g.leaf[i] && within(g.keep, g.nodes[i].n, g.nodes[i].n+1) == 1 {
			g.out.leaves = append(g.out.leaves, bytes.Clone(leaf))
		}
		f.add(node{0, f.size}, tlog.RecordHash(leaf)) // follows by construction
	}
	return f.peaks[0].hash, nil
}
