package check_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"path"
	"slices"
	"strings"
	"testing"

	"constat/entry"
	"constat/internal/vfs/crashfs"
	"constat/journal/check"
	"constat/journal/frame"
	"constat/journal/layout"
	"constat/journal/segment"
	"constat/seal"
)

// writeSegment writes a segment with every checksum right.
func (f forger) writeSegment(name string, first uint64, list []entry.Entry) {
	f.t.Helper()
	b := segment.NewBuilder()
	b.Reset(f.descriptor(name).Header(frame.Segment, first))
	for i := range list {
		body, err := entry.AppendBody(nil, &list[i])
		must(f.t, err)
		must(f.t, b.Add(body))
	}
	image, err := b.Image()
	must(f.t, err)
	f.write(path.Join(name, layout.SegmentName(first)), image)
}

// convert makes a segment of a head.
func (f forger) convert(name string, first uint64) {
	f.t.Helper()
	f.writeSegment(name, first, f.entries(name, first))
	f.remove(path.Join(name, layout.HeadName(first)))
}

// segmentEntries reads all entries of a segment.
func (f forger) segmentEntries(name string, first uint64) []entry.Entry {
	f.t.Helper()
	data := f.read(path.Join(name, layout.SegmentName(first)))
	s, err := segment.Open(bytes.NewReader(data), int64(len(data)), f.descriptor(name).Header(frame.Segment, first))
	must(f.t, err)
	var list []entry.Entry
	for row, err := range s.NewReader().Bodies(s.First(), s.End()) {
		must(f.t, err)
		var d entry.Decoder
		var e entry.Entry
		must(f.t, d.Decode(bytes.Clone(row.Body), &e))
		list = append(list, e)
	}
	return list
}

// converted are the heads of build that become segments: all that are complete.
var converted = []struct {
	journal string
	first   uint64
}{{"app", 0}, {"imported", 0}, {"system", 0}}

// buildSegments makes the store of build with segments in the place of its complete heads.
func buildSegments(t *testing.T) (*crashfs.FS, seal.Code) {
	t.Helper()
	fsys, code := build(t)
	for _, c := range converted {
		forger{t, fsys}.convert(c.journal, c.first)
	}
	return fsys, code
}

// eachSegment runs a test for every segment, each with a store of its own.
func eachSegment(t *testing.T, test func(t *testing.T, fsys *crashfs.FS, code seal.Code, file string, data []byte)) {
	built, code := buildSegments(t)
	for _, c := range converted {
		file := path.Join(dir, c.journal, layout.SegmentName(c.first))
		data, err := built.ReadFile(file)
		must(t, err)
		t.Run(c.journal, func(t *testing.T) {
			t.Parallel()
			test(t, built.Clone(), code, file, data)
		})
	}
}

func TestIntactSegments(t *testing.T) {
	fsys, code := buildSegments(t)
	heads, _ := build(t)
	for _, workers := range []int{1, 3} {
		r := check.Store(fsys, dir, check.Options{Pin: &code, Workers: workers, Deep: true})
		if r.Verdict != check.Verified || len(r.Findings)+len(r.Rebuilt)+len(r.Notes) != 1 || r.Unsigned != 0 {
			t.Errorf("%d workers: %+v", workers, r)
		}
		if want := inspect(heads, code).Entries; r.Entries != want {
			t.Errorf("%d entries, want %d", r.Entries, want)
		}
	}
}

// changeSegment gives a segment other bytes: that is tampering, or only something derived that is named.
func changeSegment(t *testing.T, fsys *crashfs.FS, code seal.Code, file string, to []byte, what string) {
	t.Helper()
	must(t, fsys.WriteFile(file, to))
	r := inspect(fsys, code)
	below := strings.TrimPrefix(file, dir+"/")
	rebuilt := r.Verdict == check.Verified && slices.Contains(r.Rebuilt, below)
	blamed := slices.ContainsFunc(r.Findings, func(f check.Finding) bool { return f.File == below })
	if !rebuilt && (r.Verdict != check.Tampered || !blamed) {
		t.Errorf("%s %s: verdict %s, findings %v, notes %q", below, what, r.Word, r.Findings, r.Notes)
	}
}

func TestEveryByteOfASegmentFlipped(t *testing.T) {
	eachSegment(t, func(t *testing.T, fsys *crashfs.FS, code seal.Code, file string, data []byte) {
		for i := 0; i < len(data); i += stride {
			for _, mask := range []byte{0xff, 0x01} {
				changed := bytes.Clone(data)
				changed[i] ^= mask
				changeSegment(t, fsys, code, file, changed, fmt.Sprintf("flipped at %d", i))
			}
		}
	})
}

func TestSegmentCutOrLonger(t *testing.T) {
	eachSegment(t, func(t *testing.T, fsys *crashfs.FS, code seal.Code, file string, data []byte) {
		for i := 0; i < len(data); i += stride {
			changeSegment(t, fsys, code, file, data[:i], fmt.Sprintf("cut to %d", i))
			changeSegment(t, fsys, code, file, slices.Delete(bytes.Clone(data), i, i+1), fmt.Sprintf("without byte %d", i))
			changeSegment(t, fsys, code, file, slices.Insert(bytes.Clone(data), i, 0x5a), fmt.Sprintf("with a byte at %d", i))
		}
		changeSegment(t, fsys, code, file, append(bytes.Clone(data), 0), "longer by one")
		changeSegment(t, fsys, code, file, append(bytes.Clone(data), make([]byte, 4096)...), "longer by a page")
	})
}

func TestZeroedPageOfASegment(t *testing.T) {
	eachSegment(t, func(t *testing.T, fsys *crashfs.FS, code seal.Code, file string, data []byte) {
		for i := 0; i < len(data); i += 64 {
			zeroed := bytes.Clone(data)
			clear(zeroed[i:min(i+512, len(zeroed))])
			changeSegment(t, fsys, code, file, zeroed, fmt.Sprintf("zeroed at %d", i))
		}
	})
}

func TestSegmentOnABadSector(t *testing.T) {
	eachSegment(t, func(t *testing.T, fsys *crashfs.FS, code seal.Code, file string, data []byte) {
		for i := 0; i < len(data); i += stride {
			r := check.Store(badSector{fsys, file, int64(i)}, dir, check.Options{Pin: &code, Workers: 1})
			if r.Verdict != check.Unreadable {
				t.Fatalf("%s cannot be read at %d: verdict %s: %v", file, i, r.Word, r.Findings)
			}
		}
	})
}

func edit(list []entry.Entry, i int) []entry.Entry {
	list[i].Fields[0].Value = []byte("never happened")
	return list
}

// segmentForgeries are what somebody can do who writes segments that are right in themselves.
var segmentForgeries = []struct {
	name    string
	do      func(f forger)
	rule    check.Rule
	journal string
	index   int
}{
	{"entry edited", func(f forger) { f.writeSegment("app", 0, edit(f.segmentEntries("app", 0), 2)) }, check.RuleRoot, "app", 2},
	{"entry edited and the tree made to fit", func(f forger) {
		list := edit(f.segmentEntries("imported", 0), 7)
		f.writeHead("imported", 0, piece{0, list})
		f.fixTree("imported", 0, 260)
		f.convert("imported", 0)
	}, check.RuleRoot, "imported", 7},
	{"entry deleted", func(f forger) {
		f.writeSegment("app", 0, slices.Delete(f.segmentEntries("app", 0), 1, 2))
	}, check.RuleMissing, "app", 2},
	{"entry inserted", func(f forger) {
		list := f.segmentEntries("app", 0)
		f.writeSegment("app", 0, slices.Insert(list, 1, list[0]))
	}, check.RuleFrame, "app", 3},
	{"two entries swapped", func(f forger) {
		list := f.segmentEntries("imported", 0)
		list[20], list[21] = list[21], list[20]
		f.writeSegment("imported", 0, list)
	}, check.RuleRoot, "imported", 20},
	{"received time goes back", func(f forger) {
		list := f.segmentEntries("imported", 0)
		list[20].Received -= 5000
		f.writeSegment("imported", 0, list)
	}, check.RuleEntry, "imported", 20},
	{"segment removed", func(f forger) { f.remove("imported/" + layout.SegmentName(0)) }, check.RuleMissing, "imported", 9},
	{"segment of the system journal removed", func(f forger) { f.remove("system/" + layout.SegmentName(0)) }, check.RuleMissing, "system", 0},
	{"segment of another journal", func(f forger) {
		f.write("app/"+layout.SegmentName(0), f.read("imported/"+layout.SegmentName(0)))
	}, check.RuleHeader, "app", 0},
	{"segment given another place", func(f forger) {
		f.write("app/"+layout.SegmentName(1), f.read("app/"+layout.SegmentName(0)))
		f.remove("app/" + layout.SegmentName(0))
	}, check.RuleHeader, "app", 1},
	{"segment added within another", func(f forger) {
		f.writeSegment("imported", 100, f.segmentEntries("imported", 0)[100:160])
	}, check.RuleSegment, "imported", 100},
	{"head that says something else beside the segment", func(f forger) {
		f.writeHead("app", 0, piece{0, edit(f.segmentEntries("app", 0), 2)})
	}, check.RuleSegment, "app", 1},
	{"head beside the segment that is shorter", func(f forger) {
		f.writeHead("app", 0, piece{0, f.segmentEntries("app", 0)[:2]})
	}, check.RuleSegment, "app", 1},
	{"blob of a segment changed", func(f forger) { f.writeBlob("app", 0, 1, strings.Repeat("lies ", 14000)) }, check.RuleBlob, "app", 1},
	{"blob of a segment removed", func(f forger) { f.remove("app/" + layout.BlobName(0)) }, check.RuleBlob, "app", 1},
}

func TestForgedSegments(t *testing.T) {
	built, code := buildSegments(t)
	for _, c := range segmentForgeries {
		t.Run(c.name, func(t *testing.T) {
			fsys := built.Clone()
			c.do(forger{t, fsys})
			r := inspect(fsys, code)
			if r.Verdict != check.Tampered || !hasFinding(r, c.rule, c.journal, c.index) {
				t.Errorf("verdict %s; want a finding of %q in journal %s at index %d: %v", r.Word, c.rule, c.journal, c.index, r.Findings)
			}
		})
	}
}

// TestConversionCutShort: a crash between putting a segment in place and removing the head leaves both.
func TestConversionCutShort(t *testing.T) {
	fsys, code := build(t)
	f := forger{t, fsys}
	f.writeSegment("imported", 0, f.entries("imported", 0))
	r := inspect(fsys, code)
	if r.Verdict != check.Verified || len(r.Notes) != 2 || !strings.Contains(strings.Join(r.Notes, "\n"), "left beside its segment") {
		t.Errorf("verdict %s, findings %v, notes %q", r.Word, r.Findings, r.Notes)
	}
	f.write("imported/"+layout.SegmentName(0), []byte("no segment"))
	r = inspect(fsys, code)
	if r.Verdict != check.Tampered || !hasFinding(r, check.RuleSegment, "imported", 0) || len(r.Findings) != 1 {
		t.Errorf("with a segment that is none: verdict %s, findings %v", r.Word, r.Findings)
	}
}

// TestNotCanonical: an entry that is not canonical is found wherever it stands in a segment, also behind sound ones of
// its shape.
func TestNotCanonical(t *testing.T) {
	fsys, code := buildSegments(t)
	f := forger{t, fsys}
	list := f.segmentEntries("imported", 0)
	for what, spoil := range map[string]func(body []byte, e *entry.Entry) []byte{
		"digits that were not written": func(_ []byte, e *entry.Entry) []byte {
			e.Event = entry.Time{Valid: true, Digits: 3, Micros: 1000}
			body, err := entry.AppendBody(nil, e)
			must(t, err)
			return bytes.Replace(body, binary.AppendVarint(nil, 1000), binary.AppendVarint(nil, 1001), 1)
		},
		"a name that cannot be": func(_ []byte, e *entry.Entry) []byte {
			e.Fields[0].Name = "MESS-GE"
			body, err := entry.AppendBody(nil, e)
			must(t, err)
			return bytes.Replace(body, []byte("MESS-GE"), []byte("MESS=GE"), 1)
		},
		"too long": func(_ []byte, e *entry.Entry) []byte {
			e.Fields[0].Value = bytes.Repeat([]byte("x"), entry.MaxBody)
			body, err := entry.AppendLong(nil, e)
			must(t, err)
			return body
		},
	} {
		for _, at := range []int{0, 100, 259} {
			b := segment.NewBuilder()
			b.Reset(f.descriptor("imported").Header(frame.Segment, 0))
			for i := range list {
				e := list[i]
				e.Fields = slices.Clone(e.Fields)
				if what == "digits that were not written" { // of the same shape as the spoilt one
					e.Event = entry.Time{Valid: true, Digits: 3, Micros: 2000}
				}
				body, err := entry.AppendBody(nil, &e)
				must(t, err)
				if i == at {
					body = spoil(body, &e)
				}
				must(t, b.Add(body))
			}
			image, err := b.Image()
			must(t, err)
			f.write("imported/"+layout.SegmentName(0), image)
			r := inspect(fsys, code)
			if r.Verdict != check.Tampered || !hasFinding(r, check.RuleEntry, "imported", at) {
				t.Errorf("%s, entry %d: verdict %s, %v", what, at, r.Word, r.Findings)
			}
		}
	}
}
