package journal

import (
	"cmp"
	"errors"
	"fmt"
	"path/filepath"
	"slices"

	"constat/internal/vfs"
	"constat/journal/frame"
	"constat/journal/layout"
	"constat/journal/segment"
)

// span is a place in the order of a journal's files, by the index of the first entry: a head, a segment, or what was
// kept of a pruned one. Between the birth of the one and the end of the other there are two of them.
type span struct {
	first         uint64
	head, segment bool
	kept          bool
}

// listSpans returns what files of entries are in dir, ascending.
func listSpans(fsys vfs.FS, dir string) ([]span, error) {
	names, err := fsys.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	var list []span
	for _, n := range names {
		if first, ok := layout.ParseHeadName(n.Name()); ok {
			list = append(list, span{first: first, head: true})
		} else if first, ok := layout.ParseSegmentName(n.Name()); ok {
			list = append(list, span{first: first, segment: true})
		} else if first, ok := layout.ParseKeptName(n.Name()); ok {
			list = append(list, span{first: first, kept: true})
		}
	}
	slices.SortFunc(list, func(a, b span) int { return cmp.Compare(a.first, b.first) })
	return mergeSpans(list), nil
}

// mergeSpans makes one of a head and a segment that begin at the same index.
func mergeSpans(list []span) []span {
	merged := list[:0]
	for _, s := range list {
		if last := len(merged) - 1; last >= 0 && merged[last].first == s.first {
			merged[last].head = merged[last].head || s.head
			merged[last].segment = merged[last].segment || s.segment
			merged[last].kept = merged[last].kept || s.kept
		} else {
			merged = append(merged, s)
		}
	}
	return merged
}

// agreedSpans lists dir until two scans agree on where files begin: a scan can miss a name that comes while another
// goes, although one of the two was there at any time.
func agreedSpans(fsys vfs.FS, dir string) ([]span, error) {
	const attempts = 10
	before, err := listSpans(fsys, dir)
	for range attempts {
		if err != nil {
			return nil, err
		}
		var now []span
		now, err = listSpans(fsys, dir)
		if slices.EqualFunc(before, now, func(a, b span) bool { return a.first == b.first }) {
			return now, err
		}
		before = now
	}
	return before, err
}

// openSegment is a segment and its file.
type openSegment struct {
	*segment.Segment
	name string // path
	file vfs.File
}

// openSegmentAt opens the segment that begins at that index.
func openSegmentAt(fsys vfs.FS, dir string, d layout.Journal, first uint64) (*openSegment, error) {
	return openSegmentFile(fsys, filepath.Join(dir, layout.SegmentName(first)), d.Header(frame.Segment, first))
}

func openSegmentFile(fsys vfs.FS, name string, want frame.FileHeader) (*openSegment, error) {
	f, err := fsys.Open(name)
	if err != nil {
		return nil, err
	}
	size, err := f.Size()
	if err == nil {
		s, openErr := segment.Open(f, size, want)
		if openErr == nil {
			return &openSegment{Segment: s, name: name, file: f}, nil
		}
		err = openErr
	}
	return nil, errors.Join(fmt.Errorf("%s: %w", name, err), f.Close())
}
