package check

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"

	"constat/entry"
	"constat/journal/frame"
	"constat/journal/layout"
	"constat/journal/sidecar"
)

// Erasure is an erasure of private values that a control entry logs.
type Erasure struct {
	Journal  string `json:"journal"`
	Index    uint64 `json:"index"` // of the control entry, in the system journal
	Field    string `json:"field"`
	Values   uint64 `json:"values"`
	Reason   string `json:"reason"`
	Selector string `json:"selector"`
	By       string `json:"by"`
}

// learnPrivate takes from a control entry what it says of private values.
func (c *checker) learnPrivate(e *entry.Entry, index uint64) {
	if !c.privacy.Learn(e, index) {
		c.add(at(Finding{Rule: RulePrivate, Journal: layout.System, Text: "control entry does not say which private values it speaks of"}, index, index))
	}
}

// privateSeen is what entries of one part say of private values.
type privateSeen struct {
	refs []privateRef // ascending
}

// privateRef is a private field.
type privateRef struct {
	index    uint64
	position uint32
}

// seePrivate notes the private fields of an entry whose blobs are at hand.
func (h *partCheck) seePrivate(index uint64, fields []entry.Field) {
	for i := range fields {
		if fields[i].Form == entry.Private {
			h.private.refs = append(h.private.refs, privateRef{index, uint32(i)})
		}
	}
}

// seePacked notes the private fields of an entry that is packed into a blob.
func (h *partCheck) seePacked(index uint64, value []byte) {
	var d entry.Decoder
	if fields, err := d.DecodeFields(value); err == nil {
		h.seePrivate(index, fields)
	}
}

// sidecarFound is a file of private values as it was found.
type sidecarFound struct {
	h      *partCheck
	blocks []foundBlock
	err    error // why it could not be read
}

type foundBlock struct {
	first, end uint64 // indexes
	hash       sidecar.Hash
	gap        string // what is there instead of a block; "" if it is one
}

// sidecarFile is the path of the private values of a part, below the store.
func (h *partCheck) sidecarFile() string { return filepath.Join(h.dir, layout.PrivateName(h.first)) }

// readSidecar reads the private values of a part, without a key, and compares what there is with what the entries say. What
// control entries say is compared when all of them are known.
func (h *partCheck) readSidecar() {
	refs, found := h.scanSidecar(layout.PrivateName(h.first))
	for _, name := range []string{layout.NewPrivateName(h.first), layout.PrivateName(h.first)} {
		if h.disagrees(found) == nil {
			break
		}
		// An erasure is under way, or was cut short. In the journal system it may also be that who speaks of the file stands in a
		// part behind this one: then there is no other file, and that is not what they say.
		if others, other := h.scanSidecar(name); len(other.blocks) > 0 && h.disagrees(other) == nil {
			refs, found = others, other
		}
	}
	if errors.Is(found.err, fs.ErrNotExist) && len(h.private.refs) == 0 {
		if len(h.said(found)) > 0 {
			h.sidecars = append(h.sidecars, found)
		}
		return
	}
	h.sidecars = append(h.sidecars, found)
	if found.err != nil && !isContent(found.err) {
		h.report.cannot(RuleRead, h.sidecarFile(), found.err)
		return
	}
	h.compareRefs(refs)
}

// scanSidecar reads one file.
func (h *partCheck) scanSidecar(name string) (refs []sidecar.Ref, x sidecarFound) {
	x.h = h
	file := filepath.Join(h.dir, name)
	f, err := h.fsys.Open(filepath.Join(h.checker.dir, file))
	if err != nil {
		x.err = err
		return nil, x
	}
	defer f.Close()
	size, err := f.Size()
	if err == nil {
		err = checkHeader(f, h.desc.Header(frame.Private, h.first))
	}
	if x.err = err; err != nil && !isContent(err) {
		return nil, x
	}
	for b, err := range sidecar.Blocks(f, size) {
		var hash sidecar.Hash
		if err == nil && !b.Gap {
			hash, err = b.Hash(f)
		}
		if err != nil {
			x.err = err
			return refs, x
		}
		if b.Gap {
			x.blocks = append(x.blocks, foundBlock{gap: fmt.Sprintf("%d bytes at byte %d are no block of private values", b.Length, b.Offset)})
			continue
		}
		refs = append(refs, b.Refs...)
		x.blocks = append(x.blocks, foundBlock{first: b.First(), end: b.End(), hash: hash})
	}
	return refs, x
}

// compareRefs finds private fields without a value, and values without a field.
func (h *partCheck) compareRefs(refs []sidecar.Ref) {
	seen := h.private.refs
	for len(seen) > 0 || len(refs) > 0 {
		order := -1
		switch {
		case len(seen) == 0:
			order = 1
		case len(refs) > 0:
			order = cmp.Or(cmp.Compare(seen[0].index, refs[0].Index), cmp.Compare(seen[0].position, refs[0].Position))
		}
		switch {
		case order < 0:
			h.findAt(RulePrivate, h.sidecarFile(), seen[0].index, seen[0].index+1,
				fmt.Sprintf("private value of field %d is missing, and was not erased", seen[0].position))
			seen = seen[1:]
		case order > 0:
			if r := refs[0]; r.Index < h.next && !h.isSkipped(r.Index) {
				h.findAt(RulePrivate, h.sidecarFile(), r.Index, r.Index+1, fmt.Sprintf("value of field %d, which is not private", r.Position))
			}
			refs = refs[1:]
		default:
			h.countPrivate(&refs[0])
			seen, refs = seen[1:], refs[1:]
		}
	}
}

func (h *partCheck) countPrivate(r *sidecar.Ref) {
	if r.Erased {
		h.report.Erased++
		if _, ok := h.privacy.Erasures[r.By]; !ok && !h.partial {
			h.unlogged = append(h.unlogged, unlogged{h, *r})
		}
		return
	}
	h.report.Private++
}

// unlogged is a value that an erasure took which no control entry logs, as far as was known.
type unlogged struct {
	h   *partCheck
	ref sidecar.Ref
}

// said returns the blocks that control entries name of a file.
func (h *partCheck) said(x sidecarFound) []layout.SaidBlock {
	return h.privacy.Blocks[layout.SidecarID{Journal: x.h.desc.ID, First: x.h.first}]
}

// judgePrivate compares the files of private values with what control entries say of them, and lists erasures.
func (c *checker) judgePrivate() {
	c.catchUpPrivate()
	for _, u := range c.unlogged {
		if _, ok := c.privacy.Erasures[u.ref.By]; !ok {
			u.h.findAt(RulePrivate, u.h.sidecarFile(), u.ref.Index, u.ref.Index+1,
				fmt.Sprintf("private value of field %d is gone, and no control entry says that it was erased", u.ref.Position))
		}
	}
	for _, x := range c.sidecars {
		if x.err == nil || isContent(x.err) {
			x.h.judgeSidecar(x)
		}
	}
	for _, s := range c.privacy.Erasures {
		c.report.Erasures = append(c.report.Erasures, Erasure{Journal: s.Journal, Index: s.Index, Field: s.Field, Values: s.Count,
			Reason: s.Reason, Selector: s.Selector, By: s.By})
	}
	slices.SortFunc(c.report.Erasures, func(a, b Erasure) int { return cmp.Compare(a.Index, b.Index) })
}

// catchUpPrivate reads control entries that came since the system journal was checked, if something depends on them.
func (c *checker) catchUpPrivate() {
	for _, x := range c.sidecars {
		if x.h.disagrees(x) != nil {
			c.catchUp()
			return
		}
	}
	if len(c.unlogged) > 0 {
		c.catchUp()
	}
}

// judgeSidecar compares one file with what control entries say of it. An erasure that is logged may still be about to
// replace it: then the new file must be what they say. While a daemon writes, it may have been replaced since it was read.
func (h *partCheck) judgeSidecar(x sidecarFound) {
	d := h.disagrees(x)
	if d == nil {
		return
	}
	for _, name := range []string{layout.NewPrivateName(h.first), layout.PrivateName(h.first)} {
		_, other := h.scanSidecar(name)
		if h.disagrees(other) != nil {
			continue
		}
		if name != layout.PrivateName(h.first) {
			h.report.note("%s: an erasure is logged and not finished; the next start of a writer ends it", h.sidecarFile())
		}
		return
	}
	h.findAt(RulePrivate, h.sidecarFile(), d.first, max(d.end, d.first+1), d.text)
}

// disagreement is where a file is not what control entries say.
type disagreement struct {
	first, end uint64
	text       string
}

// disagrees compares blocks with what control entries say. Those of entries above the checkpoint need not be told yet, and
// behind all that were told a crash may have left bytes of any kind.
func (h *partCheck) disagrees(x sidecarFound) *disagreement {
	said := h.said(x)
	if x.err != nil && len(said)+len(x.blocks) > 0 {
		return &disagreement{h.first, h.next, "private values: " + x.err.Error()}
	}
	first, i := h.first, 0
	for _, b := range x.blocks {
		if i >= len(said) && (b.gap != "" || h.signed && b.first >= h.point.Size) {
			continue
		}
		if b.gap != "" {
			return &disagreement{first, first + 1, b.gap}
		}
		if i < len(said) && said[i].Hash == b.hash {
			first = b.end
			i++
			continue
		}
		text := "block of private values that no control entry names"
		if i < len(said) {
			text = fmt.Sprintf("block of private values is not the one that entry %d of the system journal names", said[i].By)
		}
		return &disagreement{b.first, b.end, text}
	}
	if i < len(said) {
		return &disagreement{first, first + 1, fmt.Sprintf("block of private values is missing that entry %d of the system journal names", said[i].By)}
	}
	return nil
}

// straySidecars reports files of private values that belong to no head or segment.
func (j *journalCheck) straySidecars(parts []part) {
	entries, err := j.fsys.ReadDir(filepath.Join(j.checker.dir, j.dir))
	if err != nil {
		return // reported by files
	}
	for _, e := range entries {
		first, ok := layout.ParsePrivateName(e.Name())
		i := slices.IndexFunc(parts, func(p part) bool { return p.first == first })
		switch file := filepath.Join(j.dir, e.Name()); {
		case !ok:
		case i < 0:
			j.findAt(RulePrivate, file, first, first+1, "belongs to no head or segment")
		case parts[i].kept:
			j.report.note("%s: holds private values of entries that were pruned; the next pruning or start of a writer removes it", file)
		}
	}
}

// isSidecar reports whether a file holds private values.
func isSidecar(name string) bool {
	_, is := layout.ParsePrivateName(name)
	_, isNew := layout.ParseNewPrivateName(name)
	return is || isNew
}
