package tiles

import (
	"errors"
	"fmt"
	"path/filepath"

	"constat/entry"
	"constat/journal"
	"constat/seal"
)

// edge is the right edge of a log that is being written.
type edge struct {
	dir    string
	out    *directory
	nonces *entry.Nonces

	frontier seal.Frontier
	block    block    // the bundle at the right edge
	levels   []*level // the tiles of hashes at the right edge, level 0 first
	leaf     []byte
}

// level is the tile at the right edge of a level.
type level struct {
	n      uint64 // its number
	hashes []seal.Hash
}

// add takes the next entry and writes what it fills.
func (x *edge) add(leaf journal.Leaf) error {
	hash := seal.Hash(x.nonces.LeafHash(leaf.Index, leaf.Body))
	x.leaf = x.nonces.AppendLeaf(x.leaf[:0], leaf.Index, leaf.Body)
	if err := x.block.add(hash, x.leaf); err != nil {
		return err
	}
	x.frontier.Append(hash)
	if len(x.block.ends) == Full {
		if err := x.bundle(leaf.Index / Full); err != nil {
			return err
		}
	}
	return x.push(0, hash)
}

// push adds a hash to a level, and the hash of the tile that it fills to the level above.
func (x *edge) push(at int, hash seal.Hash) error {
	if at == len(x.levels) {
		x.levels = append(x.levels, &level{})
	}
	l := x.levels[at]
	l.hashes = append(l.hashes, hash)
	if len(l.hashes) < Full {
		return nil
	}
	if err := x.tile(at); err != nil {
		return err
	}
	above := seal.BlockHash(l.hashes)
	l.n, l.hashes = l.n+1, l.hashes[:0]
	return x.push(at+1, above)
}

func (x *edge) tile(at int) error {
	l := x.levels[at]
	return x.put(Path{Kind: Hashes, Level: uint8(at), N: l.n, Width: len(l.hashes)}, join(l.hashes))
}

func (x *edge) bundle(n uint64) error {
	data, width := x.block.bundle, len(x.block.ends)
	x.block = block{hashes: x.block.hashes[:0], ends: x.block.ends[:0]}
	return x.put(Path{Kind: Bundle, N: n, Width: width}, data)
}

func (x *edge) put(p Path, data []byte) error {
	return x.out.put(filepath.Join(x.dir, filepath.FromSlash(p.String())), data)
}

// finish writes the partial tiles and, if the root is right, the checkpoint.
func (x *edge) finish(p Published) error {
	if root := x.frontier.Root(); root != p.Root {
		return fmt.Errorf("%w: %v, signed is %v", ErrRoot, root, p.Root)
	}
	if len(x.block.ends) > 0 {
		if err := x.bundle(p.Size / Full); err != nil {
			return err
		}
	}
	for at, l := range x.levels {
		if len(l.hashes) == 0 {
			continue
		}
		if err := x.tile(at); err != nil {
			return err
		}
	}
	if err := x.out.flush(); err != nil {
		return err
	}
	return errors.Join(x.put(Path{Kind: Checkpoint}, p.Note), x.out.flush())
}
