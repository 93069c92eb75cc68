package journal

import (
	"errors"
	"fmt"
	"path/filepath"

	"constat/internal/durable"
	"constat/journal/frame"
	"constat/journal/layout"
	"constat/seal"
)

// maxTree bounds the tree file: 32 bytes for 256 entries.
const maxTree = 1 << 34

// rehash computes the frontier. It trusts the tree file if that gives the root of the checkpoint together with the
// entries behind its last full block; otherwise it rebuilds the tree from all entries. It returns a reason if the
// entries do not give the root of the checkpoint either.
func (o *opening) rehash() (reason string, err error) {
	if o.treeOld, err = o.readTree(); err != nil {
		return "", err
	}
	covered := o.point.Size / seal.BlockSize
	if o.treeOld != nil && uint64(len(o.treeOld)) >= covered {
		o.treeGood = true
		matches, err := o.hashFrom(o.treeOld[:covered])
		if matches || err != nil {
			return "", err
		}
	}
	o.treeGood = false
	matches, err := o.hashFrom(nil)
	if err == nil && !matches {
		reason = fmt.Sprintf("its entries do not give the root of its %s of size %d", o.pointOf, o.point.Size)
	}
	return reason, err
}

// readTree returns the hashes of the tree file, or nil if it is not there or not sound: it is derived.
func (o *opening) readTree() ([]seal.Hash, error) {
	name := filepath.Join(o.dir, layout.TreeFile)
	data, err := durable.ReadFile(o.r.w.fsys, name, maxTree)
	if isNotExist(err) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	if h, err := frame.ParseFileHeader(data, frame.Tree); err != nil || h != o.desc.Header(frame.Tree, 0) {
		if frame.IsOther(err) {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		return nil, nil
	}
	hashes := []seal.Hash{}
	for rest := data[frame.HeadHeaderSize:]; len(rest) >= len(seal.Hash{}); rest = rest[len(seal.Hash{}):] {
		hashes = append(hashes, seal.Hash(rest))
	}
	return hashes, nil
}

// hashFrom computes the frontier from the given blocks and the entries behind them. matches says whether it has the
// root of the checkpoint at that size. Above the checkpoint, a frame whose payload is damaged ends the journal, and so
// does a segment that does not give back all its entries.
func (o *opening) hashFrom(blocks []seal.Hash) (matches bool, err error) {
	o.frontier, o.blocks, o.inTree = seal.Frontier{}, nil, uint64(len(blocks))
	for _, b := range blocks {
		o.frontier.AppendBlock(b)
	}
	o.matched = o.atCheckpoint()
	for i := range o.found {
		if h := &o.found[i]; h.end <= o.frontier.Size() {
			continue
		} else if h.kept != nil {
			err = h.kept.hashes(o.nonces, o.frontier.Size(), o.hashSubtree)
		} else if h.head == nil {
			err = o.hashSegment(i)
		} else {
			err = o.hashHead(i)
		}
		if errors.Is(err, errCut) {
			return o.matched, nil
		}
		if isLost(err) {
			return false, nil
		}
		if err != nil {
			return false, err
		}
	}
	return o.matched, nil
}

// errCut says that the journal ends before what is damaged, which no checkpoint covers.
var errCut = errors.New("cut")

// hashHead appends the leaves of a head to the frontier.
func (o *opening) hashHead(i int) error {
	h := &o.found[i]
	for j, x := range h.frames {
		if x.Header.End() <= o.frontier.Size() {
			continue
		}
		err := o.hashFrame(h, x)
		if errors.Is(err, frame.ErrDamaged) && x.Header.First >= o.point.Size {
			o.cutAt(i, j, x)
			return errCut
		}
		if err != nil {
			return fmt.Errorf("%s: %w", h.name, err)
		}
	}
	return nil
}

func (o *opening) atCheckpoint() bool {
	return o.frontier.Size() == o.point.Size && o.frontier.Root() == o.point.Root
}

// hashFrame appends the leaves of a frame to the frontier.
func (o *opening) hashFrame(h *scanned, x frame.Extent) error {
	payload, err := o.decoder.Payload(nil, h.file, x.Offset, x.Header)
	if err != nil {
		return err
	}
	bodies, err := frame.Bodies(nil, payload, x.Header.Count)
	if err != nil {
		return err
	}
	for i, body := range bodies {
		if index := x.Header.First + uint64(i); index >= o.frontier.Size() {
			o.hash(index, body)
		}
	}
	return nil
}

// hash appends one leaf to the frontier.
func (o *opening) hash(index uint64, body []byte) { o.hashSubtree(0, o.nonces.LeafHash(index, body)) }

// hashSubtree appends the leaves of a subtree to the frontier.
func (o *opening) hashSubtree(level int, h seal.Hash) {
	if block, full := o.frontier.AppendSubtree(level, h); full {
		o.blocks = append(o.blocks, block)
	}
	o.matched = o.matched || o.atCheckpoint()
}

// cutAt ends the journal before frame j of head i.
func (o *opening) cutAt(i, j int, x frame.Extent) {
	o.forget(i + 1)
	h := &o.found[i]
	h.frames = h.frames[:j]
	o.cut = &cut{first: h.first, offset: x.Offset}
	o.end, h.end = x.Header.First, x.Header.First
}

// forget leaves out what was found from number i on.
func (o *opening) forget(i int) {
	for _, h := range o.found[i:] {
		if h.head != nil {
			h.file.Close() // nothing was written to it
		}
	}
	o.found = o.found[:i]
}

// rewriteTree puts the tree file into the state that the frontier knows.
func (o *opening) rewriteTree() error {
	name := filepath.Join(o.dir, layout.TreeFile)
	if !o.treeGood {
		data := frame.AppendFileHeader(nil, o.desc.Header(frame.Tree, 0))
		for _, b := range o.blocks {
			data = append(data, b[:]...)
		}
		if err := durable.WriteFile(o.r.w.fsys, name, data, fileMode); err != nil {
			return err
		}
		o.inTree, o.blocks = uint64(len(o.blocks)), nil
	}
	var err error
	if o.tree, err = o.r.w.fsys.OpenWrite(name); err != nil {
		return err
	}
	return o.tree.Truncate(frame.HeadHeaderSize + int64(o.inTree)*int64(len(seal.Hash{})))
}
