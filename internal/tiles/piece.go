package tiles

import (
	"context"
	"encoding/binary"
	"fmt"

	"constat/journal"
	"constat/seal"
)

// hashSize is the size in bytes of a hash.
const hashSize = len(seal.Hash{})

// What a piece may hold.
const (
	pieceBlocks = 16      // and begins at a multiple of it, if nothing speaks against that
	pieceBytes  = 4 << 20 // of bundles, after which it ends with the block at hand
)

// block is up to 256 entries in both forms.
type block struct {
	hashes []byte   // leaf hashes, one after the other
	bundle []byte   // each entry with its length before it
	ends   []uint32 // where each entry ends in the bundle
}

// add appends an entry.
func (b *block) add(hash seal.Hash, leaf []byte) error {
	if len(leaf) > 0xffff {
		return fmt.Errorf("leaf of %d bytes", len(leaf))
	}
	b.hashes = append(b.hashes, hash[:]...)
	b.bundle = append(binary.BigEndian.AppendUint16(b.bundle, uint16(len(leaf))), leaf...)
	b.ends = append(b.ends, uint32(len(b.bundle)))
	return nil
}

// row is a number of blocks, one after the other; only the last may be partial.
type row struct {
	from, to uint64 // the entries in it, to excluded; from is the first of a block
	blocks   []block
}

// holds reports whether the entries from to to-1 are in the row.
func (r *row) holds(from, to uint64) bool { return r.from <= from && to <= r.to }

// block returns the block that a path of level 0 or of entries names.
func (l *Logs) block(ctx context.Context, p Published, path Path) (*block, error) {
	from := path.first()
	group := path.N - path.N%pieceBlocks
	plan := row{from: group * Full, to: min((group+pieceBlocks)*Full, p.Size)}
	got, err := l.pieces.get(ctx, l.gate, p.Journal.ID, plan, from, from+uint64(path.Width),
		func() (row, error) { return l.decode(p, plan, path.N) })
	if err != nil {
		return nil, err
	}
	return &got.blocks[(from-got.from)/Full], nil
}

// decode reads a row as planned, or a part of it that has the block that was asked for: the plan may be too large, or
// something beside the block unreadable.
func (l *Logs) decode(p Published, plan row, asked uint64) (row, error) {
	v, err := l.view(p)
	if err != nil {
		return row{}, err
	}
	defer v.Close()
	r, err := readRow(v, plan.from, plan.to, asked)
	if err != nil && plan.from < asked*Full {
		r, err = readRow(v, asked*Full, plan.to, asked)
	}
	return r, err
}

// readRow reads the entries from a block on, until to or until there are too many bytes.
func readRow(v *journal.View, from, to, asked uint64) (row, error) {
	r := row{from: from, to: from}
	nonces := v.Nonces()
	var scratch []byte
	size := 0
	for leaf, err := range v.Leaves(from, to) {
		if err != nil {
			return r.upTo(asked, err)
		}
		if leaf.Index%Full == 0 {
			if size > pieceBytes && asked < leaf.Index/Full {
				break
			}
			if size > pieceBytes {
				r, size = row{from: leaf.Index}, 0
			}
			r.blocks = append(r.blocks, block{})
		}
		scratch = nonces.AppendLeaf(scratch[:0], leaf.Index, leaf.Body)
		if err := r.blocks[len(r.blocks)-1].add(nonces.LeafHash(leaf.Index, leaf.Body), scratch); err != nil {
			return row{}, err
		}
		r.to = leaf.Index + 1
		size += len(scratch)
	}
	return r, nil
}

// upTo returns the whole blocks before an error if the block that was asked for is among them.
func (r row) upTo(asked uint64, err error) (row, error) {
	r.to -= r.to % Full
	if r.to <= asked*Full {
		return row{}, err
	}
	r.blocks = r.blocks[:(r.to-r.from)/Full]
	return r, nil
}
