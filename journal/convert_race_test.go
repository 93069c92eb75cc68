package journal_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"constat/internal/vfs"
	"constat/journal"
)

// TestConvertBeside appends, signs, converts in two goroutines and reads in two others, all at the same time, on real
// files.
func TestConvertBeside(t *testing.T) {
	store := t.TempDir() + "/store"
	_, err := journal.CreateWith(vfs.OS(), store, journal.New{Origin: "test.example", Keys: 16})
	must(t, err)
	w, err := journal.OpenWriter(vfs.OS(), store, journal.Options{})
	must(t, err)
	appendAll(t, w, "app", shapes(0, 1))
	ctx, stop := context.WithCancel(context.Background())
	var beside sync.WaitGroup
	for range 2 {
		beside.Go(func() { convertUntil(ctx, t, w) })
		beside.Go(func() { readUntil(ctx, t, store) })
	}
	const heads, perHead = 40, 700
	for i := range heads {
		for j := range 7 {
			appendAll(t, w, "app", shapes(1+i*perHead+j*100, 100))
		}
		if i%3 == 0 {
			appendAll(t, w, "app", nil)
			must(t, w.Checkpoint())
		}
		must(t, w.Rotate())
	}
	must(t, w.Checkpoint())
	convert(t, w)
	stop()
	beside.Wait()
	must(t, w.Close())
	if n := readStore(t, store); n != 1+heads*perHead {
		t.Errorf("%d entries, want %d", n, 1+heads*perHead)
	}
	r, err := journal.OpenReader(vfs.OS(), store)
	must(t, err)
	c, err := r.Checkpoint("app")
	must(t, err)
	views, err := r.Snapshot("app")
	must(t, err)
	defer journal.CloseViews(views)
	if got := contentOf(t, views[0]); got.root != c.Root {
		t.Error("the entries do not give the signed root")
	}
	for _, p := range views[0].Parts() {
		if s, err := p.Segment(); err != nil || s == nil && p.End != views[0].Size {
			t.Errorf("part at %d is no segment: %v", p.First, err)
		} else if s != nil {
			p.Release()
		}
	}
}

func convertUntil(ctx context.Context, t *testing.T, w *journal.Writer) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-w.Completed():
			if _, err := w.Convert(ctx); err != nil && ctx.Err() == nil {
				t.Error(err)
			}
		}
	}
}

func readUntil(ctx context.Context, t *testing.T, store string) {
	for n := 0; ctx.Err() == nil; time.Sleep(time.Millisecond) {
		now := readStore(t, store)
		if now < n {
			t.Errorf("%d entries after %d", now, n)
		}
		n = now
	}
}

// readStore reads the journal app in a random direction; nothing may be missing or changed.
func readStore(t *testing.T, store string) int {
	r, err := journal.OpenReader(vfs.OS(), store)
	if err != nil {
		t.Error(err)
		return 0
	}
	views, err := r.Snapshot("app")
	if err != nil {
		t.Error(err)
		return 0
	}
	defer journal.CloseViews(views)
	n := uint64(0)
	rng := views[0].All()
	rng.Reverse = time.Now().UnixNano()%2 == 0
	for item, err := range views[0].Entries(rng) {
		index := n
		if rng.Reverse {
			index = views[0].Size - 1 - n
		}
		if err != nil || item.Index != index || messageOf(item.Entry) != fmt.Sprintf("message %d", index) {
			t.Errorf("entry %d of %d: %v %v", index, views[0].Size, item, err)
			return int(n)
		}
		n++
	}
	if n != views[0].Size {
		t.Errorf("%d of %d entries", n, views[0].Size)
	}
	return int(n)
}
