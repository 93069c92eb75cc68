package check

import (
	"bytes"
	"fmt"
	"path/filepath"

	"constat/internal/durable"
	"constat/journal/frame"
	"constat/journal/layout"
	"constat/seal"
)

// maxTree bounds the tree file in bytes.
const maxTree = 1 << 34

// roots compares what was hashed with the signed root, and the tree file with what was hashed.
func (j *journalCheck) roots() {
	if !j.signed {
		return
	}
	kept, sound := j.tree()
	full := j.point.Size / seal.BlockSize
	if root, ok := j.root(full, func(i uint64) (seal.Hash, bool) { return j.blocks[i].hash, j.blocks[i].known }); ok {
		if root == j.point.Root {
			j.compareTree(kept, sound)
			return
		}
		j.blame(kept, full)
		return
	}
	j.incomplete(kept, full)
}

// root is the root over the first full blocks and the leaves of the last one, at the size of the checkpoint.
func (j *journalCheck) root(full uint64, hash func(uint64) (seal.Hash, bool)) (seal.Hash, bool) {
	tail, ok := j.tail()
	if !ok || uint64(len(j.blocks)) < full {
		return seal.Hash{}, false
	}
	var f seal.Frontier
	for i := range full {
		h, known := hash(i)
		if !known {
			return seal.Hash{}, false
		}
		f.AppendBlock(h)
	}
	for i, h := range tail {
		f.AppendSubtree(int(j.signedLevels[i]), h)
	}
	return f.Root(), true
}

// tail returns the leaves of the partial block below the checkpoint.
func (j *journalCheck) tail() ([]seal.Hash, bool) {
	if j.point.Size%seal.BlockSize == 0 {
		return nil, true
	}
	return j.signedTail, j.signedTail != nil
}

// blame finds which blocks are not what was signed. If the tree file gives the signed root, it tells exactly;
// otherwise nothing does, and what the tree file says is no more than a hint.
func (j *journalCheck) blame(kept []seal.Hash, full uint64) {
	text := "entries do not give the signed root: changed, removed, added or reordered"
	differ := func(i uint64) bool { return i >= uint64(len(kept)) || j.blocks[i].hash != kept[i] }
	file := filepath.Join(j.dir, layout.CheckpointFile)
	fromTree := func(i uint64) (seal.Hash, bool) {
		return at0(kept, i), i < uint64(len(kept))
	}
	if root, ok := j.root(full, fromTree); ok && root == j.point.Root {
		for i := uint64(0); i < full; i++ {
			if first := i; differ(i) {
				for i+1 < full && differ(i+1) {
					i++
				}
				j.findAt(RuleRoot, file, first*seal.BlockSize, (i+1)*seal.BlockSize, text)
			}
		}
		return
	}
	first := uint64(0)
	for first < full && !differ(first) {
		first++
	}
	if first > 0 {
		text += fmt.Sprintf("; if the tree file can be believed, the first of them is %d or later", first*seal.BlockSize)
	}
	j.findAt(RuleRoot, file, 0, j.point.Size, text)
}

// incomplete judges a journal of which entries below the checkpoint are missing, which has been reported: the blocks
// that are whole are compared with the tree file, if that gives the signed root. What is left of the others could be
// anything.
func (j *journalCheck) incomplete(kept []seal.Hash, full uint64) {
	file := filepath.Join(j.dir, layout.CheckpointFile)
	root, ok := j.root(full, func(i uint64) (seal.Hash, bool) { return at0(kept, i), i < uint64(len(kept)) })
	proved := ok && root == j.point.Root
	for i := range full {
		switch b := j.blocks[i]; {
		case !b.known && b.some || b.known && !proved:
			j.unproved(file, i*seal.BlockSize, (i+1)*seal.BlockSize)
		case b.known && b.hash != kept[i]:
			j.findAt(RuleRoot, file, i*seal.BlockSize, (i+1)*seal.BlockSize,
				"entries do not give the signed root: changed, removed, added or reordered")
		}
	}
	if j.someTail && !proved {
		j.unproved(file, full*seal.BlockSize, j.point.Size)
	}
}

// unproved reports what is left of entries that can no longer be compared with the signed root, one range for
// neighbours.
func (j *journalCheck) unproved(file string, first, end uint64) {
	const text = "entries cannot be compared with the signed root, because others are missing"
	if j.report.isUnreadable() {
		j.report.note("%s: %d to %d: %s", file, first, end-1, text)
		return
	}
	if n := len(j.report.Findings); n > 0 {
		last := j.report.Findings[n-1]
		if last.Rule == RuleUnproved && last.Journal == j.dir && *last.Last+1 == first {
			*last.Last = end - 1
			return
		}
	}
	j.findAt(RuleUnproved, file, first, end, text)
}

func at0(hashes []seal.Hash, i uint64) seal.Hash {
	if i < uint64(len(hashes)) {
		return hashes[i]
	}
	return seal.Hash{}
}

// tree reads the tree file. sound is false if it is not exactly in its format.
func (j *journalCheck) tree() (hashes []seal.Hash, sound bool) {
	file := filepath.Join(j.dir, layout.TreeFile)
	data, err := durable.ReadFile(j.fsys, filepath.Join(j.checker.dir, file), maxTree)
	if err != nil && !isContent(err) {
		j.report.cannot(RuleRead, file, err)
	}
	want := frame.AppendFileHeader(nil, j.desc.Header(frame.Tree, 0))
	if len(data) < len(want) || !bytes.Equal(data[:len(want)], want) {
		return nil, false
	}
	data = data[len(want):]
	for ; len(data) >= len(seal.Hash{}); data = data[len(seal.Hash{}):] {
		hashes = append(hashes, seal.Hash(data))
	}
	return hashes, len(data) == 0
}

// compareTree lists the tree file as rebuilt if it is not what the entries say. It may lack, or have, blocks above the
// checkpoint: it is written just before.
func (j *journalCheck) compareTree(kept []seal.Hash, sound bool) {
	full := j.point.Size / seal.BlockSize
	sound = sound && uint64(len(kept)) >= full && len(kept) <= len(j.blocks)
	for i, h := range kept {
		sound = sound && i < len(j.blocks) && h == j.blocks[i].hash
	}
	if !sound {
		j.report.Rebuilt = append(j.report.Rebuilt, filepath.Join(j.dir, layout.TreeFile))
		j.report.note("%s is derived and wrong; it was recomputed from the entries", filepath.Join(j.dir, layout.TreeFile))
	}
}
