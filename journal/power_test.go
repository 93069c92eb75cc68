package journal_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"

	"constat/entry"
	"constat/internal/vfs"
	"constat/internal/vfs/crashfs"
	"constat/journal"
)

// life is the scripted workload: two lives of a writer with everything that it can do. It stops at the first error.
func life(fsys vfs.FS, l *ledger, clock *fixedClock) error {
	if _, err := journal.CreateWith(fsys, dir, journal.New{Origin: "test.example", Keys: 16}); err != nil {
		return err
	}
	l.created = true
	if err := firstLife(fsys, l, clock); err != nil {
		return err
	}
	return secondLife(fsys, l, clock)
}

func firstLife(fsys vfs.FS, l *ledger, clock *fixedClock) error {
	w, err := journal.OpenWriter(fsys, dir, journal.Options{Clock: clock.read})
	if err != nil {
		return err
	}
	defer w.Close()
	return first(
		func() error { return l.append(w, "app", messages(0, 3)...) },
		func() error { return l.append(w, "system", message("to the system journal")) },
		func() error { return l.sync(w) },
		func() error { return l.append(w, "app", message("before"), long(1), message("after")) },
		func() error { return l.append(w, "imported", messages(0, 300)...) },
		func() error { return l.checkpoint(w, fsys) },
		func() error { return l.append(w, "app", long(2)) },
		func() error { return w.Rotate() },
		func() error { return l.append(w, "app", long(3), message("of the new head")) },
		func() error { return l.append(w, "late", long(4)) },
		func() error { return l.sync(w) },
		func() error { return l.append(w, "imported", messages(300, 5)...) },
	)
}

func secondLife(fsys vfs.FS, l *ledger, clock *fixedClock) error {
	w, err := journal.OpenWriter(fsys, dir, journal.Options{Clock: clock.read})
	if err != nil {
		return err
	}
	defer w.Close()
	l.acknowledge() // what a writer finds, it makes durable
	return first(
		func() error { return l.append(w, "app", messages(10, 2)...) },
		func() error { return l.append(w, "imported", messages(305, 300)...) },
		func() error { return l.checkpoint(w, fsys) },
		func() error { clock.wall -= 3_600_000_000; return l.append(w, "app", message("another epoch")) },
		func() error { return l.append(w, "app", long(5)) },
	)
}

// first runs steps up to the first that fails.
func first(steps ...func() error) error {
	for i, step := range steps {
		if err := step(); err != nil {
			return fmt.Errorf("step %d: %w", i, err)
		}
	}
	return nil
}

// powerless is a disk that loses its power at operation k.
func powerless(fsys *crashfs.FS, k int) {
	from := fsys.Ops()
	fsys.SetHook(func(op crashfs.Op) error {
		if op.Index-from == k {
			fsys.PowerOff()
		}
		return nil
	})
}

// crashes are the states in which a disk may be found: the least, all that was written, and random ones.
func crashes(fsys *crashfs.FS, k int, random uint64) map[string]*crashfs.FS {
	after := map[string]*crashfs.FS{"least": fsys.Crash(nil), "killed": fsys.CrashKeepAll()}
	for seed := range random {
		after[fmt.Sprintf("seed %d", seed)] = fsys.Crash(rand.New(rand.NewPCG(uint64(k), seed)))
	}
	return after
}

// restart opens the store after a crash, with no hand, appends to every journal, signs and closes.
func restart(t *testing.T, fsys *crashfs.FS, l *ledger) {
	t.Helper()
	clock := newClock()
	clock.wall += 60_000_000
	clear(l.received) // what was not acknowledged by now never will be
	w, err := journal.OpenWriter(fsys, dir, journal.Options{Clock: clock.read})
	if errors.Is(err, journal.ErrNoStore) && !l.created {
		if _, err = journal.CreateWith(fsys, dir, journal.New{Origin: "test.example", Keys: 16}); err == nil {
			l.created = true
			w, err = journal.OpenWriter(fsys, dir, journal.Options{Clock: clock.read})
		}
	}
	if err != nil {
		t.Errorf("open: %v", err)
		return
	}
	defer w.Close()
	for _, name := range []string{"system", "app", "imported", "late"} {
		list := []entry.Entry{message("after the crash"), long(6)}
		if name == "system" || name == "imported" {
			list = list[:1]
		}
		if err := l.append(w, name, list...); err != nil {
			t.Errorf("append to %s: %v", name, err)
		}
	}
	if err := l.checkpoint(w, fsys); err != nil {
		t.Errorf("checkpoint: %v", err)
	}
}

// survive checks one state of the disk after a crash.
func survive(t *testing.T, fsys *crashfs.FS, l *ledger, again bool) {
	t.Helper()
	untouched(t, fsys)
	restart(t, fsys, l)
	if again {
		fsys = fsys.Crash(nil)
		restart(t, fsys, l)
	}
	l.holds(t, fsys)
	epochsTold(t, fsys)
	tornTold(t, fsys)
	verify(t, fsys)
}

func newDisk(t *testing.T) *crashfs.FS {
	t.Helper()
	fsys := crashfs.New()
	if err := fsys.Mkdir("/var", 0o755); err != nil {
		t.Fatal(err)
	}
	if err := fsys.SyncDir("/"); err != nil {
		t.Fatal(err)
	}
	return fsys
}

// TestPowerLoss takes the power away at every operation in turn.
func TestPowerLoss(t *testing.T) {
	for part := range 2 {
		t.Run(fmt.Sprint(part), func(t *testing.T) {
			t.Parallel()
			for k := part; powerLossAt(t, k); k += 2 * stride {
			}
		})
	}
}

// powerLossAt takes the power away at operation k, and says whether there is one.
func powerLossAt(t *testing.T, k int) bool {
	fsys, l := newDisk(t), newLedger()
	from := fsys.Ops()
	powerless(fsys, k)
	err := life(fsys, l, newClock())
	if err != nil && !errors.Is(err, crashfs.ErrPowerLost) {
		t.Fatalf("operation %d: %v", k, err)
	}
	for name, after := range crashes(fsys, k, 1) {
		survive(t, after, l.clone(), name == "killed")
		if t.Failed() {
			t.Fatalf("power lost at operation %d of the workload, which says %v; disk: %s", k, err, name)
		}
	}
	return fsys.Ops()-from > k
}

// TestPowerLossWhileRecovering takes the power away a second time, during the recovery.
func TestPowerLossWhileRecovering(t *testing.T) {
	for part := range 2 {
		t.Run(fmt.Sprint(part), func(t *testing.T) {
			t.Parallel()
			for k := 17 + 31*part; powerLossTwice(t, k); k += 62 * stride {
			}
		})
	}
}

func powerLossTwice(t *testing.T, k int) bool {
	fsys, l := newDisk(t), newLedger()
	from := fsys.Ops()
	powerless(fsys, k)
	_ = life(fsys, l, newClock())
	for name, after := range crashes(fsys, k, 1) {
		for j := 0; ; j++ {
			second := after.Clone()
			powerless(second, j)
			w, err := journal.OpenWriter(second, dir, journal.Options{Clock: newClock().read})
			if err == nil {
				w.Close()
			}
			third := second.Crash(rand.New(rand.NewPCG(uint64(j), uint64(k))))
			if j%2 == 0 {
				third = second.CrashKeepAll()
			}
			survive(t, third, l.clone(), j%2 == 0)
			if t.Failed() {
				t.Fatalf("power lost at operation %d, then at operation %d of the recovery; disk: %s", k, j, name)
			}
			if second.Ops() <= j {
				break
			}
		}
	}
	return fsys.Ops()-from > k
}
