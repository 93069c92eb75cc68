package check

import (
	"errors"
	"fmt"
	"path/filepath"

	"constat/entry"
	"constat/journal/frame"
	"constat/journal/layout"
	"constat/seal"
)

// pruned is indexes that are gone, in a file that says what stays.
type pruned struct {
	j         *journalCheck
	file      string
	first     uint64
	end       uint64
	newest    layout.Moment // of what was pruned, as the file says
	proved    layout.Moment // of an entry with a lower index that is still there, if hasProved
	hasProved bool
}

// keptCheck is what stays of a pruned segment or head under check.
type keptCheck struct {
	*partCheck
	*layout.KeptFile
	leaves map[uint64]seal.Hash // of kept entries, by index
	times  map[uint64]layout.Moment
	unread bool // the disk has not given all bytes
}

// keptPart checks what stays of a pruned segment or head; the next part, or the checkpoint, begins at end. The hashes in it
// stand for the entries that are gone: with them the root must come out.
func (j *journalCheck) keptPart(p part, end uint64) {
	h := &partCheck{journalCheck: j, file: filepath.Join(j.dir, layout.KeptName(p.first)), first: p.first, kept: true}
	if p.first > j.next {
		j.missing(h.file, p.first, "entries before this file are missing")
	}
	if p.first < j.next {
		j.findAt(RuleKept, h.file, p.first, j.next, "begins within the part before")
		return
	}
	k := &keptCheck{partCheck: h, leaves: map[uint64]seal.Hash{}, times: map[uint64]layout.Moment{}}
	err := k.open()
	if h.f != nil {
		defer h.f.Close()
	}
	if err != nil {
		h.cannotOpen(err, end)
		return
	}
	if p.segment || p.head {
		j.report.note("%s: what was pruned is still beside it: the pruning was cut short", h.file)
	}
	for _, text := range k.Damage {
		j.report.note("%s: %s; it stands twice", h.file, text)
	}
	if len(k.Damage) > 0 {
		j.report.Rebuilt = append(j.report.Rebuilt, h.file)
	}
	h.blobs = newBlobCheck(h)
	defer h.blobs.close()
	k.take()
	h.blobs.unnamed()
	if j.next < end {
		j.missing(h.file, end, "entries are missing behind what was pruned")
	}
}

func (k *keptCheck) open() (err error) {
	if k.f, err = k.fsys.Open(filepath.Join(k.checker.dir, k.file)); err != nil {
		return err
	}
	if k.size, err = k.f.Size(); err != nil {
		return err
	}
	want := k.desc.Header(frame.Kept, k.first)
	if err = checkHeader(k.f, want); err != nil && isDamagedHeader(err) {
		k.findAt(RuleHeader, k.file, k.first, k.first+1, err.Error())
		err = nil
	}
	if err == nil {
		k.KeptFile, err = layout.ReadKept(k.f, k.size, want)
	}
	return err
}

// take takes leaves and the hashes that stand for others, in order.
func (k *keptCheck) take() {
	if k.next > 0 && k.Oldest.Before(layout.Moment{Epoch: k.epoch, Received: k.received}) {
		k.findAt(RuleOrder, k.file, k.First, k.End, "received time goes back")
	}
	special := k.frames()
	k.expectSeals(special)
	hashes := k.Hashes
	missing := k.Missing()
	for k.next < k.End {
		if len(missing) > 0 && missing[0].First == k.next {
			hashes = k.gone(missing[0], hashes)
			missing = missing[1:]
			continue
		}
		k.one()
	}
	k.epoch, k.received = k.Newest.Epoch, k.Newest.Received
	for i := range special {
		k.special(&special[i])
	}
}

// gone takes the hashes of a run that was pruned, and notes that it was. It returns the hashes behind.
func (k *keptCheck) gone(r layout.Run, hashes []seal.Hash) []seal.Hash {
	k.checker.gone = append(k.checker.gone, pruned{j: k.journalCheck, file: k.file, first: r.First, end: r.End(), newest: k.Newest,
		proved: k.proved, hasProved: k.hasProved})
	for _, level := range seal.Subtrees(r.First, r.End()) {
		k.subtree(level, hashes[0])
		hashes = hashes[1:]
	}
	return hashes
}

// one takes the next kept entry.
func (k *keptCheck) one() {
	leaf, ok := k.leaves[k.next]
	if !ok {
		k.skip(k.next + 1) // frames has reported it
		return
	}
	m := k.times[k.next]
	if m.Before(k.Oldest) || k.Newest.Before(m) {
		k.findAt(RuleKept, k.file, k.next, k.next+1, "is not of the time that the file says")
	}
	k.prove(m)
	k.leaf(leaf)
}

// frames decodes the kept entries and reports those that are not there.
func (k *keptCheck) frames() (special []special) {
	w := worker{decoder: frame.NewDecoder(), nonces: entry.NewNonces(k.desc.NonceKey)}
	for x, err := range frame.Scan(k.f, k.desc.NonceKey, k.Frames, k.FramesEnd) {
		if err != nil {
			k.cannotRead(err)
			break
		}
		if x.Gap {
			k.findAt(RuleKept, k.file, k.First, k.End, fmt.Sprintf("%d bytes at byte %d are no frame", x.Length, x.Offset))
			continue
		}
		j := job{h: k.partCheck, x: x}
		w.frame(&j)
		k.frame(x, &j.result)
		special = append(special, j.result.special...)
	}
	for _, r := range k.Runs {
		if k.unread {
			break
		}
		for i := r.First; i < r.End(); i++ {
			if _, ok := k.leaves[i]; !ok {
				k.findAt(RuleKept, k.file, i, i+1, "entry that retention does not prune is missing")
			}
		}
	}
	return special
}

// cannotRead reports that the disk does not give its bytes.
func (k *keptCheck) cannotRead(err error) {
	k.report.cannot(RuleRead, k.file, err)
	k.unread = true
}

func (k *keptCheck) frame(x frame.Extent, r *result) {
	text := fmt.Sprintf("frame at byte %d: %v", x.Offset, r.err)
	switch {
	case r.err != nil && isContent(r.err):
		k.findAt(RuleKept, k.file, x.Header.First, x.Header.End(), text)
		return
	case r.err != nil:
		k.cannotRead(errors.New(text))
		return
	}
	for _, p := range r.problems {
		if p.newer {
			k.newer(p)
		} else {
			k.findAt(RuleEntry, k.file, p.index, p.index+1, p.text)
		}
	}
	for i, leaf := range r.leaves {
		index := x.Header.First + uint64(i)
		k.leaves[index] = leaf
		k.times[index] = layout.Moment{Epoch: x.Header.Epoch, Received: r.min}
	}
}
