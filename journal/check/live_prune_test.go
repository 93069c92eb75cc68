package check_test

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"constat/entry"
	"constat/internal/vfs"
	"constat/internal/vfs/crashfs"
	"constat/journal"
	"constat/journal/check"
)

// interrupted does something before the file or directory number at is opened.
type interrupted struct {
	vfs.FS
	at int64
	n  atomic.Int64
	do func()
}

func (f *interrupted) Open(name string) (vfs.File, error) {
	if f.n.Add(1) == f.at {
		f.do()
	}
	return f.FS.Open(name)
}

// TestLivePruning prunes heads or segments, with values beside them, at every moment of a check: that must never look
// tampered.
func TestLivePruning(t *testing.T) {
	for _, kind := range []string{"heads", "segments"} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			for at := int64(1); pruneAt(t, kind, at); at += int64(stride) {
			}
		})
	}
}

// pruneAt reports whether the check has opened so many files.
func pruneAt(t *testing.T, kind string, at int64) bool {
	fsys := crashfs.New()
	_, err := journal.CreateWith(fsys, dir, journal.New{Origin: "test.example", Keys: 16})
	must(t, err)
	now := journal.Reading{Wall: 1_760_000_000_000_000, Boot: 1_000_000}
	w := openWriter(t, fsys, func() journal.Reading {
		now.Wall, now.Boot = now.Wall+1000, now.Boot+1000
		return now
	})
	for i := range 4 {
		long := message(fmt.Sprintf("%060000d", i))
		private := message("private")
		private.Fields = append(private.Fields, entry.Field{Name: "EMAIL", Value: []byte("a@example.org"), Form: entry.Private})
		for _, name := range []string{"app", "system", "zoo"} {
			appendTo(t, w, name, append(messages(30+i), long, private)...)
		}
		must(t, w.Rotate())
		now.Wall, now.Boot = now.Wall+86_400_000_000, now.Boot+86_400_000_000
	}
	if kind == "segments" {
		_, err := w.Convert(context.Background())
		must(t, err)
	}
	appendTo(t, w, "app", message("the last"))
	must(t, w.Checkpoint())
	x := &interrupted{FS: fsys, at: at, do: func() {
		r, err := w.Prune(context.Background(), journal.Policy{Others: journal.Retention{MaxAge: 49 * time.Hour}})
		if must(t, err); len(r.Pruned) != 3 {
			t.Errorf("pruned %v", r.Pruned)
		}
	}}
	for _, when := range []string{"meanwhile", "afterwards"} {
		if r := check.Store(x, dir, check.Options{Workers: 1}); r.Verdict != check.Unpinned {
			t.Fatalf("pruned at file %d, %s: %s %v", at, when, r.Word, r.Findings)
		}
	}
	must(t, w.Close())
	return x.n.Load() >= 2*at
}
