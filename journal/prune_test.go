package journal_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"time"

	"constat/entry"
	"constat/internal/vfs"
	"constat/internal/vfs/crashfs"
	"constat/journal"
	"constat/journal/check"
	"constat/journal/layout"
	"constat/seal"

	"golang.org/x/mod/sumdb/tlog"
)

const day = 24 * time.Hour

func (c *fixedClock) pass(d time.Duration) {
	c.wall += d.Microseconds()
	c.boot += d.Microseconds()
}

// aged makes a store of several days: each day a segment of app, with a blob, and of system, which has events too. On
// the last day nothing is complete yet.
func aged(t *testing.T, w *journal.Writer, clock *fixedClock, days ...int) {
	t.Helper()
	for i, n := range days {
		appendAll(t, w, "app", shapes(1000*i, n))
		appendAll(t, w, "app", []entry.Entry{long(byte(i)), message("behind")})
		appendAll(t, w, "system", messages(i, 40))
		must(t, w.Checkpoint())
		must(t, w.Rotate())
		convert(t, w)
		clock.pass(day)
	}
	appendAll(t, w, "app", messages(9000, 3))
	must(t, w.Checkpoint())
}

func prune(t *testing.T, w *journal.Writer, policy journal.Policy) journal.PruneReport {
	t.Helper()
	r, err := w.Prune(context.Background(), policy)
	must(t, err)
	return r
}

func isKept(name string) bool { _, ok := layout.ParseKeptName(name); return ok }

// points reads the checkpoints, to compare later.
func points(t *testing.T, fsys vfs.FS) map[string]seal.Checkpoint {
	t.Helper()
	r, err := journal.OpenReader(fsys, dir)
	must(t, err)
	names, err := r.Journals()
	must(t, err)
	list := map[string]seal.Checkpoint{}
	for _, name := range names {
		list[name], err = r.Checkpoint(name)
		must(t, err)
	}
	return list
}

// verifyPruned verifies and returns how many entries of a journal are said to be pruned.
func verifyPruned(t *testing.T, fsys vfs.FS, name string) (n uint64) {
	t.Helper()
	for _, r := range verify(t, fsys).Pruned {
		if r.Journal == name {
			n += r.Last - r.First + 1
		}
	}
	return n
}

func TestPruneByAge(t *testing.T) {
	fsys, clock := newStore(t), newClock()
	w := open(t, fsys, clock)
	aged(t, w, clock, 300, 212, 255, 5)
	before := points(t, fsys)
	r := prune(t, w, journal.Policy{Others: journal.Retention{MaxAge: 2*day + time.Hour}})
	if len(r.Pruned) != 2 || len(r.Held) != 0 || r.Pruned[0].Journal != "app" || r.Pruned[0].Last != 515 || r.Pruned[0].Reason != journal.ByAge {
		t.Fatalf("%+v", r)
	}
	if n := len(files(fsys, "app", isKept)); n != 2 || len(files(fsys, "app", isSegment)) != 2 {
		t.Errorf("%d segments are pruned", n)
	}
	if n := verifyPruned(t, fsys, "app"); n != 516 {
		t.Errorf("%d entries of app are pruned, want 516", n)
	}
	after := points(t, fsys)
	if before["app"] != after["app"] {
		t.Errorf("the root of app has moved: %v, %v", before["app"], after["app"])
	}
	if list, missing := readSome(t, fsys, "app", false); len(missing) != 0 || len(list) != 267 {
		t.Errorf("%d entries of app, missing %v", len(list), missing)
	}
	r2, err := journal.OpenReader(fsys, dir)
	must(t, err)
	views, err := r2.Snapshot("app")
	must(t, err)
	defer journal.CloseViews(views)
	until, ok := views[0].PrunedUntil()
	if list := views[0].Pruned(); len(list) != 1 || list[0] != (journal.Pruned{First: 0, Last: 515}) || !ok || until.Received == 0 {
		t.Errorf("the view says %v, until %v", list, until)
	}
	if _, err := views[0].LeafHashes(10, 20); !errors.Is(err, journal.ErrPruned) {
		t.Errorf("leaves of what is pruned: %v", err)
	}
	if _, list := controls(t, fsys, layout.System, layout.JournalCreated); len(list) != 2 {
		t.Errorf("%d of 2 control entries of the pruned segments are left", len(list))
	}
	appendAll(t, w, "app", shapes(5000, 300))
	must(t, w.Checkpoint())
	must(t, w.Close())
	again := open(t, fsys, clock)
	appendAll(t, again, "app", messages(0, 3))
	must(t, again.Checkpoint())
	must(t, again.Close())
	verifyPruned(t, fsys, "app")
}

// TestPruneBySize: the oldest go until the rest fits; the newest stay, as do heads.
func TestPruneBySize(t *testing.T) {
	fsys, clock := newStore(t), newClock()
	w := open(t, fsys, clock)
	aged(t, w, clock, 300, 300, 300, 300)
	total := int64(0)
	for _, name := range files(fsys, "app", func(string) bool { return true }) {
		data, err := fsys.ReadFile(dir + "/app/" + strings.TrimPrefix(name, dir+"/app/"))
		must(t, err)
		total += int64(len(data))
	}
	r := prune(t, w, journal.Policy{Journals: map[string]journal.Retention{"app": {MaxBytes: total * 3 / 4}}})
	n := len(files(fsys, "app", isKept))
	if len(r.Pruned) != 1 || r.Pruned[0].Reason != journal.BySize || n < 1 || n > 2 || len(files(fsys, "app", isSegment)) != 4-n {
		t.Errorf("%+v; files %v", r, files(fsys, "app", func(string) bool { return true }))
	}
	must(t, w.Close())
	verifyPruned(t, fsys, "app")
}

// TestPruneForSpace: the oldest segments of all journals go.
func TestPruneForSpace(t *testing.T) {
	fsys, clock := newStore(t), newClock()
	w := open(t, fsys, clock)
	aged(t, w, clock, 300, 300, 300)
	free, err := fsys.Free(dir)
	must(t, err)
	r := prune(t, w, journal.Policy{KeepFree: free + 1, DryRun: true})
	if len(r.Pruned) != 1 || r.Pruned[0].First != 0 || len(files(fsys, "app", isKept)) != 0 {
		t.Errorf("dry run: %+v", r)
	}
	r = prune(t, w, journal.Policy{KeepFree: free + 1<<20})
	if len(r.Pruned) != 2 || len(files(fsys, "app", isKept)) == 0 || len(files(fsys, "system", isKept)) == 0 {
		t.Errorf("%+v", r)
	}
	must(t, w.Close())
	verifyPruned(t, fsys, "app")
}

// TestFloor: nothing younger goes, and a control entry says why, once.
func TestFloor(t *testing.T) {
	fsys, clock := newStore(t), newClock()
	w := open(t, fsys, clock)
	aged(t, w, clock, 20, 20)
	appendAll(t, w, "audit", messages(0, 10))
	must(t, w.Rotate())
	convert(t, w)
	clock.pass(20 * day)
	policy := journal.Policy{Others: journal.Retention{MaxBytes: 1}}
	for range 2 {
		r := prune(t, w, policy)
		if len(files(fsys, "audit", isKept)) != 0 || len(r.Held) != 1 || r.Held[0].Floor != 30*day {
			t.Fatalf("%+v", r)
		}
	}
	if _, list := controls(t, fsys, layout.System, layout.FloorHolds); len(list) != 1 {
		t.Errorf("%d control entries say that the floor holds", len(list))
	}
	policy.Journals = map[string]journal.Retention{"audit": {MaxBytes: 1, Floor: time.Hour}}
	if prune(t, w, policy); len(files(fsys, "audit", isKept)) != 0 {
		t.Error("lowering the floor has let go what came before")
	}
	appendAll(t, w, "audit", messages(0, 10))
	must(t, w.Rotate())
	convert(t, w)
	clock.pass(2 * time.Hour)
	clock.wall += (40 * day).Microseconds() // somebody sets the clock
	if prune(t, w, policy); len(files(fsys, "audit", isKept)) != 0 {
		t.Error("setting the clock has made entries older")
	}
	clock.pass(11 * day)
	if prune(t, w, policy); len(files(fsys, "audit", isKept)) != 2 {
		t.Errorf("old enough, and still there: %v", files(fsys, "audit", isSegment))
	}
	must(t, w.Close())
	verifyPruned(t, fsys, "audit")
}

// TestPruneNothingWrong: what does not fit the tree stays as evidence.
func TestPruneNothingWrong(t *testing.T) {
	fsys, clock := newStore(t), newClock()
	w := open(t, fsys, clock)
	aged(t, w, clock, 300, 300)
	name := dir + "/app/" + layout.SegmentName(0)
	data, err := fsys.ReadFile(name)
	must(t, err)
	for i := 700; i < 900; i++ {
		data[i] ^= 0xff
	}
	must(t, fsys.WriteFile(name, data))
	r, err := w.Prune(context.Background(), journal.Policy{Others: journal.Retention{MaxAge: day}})
	if err == nil || !strings.Contains(err.Error(), layout.SegmentName(0)) || len(r.Pruned) == 0 {
		t.Errorf("%v, %+v", err, r)
	}
	if list := files(fsys, "app", isKept); len(list) != 1 {
		t.Errorf("pruned: %v", list)
	}
	must(t, w.Close())
}

// TestRandomPrunings: whatever goes, in whatever order, all of it is told and every root stays.
func TestRandomPrunings(t *testing.T) {
	for seed := range uint64(12 / stride) {
		rng := rand.New(rand.NewPCG(seed, 3))
		fsys, clock := newStore(t), newClock()
		w := open(t, fsys, clock)
		var roots []seal.Checkpoint
		for step := range 12 {
			appendAll(t, w, "app", shapes(1000*step, 1+rng.IntN(700)))
			if rng.IntN(3) == 0 {
				appendAll(t, w, "system", messages(step, rng.IntN(300)))
				appendAll(t, w, "imported", []entry.Entry{long(byte(step))})
			}
			must(t, w.Checkpoint())
			roots = append(roots, points(t, fsys)["app"])
			must(t, w.Rotate())
			convert(t, w)
			w = timePasses(t, rng, fsys, clock, w)
		}
		appendAll(t, w, "app", messages(0, 1))
		must(t, w.Checkpoint())
		must(t, w.Close())
		n := verifyPruned(t, fsys, "app")
		t.Logf("seed %d: %d of %d entries of app pruned", seed, n, roots[len(roots)-1].Size)
		if t.Failed() {
			t.Fatalf("seed %d", seed)
		}
	}
}

// timePasses lets time pass, and perhaps the clock be set, something be pruned, and the store be opened again without its
// tree.
func timePasses(t *testing.T, rng *rand.Rand, fsys *crashfs.FS, clock *fixedClock, w *journal.Writer) *journal.Writer {
	t.Helper()
	clock.pass(time.Duration(rng.Int64N(int64(2 * day))))
	if rng.IntN(4) == 0 {
		clock.wall -= 3_600_000_000
	}
	if rng.IntN(2) == 0 {
		prune(t, w, journal.Policy{Others: journal.Retention{MaxAge: time.Duration(rng.Int64N(int64(6 * day))),
			MaxBytes: rng.Int64N(60000), Floor: time.Duration(rng.Int64N(int64(2 * day)))}})
	}
	if rng.IntN(4) != 0 {
		return w
	}
	must(t, w.Checkpoint())
	must(t, w.Close())
	verify(t, fsys)
	if rng.IntN(2) == 0 {
		must(t, fsys.Remove(dir+"/app/"+layout.TreeFile))
	}
	return open(t, fsys, clock)
}

// TestProofsBesideWhatIsPruned: what is left of a block that was cut can still be proved, with and without the tree.
func TestProofsBesideWhatIsPruned(t *testing.T) {
	fsys, clock := newStore(t), newClock()
	w := open(t, fsys, clock)
	aged(t, w, clock, 300, 211, 255, 5)
	prune(t, w, journal.Policy{Others: journal.Retention{MaxAge: 2*day + time.Hour}})
	must(t, w.Close())
	size := points(t, fsys)["app"].Size
	root := points(t, fsys)["app"].Root
	for _, what := range []string{"with the tree", "without"} {
		v := snapshot(t, fsys)["app"]
		for index := uint64(515); index < size; index += 7 {
			leaf, err := v.LeafHashes(index, index+1)
			must(t, err)
			proof, err := tlog.ProveRecord(int64(size), int64(index), v.Hashes(size))
			must(t, err)
			if err := tlog.CheckRecord(proof, int64(size), root, int64(index), leaf[0]); err != nil {
				t.Errorf("%s: entry %d: %v", what, index, err)
			}
		}
		if _, err := tlog.ProveRecord(int64(size), 10, v.Hashes(size)); !errors.Is(err, journal.ErrPruned) {
			t.Errorf("%s: proof of what is pruned: %v", what, err)
		}
		tree := dir + "/app/" + layout.TreeFile
		data, err := fsys.ReadFile(tree)
		must(t, err)
		must(t, fsys.WriteFile(tree, data[:64]))
	}
}

// TestProofsOfWhatIsKept: control entries of a pruned segment can still be proved.
func TestProofsOfWhatIsKept(t *testing.T) {
	fsys, clock := newStore(t), newClock()
	w := open(t, fsys, clock)
	aged(t, w, clock, 30, 30, 30)
	prune(t, w, journal.Policy{Others: journal.Retention{MaxAge: day + time.Hour}})
	must(t, w.Close())
	point := points(t, fsys)["system"]
	v := snapshot(t, fsys)["system"]
	indexes, _ := controls(t, fsys, layout.System, layout.JournalCreated)
	if len(indexes) != 2 {
		t.Errorf("control entries %v", indexes)
	}
	for _, index := range indexes {
		leaf, err := v.LeafHashes(index, index+1)
		must(t, err)
		proof, err := tlog.ProveRecord(int64(point.Size), int64(index), v.Hashes(point.Size))
		must(t, err)
		must(t, tlog.CheckRecord(proof, int64(point.Size), point.Root, int64(index), leaf[0]))
	}
}

// goneBlob reports whether a value stayed a reference: its blob went while the segment was still open.
func goneBlob(e *entry.Entry) bool {
	for i := range e.Fields {
		if e.Fields[i].Form == entry.Blob {
			return true
		}
	}
	return false
}

// TestReadWhilePruning: readers see every entry, or that it is pruned, whenever retention takes the files from under them.
func TestReadWhilePruning(t *testing.T) {
	fsys, clock := newStore(t), newClock()
	w := open(t, fsys, clock)
	aged(t, w, clock, 120, 80, 90, 60, 70, 50)
	readWhilePruning(t, fsys, w, func() { convert(t, w) })
	must(t, w.Close())
	if n := verifyPruned(t, fsys, "app"); n == 0 {
		t.Error("nothing was pruned")
	}
}

// readWhilePruning reads app, of six days, forwards and backwards, while one day after the other is pruned.
func readWhilePruning(t *testing.T, fsys *crashfs.FS, w *journal.Writer, rotated func()) {
	t.Helper()
	want, _ := readSome(t, fsys, "app", false)
	stop := make(chan struct{})
	var wait sync.WaitGroup
	for reverse := range 2 {
		wait.Go(func() {
			for done := false; !done; {
				select {
				case <-stop:
					done = true
				default:
				}
				r, err := journal.OpenReader(fsys, dir)
				if err != nil {
					t.Error(err)
					return
				}
				views, err := r.Snapshot("app")
				if err != nil {
					t.Error(err)
					return
				}
				rng := views[0].All()
				rng.Reverse = reverse == 1
				for item, err := range views[0].Entries(rng) {
					if err != nil {
						t.Error(err)
					} else if text := messageOf(item.Entry); want[item.Index] != text && item.Index < uint64(len(want)) && !goneBlob(item.Entry) {
						t.Errorf("entry %d: %.40q", item.Index, text)
					}
				}
				if err := journal.CloseViews(views); err != nil {
					t.Error(err)
				}
			}
		})
	}
	for days := 6; days > 0; days-- {
		prune(t, w, journal.Policy{Others: journal.Retention{MaxAge: time.Duration(days)*day - time.Hour}})
		appendAll(t, w, "app", messages(9100, 20))
		must(t, w.Rotate())
		rotated()
	}
	close(stop)
	wait.Wait()
	must(t, w.Checkpoint())
}

// TestFloorOfANewJournal: a floor that a writer knows from the beginning holds for the store, and for a journal that is
// made later, from the first entry on.
func TestFloorOfANewJournal(t *testing.T) {
	fsys, clock := crashfs.New(), &fixedClock{wall: 1_700_000_000_000_000}
	_, err := journal.CreateWith(fsys, dir, journal.New{Origin: "test.example", Keys: 16})
	must(t, err)
	policy := journal.Policy{Others: journal.Retention{Floor: time.Hour, MaxAge: time.Hour}}
	w, err := journal.OpenWriter(fsys, dir, journal.Options{Clock: clock.read, Floors: &policy})
	must(t, err)
	appendAll(t, w, "app", messages(0, 300))
	appendAll(t, w, layout.System, messages(0, 300))
	must(t, w.Checkpoint())
	must(t, w.Rotate())
	convert(t, w)
	clock.pass(2 * time.Hour)
	appendAll(t, w, "app", messages(300, 1))
	if r := prune(t, w, policy); len(r.Pruned) != 2 || len(r.Held) != 0 {
		t.Errorf("%+v", r)
	}
	must(t, errors.Join(w.Checkpoint(), w.Close()))
	if r := check.Store(fsys, dir, check.Options{}); r.Verdict != check.Unpinned || len(r.Findings) != 0 || len(r.Pruned) != 2 {
		t.Errorf("%s %v", r.Word, r.Findings)
	}
}
