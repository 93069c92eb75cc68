package check

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"

	"constat/entry"
	"constat/journal/frame"
	"constat/journal/layout"
)

// segments checks segments that follow each other; the part behind them, or the checkpoint, begins at end.
func (j *journalCheck) segments(pool *pool, parts []part, end uint64) {
	queue := make(chan *segmentJob, pool.workers)
	j.summaries = j.readCatalogue()
	go func() {
		defer close(queue)
		for _, p := range parts {
			h := &partCheck{journalCheck: j, file: filepath.Join(j.dir, layout.SegmentName(p.first)), first: p.first}
			x := &segmentJob{partCheck: h, part: p, ready: make(chan struct{})}
			queue <- x
			pool.jobs <- x
		}
	}()
	for n := 0; n < len(parts); n++ {
		x := <-queue
		<-x.ready
		next := end
		if n+1 < len(parts) {
			next = parts[n+1].first
		}
		x.take(pool, next)
		if x.f != nil {
			x.f.Close()
		}
	}
}

// take judges one segment in order and takes its leaves; the next part begins at end.
func (x *segmentJob) take(pool *pool, end uint64) {
	if x.first > x.next {
		x.missing(x.file, x.first, "entries before this segment are missing")
	}
	if x.err != nil {
		x.unopened(pool, end)
		return
	}
	if x.first < x.next {
		x.findAt(RuleSegment, x.file, x.first, x.next, "segment begins within the part before")
		return
	}
	x.damaged()
	x.catalogued()
	x.order()
	x.blobs = newBlobCheck(x.partCheck)
	defer x.blobs.close()
	x.rows()
	x.blobs.unnamed()
	x.readSidecar()
	pool.progress(x.partCheck, uint64(x.seg.Count()))
	if x.part.head {
		x.beside()
	}
	if x.next < end {
		x.missing(x.file, end, "entries are missing at the end of the segment")
	}
}

// unopened judges a segment of which nothing can be read. If the head that it was made of is still there, the check
// goes on with that.
func (x *segmentJob) unopened(pool *pool, end uint64) {
	if !x.part.head {
		x.cannotOpen(x.err, end)
		return
	}
	if isContent(x.err) && !frame.IsOther(x.err) {
		x.findAt(RuleSegment, x.file, x.first, x.first+1, x.err.Error())
	} else {
		x.cannotOpen(x.err, x.first)
	}
	x.head(pool, x.first, end)
}

// rows takes leaves and what is wrong with them. An index that is in no run is lost.
func (x *segmentJob) rows() {
	x.expectSeals(x.specials)
	for i := range x.runs {
		r := &x.runs[i]
		x.skip(r.first)
		for _, leaf := range r.leaves {
			x.leaf(leaf)
		}
	}
	x.skip(x.seg.End())
	for _, m := range x.lost {
		if isContent(m.Cause) || errors.Is(m.Cause, entry.ErrFormat) {
			x.findAt(RuleSegment, x.file, m.First, m.Last+1, "cannot be read: "+m.Cause.Error())
		} else {
			x.certain(RuleRead, m.First, m.Last, m.Cause.Error())
		}
	}
	for _, p := range x.problems {
		if p.newer {
			x.newer(p)
			continue
		}
		x.findAt(RuleEntry, x.file, p.index, p.index+1, p.text)
	}
	for _, m := range x.moments {
		x.moment(x.file, m)
	}
	for i := range x.specials {
		x.special(&x.specials[i])
	}
}

// certain adds a finding that is never a note.
func (x *segmentJob) certain(rule Rule, first, last uint64, text string) {
	x.checker.add(at(Finding{Rule: rule, File: x.file, Journal: x.dir, Text: text}, first, last))
}

// order checks that time does not go back from one part to the next; within the segment the worker has looked.
func (x *segmentJob) order() {
	if !x.any {
		return
	}
	if x.next > 0 && x.oldest.Before(layout.Moment{Epoch: x.epoch, Received: x.received}) {
		x.findAt(RuleOrder, x.file, x.first, x.seg.End(), "received time goes back")
	}
	x.epoch, x.received = x.newest.Epoch, x.newest.Received
	x.prove(x.newest)
}

// damaged judges the parts of the file that are not as they were written. What is derived or stands twice is named
// under rebuilt; header and trailers say what the file is, as the header of a head does. What holds entries is found
// where they are missing.
func (x *segmentJob) damaged() {
	rebuilt := false
	for _, d := range x.bad {
		switch {
		case !isContent(d.Cause):
			x.report.cannot(RuleRead, x.file, fmt.Errorf("%s: %w", d.Text, d.Cause))
		case d.Derived && d.End:
			x.findAt(RuleHeader, x.file, x.first, x.first+1, d.Text)
		case d.Derived:
			rebuilt = true
			x.report.note("%s: %s; nothing depends on it", x.file, describe(d))
		case len(x.lost) == 0:
			x.findAt(RuleSegment, x.file, x.first, x.seg.End(), describe(d))
		default:
			x.report.note("%s: %s", x.file, describe(d))
		}
	}
	for _, lie := range x.lies {
		rebuilt = true
		x.report.note("%s: %s", x.file, lie)
	}
	if rebuilt {
		x.report.Rebuilt = append(x.report.Rebuilt, x.file)
	}
}

// beside compares the head that a conversion left when it was cut short with the segment.
func (x *segmentJob) beside() {
	h := &partCheck{journalCheck: x.journalCheck, file: filepath.Join(x.dir, layout.HeadName(x.first)), first: x.first}
	err := h.open()
	if errors.Is(err, fs.ErrNotExist) {
		return // removed since the directory was listed
	}
	if err != nil {
		h.cannotOpen(err, x.first)
		return
	}
	defer h.f.Close()
	switch err := x.agrees(h); {
	case err == nil:
		x.report.note("%s was left beside its segment by a conversion that was cut short; both say the same", h.file)
	case isContent(err):
		x.findAt(RuleSegment, h.file, x.first, x.seg.End(), "stands beside its segment and does not say the same: "+err.Error())
	default:
		x.report.cannot(RuleRead, h.file, err)
	}
}

// agrees returns nil if the head holds exactly the entries of the segment.
func (x *segmentJob) agrees(h *partCheck) error {
	w := worker{decoder: frame.NewDecoder(), nonces: entry.NewNonces(x.desc.NonceKey)}
	next := x.first
	for e, err := range frame.Scan(h.f, h.desc.NonceKey, frame.HeadHeaderSize, h.size) {
		if err != nil {
			return err
		}
		if e.Gap || e.Header.First != next {
			return fmt.Errorf("%w: bytes at byte %d are not the next frame", frame.ErrDamaged, e.Offset)
		}
		j := job{h: h, x: e}
		if w.frame(&j); j.result.err != nil {
			return j.result.err
		}
		if next = e.Header.End(); !x.holds(e.Header.First, &j.result) {
			return fmt.Errorf("%w: entries %d to %d differ", frame.ErrDamaged, e.Header.First, next-1)
		}
	}
	if next != x.seg.End() {
		return fmt.Errorf("%w: it ends at index %d", frame.ErrDamaged, next)
	}
	return nil
}

// holds reports whether the leaves of a frame are those of the segment. An index that the segment has lost is not
// compared: that is reported.
func (x *segmentJob) holds(first uint64, r *result) bool {
	for i, leaf := range r.leaves {
		index := first + uint64(i)
		if index >= x.seg.End() {
			return false
		}
		for n := range x.runs {
			if run := &x.runs[n]; run.first <= index && index < run.end() && run.leaves[index-run.first] != leaf {
				return false
			}
		}
	}
	return len(r.problems) == 0
}
