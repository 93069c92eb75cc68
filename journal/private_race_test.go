package journal_test

import (
	"context"
	"errors"
	"path/filepath"
	"sync"
	"testing"

	"constat/entry"
	"constat/internal/vfs"
	"constat/journal"
	"constat/journal/check"
)

// TestEraseBesideEverything: entries come, heads become segments, somebody reads and somebody verifies while values are
// erased.
func TestEraseBesideEverything(t *testing.T) {
	store := filepath.Join(t.TempDir(), "store")
	_, err := journal.CreateWith(vfs.OS(), store, journal.New{Origin: "test.example", Keys: 16})
	must(t, err)
	w, err := journal.OpenWriter(vfs.OS(), store, journal.Options{})
	must(t, err)
	_, err = w.Append("app", people(0, 4))
	must(t, errors.Join(err, w.Checkpoint()))
	ctx, cancel := context.WithCancel(context.Background())
	var wait sync.WaitGroup
	defer wait.Wait()
	defer cancel()
	wait.Go(func() { convertUntil(ctx, t, w) })
	wait.Go(func() {
		for ctx.Err() == nil {
			if r := check.Store(vfs.OS(), store, check.Options{}); r.Verdict != check.Unpinned {
				if r = check.Store(vfs.OS(), store, check.Options{}); r.Verdict != check.Unpinned { // as the command does
					t.Errorf("%s %v", r.Word, r.Findings)
				}
			}
		}
	})
	wait.Go(func() {
		for ctx.Err() == nil {
			revealedUntil(t, store)
		}
	})
	for i := range 25 {
		_, err := w.Append("app", people(4+4*i, 4))
		must(t, errors.Join(err, w.Sync()))
		if i%4 == 3 {
			must(t, w.Rotate())
		}
		index := uint64(4 * i)
		done, err := w.Erase(ctx, journal.Erasure{Field: "EMAIL", Entries: map[string][]uint64{"app": {index, index + 1}}, Reason: "r", By: "t"})
		if err != nil || done.Values != 4 {
			t.Fatalf("erase %d: %+v %v", index, done, err)
		}
	}
	cancel()
	wait.Wait()
	must(t, errors.Join(w.Checkpoint(), w.Close()))
	if r := check.Store(vfs.OS(), store, check.Options{}); r.Verdict != check.Unpinned || r.Erased != 100 || r.Private != 2*104-100 {
		t.Errorf("%s %v: %d erased, %d private", r.Word, r.Findings, r.Erased, r.Private)
	}
}

// revealedUntil reads all values once: each is there, or erased.
func revealedUntil(t *testing.T, store string) {
	r, err := journal.OpenReader(vfs.OS(), store)
	if err == nil {
		err = r.Reveal()
	}
	if err != nil {
		t.Error(err)
		return
	}
	views, err := r.Snapshot("app")
	if err != nil {
		t.Error(err)
		return
	}
	defer journal.CloseViews(views)
	for item, err := range views[0].Entries(views[0].All()) {
		if err != nil {
			t.Error(err)
			return
		}
		for _, f := range item.Entry.Fields {
			if f.Name == "EMAIL" && f.Form == entry.Inline && string(f.Value) != secret(int(item.Index)) {
				t.Errorf("entry %d shows %q", item.Index, f.Value)
			}
		}
	}
}
