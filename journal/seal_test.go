package journal_test

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"constat/entry"
	"constat/internal/vfs"
	"constat/internal/vfs/crashfs"
	"constat/internal/vfs/faultfs"
	"constat/journal"
	"constat/journal/layout"
	"constat/seal"
)

// sealKeys is so small that generations follow each other.
const sealKeys = 4

// sealedStore makes a store with few seal keys.
func sealedStore(fsys vfs.FS) error {
	_, err := journal.CreateWith(fsys, dir, journal.New{Origin: "test.example", Keys: sealKeys})
	return err
}

// boot is the machine that a test runs on.
func boot(n byte) func() journal.Machine {
	return func() journal.Machine { return journal.Machine{Boot: seal.BootID{n}, Synchronised: true} }
}

func openOn(fsys vfs.FS, c *fixedClock, n byte) (*journal.Writer, error) {
	return journal.OpenWriter(fsys, dir, journal.Options{Clock: c.read, Machine: boot(n)})
}

// audited is what an audit of a store finds.
type audited struct {
	*seal.Audit
	seals    int
	problems []string
}

// audit checks all seals of a store: rules, signatures, sizes and roots.
func audit(t *testing.T, fsys vfs.FS) audited {
	t.Helper()
	r, err := journal.OpenReader(fsys, dir)
	if err != nil {
		t.Fatal(err)
	}
	views, err := r.Snapshot()
	if err != nil {
		t.Fatal(err)
	}
	defer journal.CloseViews(views)
	roots := map[string][]seal.Hash{}
	for _, v := range views {
		roots[v.Journal.Name] = rootsBySize(t, v)
	}
	a := audited{Audit: seal.NewAudit(r.Certificate(), layout.System)}
	for _, v := range views {
		if v.Journal.Name != layout.System {
			continue
		}
		for item, err := range v.Entries(v.All()) {
			if err != nil {
				t.Fatal(err)
			}
			a.take(item, roots)
		}
	}
	return a
}

// rootsBySize returns the root of a journal at each size.
func rootsBySize(t *testing.T, v *journal.View) []seal.Hash {
	t.Helper()
	var f seal.Frontier
	roots := []seal.Hash{f.Root()}
	nonces := entry.NewNonces(v.Journal.NonceKey)
	for item, err := range v.Entries(v.All()) {
		if err != nil {
			t.Fatal(err)
		}
		body, err := entry.AppendBody(nil, item.Entry)
		if err != nil {
			t.Fatal(err)
		}
		f.Append(nonces.LeafHash(item.Index, body))
		roots = append(roots, f.Root())
	}
	return roots
}

func (a *audited) take(item journal.Item, roots map[string][]seal.Hash) {
	at := seal.Point{Index: item.Index, Epoch: item.Entry.Epoch, Received: item.Entry.Received}
	var problems []seal.Problem
	switch {
	case item.Entry.Kind == entry.Seal:
		record, _ := item.Entry.Get(layout.SealField)
		s, err := seal.ParseSeal(record)
		if err != nil {
			a.problems = append(a.problems, err.Error())
			return
		}
		a.seals++
		var keys seal.Keys
		var position uint32
		keys, position, problems = a.Seal(&s, at)
		if err := s.Verify(keys, position); err != nil {
			a.problems = append(a.problems, err.Error())
		}
		for _, j := range s.List {
			if list := roots[j.Name]; j.Size >= uint64(len(list)) || list[j.Size] != j.Root {
				a.problems = append(a.problems, fmt.Sprintf("seal %d: journal %s has no %d entries under that root", s.Counter, j.Name, j.Size))
			}
		}
	case layout.Text(item.Entry, layout.Control) == layout.CertificateMade:
		e, err := seal.ParseEndorsed(layout.Text(item.Entry, layout.CertificateText))
		if err != nil {
			a.problems = append(a.problems, err.Error())
			return
		}
		problems = a.Certificate(&e, at)
	}
	for _, p := range problems {
		a.problems = append(a.problems, p.Rule+": "+p.Text)
	}
}

// sound fails the test unless the seals of a store are sound, none of it by the identity alone.
func sound(t *testing.T, fsys vfs.FS) audited {
	t.Helper()
	a := audit(t, fsys)
	for _, p := range a.problems {
		t.Error(p)
	}
	if len(a.Reseeds) > 0 {
		t.Errorf("seeds were lost: %v", a.Reseeds)
	}
	verify(t, fsys)
	return a
}

func TestSealsFollowEachOther(t *testing.T) {
	fsys, clock := newDisk(t), newClock()
	if err := sealedStore(fsys); err != nil {
		t.Fatal(err)
	}
	w, err := openOn(fsys, clock, 1)
	if err != nil {
		t.Fatal(err)
	}
	if _, waiting := w.Unsealed(); !waiting {
		t.Error("nothing waits for the first seal")
	}
	for i := range 10 {
		appendAll(t, w, "app", messages(i, 3))
		s, err := w.Seal(seal.Interval)
		if err != nil {
			t.Fatal(err)
		}
		if want := map[bool]seal.Reason{true: seal.Boot, false: seal.Interval}[i == 0]; s.Reason != want || s.Counter != uint64(i) {
			t.Errorf("seal %d: counter %d, reason %s, want %s", i, s.Counter, s.Reason, want)
		}
		if since, waiting := w.Unsealed(); waiting {
			t.Errorf("after seal %d something waits since %d", i, since)
		}
	}
	if s, err := w.Seal(seal.Stop); err != nil || s.Reason != seal.Stop {
		t.Errorf("%s, %v", s.Reason, err)
	}
	w.Close()
	a := sound(t, fsys)
	if number, _ := a.Generation(); a.seals != 11 || number != 3 || len(a.Silences) != 0 {
		t.Errorf("%d seals, generation %d, silences %v", a.seals, number, a.Silences)
	}
}

// TestSealsGoOn: the chain goes on over restarts and boots, and a process that did not run says so.
func TestSealsGoOn(t *testing.T) {
	fsys, clock := newDisk(t), newClock()
	if err := sealedStore(fsys); err != nil {
		t.Fatal(err)
	}
	for life := range byte(6) {
		w, err := openOn(fsys, clock, life/2)
		if err != nil {
			t.Fatal(err)
		}
		appendAll(t, w, "app", messages(0, 300))
		if life%2 == 0 {
			_, err = w.Seal(seal.Boot)
			clock.wall, clock.boot = clock.wall+3_600_000_000, clock.boot+3_600_000_000
			if s, err := w.Seal(seal.Urgent); err != nil || s.Reason != seal.Resume {
				t.Errorf("an hour late: %s, %v", s.Reason, err)
			}
		} else {
			_, err = w.SealAlone()
		}
		if err != nil {
			t.Fatal(err)
		}
		w.Close()
		clock.boot += 1_000_000
		if life%2 == 1 {
			clock.boot = 0
		}
	}
	a := sound(t, fsys)
	slept, restarted := 0, 0
	for _, s := range a.Silences {
		if s.Slept {
			slept++
		} else {
			restarted++
		}
	}
	if a.seals != 12 || slept != 3 || restarted != 3 {
		t.Errorf("%d seals, silences %+v", a.seals, a.Silences)
	}
}

// livesWithSeals is the workload that loses its power: everything that a sealer does, over several generations. made is
// told of each seal that the caller was told of.
func livesWithSeals(fsys vfs.FS, clock *fixedClock, made func(seal.Seal)) error {
	if err := sealedStore(fsys); err != nil {
		return err
	}
	for life := range byte(2) {
		if err := livesWithSealsOn(fsys, clock, life, made); err != nil {
			return err
		}
	}
	return nil
}

func livesWithSealsOn(fsys vfs.FS, clock *fixedClock, n byte, made func(seal.Seal)) error {
	w, err := openOn(fsys, clock, n)
	if err != nil {
		return err
	}
	defer w.Close()
	for i := range 5 {
		if _, err := w.Append([]string{"app", "other"}[i%2], messages(i, 2)); err != nil {
			return err
		}
		if i == 3 {
			clock.wall -= 100_000_000 // a step
		}
		reason := seal.Interval
		if i == 4 {
			reason = seal.Stop
		}
		s, err := w.Seal(reason)
		if err != nil {
			return err
		}
		made(s)
	}
	return nil
}

// sealsAgain opens a store after a crash and seals, twice; all seals that were made before are there.
func sealsAgain(t *testing.T, fsys *crashfs.FS, before []seal.Seal) {
	t.Helper()
	clock := newClock()
	clock.wall += 60_000_000
	w, err := openOn(fsys, clock, 99)
	if errors.Is(err, journal.ErrNoStore) && len(before) == 0 {
		if err = sealedStore(fsys); err == nil {
			w, err = openOn(fsys, clock, 99)
		}
	}
	if err != nil {
		t.Errorf("open: %v", err)
		return
	}
	defer w.Close()
	for _, notice := range w.Notices() {
		if notice != "store created" && !isTornNotice(notice) {
			t.Errorf("a false alarm: %s", notice)
		}
	}
	last, _, _ := w.LastSeal()
	if n := len(before); n > 0 && last.Counter < before[n-1].Counter {
		t.Errorf("seal %d is gone, the last is %d", before[n-1].Counter, last.Counter)
	}
	if _, err := w.Append("app", messages(0, 1)); err != nil {
		t.Error(err)
	}
	if _, err := w.SealAlone(); err != nil {
		t.Error(err)
	}
	w.Close()
	sound(t, fsys)
}

// TestPowerLossWhileSealing takes the power away at every operation: never a false alarm, never a counter twice.
func TestPowerLossWhileSealing(t *testing.T) {
	for part := range 2 {
		t.Run(fmt.Sprint(part), func(t *testing.T) {
			t.Parallel()
			for k := part; powerLossWhileSealing(t, k); k += 2 * stride {
			}
		})
	}
}

func powerLossWhileSealing(t *testing.T, k int) bool {
	fsys := newDisk(t)
	from := fsys.Ops()
	powerless(fsys, k)
	var before []seal.Seal
	err := livesWithSeals(fsys, newClock(), func(s seal.Seal) { before = append(before, s) })
	if err != nil && !errors.Is(err, crashfs.ErrPowerLost) {
		t.Fatalf("operation %d: %v", k, err)
	}
	for name, after := range crashes(fsys, k, 2) {
		sealsAgain(t, after, before)
		if t.Failed() {
			t.Fatalf("power lost at operation %d of the workload, which says %v; disk: %s", k, err, name)
		}
	}
	return fsys.Ops()-from > k
}

// TestFaultsWhileSealing makes every operation fail once; whoever seals tries again.
func TestFaultsWhileSealing(t *testing.T) {
	for _, mode := range faultfs.Modes() {
		t.Run(mode.String(), func(t *testing.T) {
			t.Parallel()
			for k := 0; faultWhileSealing(t, mode, k); k += stride {
			}
		})
	}
}

func faultWhileSealing(t *testing.T, mode faultfs.Mode, k int) bool {
	disk := newDisk(t)
	fsys := faultfs.New(disk, faultfs.Plan{At: k, Mode: mode})
	s := session{t: t, fsys: fsys, l: newLedger(), clock: newClock(), keys: sealKeys}
	var before []seal.Seal
	for i := range 8 {
		s.try("append", func() error { _, err := s.w.Append([]string{"app", "other"}[i%2], messages(i, 2)); return err })
		s.try("seal", func() error {
			made, err := s.w.Seal(seal.Interval)
			if err == nil {
				before = append(before, made)
			}
			return err
		})
	}
	if s.w != nil {
		s.w.Close()
	}
	for i := 1; i < len(before); i++ {
		if before[i].Counter <= before[i-1].Counter {
			t.Errorf("seal %d follows seal %d", before[i].Counter, before[i-1].Counter)
		}
	}
	sealsAgain(t, disk.Crash(nil), before)
	sealsAgain(t, disk, before)
	if t.Failed() {
		t.Fatalf("operation %d failed: %q", k, fsys.Failed())
	}
	return fsys.Ops() > k
}

// isTornNotice reports whether a notice speaks of no more than what a crash leaves.
func isTornNotice(notice string) bool {
	return strings.Contains(notice, "were not whole after a crash") || strings.Contains(notice, "were set aside by an earlier start") ||
		strings.Contains(notice, "seal keys of generation") && !strings.Contains(notice, "identity")
}

// TestSealBesideAppending seals and signs while others append, to journals that are there and to new ones.
func TestSealBesideAppending(t *testing.T) {
	fsys, clock := newDisk(t), newClock()
	if err := sealedStore(fsys); err != nil {
		t.Fatal(err)
	}
	w, err := openOn(fsys, clock, 1)
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	var writers sync.WaitGroup
	for n := range 3 {
		writers.Go(func() {
			for i := 0; ; i++ {
				select {
				case <-done:
					return
				default:
				}
				name := []string{"app", "other", layout.System, fmt.Sprintf("late-%d", i/40%5)}[(i+n)%4]
				if _, err := w.Append(name, messages(i, 3)); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	writers.Go(func() {
		for range 20 {
			if err := w.Checkpoint(); err != nil {
				t.Error(err)
			}
		}
	})
	for range 20 {
		if _, err := w.Seal(seal.Interval); err != nil {
			t.Error(err)
		}
	}
	close(done)
	writers.Wait()
	if _, err := w.Seal(seal.Stop); err != nil {
		t.Error(err)
	}
	w.Close()
	if a := sound(t, fsys); a.seals != 21 {
		t.Errorf("%d seals", a.seals)
	}
}
