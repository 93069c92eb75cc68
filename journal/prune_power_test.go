package journal_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"constat/entry"
	"constat/internal/vfs"
	"constat/internal/vfs/crashfs"
	"constat/internal/vfs/faultfs"
	"constat/journal"
	"constat/journal/layout"
)

// pruningKinds say of which heads segments are made before retention takes files of two journals away.
var pruningKinds = map[string][3]bool{
	"segments":       {true, true, true},
	"heads":          {},
	"segment, heads": {true, false, false},
}

// pruningSteps is a workload at whose end retention takes segments, heads or both of two journals away.
func (s *session) pruningSteps() []func() error {
	converts := s.converts
	convert := func() error {
		wanted := converts[0]
		if wanted {
			if _, err := s.w.Convert(context.Background()); err != nil {
				return err
			}
		}
		copy(converts[:], converts[1:])
		return nil
	}
	prune := func() error {
		if disk, ok := s.fsys.(*crashfs.FS); ok {
			s.began = disk.Ops()
		}
		_, err := s.w.Prune(context.Background(), journal.Policy{Others: journal.Retention{MaxAge: 2 * day}})
		return err
	}
	return []func() error{
		func() error { return s.l.append(s.w, "app", shapes(0, 300)...) },
		func() error { return s.l.append(s.w, "app", long(1), message("behind")) },
		func() error { return s.l.append(s.w, "system", append(messages(0, 20), longControl())...) },
		func() error { return s.w.Rotate() },
		convert,
		func() error { s.clock.pass(day); return s.l.append(s.w, "app", shapes(300, 20)...) },
		func() error { return s.w.Rotate() },
		convert,
		func() error { s.clock.pass(day); return s.l.append(s.w, "app", shapes(320, 10)...) },
		func() error { return s.w.Rotate() },
		convert,
		func() error { s.clock.pass(day); return s.l.append(s.w, "app", shapes(330, 3)...) },
		func() error { return s.l.checkpoint(s.w, s.fsys) },
		prune,
		func() error { return s.l.append(s.w, "app", shapes(333, 3)...) },
		func() error { return s.l.checkpoint(s.w, s.fsys) },
	}
}

// longControl is a control entry with a value that has to go to a blob.
func longControl() entry.Entry {
	return layout.NewControl("test", "kept, and long", "LONG", strings.Repeat("kept ", 20000))
}

// prunedWell checks a store after a crash or a fault: the next start needs no hand, finishes what was begun, and nothing is
// gone of which nobody has said so.
func prunedWell(t *testing.T, fsys *crashfs.FS, created bool) {
	t.Helper()
	untouched(t, fsys)
	l := newLedger()
	l.created = created
	restart(t, fsys, l)
	verify(t, fsys)
	for _, name := range fsys.Walk() {
		base := name[strings.LastIndex(name, "/")+1:]
		if strings.HasSuffix(base, ".tmp") && !strings.HasPrefix(base, layout.CheckpointFile) && layout.IsUnfinishedSegment(base) || layout.IsTorn(base) && strings.Contains(base, ".kept") {
			t.Errorf("left behind: %s", name)
		}
		if first, ok := layout.ParseKeptName(base); ok {
			for _, gone := range []string{layout.SegmentName(first), layout.HeadName(first)} {
				if _, err := fsys.Stat(strings.TrimSuffix(name, base) + gone); err == nil {
					t.Errorf("%s is there, and %s still", name, gone)
				}
			}
		}
		if layout.IsDamaged(name) {
			t.Errorf("taken for damage: %s", name)
			return
		}
	}
	for _, name := range []string{"app", "system"} {
		if _, missing := readSome(t, fsys, name, true); len(missing) != 0 {
			t.Errorf("missing: %v", missing)
		}
	}
	clock := newClock()
	clock.pass(10 * day)
	w, err := journal.OpenWriter(fsys, dir, journal.Options{Clock: clock.read})
	must(t, err)
	_, err = w.Prune(context.Background(), journal.Policy{Others: journal.Retention{MaxAge: 2 * day}})
	must(t, errors.Join(err, w.Close()))
	verify(t, fsys)
}

// pruningOps is between which operations of the workload retention is at work; with some before and behind.
func pruningOps(t *testing.T, kind string) (from, to int) {
	t.Helper()
	fsys := newDisk(t)
	s := session{t: t, fsys: fsys, l: newLedger(), clock: newClock(), converts: pruningKinds[kind]}
	start := fsys.Ops()
	must(t, s.life())
	if len(files(fsys, "app", isKept)) != 2 || len(files(fsys, "system", isKept)) == 0 {
		t.Fatalf("the workload prunes nothing: %v", files(fsys, "app", isKept))
	}
	prunedWell(t, fsys.Clone(), true)
	return s.began - start - 5, fsys.Ops() - start
}

// life runs the workload up to the first error.
func (s *session) life() error {
	if err := s.open(); err != nil {
		return err
	}
	defer s.w.Close()
	return first(s.pruningSteps()...)
}

func TestPowerLossWhilePruning(t *testing.T) {
	for kind := range pruningKinds {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			from, to := pruningOps(t, kind)
			step := stride
			if kind == "segment, heads" {
				step = 3 * stride // of each there is more in the others
			}
			for k := from; k <= to; k += step {
				pruningLossAt(t, kind, k)
			}
		})
	}
}

func pruningLossAt(t *testing.T, kind string, k int) {
	fsys := newDisk(t)
	powerless(fsys, k)
	s := session{t: t, fsys: fsys, l: newLedger(), clock: newClock(), converts: pruningKinds[kind]}
	err := s.life()
	if err != nil && !errors.Is(err, crashfs.ErrPowerLost) {
		t.Fatalf("operation %d: %v", k, err)
	}
	for name, after := range crashes(fsys, k, 1) {
		prunedWell(t, after, s.l.created)
		if t.Failed() {
			t.Fatalf("power lost at operation %d of the workload, which says %v; disk: %s", k, err, name)
		}
	}
}

// TestPowerLossWhilePruningIsFinished takes the power away a second time, while a start finishes what was begun.
func TestPowerLossWhilePruningIsFinished(t *testing.T) {
	for _, kind := range []string{"segments", "heads"} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			from, to := pruningOps(t, kind)
			for k := from; k < to; k += 5 * stride {
				lossWhileFinishing(t, kind, k)
			}
		})
	}
}

func lossWhileFinishing(t *testing.T, kind string, k int) {
	fsys := newDisk(t)
	powerless(fsys, k)
	s := session{t: t, fsys: fsys, l: newLedger(), clock: newClock(), converts: pruningKinds[kind]}
	_ = s.life()
	killed := fsys.CrashKeepAll()
	for j, done := 0, false; !done; j += stride {
		again := killed.Clone()
		begin := again.Ops()
		powerless(again, j)
		if w, err := journal.OpenWriter(again, dir, journal.Options{Clock: s.clock.read}); err == nil {
			w.Close()
		}
		done = again.Ops()-begin <= j
		prunedWell(t, again.CrashKeepAll(), true)
		if t.Failed() {
			t.Fatalf("power lost at operation %d, and at %d of the next start", k, j)
		}
	}
}

func TestFaultsWhilePruning(t *testing.T) {
	for _, mode := range faultfs.Modes() {
		for _, kind := range []string{"segments", "heads"} {
			t.Run(mode.String()+" "+kind, func(t *testing.T) {
				t.Parallel()
				from, _ := pruningOps(t, kind)
				for k := from; faultWhilePruning(t, kind, mode, k); k += stride {
				}
			})
		}
	}
}

// faultWhilePruning reports whether the workload came to the operation.
func faultWhilePruning(t *testing.T, kind string, mode faultfs.Mode, k int) bool {
	disk := newDisk(t)
	fsys := faultfs.New(disk, faultfs.Plan{At: k, Mode: mode})
	s := session{t: t, fsys: vfs.FS(fsys), l: newLedger(), clock: newClock(), converts: pruningKinds[kind]}
	s.stubborn()
	prunedWell(t, disk.Crash(nil), s.l.created)
	if t.Failed() {
		t.Fatalf("operation %d failed: %q", k, fsys.Failed())
	}
	return fsys.Ops() > k
}

// stubborn is the workload of a caller that does not give up.
func (s *session) stubborn() {
	for i, step := range s.pruningSteps() {
		s.try(fmt.Sprintf("step %d", i), step)
	}
	if s.w != nil {
		s.w.Close()
	}
}
