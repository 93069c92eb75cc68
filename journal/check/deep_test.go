package check_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"path"
	"slices"
	"testing"

	"constat/entry"
	"constat/internal/vfs/crashfs"
	"constat/journal"
	"constat/journal/check"
	"constat/journal/frame"
	"constat/journal/layout"
	"constat/journal/segment"
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

// TestLyingFilter: filters that were emptied, with every checksum right, deny what is there.
func TestLyingFilter(t *testing.T) {
	fsys := crashfs.New()
	certificate, err := journal.CreateWith(fsys, dir, journal.New{Origin: "test.example", Keys: 16})
	must(t, err)
	code := certificate.Code()
	w := openWriter(t, fsys, ticking())
	list := messages(300)
	for i := range list {
		text := fmt.Sprintf("%x", sha256.Sum256([]byte{byte(i), byte(i >> 8)}))
		list[i] = message("session " + text[:12] + " of " + text[20:31])
		list[i].AddString("TOKEN", text, entry.Claimed)
	}
	appendTo(t, w, "app", list...)
	must(t, w.Checkpoint())
	must(t, w.Rotate())
	must(t, w.Close())
	f := forger{t, fsys}
	f.convert("app", 0)
	file := "app/" + layout.SegmentName(0)
	if r := check.Store(fsys, dir, check.Options{Pin: &code, Deep: true}); r.Verdict != check.Verified || len(r.Rebuilt) != 0 {
		t.Fatalf("before: %+v", r)
	}
	whole := f.read(file)
	s, err := segment.Open(bytes.NewReader(whole), int64(len(whole)), f.descriptor("app").Header(frame.Segment, 0))
	must(t, err)
	filters := 0
	for _, c := range s.Columns() {
		if c.FilterSize == 0 {
			continue
		}
		filters++
		f.write(file, whole)
		f.emptyFilter(file, c.FilterSize)
		if r := inspect(fsys, code); r.Verdict != check.Verified || len(r.Rebuilt) != 0 {
			t.Errorf("%s: what nothing depends on changes the check: verdict %s, %v", c.Name, r.Word, r.Findings)
		}
		r := check.Store(fsys, dir, check.Options{Pin: &code, Deep: true})
		if r.Verdict != check.Verified || !slices.Equal(r.Rebuilt, []string{file}) {
			t.Errorf("%s: deep check: verdict %s, %v, rebuilt %v", c.Name, r.Word, r.Findings, r.Rebuilt)
		}
	}
	if filters == 0 {
		t.Error("the segment has no filters")
	}
}

// emptyFilter empties the first filter of that size in a segment, and makes its checksum right.
func (f forger) emptyFilter(file string, size int64) {
	f.t.Helper()
	data := f.read(file)
	length := int64(binary.LittleEndian.Uint32(data[64+28:]))
	directory := data[128 : 128+length]
	for at := 128 + length; at+size < int64(len(data)); at++ {
		part := data[at : at+size]
		was := binary.LittleEndian.AppendUint32(binary.AppendUvarint(nil, uint64(size)), frame.Checksum(part))
		if !bytes.Contains(directory, was) {
			continue
		}
		clear(part)
		for i := 0; i < len(part); i += 64 {
			part[i] = 1 // a line of zeros counts as lost
		}
		empty := binary.LittleEndian.AppendUint32(binary.AppendUvarint(nil, uint64(size)), frame.Checksum(part))
		f.write(file, data)
		f.patchDirectory("app", 0, func(d []byte) { copy(d, bytes.Replace(d, was, empty, 1)) })
		return
	}
	f.t.Fatal("no such filter")
}
