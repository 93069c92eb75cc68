package journal_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"constat/internal/vfs"
	"constat/journal"
	"constat/journal/check"
)

// openFiles is how many files below a directory this process has open.
func openFiles(t *testing.T, dir string) (n int) {
	t.Helper()
	list, err := filepath.Glob("/proc/self/fd/*")
	must(t, err)
	for _, fd := range list {
		if name, err := os.Readlink(fd); err == nil && strings.HasPrefix(name, dir) {
			n++
		}
	}
	return n
}

// TestManyHeads: a view reads any number of heads, forwards, backwards, leaf by leaf and part by part, and keeps few open.
func TestManyHeads(t *testing.T) {
	store, clock := t.TempDir()+"/store", newClock()
	_, err := journal.CreateWith(vfs.OS(), store, journal.New{Origin: "test.example", Keys: 16})
	must(t, err)
	w, err := journal.OpenWriter(vfs.OS(), store, journal.Options{Clock: clock.read})
	must(t, err)
	const heads, each = 40, 30
	for i := range heads {
		appendAll(t, w, "app", messages(i*each, each))
		must(t, w.Rotate())
	}
	must(t, w.Checkpoint())
	must(t, w.Close())
	before := openFiles(t, store)
	r, err := journal.OpenReader(vfs.OS(), store)
	must(t, err)
	views, err := r.Snapshot("app")
	must(t, err)
	few := func(what string) {
		t.Helper()
		if n := openFiles(t, store) - before; n > 6 {
			t.Errorf("%s: %d files are open", what, n)
		}
	}
	v := views[0]
	if n := v.Unconverted(); n != heads {
		t.Errorf("%d heads, want %d", n, heads)
	}
	for range 2 {
		for _, reverse := range []bool{false, true} {
			n := 0
			rng := v.All()
			rng.Reverse = reverse
			for item, err := range v.Entries(rng) {
				must(t, err)
				want := uint64(n)
				if n++; reverse {
					want = heads*each - uint64(n)
				}
				if item.Index != want {
					t.Fatalf("entry %d came when %d was due", item.Index, want)
				}
			}
			if few("entries"); n != heads*each {
				t.Errorf("%d entries", n)
			}
		}
		leaves, err := v.LeafHashes(0, heads*each)
		if must(t, err); len(leaves) != heads*each {
			t.Errorf("%d leaves", len(leaves))
		}
		few("leaves")
		for _, p := range v.Parts() {
			s, err := p.Segment()
			if must(t, err); s != nil {
				t.Error("a segment")
			}
		}
		few("parts")
	}
	must(t, journal.CloseViews(views))
	if n := openFiles(t, store); n != before {
		t.Errorf("%d files are open behind it", n-before)
	}
	if r := check.Store(vfs.OS(), store, check.Options{}); r.Verdict != check.Unpinned {
		t.Errorf("%s %v", r.Word, r.Findings)
	}
}
