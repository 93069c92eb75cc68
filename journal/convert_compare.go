package journal

import (
	"errors"
	"fmt"
	"io"
	"path/filepath"

	"constat/entry"
	"constat/journal/frame"
	"constat/journal/layout"
	"constat/journal/segment"
	"constat/seal"
)

// wholeFrom and wholeTo are the entries of the head that lie in whole blocks.
func (c *conversion) wholeFrom() uint64 {
	return (c.first + seal.BlockSize - 1) / seal.BlockSize * seal.BlockSize
}

func (c *conversion) wholeTo() uint64 { return c.end / seal.BlockSize * seal.BlockSize }

// isEdge reports whether an entry lies in no whole block of the head.
func (c *conversion) isEdge(index uint64) bool { return index < c.wholeFrom() || index >= c.wholeTo() }

// compare reads the segment back under the name that it has at the moment. Every part must be as it was written, whole
// blocks must be those of the tree, and all other entries those of the head.
func (c *conversion) compare(name string) error {
	s, err := openSegmentFile(c.w.fsys, name, c.desc.Header(frame.Segment, c.first))
	if err != nil {
		return err
	}
	defer s.file.Close() // only read
	if s.End() != c.end {
		return fmt.Errorf("%s: ends at entry %d instead of %d", name, s.End(), c.end)
	}
	if found := s.Check(); len(found) > 0 {
		return fmt.Errorf("%s: read back otherwise than it was written: %s", name, found[0].Text)
	}
	blocks, err := c.treeBlocks()
	if err != nil {
		return err
	}
	c.summary = s.Summary()
	return c.compareLeaves(s.Segment, blocks)
}

func (c *conversion) compareLeaves(s *segment.Segment, blocks []seal.Hash) error {
	edges, block := c.edges, make([]seal.Hash, 0, seal.BlockSize)
	c.reader.Reset(s)
	nonces := entry.NewNonces(c.desc.NonceKey)
	for row, err := range c.reader.Bodies(c.first, c.end) {
		if err != nil {
			return err
		}
		leaf := nonces.LeafHash(row.Index, row.Body)
		if c.isEdge(row.Index) {
			if len(edges) == 0 || edges[0] != leaf {
				return fmt.Errorf("entry %d of the segment is not that of the head", row.Index)
			}
			edges = edges[1:]
			continue
		}
		if block = append(block, leaf); len(block) < seal.BlockSize {
			continue
		}
		if seal.BlockHash(block) != blocks[0] {
			return fmt.Errorf("entries %d to %d: %w", row.Index-seal.BlockSize+1, row.Index, errOtherTree)
		}
		block, blocks = block[:0], blocks[1:]
		if err := c.ctx.Err(); err != nil {
			return err
		}
	}
	return nil
}

var errOtherTree = errors.New("do not give the hash that the tree has: 'constat verify' tells whether the head or the tree is wrong")

// treeBlocks returns the hashes of the whole blocks of the head: from the tree file, and behind it those that wait to be written.
func (c *conversion) treeBlocks() ([]seal.Hash, error) {
	from, to := c.wholeFrom()/seal.BlockSize, c.wholeTo()/seal.BlockSize
	if from >= to {
		return nil, nil
	}
	hashes := make([]seal.Hash, 0, to-from)
	if from < c.inTree {
		name := filepath.Join(c.dir, layout.TreeFile)
		f, err := c.w.fsys.Open(name)
		if err != nil {
			return nil, err
		}
		defer f.Close() // only read
		size := int64(len(seal.Hash{}))
		buf := make([]byte, int64(min(to, c.inTree)-from)*size)
		if n, err := f.ReadAt(buf, frame.HeadHeaderSize+int64(from)*size); n < len(buf) {
			return nil, fmt.Errorf("%s: %w", name, errors.Join(err, io.ErrUnexpectedEOF))
		}
		for ; len(buf) > 0; buf = buf[size:] {
			hashes = append(hashes, seal.Hash(buf[:size]))
		}
		from = min(to, c.inTree)
	}
	if to > c.inTree+uint64(len(c.unwritten)) {
		return nil, fmt.Errorf("the tree has no hash of entries %d to %d", from*seal.BlockSize, to*seal.BlockSize-1)
	}
	if from < to {
		hashes = append(hashes, c.unwritten[from-c.inTree:to-c.inTree]...)
	}
	return hashes, nil
}
