package check_test

import (
	"bytes"
	"slices"
	"testing"

	"constat/internal/vfs/crashfs"
	"constat/journal/check"
	"constat/journal/frame"
	"constat/journal/layout"
	"constat/journal/segment"
	"constat/seal"
)

// TestLyingCatalogue: a catalogue that hides what is in a segment, or is damaged, is named.
func TestLyingCatalogue(t *testing.T) {
	eachSegment(t, func(t *testing.T, fsys *crashfs.FS, code seal.Code, file string, data []byte) {
		f := forger{t, fsys}
		name := file[len(dir)+1 : len(file)-1-len(layout.SegmentName(0))]
		header := f.descriptor(name).Header(frame.Segment, 0)
		s, err := segment.Open(bytes.NewReader(data), int64(len(data)), header)
		must(t, err)
		catalogue := name + "/" + layout.CatalogueFile
		start := frame.AppendFileHeader(nil, f.descriptor(name).Header(frame.Summary, 0))
		right := s.Summary()
		lie := right
		lie.MaxReceived--
		for what, c := range map[string]struct {
			data    []byte
			rebuilt bool
		}{
			"right":     {right.Append(start), false},
			"cut short": {right.Append(start)[:len(start)+20], true},
			"garbage":   {[]byte("garbage"), true},
			"a lie":     {lie.Append(start), true},
		} {
			f.write(catalogue, bytes.Clone(c.data))
			r := inspect(fsys, code)
			if r.Verdict != check.Verified || slices.Contains(r.Rebuilt, catalogue) != c.rebuilt || !c.rebuilt && len(r.Rebuilt) != 0 {
				t.Errorf("%s: verdict %s, %v, rebuilt %v", what, r.Word, r.Findings, r.Rebuilt)
			}
		}
	})
}
