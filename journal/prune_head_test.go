package journal_test

import (
	"bytes"
	"context"
	"errors"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"time"

	"constat/internal/vfs/crashfs"
	"constat/journal"
	"constat/journal/frame"
	"constat/journal/layout"
	"constat/seal"

	"golang.org/x/mod/sumdb/tlog"
)

// agedHeads is [aged] without segments: each day a complete head of app, with a blob and private values, and one of system
// with a control entry that has a blob, and a seal.
func agedHeads(t *testing.T, w *journal.Writer, clock *fixedClock, days ...int) {
	t.Helper()
	for i, n := range days {
		appendAll(t, w, "app", shapes(1000*i, n))
		appendAll(t, w, "app", append(people(1000*i, 3), long(byte(i)), message("behind")))
		appendAll(t, w, "system", append(messages(i, 40), longControl(), message("behind")))
		_, err := w.Seal(seal.Request)
		must(t, err)
		must(t, w.Rotate())
		clock.pass(day)
	}
	appendAll(t, w, "app", messages(9000, 3))
	must(t, w.Checkpoint())
}

// bytesOf reads the files of a journal that fit.
func bytesOf(t *testing.T, fsys *crashfs.FS, name string, fits func(string) bool) map[string]string {
	t.Helper()
	all := map[string]string{}
	for _, file := range files(fsys, name, fits) {
		data, err := fsys.ReadFile(dir + "/" + name + "/" + file)
		must(t, err)
		all[file] = string(data)
	}
	return all
}

func isBeside(name string) bool {
	_, blob := layout.ParseBlobName(name)
	_, private := layout.ParsePrivateName(name)
	return blob || private
}

// TestPruneHeads: what stays of a head is byte for byte what stays of the segment that it would have become, and what
// goes with it is the same.
func TestPruneHeads(t *testing.T) {
	heads, clock := newStore(t), newClock()
	w := open(t, heads, clock)
	agedHeads(t, w, clock, 300, 212, 255, 5)
	must(t, w.Close())
	segments, otherClock := heads.Clone(), *clock
	policy := journal.Policy{Others: journal.Retention{MaxAge: 2*day + time.Hour}}
	before := points(t, heads)["app"]

	w = open(t, heads, clock)
	r := prune(t, w, policy)
	if len(r.Pruned) != 2 || r.Pruned[0].Journal != "app" || r.Pruned[0].First != 0 || r.Pruned[0].Last != 521 || r.Pruned[0].Bytes <= 0 {
		t.Fatalf("%+v", r)
	}
	if n := w.Unconverted(); n != 4 {
		t.Errorf("%d complete heads are left, want 2 of app and 2 of system", n)
	}
	other := open(t, segments, &otherClock)
	convert(t, other)
	prune(t, other, policy)
	must(t, other.Close())
	for _, name := range []string{"app", "system"} {
		got, want := bytesOf(t, heads, name, isKept), bytesOf(t, segments, name, isKept)
		if len(got) != 2 || len(want) != 2 {
			t.Fatalf("%s: %d and %d files of what stays", name, len(got), len(want))
		}
		for file, data := range want {
			if got[file] != data {
				t.Errorf("%s/%s is not what stays of a segment", name, file)
			}
		}
		if got, want := bytesOf(t, heads, name, isBeside), bytesOf(t, segments, name, isBeside); len(got) != len(want) {
			t.Errorf("%s: %d files beside, want %d", name, len(got), len(want))
		}
	}
	for _, n := range []int{0, 1002} {
		if values(t, heads, "app", "EMAIL", true)[uint64(n)] != "" || inClear(t, heads, secret(n)) != nil {
			t.Errorf("private value %d is still there", n)
		}
	}
	if after := points(t, heads)["app"]; before != after {
		t.Errorf("the root of app has moved: %v, %v", before, after)
	}
	if n := verifyPruned(t, heads, "app"); n != 522 {
		t.Errorf("%d entries of app are pruned, want 522", n)
	}
	if n := convert(t, w); n != 4 {
		t.Errorf("%d heads were converted afterwards, want 4", n)
	}
	if left := files(heads, "app", isHead); len(left) != 1 {
		t.Errorf("heads %v", left)
	}
	must(t, w.Close())
	verifyPruned(t, heads, "app")
	verifyPruned(t, segments, "app")
}

// TestPruneHeadsAndSegments: they go in the order of their indexes, whatever they are.
func TestPruneHeadsAndSegments(t *testing.T) {
	fsys, clock := newStore(t), newClock()
	w := open(t, fsys, clock)
	for i := range 6 {
		appendAll(t, w, "app", shapes(1000*i, 300))
		must(t, w.Rotate())
		if i == 0 || i == 3 {
			convert(t, w) // which makes segments of all before
		}
		clock.pass(day)
	}
	appendAll(t, w, "app", messages(9000, 3))
	before := fsys.Clone()
	for days := 5; days >= 2; days-- {
		r := prune(t, w, journal.Policy{Others: journal.Retention{MaxAge: time.Duration(days)*day + time.Hour}})
		if len(r.Pruned) != 1 && days < 5 || len(r.Pruned) > 0 && r.Pruned[0].Last != uint64(6-days)*300-1 {
			t.Errorf("%d days: %+v", days, r)
		}
		verify(t, fsys)
	}
	must(t, w.Close())
	verifyPruned(t, fsys, "app")

	w = open(t, before, clock) // all at once: one batch of both
	r := prune(t, w, journal.Policy{Journals: map[string]journal.Retention{"app": {MaxBytes: 1}}})
	if len(r.Pruned) != 1 || r.Pruned[0].Last != 1799 || r.Pruned[0].Reason != journal.BySize || len(files(before, "app", isKept)) != 6 {
		t.Errorf("%+v, %v", r, files(before, "app", isKept))
	}
	must(t, w.Close())
	verifyPruned(t, before, "app")
}

// TestPruneHeadsForSpace: heads count as what they free, and a dry run changes nothing.
func TestPruneHeadsForSpace(t *testing.T) {
	fsys, clock := newStore(t), newClock()
	w := open(t, fsys, clock)
	agedHeads(t, w, clock, 300, 300, 300)
	free, err := fsys.Free(dir)
	must(t, err)
	ops := fsys.Ops()
	r := prune(t, w, journal.Policy{KeepFree: free + 1, DryRun: true})
	if len(r.Pruned) != 1 || r.Pruned[0].First != 0 || r.Pruned[0].Reason != journal.BySpace || fsys.Ops() != ops || w.Unconverted() != 6 {
		t.Errorf("dry run: %+v", r)
	}
	r = prune(t, w, journal.Policy{KeepFree: free + 1<<30})
	if len(r.Pruned) != 2 || len(files(fsys, "app", isKept)) != 3 || len(files(fsys, "system", isKept)) != 3 || w.Unconverted() != 0 {
		t.Errorf("%+v", r)
	}
	must(t, w.Close())
	verifyPruned(t, fsys, "app")
}

// TestFloorOfHeads: nothing younger goes, and never the head that grows, however old it is.
func TestFloorOfHeads(t *testing.T) {
	fsys, clock := newStore(t), newClock()
	w := open(t, fsys, clock)
	appendAll(t, w, "audit", messages(0, 10))
	appendAll(t, w, "app", messages(0, 10))
	must(t, w.Rotate())
	appendAll(t, w, "app", messages(10, 10))
	clock.pass(20 * day)
	policy := journal.Policy{Others: journal.Retention{MaxBytes: 1}}
	r := prune(t, w, policy)
	if len(files(fsys, "audit", isKept)) != 0 || len(r.Held) != 1 || r.Held[0].Floor != 30*day {
		t.Errorf("%+v", r)
	}
	if heads := files(fsys, "app", isHead); len(heads) != 1 || heads[0] != layout.HeadName(10) {
		t.Errorf("heads of app: %v", heads)
	}
	clock.pass(11 * day)
	if prune(t, w, policy); len(files(fsys, "audit", isKept)) != 1 {
		t.Error("old enough, and still there")
	}
	must(t, w.Close())
	verifyPruned(t, fsys, "audit")
}

// TestDamagedHeadStays: a head that cannot be read whole, or does not fit the tree, is not pruned and said, before and
// after somebody has tried to make a segment of it; others go.
func TestDamagedHeadStays(t *testing.T) {
	for what, change := range map[string]func(data []byte) []byte{
		"header":       func(data []byte) []byte { data[3] ^= 0xff; return data },
		"first frame":  func(data []byte) []byte { data[70] ^= 0xff; return data },
		"payload":      func(data []byte) []byte { data[len(data)/2] ^= 0xff; return data },
		"last frame":   func(data []byte) []byte { data[len(data)-1] ^= 0xff; return data },
		"cut":          func(data []byte) []byte { return data[:len(data)-1] },
		"empty":        func([]byte) []byte { return nil },
		"other frames": nil,
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			fsys, clock := newStore(t), newClock()
			w := open(t, fsys, clock)
			agedHeads(t, w, clock, 300, 300)
			name := dir + "/app/" + layout.HeadName(0)
			sound, err := fsys.ReadFile(name)
			must(t, err)
			if change == nil {
				must(t, fsys.WriteFile(name, forgedHead(t, fsys, sound)))
			} else {
				must(t, fsys.WriteFile(name, change(bytes.Clone(sound))))
			}
			for _, when := range []string{"before", "after"} {
				r, err := w.Prune(context.Background(), journal.Policy{Others: journal.Retention{MaxAge: time.Hour}})
				if err == nil || !strings.Contains(err.Error(), layout.HeadName(0)) {
					t.Errorf("%s converting: %v, %+v", when, err, r)
				}
				if when == "before" {
					_, err = w.Convert(context.Background())
				}
				if err == nil {
					t.Error("it was converted")
				}
			}
			if kept := files(fsys, "app", isKept); len(kept) != 1 || kept[0] != layout.KeptName(305) {
				t.Errorf("pruned: %v", kept)
			}
			must(t, fsys.WriteFile(name, sound))
			must(t, w.Close())
			verify(t, fsys)
		})
	}
}

// forgedHead is a head of app with one entry changed, sound in every checksum.
func forgedHead(t *testing.T, fsys *crashfs.FS, head []byte) []byte {
	t.Helper()
	data, err := fsys.ReadFile(dir + "/app/" + layout.JournalFile)
	must(t, err)
	d, err := layout.ParseJournal(data)
	must(t, err)
	forged, changed := frame.AppendFileHeader(nil, d.Header(frame.Head, 0)), false
	for x, err := range frame.Scan(bytes.NewReader(head), d.NonceKey, frame.HeadHeaderSize, int64(len(head))) {
		must(t, err)
		payload, err := frame.NewDecoder().Payload(nil, bytes.NewReader(head), x.Offset, x.Header)
		must(t, err)
		if at := bytes.Index(payload, []byte("message 17")); at >= 0 {
			payload[at], changed = 'M', true
		}
		forged = frame.NewEncoder().Append(forged, payload, x.Header, d.NonceKey)
	}
	if !changed {
		t.Fatal("nothing was changed")
	}
	return forged
}

// TestPruneWhileConverting: heads that somebody makes segments of are left alone, and nobody makes one of a head that goes;
// in the end everything is either a segment or pruned.
func TestPruneWhileConverting(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for round := range 6 {
		fsys, clock := newStore(t), newClock()
		w := open(t, fsys, clock)
		const heads = 24
		for i := range heads {
			appendAll(t, w, "app", shapes(1000*i, 200+rng.IntN(400)))
			appendAll(t, w, "app", people(1000*i, 2))
			must(t, w.Rotate())
		}
		clock.pass(3 * day)
		appendAll(t, w, "app", messages(0, 1))
		var wait sync.WaitGroup
		for range 2 {
			wait.Go(func() {
				if _, err := w.Convert(context.Background()); err != nil {
					t.Error(err)
				}
			})
		}
		wait.Go(func() {
			for range 3 {
				limit := journal.Retention{MaxAge: day}
				if round%2 == 1 {
					limit = journal.Retention{MaxBytes: 40000}
				}
				if _, err := w.Prune(context.Background(), journal.Policy{Others: limit}); err != nil {
					t.Error(err)
				}
			}
		})
		wait.Wait()
		if n := w.Unconverted(); n != 0 {
			t.Errorf("%d heads are left", n)
		}
		pruned, segments, left := files(fsys, "app", isKept), files(fsys, "app", isSegment), files(fsys, "app", isHead)
		if len(pruned)+len(segments) != heads || len(left) != 1 {
			t.Errorf("%d pruned, %d segments, heads %v", len(pruned), len(segments), left)
		}
		if len(pruned) > 0 && len(segments) > 0 && pruned[len(pruned)-1] > segments[0] {
			t.Errorf("%s went, and %s is there", pruned[len(pruned)-1], segments[0])
		}
		must(t, w.Checkpoint())
		must(t, w.Close())
		verifyPruned(t, fsys, "app")
	}
}

// TestReadWhilePruningHeads is [TestReadWhilePruning] for heads; readers that have one open go on with it.
func TestReadWhilePruningHeads(t *testing.T) {
	fsys, clock := newStore(t), newClock()
	w := open(t, fsys, clock)
	agedHeads(t, w, clock, 120, 80, 90, 60, 70, 50)
	readWhilePruning(t, fsys, w, func() {})
	must(t, w.Close())
	verifyPruned(t, fsys, "app")
}

// TestOpenHeadIsPruned: a view that has read a part of a head goes on with it when it is pruned, one that has not is told.
func TestOpenHeadIsPruned(t *testing.T) {
	fsys, clock := newStore(t), newClock()
	w := open(t, fsys, clock)
	appendAll(t, w, "app", messages(0, 300))
	must(t, w.Rotate())
	clock.pass(2 * day)
	appendAll(t, w, "app", messages(300, 300))
	must(t, w.Rotate())
	clock.pass(2 * day)
	appendAll(t, w, "app", messages(600, 1))
	must(t, w.Checkpoint())
	v := snapshot(t, fsys)["app"]
	if _, err := v.LeafHashes(0, 1); err != nil {
		t.Fatal(err)
	}
	prune(t, w, journal.Policy{Others: journal.Retention{MaxAge: day}})
	must(t, w.Close())
	if _, err := v.LeafHashes(0, 300); err != nil {
		t.Errorf("of the head that is open: %v", err)
	}
	if _, err := v.LeafHashes(300, 301); !errors.Is(err, journal.ErrPruned) {
		t.Errorf("of the other: %v", err)
	}
	n := 0
	for item, err := range v.Entries(v.All()) {
		must(t, err)
		if item.Index >= 300 && item.Index < 600 {
			t.Errorf("entry %d", item.Index)
		}
		n++
	}
	if list := v.Pruned(); n != 301 || len(list) != 1 || list[0] != (journal.Pruned{First: 300, Last: 599}) {
		t.Errorf("%d entries, pruned %v", n, list)
	}
	verifyPruned(t, fsys, "app")
}

// TestRandomPruningsOfHeads: whatever is converted or not, whatever goes, in whatever order, all of it is told, every root
// stays, and what is left can be proved.
func TestRandomPruningsOfHeads(t *testing.T) {
	for seed := range uint64(16 / stride) {
		rng := rand.New(rand.NewPCG(seed, 5))
		fsys, clock := newStore(t), newClock()
		w := open(t, fsys, clock)
		for step := range 14 {
			appendAll(t, w, "app", shapes(1000*step, 1+rng.IntN(700)))
			if rng.IntN(3) == 0 {
				appendAll(t, w, "system", append(messages(step, rng.IntN(300)), longControl()))
				appendAll(t, w, "app", append(people(step, rng.IntN(3)), long(byte(step))))
			}
			if rng.IntN(2) == 0 {
				must(t, w.Rotate())
			}
			if rng.IntN(4) == 0 {
				_, err := w.ConvertNext(context.Background())
				must(t, err)
			}
			w = timePasses(t, rng, fsys, clock, w)
		}
		appendAll(t, w, "app", messages(0, 1))
		must(t, w.Checkpoint())
		must(t, w.Close())
		t.Logf("seed %d: %d entries of app pruned", seed, verifyPruned(t, fsys, "app"))
		if provable(t, fsys, "app"); t.Failed() {
			t.Fatalf("seed %d", seed)
		}
	}
}

// provable proves entries that are left to belong into the tree.
func provable(t *testing.T, fsys *crashfs.FS, name string) {
	t.Helper()
	point, v := points(t, fsys)[name], snapshot(t, fsys)[name]
	var left []uint64
	for item, err := range v.Entries(v.All()) {
		must(t, err)
		left = append(left, item.Index)
	}
	for n := 0; n < len(left); n += 17 {
		index := left[n]
		leaf, err := v.LeafHashes(index, index+1)
		must(t, err)
		proof, err := tlog.ProveRecord(int64(point.Size), int64(index), v.Hashes(point.Size))
		must(t, err)
		if err := tlog.CheckRecord(proof, int64(point.Size), point.Root, int64(index), leaf[0]); err != nil {
			t.Errorf("entry %d: %v", index, err)
		}
	}
}
