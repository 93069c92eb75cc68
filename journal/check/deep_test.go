package check_test

import (
	"encoding/binary"
	"path"
	"slices"
	"testing"

	"constat/journal/check"
	"constat/journal/frame"
	"constat/journal/layout"
)

// patchDirectory changes the directory of a segment and makes every checksum right again. The length stays.
func (f forger) patchDirectory(name string, first uint64, patch func(directory []byte)) {
	f.t.Helper()
	file := path.Join(name, layout.SegmentName(first))
	data := f.read(file)
	trailers := [][]byte{data[64:128], data[len(data)-64:]}
	size := binary.LittleEndian.Uint32(trailers[0][28:])
	behind := binary.LittleEndian.Uint64(trailers[0][48:])
	for _, at := range []uint64{128, behind} {
		patch(data[at : at+uint64(size)])
	}
	for _, t := range trailers {
		binary.LittleEndian.PutUint32(t[32:], frame.Checksum(data[128:128+size]))
		binary.LittleEndian.PutUint32(t[60:], frame.Checksum(t[:60]))
	}
	f.write(file, data)
}

// TestLies: the directory of the segment of "imported" begins with the number of rows (2 bytes), kinds, number of
// spans; then the first span: flags, rows (2 bytes), least and greatest epoch, times.
func TestLies(t *testing.T) {
	built, code := buildSegments(t)
	for name, patch := range map[string]func([]byte){
		"kinds":                       func(d []byte) { d[2] |= 8 },
		"every entry has event time":  func(d []byte) { d[4] ^= 2 },
		"some entries have it":        func(d []byte) { d[4] ^= 1 },
		"greatest epoch":              func(d []byte) { d[8]++ },
		"least received time, by 1 s": func(d []byte) { d[9] ^= 2 },
	} {
		fsys := built.Clone()
		forger{t, fsys}.patchDirectory("imported", 0, patch)
		below := "imported/" + layout.SegmentName(0)
		if r := inspect(fsys, code); r.Verdict != check.Verified || len(r.Rebuilt) != 0 {
			t.Errorf("%s: what nothing depends on changes the check: verdict %s, %v, rebuilt %v", name, r.Word, r.Findings, r.Rebuilt)
		}
		r := check.Store(fsys, dir, check.Options{Pin: &code, Deep: true})
		if r.Verdict != check.Verified || !slices.Equal(r.Rebuilt, []string{below}) {
			t.Errorf("%s: deep check: verdict %s, %v, rebuilt %v", name, r.Word, r.Findings, r.Rebuilt)
		}
	}
}
