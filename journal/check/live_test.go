package check_test

import (
	"fmt"
	"sync"
	"testing"

	"constat/entry"
	"constat/internal/vfs"
	"constat/journal"
	"constat/journal/check"
	"constat/seal"
)

// TestLiveStore checks a store while journals are being created in it and sealed: it must never look tampered.
func TestLiveStore(t *testing.T) {
	dir := t.TempDir() + "/store"
	if _, err := journal.CreateWith(vfs.OS(), dir, journal.New{Origin: "live.example", Keys: 16}); err != nil {
		t.Fatal(err)
	}
	w, err := journal.OpenWriter(vfs.OS(), dir, journal.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	stop := make(chan struct{})
	var writing sync.WaitGroup
	writing.Go(func() {
		for n := 0; ; n++ {
			select {
			case <-stop:
				return
			default:
			}
			var e entry.Entry
			e.AddString("MESSAGE", fmt.Sprint("event ", n), entry.Claimed)
			if _, err := w.Append(fmt.Sprintf("j%d", n/3%200), []entry.Entry{e}); err != nil {
				t.Error(err)
				return
			}
			if n%7 == 0 {
				if _, err := w.Seal(seal.Interval); err != nil {
					t.Error(err)
					return
				}
			}
			if n%5 == 0 {
				if err := w.Checkpoint(); err != nil {
					t.Error(err)
					return
				}
			}
		}
	})
	for range 60 {
		if r := check.Store(vfs.OS(), dir, check.Options{}); r.Verdict != check.Unpinned {
			t.Errorf("verdict %s: %v", r.Word, r.Findings)
		}
	}
	close(stop)
	writing.Wait()
}
