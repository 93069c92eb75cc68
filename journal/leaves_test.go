package journal_test

import (
	"testing"

	"golang.org/x/mod/sumdb/tlog"

	"constat/journal"
)

// TestProofs proves entries of a store to somebody who has only the checkpoint.
func TestProofs(t *testing.T) {
	fsys, clock := newStore(t), newClock()
	w := open(t, fsys, clock)
	for i := range 9 {
		appendAll(t, w, "imported", messages(i*111, 111))
		if i == 4 {
			if err := w.Rotate(); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := w.Checkpoint(); err != nil {
		t.Fatal(err)
	}
	appendAll(t, w, "imported", messages(999, 50)) // above the checkpoint
	w.Close()
	r, err := journal.OpenReader(fsys, dir)
	if err != nil {
		t.Fatal(err)
	}
	point, err := r.Checkpoint("imported")
	if err != nil || point.Size != 999 {
		t.Fatalf("checkpoint %v, %v", point, err)
	}
	views, err := r.Snapshot("imported")
	if err != nil {
		t.Fatal(err)
	}
	defer journal.CloseViews(views)
	v := views[0]
	leaves, err := v.LeafHashes(0, 999)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < 999; i += 37 {
		proof, err := tlog.ProveRecord(int64(point.Size), int64(i), v.Hashes(point.Size))
		if err != nil {
			t.Fatal(err)
		}
		if err := tlog.CheckRecord(proof, int64(point.Size), point.Root, int64(i), leaves[i]); err != nil {
			t.Errorf("entry %d: %v", i, err)
		}
	}
	verify(t, fsys)
}
