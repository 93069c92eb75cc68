package journal

import (
	"errors"
	"fmt"
	"slices"

	"constat/entry"
	"constat/internal/vfs"
	"constat/journal/frame"
	"constat/journal/segment"
)

// errNoSeal says that a part of a journal holds no seal.
var errNoSeal = errors.New("no seal")

// newestSeal looks for the newest entry of kind seal in a journal, from its end on. What holds none is not read. It
// returns errNoSeal if there is none.
func newestSeal(fsys vfs.FS, l *log) (index uint64, e entry.Entry, err error) {
	spans, err := listSpans(fsys, l.dir)
	if err != nil {
		return 0, e, err
	}
	for _, s := range slices.Backward(spans) {
		switch {
		case s.kept:
			index, e, err = sealOfKept(fsys, l, s.first)
		case s.segment:
			index, e, err = sealOfSegment(fsys, l, s.first)
		default:
			index, e, err = sealOfHead(fsys, l, s.first)
		}
		if !errors.Is(err, errNoSeal) {
			return index, e, err
		}
	}
	return 0, e, errNoSeal
}

func sealOfKept(fsys vfs.FS, l *log, first uint64) (index uint64, e entry.Entry, err error) {
	k, err := openKept(fsys, l.dir, l.desc, first)
	if err != nil {
		return 0, e, err
	}
	var names entry.Decoder
	for _, row := range slices.Backward(k.rows) {
		if err := names.Decode(row.body, &e); err != nil {
			return 0, e, fmt.Errorf("%s: %w", k.name, err)
		}
		if e.Kind == entry.Seal {
			return row.index, e, nil
		}
	}
	return 0, e, errNoSeal
}

func sealOfHead(fsys vfs.FS, l *log, first uint64) (index uint64, e entry.Entry, err error) {
	h, err := openHead(l.dir, l.desc, first, fsys.Open)
	if err != nil {
		return 0, e, err
	}
	defer h.file.Close() // only read
	var last frame.Extent
	for x, err := range frame.Scan(h.file, l.desc.NonceKey, frame.HeadHeaderSize, h.size) {
		if err != nil {
			return 0, e, fmt.Errorf("%s: %w", h.name, err)
		}
		if !x.Gap && x.Header.Kinds&(1<<entry.Seal) != 0 {
			last = x
		}
	}
	if last.Length == 0 {
		return 0, e, errNoSeal
	}
	if index, e, err = sealOfFrame(h, last); err != nil && !errors.Is(err, errNoSeal) {
		err = fmt.Errorf("%s: %w", h.name, err)
	}
	return index, e, err
}

func sealOfFrame(h *head, x frame.Extent) (index uint64, e entry.Entry, err error) {
	payload, err := frame.NewDecoder().Payload(nil, h.file, x.Offset, x.Header)
	if err != nil {
		return 0, e, err
	}
	bodies, err := frame.Bodies(nil, payload, x.Header.Count)
	if err != nil {
		return 0, e, err
	}
	var names entry.Decoder
	for i, body := range slices.Backward(bodies) {
		if err := names.Decode(body, &e); err != nil {
			return 0, e, err
		}
		if e.Kind == entry.Seal {
			return x.Header.First + uint64(i), e, nil
		}
	}
	return 0, e, errNoSeal
}

func sealOfSegment(fsys vfs.FS, l *log, first uint64) (index uint64, e entry.Entry, err error) {
	s, err := openSegmentAt(fsys, l.dir, l.desc, first)
	if err != nil {
		return 0, e, err
	}
	defer s.file.Close() // only read
	if s.Kinds()&(1<<entry.Seal) == 0 {
		return 0, e, errNoSeal
	}
	r := s.NewReader()
	for n, x := range slices.Backward(s.Spans()) {
		if index, err = sealOfSpan(s.Segment, r, n, x, &e); !errors.Is(err, errNoSeal) {
			break
		}
	}
	if err != nil && !errors.Is(err, errNoSeal) {
		err = fmt.Errorf("%s: %w", s.name, err)
	}
	return index, e, err
}

func sealOfSpan(s *segment.Segment, r *segment.Reader, n int, x segment.Span, e *entry.Entry) (index uint64, err error) {
	numbers, err := r.GroupNumbers(n)
	if err != nil {
		return 0, err
	}
	for i, g := range slices.Backward(numbers) {
		if shape := s.Groups()[g].Shape; shape != nil && shape.Kind != entry.Seal {
			continue
		}
		index = s.First() + uint64(x.From+i)
		if err := r.Entry(index, e); err != nil || e.Kind == entry.Seal {
			return index, err
		}
	}
	return 0, errNoSeal
}
