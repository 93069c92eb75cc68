package journal_test

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"constat/entry"
	"constat/internal/vfs"
	"constat/internal/vfs/crashfs"
	"constat/journal"
	"constat/journal/frame"
	"constat/journal/layout"
	"constat/seal"
)

// content is what readers see of a journal.
type content struct {
	bodies []string
	texts  []string
	root   seal.Hash
}

// contentOf reads a journal in every way, which must agree.
func contentOf(t *testing.T, v *journal.View) content {
	t.Helper()
	var c content
	for leaf, err := range v.Leaves(0, v.Size) {
		if err != nil {
			t.Fatal(err)
		}
		c.bodies = append(c.bodies, string(leaf.Body))
	}
	hashes, err := v.LeafHashes(0, v.Size)
	if err != nil {
		t.Fatal(err)
	}
	var f seal.Frontier
	for _, h := range hashes {
		f.Append(h)
	}
	c.root = f.Root()
	for item, err := range v.Entries(v.All()) {
		if err != nil {
			t.Fatal(err)
		}
		c.texts = append(c.texts, messageOf(item.Entry))
	}
	at := len(c.texts)
	for item, err := range v.Entries(journal.Range{To: v.Size, Reverse: true}) {
		if at--; err != nil || item.Index != uint64(at) || messageOf(item.Entry) != c.texts[at] {
			t.Fatalf("in reverse, where %d is expected: %d, %v", at, item.Index, err)
		}
	}
	for _, octets := range []int{1, 1000} {
		if err := inArenas(v, octets); err != nil {
			t.Fatal(err)
		}
	}
	if at != 0 || len(c.bodies) != len(c.texts) {
		t.Fatalf("%d bodies, %d entries, %d left in reverse", len(c.bodies), len(c.texts), at)
	}
	return c
}

func (c content) equal(other content) bool {
	return slices.Equal(c.bodies, other.bodies) && slices.Equal(c.texts, other.texts) && c.root == other.root
}

// snapshot opens the views of all journals, by name.
func snapshot(t *testing.T, fsys vfs.FS) map[string]*journal.View {
	t.Helper()
	r, err := journal.OpenReader(fsys, dir)
	if err != nil {
		t.Fatal(err)
	}
	views, err := r.Snapshot()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { journal.CloseViews(views) })
	byName := map[string]*journal.View{}
	for _, v := range views {
		byName[v.Journal.Name] = v
	}
	return byName
}

func contents(t *testing.T, fsys vfs.FS) map[string]content {
	t.Helper()
	all := map[string]content{}
	for name, v := range snapshot(t, fsys) {
		all[name] = contentOf(t, v)
	}
	return all
}

// files returns the names of the files of a journal that fit.
func files(fsys *crashfs.FS, name string, fits func(string) bool) []string {
	var list []string
	for _, file := range fsys.Walk() {
		if base, ok := strings.CutPrefix(file, dir+"/"+name+"/"); ok && fits(base) {
			list = append(list, base)
		}
	}
	return list
}

func isHead(name string) bool    { _, ok := layout.ParseHeadName(name); return ok }
func isSegment(name string) bool { _, ok := layout.ParseSegmentName(name); return ok }

// shapes returns entries of many shapes.
func shapes(from, n int) []entry.Entry {
	list := messages(from, n)
	for i := range list {
		e := &list[i]
		for j := range (from + i) % 4 {
			e.AddString(fmt.Sprintf("FIELD_%d", j), fmt.Sprintf("value %d", (from+i)*j%17), entry.Claimed)
		}
		if (from+i)%5 == 0 {
			e.Event = entry.Time{Valid: true, Micros: 1_700_000_000_000_000 + int64(i), Digits: 6, Zone: "+02:00"}
		}
		if (from+i)%3 == 0 {
			e.AddString("SYSLOG_IDENTIFIER", []string{"sshd", "cron"}[(from+i)%2], entry.Claimed)
		}
	}
	return list
}

// convert converts all complete heads and says how many there were.
func convert(t *testing.T, w *journal.Writer) int {
	t.Helper()
	n, err := w.Convert(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	if left := w.Unconverted(); left != 0 {
		t.Fatalf("%d heads are not converted", left)
	}
	return n
}

// fillHeads makes five heads of app, ending inside and at the ends of blocks, with blobs and a step of the clock.
func fillHeads(t *testing.T, w *journal.Writer, clock *fixedClock) {
	t.Helper()
	for i, n := range []int{300, 212, 256, 5, 1100} {
		appendAll(t, w, "app", shapes(1000*i, n))
		appendAll(t, w, "app", []entry.Entry{long(byte(i)), message("behind")})
		appendAll(t, w, "system", messages(i, 3))
		if i == 2 {
			clock.wall -= 3_600_000_000
		}
		if i == 3 {
			must(t, w.Checkpoint())
		}
		must(t, w.Rotate())
	}
	appendAll(t, w, "app", messages(9000, 3))
	must(t, w.Checkpoint())
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// TestConvert: readers see the same before and after, and so does the next writer.
func TestConvert(t *testing.T) {
	fsys, clock := newStore(t), newClock()
	w := open(t, fsys, clock)
	select {
	case <-w.Completed():
		t.Error("a new store has heads to convert")
	default:
	}
	fillHeads(t, w, clock)
	<-w.Completed()
	before, old := contents(t, fsys), snapshot(t, fsys)
	if n := convert(t, w); n != 10 {
		t.Errorf("%d heads converted, want 10", n)
	}
	if n := convert(t, w); n != 0 {
		t.Errorf("%d heads converted again", n)
	}
	for _, name := range []string{"app", "system"} {
		heads, segments := files(fsys, name, isHead), files(fsys, name, isSegment)
		if len(heads) != 1 || len(segments) != 5 {
			t.Errorf("journal %s: %d heads, %d segments", name, len(heads), len(segments))
		}
		if after := contents(t, fsys)[name]; !after.equal(before[name]) {
			t.Errorf("journal %s has changed", name)
		}
		if seen := contentOf(t, old[name]); !seen.equal(before[name]) {
			t.Errorf("journal %s has changed in a view that was opened before", name)
		}
	}
	appendAll(t, w, "app", messages(1, 1))
	must(t, w.Checkpoint())
	must(t, w.Close())
	before = contents(t, fsys)
	w = open(t, fsys, clock)
	defer w.Close()
	if len(w.Notices()) > 0 {
		t.Errorf("opened again: %q", w.Notices())
	}
	for name, after := range contents(t, fsys) {
		if !after.equal(before[name]) {
			t.Errorf("journal %s has changed since it was opened again", name)
		}
	}
	verify(t, fsys)
}

// TestTreeOfSegments: without a tree file the entries of the segments give it again.
func TestTreeOfSegments(t *testing.T) {
	fsys, clock := newStore(t), newClock()
	w := open(t, fsys, clock)
	fillHeads(t, w, clock)
	convert(t, w)
	must(t, w.Close())
	name := dir + "/app/" + layout.TreeFile
	tree, err := fsys.ReadFile(name)
	must(t, err)
	must(t, fsys.Remove(name))
	must(t, open(t, fsys, clock).Close())
	if again, err := fsys.ReadFile(name); err != nil || !bytes.Equal(again, tree) {
		t.Errorf("tree of %d bytes instead of %d, %v", len(again), len(tree), err)
	}
	verify(t, fsys)
}

// TestSkipInSegments: a range leaves out what the bounds of a stretch exclude.
func TestSkipInSegments(t *testing.T) {
	fsys, clock := newStore(t), newClock()
	w := open(t, fsys, clock)
	fillHeads(t, w, clock)
	convert(t, w)
	must(t, w.Close())
	v := snapshot(t, fsys)["app"]
	asked := uint64(0)
	r := v.All()
	r.Skip = func(h frame.Header) bool {
		asked += uint64(h.Count)
		return h.First >= 302 && h.First < 516
	}
	var got []uint64
	for item, err := range v.Entries(r) {
		must(t, err)
		got = append(got, item.Index)
	}
	if asked != v.Size || uint64(len(got)) != v.Size-214 || got[301] != 301 || got[302] != 516 {
		t.Errorf("asked of %d of %d entries, got %d", asked, v.Size, len(got))
	}
}

// TestParts: a searcher gets at the segments.
func TestParts(t *testing.T) {
	fsys, clock := newStore(t), newClock()
	w := open(t, fsys, clock)
	fillHeads(t, w, clock)
	convert(t, w)
	must(t, w.Close())
	v := snapshot(t, fsys)["app"]
	want, next, segments := contentOf(t, v), uint64(0), 0
	for _, p := range v.Parts() {
		if p.First != next {
			t.Errorf("part begins at %d instead of %d", p.First, next)
		}
		next = p.End
		s, err := p.Segment()
		must(t, err)
		if s == nil {
			continue
		}
		segments++
		var e entry.Entry
		r := s.NewReader()
		for index := p.First; index < p.End; index++ {
			must(t, r.Entry(index, &e))
			must(t, v.Restore(index, &e))
			if got := messageOf(&e); got != want.texts[index] {
				t.Fatalf("entry %d: %q, want %q", index, got, want.texts[index])
			}
		}
		p.Release()
	}
	if next != v.Size || segments != 5 {
		t.Errorf("%d segments, up to %d of %d", segments, next, v.Size)
	}
}
