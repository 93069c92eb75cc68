package check

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"

	"constat/internal/vfs"
	"constat/journal/frame"
	"constat/journal/layout"
	"constat/seal"
)

// partCheck is one head or segment under check.
type partCheck struct {
	*journalCheck
	file  string // below the store
	first uint64
	f     vfs.File
	size  int64
	blobs *blobCheck
	ended bool // reading failed, so that nobody knows what follows
	kept  bool // it is what stays of a pruned segment or head

	private privateSeen
}

// entries reads heads and segments in order, hashes every entry, and reports every index that is not there.
func (j *journalCheck) entries() {
	parts, err := j.parts()
	if err != nil {
		j.report.cannot(RuleRead, j.dir, err)
		return
	}
	j.begun[j.dir] = slices.Clone(parts)
	pool := newPool(j.options.Workers, j.desc.NonceKey)
	defer pool.close()
	for i := 0; i < len(parts); {
		if parts[i].kept {
			j.keptPart(parts[i], j.endOf(parts, i))
			i++
			continue
		}
		run := segmentsOf(parts[i:])
		if run == 0 {
			j.head(pool, parts[i].first, j.endOf(parts, i))
			i++
			continue
		}
		j.segments(pool, parts[i:i+run], j.endOf(parts, i+run-1))
		i += run
	}
	if j.signed && j.next < j.limit() {
		j.missing(filepath.Join(j.dir, layout.HeadName(j.next)), j.limit(), "entries are missing below the checkpoint or a seal")
	}
	j.strayBlobs(parts)
	j.straySidecars(parts)
}

// endOf is the index at which a part should end: where the next one begins or, for the last, at the checkpoint.
func (j *journalCheck) endOf(parts []part, i int) uint64 {
	if i+1 < len(parts) {
		return parts[i+1].first
	}
	return max(parts[i].first, j.limit())
}

// head checks one head, which must begin at first; the next part, or the checkpoint, begins at end.
func (j *journalCheck) head(pool *pool, first, end uint64) {
	h := &partCheck{journalCheck: j, file: filepath.Join(j.dir, layout.HeadName(first)), first: first}
	if first > j.next {
		j.missing(h.file, first, "entries before this head are missing")
	}
	if first < j.next {
		j.findAt(RuleFrame, h.file, first, j.next, "head begins within the one before")
		return
	}
	if err := h.open(); err != nil {
		if j.converted(err, first) {
			j.segments(pool, []part{{first: first, segment: true}}, end)
			return
		}
		h.cannotOpen(err, end)
		return
	}
	defer h.f.Close()
	h.blobs = newBlobCheck(h)
	defer h.blobs.close()
	pool.run(h)
	h.blobs.unnamed()
	h.readSidecar()
	if h.ended {
		j.skip(end)
	}
	if j.next < end {
		j.missing(h.file, end, "entries are missing at the end of the head")
	}
}

func (h *partCheck) open() (err error) {
	if h.f, err = h.fsys.Open(filepath.Join(h.checker.dir, h.file)); err != nil {
		return err
	}
	if h.size, err = h.f.Size(); err == nil {
		err = checkHeader(h.f, h.desc.Header(frame.Head, h.first))
	}
	if err != nil && isDamagedHeader(err) { // each frame stands for itself
		h.findAt(RuleHeader, h.file, h.first, h.first+1, err.Error())
		return nil
	}
	if err != nil {
		h.f.Close()
	}
	return err
}

func (h *partCheck) cannotOpen(err error, end uint64) {
	switch {
	case frame.IsOther(err):
		h.report.cannot(RuleFormat, h.file, err)
		h.skip(end)
	case errors.Is(err, frame.ErrDamaged): // of another file
		h.findAt(RuleHeader, h.file, h.first, end, err.Error())
		h.skip(end)
	default:
		h.report.cannot(RuleRead, h.file, err)
		h.skip(end)
	}
}

// missing reports that the indexes up to end-1 are in no file, and goes on behind them.
func (j *journalCheck) missing(file string, end uint64, text string) {
	if !j.signed || j.next < j.limit() {
		j.findAt(RuleMissing, file, j.next, end, text)
	}
	j.skip(end)
}

// skip goes on at index end without leaf hashes for what lies between.
func (j *journalCheck) skip(end uint64) {
	if end <= j.next {
		return
	}
	j.skipped = append(j.skipped, span{j.next, end})
	j.sealed.lost = true
	for j.next < end {
		step := min(end-j.next, seal.BlockSize-j.next%seal.BlockSize)
		j.whole = false
		j.next += step
		if j.next%seal.BlockSize == 0 {
			j.endBlock()
		}
	}
}

// span is a range of indexes, end excluded.
type span struct{ first, end uint64 }

// isSkipped reports whether the entry of an index could not be had.
func (j *journalCheck) isSkipped(index uint64) bool {
	return slices.ContainsFunc(j.skipped, func(s span) bool { return s.first <= index && index < s.end })
}

// leaf takes the leaf hash of the next index.
func (j *journalCheck) leaf(h seal.Hash) { j.subtree(0, h) }

// subtree takes the root of the perfect subtree over the next 2^level indexes, which lie in one block.
func (j *journalCheck) subtree(level int, h seal.Hash) {
	j.leaves, j.levels = append(j.leaves, h), append(j.levels, uint8(level))
	j.next += 1 << level
	if j.next == j.point.Size && j.whole {
		j.signedTail, j.signedLevels = slices.Clone(j.leaves), slices.Clone(j.levels)
	}
	if len(j.ahead) > 0 && j.ahead[0].Size <= j.next {
		j.reach()
	}
	j.someTail = j.someTail || j.next > j.point.Size-j.point.Size%seal.BlockSize && j.next <= j.point.Size
	j.reached()
	if j.next%seal.BlockSize == 0 {
		j.endBlock()
	}
}

func (j *journalCheck) endBlock() {
	j.blockEnds()
	b := block{known: j.whole && len(j.leaves) > 0, some: len(j.leaves) > 0}
	switch {
	case b.known && len(j.leaves) == seal.BlockSize:
		b.hash = seal.BlockHash(j.leaves)
	case b.known:
		var f seal.Frontier
		for i, h := range j.leaves {
			f.AppendSubtree(int(j.levels[i]), h)
		}
		b.hash = f.Root()
	}
	j.blocks = append(j.blocks, b)
	j.leaves, j.levels, j.whole = j.leaves[:0], j.levels[:0], true
}

// take judges one extent in order and takes its leaves.
func (h *partCheck) take(x frame.Extent, r *result) {
	if x.Gap {
		h.findAt(RuleFrame, h.file, h.next, h.next+1, fmt.Sprintf("%d bytes at byte %d are no frame", x.Length, x.Offset))
		return
	}
	first, end := x.Header.First, x.Header.End()
	if first < h.next {
		h.findAt(RuleFrame, h.file, h.next, h.next+1, fmt.Sprintf("frame at byte %d begins again at index %d", x.Offset, first))
		return
	}
	if first > h.next {
		h.missing(h.file, first, fmt.Sprintf("entries before the frame at byte %d are missing", x.Offset))
	}
	if r.err != nil {
		text := fmt.Sprintf("frame at byte %d: %v", x.Offset, r.err)
		if errors.Is(r.err, frame.ErrDamaged) {
			h.findAt(RuleFrame, h.file, first, end, text)
		} else {
			h.add(at(Finding{Rule: RuleRead, File: h.file, Journal: h.dir, Text: text}, first, end-1))
		}
		h.skip(end)
		return
	}
	h.order(x, r)
	for _, p := range r.problems {
		if p.newer {
			h.newer(p)
			continue
		}
		h.findAt(RuleEntry, h.file, p.index, p.index+1, p.text)
	}
	h.expectSeals(r.special)
	for _, leaf := range r.leaves {
		h.leaf(leaf)
	}
	for _, m := range r.moments {
		h.moment(h.file, m)
	}
	for i := range r.special {
		h.special(&r.special[i])
	}
}

// newer adds a finding that an entry is of a newer program, or widens the one before: there may be many side by side.
func (h *partCheck) newer(p problem) {
	if n := len(h.report.Findings); n > 0 {
		last := &h.report.Findings[n-1]
		if last.Rule == RuleFormat && last.File == h.file && last.Text == p.text && last.Last != nil && *last.Last+1 == p.index {
			*last.Last = p.index
			return
		}
	}
	h.add(at(Finding{Rule: RuleFormat, File: h.file, Journal: h.dir, Text: p.text}, p.index, p.index))
}

// order checks that time does not go back from one frame to the next; within a frame the worker has looked.
func (h *partCheck) order(x frame.Extent, r *result) {
	if h.next > 0 && (x.Header.Epoch < h.epoch || x.Header.Epoch == h.epoch && r.min < h.received) {
		h.findAt(RuleOrder, h.file, x.Header.First, x.Header.End(), "received time goes back")
	}
	h.epoch, h.received = x.Header.Epoch, r.max
	h.prove(layout.Moment{Epoch: h.epoch, Received: h.received})
}

// prove notes that the hash of an entry of that moment is part of what is compared with the root.
func (j *journalCheck) prove(m layout.Moment) { j.proved, j.hasProved = m, true }
