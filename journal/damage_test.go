package journal_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"path"
	"testing"

	"constat/entry"
	"constat/internal/vfs/crashfs"
	"constat/journal/check"
	"constat/journal/frame"
	"constat/journal/layout"
)

const (
	page      = 4096
	perHead   = 2500
	heads     = 3
	headFiles = dir + "/app/"
)

// newLarge makes a store whose journal app has three heads of about 90 KB each, in frames of 50 entries that cannot be
// compressed much, and everything signed.
func newLarge(t *testing.T) *crashfs.FS {
	t.Helper()
	fsys, clock := newStore(t), newClock()
	w := open(t, fsys, clock)
	rng := rand.New(rand.NewPCG(1, 2))
	for range heads {
		for range perHead / 50 {
			var list []entry.Entry
			for range 50 {
				list = append(list, message(fmt.Sprintf("%016x%016x%016x%016x", rng.Uint64(), rng.Uint64(), rng.Uint64(), rng.Uint64())))
			}
			appendAll(t, w, "app", list)
		}
		if err := w.Checkpoint(); err != nil {
			t.Fatal(err)
		}
		if err := w.Rotate(); err != nil {
			t.Fatal(err)
		}
	}
	appendAll(t, w, "app", messages(0, 1))
	if err := w.Checkpoint(); err != nil {
		t.Fatal(err)
	}
	w.Close()
	verify(t, fsys)
	return fsys
}

func headFile(first uint64) string { return headFiles + layout.HeadName(first) }

// touched returns the indexes of the frames of a head that lie in part between two offsets.
func touched(t *testing.T, data []byte, from, to int64) map[uint64]bool {
	t.Helper()
	lost := map[uint64]bool{}
	for x := range frame.Scan(bytes.NewReader(data), entry.NonceKey(data[28:44]), frame.HeadHeaderSize, int64(len(data))) {
		if x.Offset < to && from < x.Offset+x.Length {
			for i := x.Header.First; i < x.Header.End(); i++ {
				lost[i] = true
			}
		}
	}
	return lost
}

// loses checks that exactly the entries in lost cannot be had, in either direction, and that everybody says so.
func loses(t *testing.T, fsys *crashfs.FS, whole map[uint64]string, lost map[uint64]bool) *check.Report {
	t.Helper()
	for _, reverse := range []bool{false, true} {
		got, missing := readSome(t, fsys, "app", reverse)
		named := map[uint64]bool{}
		for _, m := range missing {
			for i := m.First; i <= m.Last; i++ {
				named[i] = true
			}
		}
		for i := range uint64(len(whole)) {
			if lost[i] != named[i] || !lost[i] && got[i] != whole[i] {
				t.Errorf("reverse %v, index %d: lost %v, said to be missing %v, read %q, want %q", reverse, i, lost[i], named[i], got[i], whole[i])
				return nil
			}
		}
		if len(named) != len(lost) || len(got) != len(whole)-len(lost) {
			t.Errorf("reverse %v: %d read, %d missing; want %d and %d", reverse, len(got), len(named), len(whole)-len(lost), len(lost))
		}
	}
	r := check.Store(fsys, dir, check.Options{Workers: 2})
	found := map[uint64]bool{}
	for _, f := range r.Findings {
		if f.Journal != "app" {
			t.Errorf("blames another journal: %v", f)
		}
		if f.Rule == check.RuleMissing || f.Rule == check.RuleFrame {
			for i := *f.First; i <= *f.Last; i++ {
				found[i] = true
			}
		}
	}
	for i := range uint64(len(whole)) {
		if lost[i] != found[i] {
			t.Errorf("index %d: lost %v, found missing by the check %v: %v", i, lost[i], found[i], r.Findings)
			break
		}
	}
	if r.Verdict != check.Tampered {
		t.Errorf("verdict %s", r.Word)
	}
	return r
}

// TestPageLost zeroes every page of every head in turn.
func TestPageLost(t *testing.T) {
	fsys := newLarge(t)
	whole := readAll(t, fsys, "app")
	for h := range uint64(heads) {
		file := headFile(h * perHead)
		data, err := fsys.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for at := int64(0); at < int64(len(data)); at += page * stride {
			end := min(at+page, int64(len(data)))
			zeroed := bytes.Clone(data)
			clear(zeroed[at:end])
			fsys.WriteFile(file, zeroed)
			from := at + int64(len(data[at:end])-len(bytes.TrimLeft(data[at:end], "\x00"))) // what was zero before is not lost
			to := at + int64(len(bytes.TrimRight(data[at:end], "\x00")))
			r := loses(t, fsys, whole, touched(t, data, from, to))
			if t.Failed() {
				t.Fatalf("head %d, page at %d", h, at)
			}
			if header := hasRule(r, check.RuleHeader); header != (at == 0) {
				t.Errorf("page at %d: header reported: %v", at, header)
			}
		}
		fsys.WriteFile(file, data)
	}
	verify(t, fsys)
}

func hasRule(r *check.Report, rule check.Rule) bool {
	for _, f := range r.Findings {
		if f.Rule == rule {
			return true
		}
	}
	return false
}

// TestTailLost cuts off the last 64 KB of a head, as a copy that was interrupted does.
func TestTailLost(t *testing.T) {
	for _, head := range []uint64{0, perHead, 2 * perHead} {
		fsys := newLarge(t)
		whole := readAll(t, fsys, "app")
		data, _ := fsys.ReadFile(headFile(head))
		cut := int64(len(data)) - 64<<10
		fsys.WriteFile(headFile(head), data[:cut])
		loses(t, fsys, whole, touched(t, data, cut, int64(len(data))))
	}
}

// TestHeadsLost leaves out heads, as a copy of only some files does.
func TestHeadsLost(t *testing.T) {
	for _, gone := range [][]uint64{{0}, {perHead}, {2 * perHead}, {3 * perHead}, {2 * perHead, 3 * perHead}, {0, perHead, 2 * perHead, 3 * perHead}} {
		fsys := newLarge(t)
		whole := readAll(t, fsys, "app")
		lost := map[uint64]bool{}
		for _, first := range gone {
			if err := fsys.Remove(headFile(first)); err != nil {
				t.Fatal(err)
			}
			for i := first; i < min(first+perHead, heads*perHead+1); i++ {
				lost[i] = true
			}
		}
		loses(t, fsys, whole, lost)
		if t.Failed() {
			t.Fatalf("without heads %v", gone)
		}
	}
}

// TestForeignHead: a header that is sound but says another journal or place is believed; its frames are not ours.
func TestForeignHead(t *testing.T) {
	fsys := newLarge(t)
	whole := readAll(t, fsys, "app")
	data, _ := fsys.ReadFile(headFile(0))
	fsys.WriteFile(headFile(perHead), data)
	got, missing := readSome(t, fsys, "app", false)
	if len(missing) != 1 || missing[0].First != perHead || missing[0].Last != 2*perHead-1 || len(got) != len(whole)-perHead {
		t.Errorf("%d entries, missing: %v", len(got), missing)
	}
	r := check.Store(fsys, dir, check.Options{})
	if r.Verdict != check.Tampered || !hasRule(r, check.RuleHeader) {
		t.Errorf("verdict %s: %v", r.Word, r.Findings)
	}
}

// TestBlobPageLost: damage in a blob file costs the values that it touches, for readers and for the next writer.
func TestBlobPageLost(t *testing.T) {
	fsys, clock := newStore(t), newClock()
	w := open(t, fsys, clock)
	for i := range byte(8) {
		appendAll(t, w, "app", []entry.Entry{long(i)})
	}
	if err := w.Checkpoint(); err != nil {
		t.Fatal(err)
	}
	w.Close()
	whole := readAll(t, fsys, "app")
	file := path.Join(dir, "app", layout.BlobName(0))
	data, _ := fsys.ReadFile(file)
	var records []layout.BlobRecord
	for rec, err := range layout.Blobs(bytes.NewReader(data), int64(len(data))) {
		if err != nil || rec.Gap {
			t.Fatal(rec, err)
		}
		records = append(records, rec)
	}
	for at := 0; at < len(data); at += 64 {
		changed := bytes.Clone(data)
		clear(changed[at:min(at+64, len(data))])
		fsys.WriteFile(file, changed)
		open(t, fsys, clock).Close() // a writer that opens makes nothing worse
		got, _ := readSome(t, fsys, "app", false)
		for i, rec := range records {
			hit := int64(at) < rec.Offset+rec.Length && rec.Offset < int64(at)+64
			if !hit && got[uint64(i)] != whole[uint64(i)] {
				t.Fatalf("zeros at %d, value of entry %d: %q", at, i, got[uint64(i)])
			}
		}
		if r := check.Store(fsys, dir, check.Options{}); r.Verdict != check.Tampered {
			t.Fatalf("zeros at %d: verdict %s", at, r.Word)
		}
		fsys.WriteFile(file, data)
	}
	verify(t, fsys)
}
