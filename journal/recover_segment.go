package journal

import (
	"bytes"
	"fmt"
	"iter"
	"path/filepath"

	"constat/internal/durable"
	"constat/internal/vfs"
	"constat/journal/frame"
	"constat/journal/layout"
	"constat/journal/segment"
)

// scanSegment looks at the header and the directory of a segment, and at all of it if its head is still there: then a
// crash came between the birth of the one and the end of the other. It returns false if the segment is not to be used.
func (o *opening) scanSegment(x span) (used bool, err error) {
	s, err := openSegmentAt(o.r.w.fsys, o.dir, o.desc, x.first)
	if err != nil && unlessDamaged(err) != nil {
		return false, err
	}
	if err == nil {
		defer s.file.Close() // only read
	}
	if x.head {
		if used, err = o.choose(x.first, s); err != nil || !used {
			return false, err
		}
	}
	if err != nil || x.first != o.end {
		return false, nil
	}
	first := s.Spans()[0]
	if first.MinEpoch == first.MaxEpoch && !o.inOrder(first.MinEpoch, first.MinReceived) {
		return false, nil
	}
	o.end = s.End()
	if o.lastEpoch, o.lastReceived, err = newestOf(s.Segment); err != nil {
		return false, fmt.Errorf("%s: %w", s.name, err)
	}
	o.found = append(o.found, scanned{first: x.first, end: o.end, epoch: o.lastEpoch, received: o.lastReceived})
	return true, nil
}

// newestOf returns epoch and received time of the last entry of a segment. Where the segment cannot tell, it is the
// latest time of the last epoch.
func newestOf(s *segment.Segment) (epoch uint32, received int64, err error) {
	spans := s.Spans()
	last := &spans[len(spans)-1]
	if last.MinEpoch == last.MaxEpoch {
		return last.MaxEpoch, last.MaxReceived, nil
	}
	times, err := s.NewReader().Received(nil, len(spans)-1)
	if isLost(err) {
		return last.MaxEpoch, last.MaxReceived, nil
	}
	if err != nil || len(times) == 0 {
		return 0, 0, err
	}
	return last.MaxEpoch, times[len(times)-1], nil
}

// choose decides between a segment, nil if it cannot be opened, and its head. If both hold the same entries, the head
// can go. If they do not, the segment makes way, unless the head is not whole and the segment is.
func (o *opening) choose(first uint64, s *openSegment) (segment bool, err error) {
	headName := filepath.Join(o.dir, layout.HeadName(first))
	state := differs
	if s != nil {
		if state, err = o.compare(first, s); err != nil {
			return false, err
		}
	}
	switch state {
	case same:
		o.spare = append(o.spare, headName)
	case headTorn:
		o.wrong = append(o.wrong, headName)
	default:
		o.wrong = append(o.wrong, filepath.Join(o.dir, layout.SegmentName(first)))
	}
	return state != differs, nil
}

// What comparing a segment with its head can say.
type comparison int

const (
	differs  comparison = iota // or the segment is not whole
	same                       // byte for byte
	headTorn                   // the segment is whole, and the head is not
)

func (o *opening) compare(first uint64, s *openSegment) (comparison, error) {
	h, err := openHead(o.dir, o.desc, first, o.r.w.fsys.Open)
	if err != nil && unlessDamaged(err) != nil {
		return differs, err
	}
	torn := err != nil
	next, stop := noBodies, func() {}
	if !torn {
		defer h.file.Close() // only read
		next, stop = iter.Pull2(bodiesOf(h, o.desc, frame.NewDecoder()))
	}
	defer stop()
	for row, err := range s.NewReader().Bodies(s.First(), s.End()) {
		if err != nil {
			return differs, unlessLost(err)
		}
		body, err, ok := next()
		if torn = torn || !ok || err != nil; torn && err != nil && !isLost(err) {
			return differs, err
		}
		if !torn && !bytes.Equal(body, row.Body) {
			return differs, nil
		}
	}
	if torn {
		return headTorn, nil
	}
	if _, err, more := next(); more || err != nil {
		return differs, unlessLost(err)
	}
	return same, nil
}

func noBodies() ([]byte, error, bool) { return nil, nil, false }

func unlessLost(err error) error {
	if isLost(err) {
		return nil
	}
	return err
}

// bodiesOf yields the bodies of a head, in order. What is not whole ends it with an error.
func bodiesOf(h *head, d layout.Journal, decoder *frame.Decoder) iter.Seq2[[]byte, error] {
	return func(yield func([]byte, error) bool) {
		next := h.first
		var payload []byte
		var bodies [][]byte
		for x, err := range frame.Scan(h.file, d.NonceKey, frame.HeadHeaderSize, h.size) {
			if err == nil && (x.Gap || x.Header.First != next) {
				err = frame.ErrDamaged
			}
			if err == nil {
				payload, err = decoder.Payload(payload[:0], h.file, x.Offset, x.Header)
			}
			if err == nil {
				bodies, err = frame.Bodies(bodies[:0], payload, x.Header.Count)
			}
			if err != nil {
				yield(nil, fmt.Errorf("%s at byte %d: %w", h.name, x.Offset, err))
				return
			}
			for _, body := range bodies {
				if !yield(body, nil) {
					return
				}
			}
			next = x.Header.End()
		}
	}
}

// hashSegment appends the leaves of a segment to the frontier.
func (o *opening) hashSegment(i int) error {
	h := o.found[i]
	s, err := openSegmentAt(o.r.w.fsys, o.dir, o.desc, h.first)
	if err != nil {
		return err
	}
	defer s.file.Close() // only read
	frontier, blocks := o.frontier.Clone(), len(o.blocks)
	for row, err := range s.NewReader().Bodies(o.frontier.Size(), h.end) {
		if isLost(err) && h.first >= o.point.Size {
			o.forget(i)
			o.cut, o.end = &cut{first: h.first}, h.first
			o.frontier, o.blocks = *frontier, o.blocks[:blocks]
			return errCut
		}
		if err != nil {
			return fmt.Errorf("%s: %w", s.name, err)
		}
		o.hash(row.Index, row.Body)
	}
	return nil
}

// tidy does what was decided about heads and segments that are both there, and removes what a conversion that was cut
// short has written.
func (o *opening) tidy() error {
	fsys := o.r.w.fsys
	names, err := fsys.ReadDir(o.dir)
	if err != nil {
		return err
	}
	for _, n := range names {
		if layout.IsUnfinishedSegment(n.Name()) {
			if err := removeFile(fsys, filepath.Join(o.dir, n.Name())); err != nil {
				return err
			}
		}
	}
	for _, name := range o.wrong {
		if err := o.setAsideFile(name, "do not agree with the segment or head of the same entries"); err != nil {
			return err
		}
	}
	if len(o.spare)+len(o.unfinished) == 0 {
		return nil
	}
	if err := fsys.SyncDir(o.dir); err != nil { // the segments must have durable names first
		return err
	}
	for _, name := range o.spare {
		if err := removeFile(fsys, name); err != nil {
			return err
		}
	}
	for _, k := range o.unfinished {
		if err := finishPruning(fsys, o.dir, o.desc, &k.Kept, k.hasBlobs()); err != nil {
			return err
		}
	}
	return nil
}

// removeFile removes a file, durably, if it is there.
func removeFile(fsys vfs.FS, name string) error {
	if err := durable.Remove(fsys, name); err != nil && !isNotExist(err) {
		return err
	}
	return nil
}
