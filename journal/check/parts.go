package check

import (
	"errors"
	"io/fs"
	"path/filepath"
	"slices"
	"sort"

	"constat/journal/layout"
)

// part is what holds the entries from an index on: a segment, a head, or what was kept of a pruned one. Where a crash
// left two of them, what came later counts: the segment before its head, what was kept before either.
type part struct {
	first   uint64
	segment bool
	head    bool
	kept    bool
}

// parsePart returns the part that a file of that name is.
func parsePart(name string) (part, bool) {
	if first, ok := layout.ParseSegmentName(name); ok {
		return part{first: first, segment: true}, true
	}
	if first, ok := layout.ParseKeptName(name); ok {
		return part{first: first, kept: true}, true
	}
	first, ok := layout.ParseHeadName(name)
	return part{first: first, head: ok}, ok
}

// parts lists heads and segments, in order.
func (j *journalCheck) parts() ([]part, error) {
	entries, err := j.fsys.ReadDir(filepath.Join(j.checker.dir, j.dir))
	var parts []part
	for _, e := range entries {
		p, ok := parsePart(e.Name())
		if !ok {
			continue
		}
		i := slices.IndexFunc(parts, func(o part) bool { return o.first == p.first })
		if i >= 0 {
			o := &parts[i]
			o.segment, o.head, o.kept = o.segment || p.segment, o.head || p.head, o.kept || p.kept
			continue
		}
		parts = append(parts, p)
	}
	sort.Slice(parts, func(a, b int) bool { return parts[a].first < parts[b].first })
	return parts, err
}

// segmentsOf is how many parts at the beginning of the list are segments.
func segmentsOf(parts []part) int {
	n := slices.IndexFunc(parts, func(p part) bool { return !p.segment || p.kept })
	if n < 0 {
		return len(parts)
	}
	return n
}

func hasPart(parts []part, first uint64) bool {
	return slices.ContainsFunc(parts, func(p part) bool { return p.first == first })
}

// converted reports whether a head that could not be opened has become a segment since the directory was listed.
func (j *journalCheck) converted(err error, first uint64) bool {
	if !errors.Is(err, fs.ErrNotExist) {
		return false
	}
	_, err = j.fsys.Stat(filepath.Join(j.checker.dir, j.dir, layout.SegmentName(first)))
	return err == nil
}
