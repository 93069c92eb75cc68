package journal

import (
	"errors"
	"fmt"
	"io"
	"iter"
	"path/filepath"

	"constat/entry"
	"constat/internal/vfs"
	"constat/journal/frame"
	"constat/journal/layout"
	"constat/seal"
)

// keeper makes what stays of a segment or head: seals and control entries, and hashes for all others.
type keeper struct {
	kept    layout.Kept
	blobs   bool // a kept entry has values in blobs
	frames  []byte
	key     entry.NonceKey
	encoder *frame.Encoder
	current frame.Header // of the frame that is being filled
	payload []byte
	leaves  []seal.Hash          // of the run that is missing at the end
	blocks  map[uint64]seal.Hash // of whole blocks, by number
}

// isKept reports whether retention leaves entries of that kind alone.
func isKept(kind entry.Kind) bool { return kind == entry.Seal || kind == entry.Control }

// keep reads a segment or a head and makes the file that stands for it. Blocks of the tree that lie in it must come out,
// so that nothing is removed that could prove that something is wrong.
func keep(fsys vfs.FS, l *log, c *candidate) (image []byte, k *keeper, err error) {
	x, err := c.open(fsys, l)
	if err != nil {
		return nil, nil, err
	}
	defer x.file.Close() // only read
	k = &keeper{encoder: frame.NewEncoder(), key: l.desc.NonceKey, kept: layout.Kept{First: c.first, End: c.end},
		blocks: map[uint64]seal.Hash{}, leaves: make([]seal.Hash, 0, min(c.end-c.first, MaxHeadEntries))}
	tree, err := openTree(fsys, l)
	if err != nil {
		return nil, nil, err
	}
	defer tree.file.Close() // only read
	if err := k.read(x.leaves, entry.NewNonces(l.desc.NonceKey), tree); err != nil {
		return nil, nil, fmt.Errorf("%s: %w", x.name, err)
	}
	k.flush()
	k.gone()
	h := l.desc.Header(frame.Kept, c.first)
	return layout.AppendKept(nil, h, &k.kept, k.frames), k, nil
}

// leavesOf is an open segment or head, and what it holds. What is not whole ends the leaves with an error, and so does a
// last entry that is not the one before the end.
type leavesOf struct {
	name   string // path
	file   vfs.File
	leaves iter.Seq2[Leaf, error]
}

func (c *candidate) open(fsys vfs.FS, l *log) (*leavesOf, error) {
	if c.isHead {
		return c.openHead(fsys, l)
	}
	s, err := openSegmentAt(fsys, l.dir, l.desc, c.first)
	if err != nil {
		return nil, err
	}
	c.end = s.End()
	return &leavesOf{s.name, s.file, func(yield func(Leaf, error) bool) {
		for row, err := range s.NewReader().Bodies(s.First(), s.End()) {
			if !yield(Leaf{row.Index, row.Body}, err) {
				return
			}
		}
	}}, nil
}

func (k *keeper) read(leaves iter.Seq2[Leaf, error], nonces *entry.Nonces, tree *treeFile) error {
	var names entry.Decoder
	var e entry.Entry
	block := make([]seal.Hash, 0, seal.BlockSize)
	for row, err := range leaves {
		if err != nil {
			return err
		}
		if err := names.Decode(row.Body, &e); err != nil {
			return fmt.Errorf("entry %d: %w", row.Index, err)
		}
		leaf := nonces.LeafHash(row.Index, row.Body)
		k.add(row.Index, &e, row.Body, leaf)
		if row.Index%seal.BlockSize == 0 {
			block = block[:0]
		}
		if block = append(block, leaf); len(block) == seal.BlockSize && row.Index%seal.BlockSize == seal.BlockSize-1 {
			n, hash := row.Index/seal.BlockSize, seal.BlockHash(block)
			if err := tree.compare(n, hash); err != nil {
				return err
			}
			k.blocks[n] = hash
		}
	}
	return nil
}

// add takes the next entry.
func (k *keeper) add(index uint64, e *entry.Entry, body []byte, leaf seal.Hash) {
	now := layout.Moment{Epoch: e.Epoch, Received: e.Received}
	if index == k.kept.First {
		k.kept.Oldest = now
	}
	k.kept.Newest = now
	if !isKept(e.Kind) {
		k.flush()
		k.leaves = append(k.leaves, leaf)
		return
	}
	k.gone()
	k.row(index, e, body)
	k.blobs = k.blobs || refersToBlob(e)
}

// row keeps an entry.
func (k *keeper) row(index uint64, e *entry.Entry, body []byte) {
	if n := len(k.kept.Runs); n > 0 && k.kept.Runs[n-1].End() == index {
		k.kept.Runs[n-1].Count++
	} else {
		k.kept.Runs = append(k.kept.Runs, layout.Run{First: index, Count: 1})
	}
	if h := &k.current; h.Count > 0 && (h.Epoch != e.Epoch || h.Count >= maxFrameEntries || len(k.payload) >= maxFrameBytes) {
		k.flush()
	}
	if k.current.Count == 0 {
		k.current = frame.Header{First: index, Epoch: e.Epoch, MinReceived: e.Received}
	}
	k.current.MaxReceived = e.Received
	k.current.Count++
	k.current.Kinds |= 1 << e.Kind
	k.payload = frame.AppendBody(k.payload, body)
}

// flush ends the frame at hand.
func (k *keeper) flush() {
	if k.current.Count > 0 {
		k.frames = k.encoder.Append(k.frames, k.payload, k.current, k.key)
	}
	k.current, k.payload = frame.Header{}, k.payload[:0]
}

// gone ends the run at hand of entries that go: the hashes of its subtrees stay.
func (k *keeper) gone() {
	first := k.kept.First
	if n := len(k.kept.Runs); n > 0 {
		first = k.kept.Runs[n-1].End()
	}
	rest := k.leaves
	for _, level := range seal.Subtrees(first, first+uint64(len(k.leaves))) {
		hash, known := k.blocks[first/seal.BlockSize]
		if !known || level < seal.BlockLevel {
			hash = seal.PerfectRoot(rest[:1<<level])
		}
		k.kept.Hashes = append(k.kept.Hashes, hash)
		first, rest = first+1<<level, rest[1<<level:]
	}
	k.leaves = k.leaves[:0]
}

// treeFile is the open file of the hashes of blocks.
type treeFile struct {
	name string
	file vfs.File
}

func openTree(fsys vfs.FS, l *log) (*treeFile, error) {
	t := &treeFile{name: filepath.Join(l.dir, layout.TreeFile)}
	var err error
	t.file, err = fsys.Open(t.name)
	return t, err
}

// compare returns an error unless the tree has that hash for a block.
func (t *treeFile) compare(block uint64, want seal.Hash) error {
	var h seal.Hash
	if n, err := t.file.ReadAt(h[:], frame.HeadHeaderSize+int64(block)*int64(len(h))); n < len(h) {
		return fmt.Errorf("%s: %w", t.name, errors.Join(err, io.ErrUnexpectedEOF))
	}
	if h != want {
		return fmt.Errorf("entries %d to %d: %w", block*seal.BlockSize, (block+1)*seal.BlockSize-1, errOtherTree)
	}
	return nil
}
