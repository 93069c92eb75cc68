package journal_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"constat/internal/vfs"
	"constat/internal/vfs/crashfs"
	"constat/internal/vfs/faultfs"
	"constat/journal"
	"constat/journal/layout"
)

// sealingLife is a workload of heads that become segments, below and above the checkpoint. It stops at the first error.
func sealingLife(fsys vfs.FS, l *ledger, clock *fixedClock) error {
	if _, err := journal.CreateWith(fsys, dir, journal.New{Origin: "test.example", Keys: 16}); err != nil {
		return err
	}
	l.created = true
	w, err := journal.OpenWriter(fsys, dir, journal.Options{Clock: clock.read})
	if err != nil {
		return err
	}
	defer w.Close()
	convert := func() error { _, err := w.Convert(context.Background()); return err }
	return first(
		func() error { return l.append(w, "app", shapes(0, 300)...) },
		func() error { return l.append(w, "app", long(1), message("behind")) },
		func() error { return l.append(w, "system", message("to the system journal")) },
		func() error { return l.checkpoint(w, fsys) },
		w.Rotate,
		convert,
		func() error { return l.append(w, "app", shapes(300, 220)...) },
		w.Rotate,
		func() error { return l.append(w, "app", shapes(520, 9)...) },
		w.Rotate,
		func() error { l.acknowledge(); return nil },
		func() error { return l.append(w, "app", long(3), message("of the new head")) },
		convert,
		func() error { return l.append(w, "app", shapes(529, 3)...) },
		func() error { return l.checkpoint(w, fsys) },
	)
}

// tidy checks that nothing of a conversion is left, and that nothing was lost through one.
func tidy(t *testing.T, fsys *crashfs.FS) {
	t.Helper()
	for _, name := range fsys.Walk() {
		base := name[strings.LastIndex(name, "/")+1:]
		if layout.IsUnfinishedSegment(base) || strings.Contains(base, ".seg.torn") {
			t.Errorf("left behind: %s", name)
		}
		if first, ok := layout.ParseSegmentName(base); ok {
			if _, err := fsys.Stat(strings.TrimSuffix(name, base) + layout.HeadName(first)); err == nil {
				t.Errorf("%s is still there, and its head", name)
			}
		}
	}
}

// outlive checks one state of the disk after a crash: the next start needs no hand, and converts what is left.
func outlive(t *testing.T, fsys *crashfs.FS, l *ledger) {
	t.Helper()
	untouched(t, fsys)
	restart(t, fsys, l)
	l.holds(t, fsys)
	w, err := journal.OpenWriter(fsys, dir, journal.Options{Clock: newClock().read})
	if err != nil {
		t.Errorf("open again: %v", err)
		return
	}
	defer w.Close()
	tidy(t, fsys)
	must(t, w.Rotate())
	convert(t, w)
	tidy(t, fsys)
	l.holds(t, fsys)
	must(t, w.Checkpoint())
	verify(t, fsys)
}

// TestPowerLossWhileConverting takes the power away at every operation in turn.
func TestPowerLossWhileConverting(t *testing.T) {
	for part := range 2 {
		t.Run(fmt.Sprint(part), func(t *testing.T) {
			t.Parallel()
			for k := part; sealingLossAt(t, k); k += 2 * stride {
			}
		})
	}
}

func sealingLossAt(t *testing.T, k int) bool {
	fsys, l := newDisk(t), newLedger()
	from := fsys.Ops()
	powerless(fsys, k)
	err := sealingLife(fsys, l, newClock())
	if err != nil && !errors.Is(err, crashfs.ErrPowerLost) {
		t.Fatalf("operation %d: %v", k, err)
	}
	for name, after := range crashes(fsys, k, 1) {
		outlive(t, after, l.clone())
		if t.Failed() {
			t.Fatalf("power lost at operation %d of the workload, which says %v; disk: %s", k, err, name)
		}
	}
	return fsys.Ops()-from > k
}

// TestPowerLossWhileRecoveringSegments takes the power away a second time, during the recovery.
func TestPowerLossWhileRecoveringSegments(t *testing.T) {
	for k := 30; ; k += 7 * stride {
		fsys, l := newDisk(t), newLedger()
		from := fsys.Ops()
		powerless(fsys, k)
		_ = sealingLife(fsys, l, newClock())
		killed := fsys.CrashKeepAll()
		for j := 0; ; j++ {
			second := killed.Clone()
			powerless(second, j)
			if w, err := journal.OpenWriter(second, dir, journal.Options{Clock: newClock().read}); err == nil {
				w.Close()
			}
			third := second.Crash(rand.New(rand.NewPCG(uint64(j), uint64(k))))
			if j%2 == 0 {
				third = second.Crash(nil)
			}
			outlive(t, third, l.clone())
			if t.Failed() {
				t.Fatalf("power lost at operation %d, then at operation %d of the recovery", k, j)
			}
			if second.Ops() <= j {
				break
			}
		}
		if fsys.Ops()-from <= k {
			return
		}
	}
}

// sealingSession is [sealingLife] for a caller that does not give up.
func (s *session) sealing() {
	for i, step := range []func() error{
		func() error { return s.l.append(s.w, "app", shapes(0, 300)...) },
		func() error { return s.l.append(s.w, "app", long(1), message("behind")) },
		func() error { return s.l.append(s.w, "system", message("to the system journal")) },
		func() error { return s.l.checkpoint(s.w, s.fsys) },
		func() error { return s.w.Rotate() },
		func() error { _, err := s.w.Convert(context.Background()); return err },
		func() error { return s.l.append(s.w, "app", shapes(300, 220)...) },
		func() error { return s.w.Rotate() },
		func() error { _, err := s.w.Convert(context.Background()); return err },
		func() error { return s.l.append(s.w, "app", long(3), message("of the new head")) },
		func() error { return s.l.checkpoint(s.w, s.fsys) },
	} {
		s.try(fmt.Sprintf("step %d", i), step)
	}
	if s.w != nil {
		s.w.Close()
	}
}

// TestFaultsWhileConverting makes every operation fail once, in every way.
func TestFaultsWhileConverting(t *testing.T) {
	for _, mode := range faultfs.Modes() {
		t.Run(mode.String(), func(t *testing.T) {
			t.Parallel()
			for k := 0; ; k += stride {
				disk, l := newDisk(t), newLedger()
				fsys := faultfs.New(disk, faultfs.Plan{At: k, Mode: mode})
				s := session{t: t, fsys: fsys, l: l, clock: newClock()}
				s.sealing()
				l.holds(t, disk)
				after := disk.Crash(nil)
				outlive(t, after, l)
				if t.Failed() {
					t.Fatalf("operation %d failed: %q", k, fsys.Failed())
				}
				if fsys.Ops() <= k {
					return
				}
			}
		})
	}
}
