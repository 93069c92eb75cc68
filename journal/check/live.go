package check

import (
	"path/filepath"
	"slices"

	"constat/entry"
	"constat/journal/frame"
	"constat/journal/layout"
)

// catchUp looks for journals that a writer has announced since the system journal was checked. It reads only the
// entries behind the last one that was checked and believes nothing of them but who a journal is said to be: a store
// that is being written must not look like one that was changed.
func (c *checker) catchUp() {
	if c.system == nil {
		return
	}
	parts, err := c.system.parts()
	if err != nil {
		return // reported when the journal was checked
	}
	decoder := frame.NewDecoder()
	for i, p := range parts {
		if i+1 < len(parts) && parts[i+1].first <= c.system.next {
			continue
		}
		if p.segment {
			c.catchUpSegment(p.first)
		} else {
			c.catchUpHead(p.first, decoder)
		}
	}
}

func (c *checker) catchUpHead(first uint64, decoder *frame.Decoder) {
	f, err := c.fsys.Open(filepath.Join(c.dir, layout.System, layout.HeadName(first)))
	if c.system.converted(err, first) {
		c.catchUpSegment(first)
	}
	if err != nil {
		return
	}
	defer f.Close()
	size, err := f.Size()
	if err != nil {
		return
	}
	for x, err := range frame.Scan(f, c.system.desc.NonceKey, frame.HeadHeaderSize, size) {
		if err != nil || x.Gap {
			return
		}
		if x.Header.First < c.system.next || x.Header.Kinds&(1<<entry.Control) == 0 {
			continue
		}
		payload, err := decoder.Payload(nil, f, x.Offset, x.Header)
		if err != nil {
			return
		}
		bodies, err := frame.Bodies(nil, payload, x.Header.Count)
		if err != nil {
			return
		}
		c.catchUpEntries(x.Header.First, bodies)
	}
}

// catchUpSegment reads a segment that was made of a head since the system journal was checked.
func (c *checker) catchUpSegment(first uint64) {
	file := filepath.Join(layout.System, layout.SegmentName(first))
	x := &segmentJob{partCheck: &partCheck{journalCheck: c.system, file: file, first: first}}
	seg, err := x.open()
	if err != nil {
		return
	}
	defer x.f.Close()
	for row, err := range seg.NewReader().Bodies(c.system.next, seg.End()) {
		if err != nil {
			return
		}
		c.catchUpEntries(row.Index, [][]byte{row.Body})
	}
}

func (c *checker) catchUpEntries(first uint64, bodies [][]byte) {
	var d entry.Decoder
	var e entry.Entry
	for i, body := range bodies {
		if d.Decode(body, &e) != nil || e.Kind != entry.Control {
			continue
		}
		c.privacy.Learn(&e, first+uint64(i))
		c.late = c.late || layout.Text(&e, layout.Control) == layout.Pruned
		if layout.Text(&e, layout.Control) != layout.JournalCreated {
			continue
		}
		name := layout.Text(&e, layout.JournalName)
		c.listed[name] = listing{id: layout.Text(&e, layout.JournalIDOf), digest: layout.Text(&e, layout.Descriptor), index: first + uint64(i)}
	}
}

// overtaken reports whether retention has removed something since the check began: then files may have gone that the check
// was to read, or it has not read who says that they would.
func (c *checker) overtaken() bool {
	for dir, parts := range c.begun {
		now, err := (&journalCheck{checker: c, dir: dir}).parts()
		if err != nil {
			return false
		}
		for _, p := range parts {
			pruned := func(o part) bool { return o.first == p.first && o.kept }
			if !p.kept && slices.ContainsFunc(now, pruned) {
				return true
			}
		}
	}
	c.catchUp()
	return c.late
}
