package journal_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"constat/internal/vfs"
	"constat/internal/vfs/crashfs"
	"constat/internal/vfs/faultfs"
	"constat/journal"
	"constat/journal/check"
)

// erasingLife is a caller with private values: some in a head, some in a segment, some erased in either.
type erasingLife struct {
	session
	signed uint64          // entries of the journal that a checkpoint covers, which must have their values
	gone   map[uint64]bool // acknowledged to be erased
	before *crashfs.FS     // the disk before the first erasure
}

func (s *erasingLife) steps() []func() error {
	add := func(from, n int) func() error {
		return func() error { _, err := s.w.Append("app", people(from, n)); return err }
	}
	sign := func() error {
		size := s.w.Size("app")
		err := s.w.Checkpoint()
		if err == nil {
			s.signed = size
		}
		return err
	}
	erase := func(index uint64) func() error {
		return func() error {
			if disk, ok := s.fsys.(*crashfs.FS); ok && s.before == nil {
				s.before, s.began = disk.Clone(), disk.Ops()
			}
			_, err := s.w.Erase(context.Background(), erasure("app", index))
			if err == nil {
				s.gone[index] = true
			}
			return err
		}
	}
	convert := func() error { _, err := s.w.Convert(context.Background()); return err }
	return []func() error{
		add(0, 3), add(3, 2), sign, add(5, 2), erase(1), add(7, 1), sign, func() error { return s.w.Rotate() },
		convert, add(8, 2), sign, erase(4), erase(6), add(10, 1), sign,
	}
}

func newErasingLife(t *testing.T, fsys vfs.FS) *erasingLife {
	s := &erasingLife{gone: map[uint64]bool{}}
	s.session = session{t: t, fsys: fsys, l: newLedger(), clock: newClock()}
	return s
}

// run runs the workload up to the first error.
func (s *erasingLife) run() error {
	if err := s.open(); err != nil {
		return err
	}
	defer s.w.Close()
	return first(s.steps()...)
}

// erasedWell checks a disk after a crash or a fault: verifying never takes it for tampered, before and after the next
// start; after it a value is there and its erasure not logged, or gone and logged; nothing else is gone.
func (s *erasingLife) erasedWell(t *testing.T, fsys *crashfs.FS) {
	t.Helper()
	if !s.l.created {
		return
	}
	if r := check.Store(fsys, dir, check.Options{}); r.Verdict != check.Unpinned {
		t.Errorf("before the next start: %s %v", r.Word, r.Findings)
	}
	w, err := journal.OpenWriter(fsys, dir, journal.Options{Clock: s.clock.read})
	must(t, err)
	defer w.Close()
	size := w.Size("app")
	r, err := journal.OpenReader(fsys, dir)
	must(t, err)
	said, err := r.Sidecars()
	must(t, err)
	logged := uint64(0)
	for _, e := range said.Erasures {
		logged += e.Count
	}
	found, gone := map[uint64]string{}, uint64(0)
	if size > 0 {
		found = values(t, fsys, "app", "EMAIL", true)
	}
	var persons []int
	for index := range size {
		switch v := found[index]; {
		case v == "<erased>":
			gone++
			persons = append(persons, int(index))
		case v != secret(int(index)):
			t.Errorf("entry %d shows %q", index, v)
		case s.gone[index]:
			t.Errorf("entry %d was erased, and is there again", index)
		}
	}
	if size < s.signed {
		t.Errorf("%d entries, %d were signed", size, s.signed)
	}
	if 2*gone != logged { // a value and the command line that holds it
		t.Errorf("%d values are gone, %d are logged", 2*gone, logged)
	}
	if len(persons) > 0 && s.before != nil {
		unrecoverable(t, s.before, fsys, persons...)
	}
	_, err = w.Append("app", people(int(size), 1))
	must(t, errors.Join(err, w.Checkpoint()))
	if report := verify(t, fsys); report.Erased != logged {
		t.Errorf("verify counts %d erased values, %d are logged", report.Erased, logged)
	}
	for _, name := range files(fsys, "app", func(string) bool { return true }) {
		if len(name) > 4 && name[len(name)-4:] == ".new" {
			t.Errorf("left behind: %s", name)
		}
	}
}

func erasingOps(t *testing.T) (from, to int) {
	t.Helper()
	fsys := newDisk(t)
	s := newErasingLife(t, fsys)
	start := fsys.Ops()
	must(t, s.run())
	if len(s.gone) != 3 {
		t.Fatalf("the workload erases %v", s.gone)
	}
	to = fsys.Ops() - start
	s.erasedWell(t, fsys.Clone())
	return 0, to
}

func TestPowerLossWithPrivateValues(t *testing.T) {
	_, to := erasingOps(t)
	for part := range 2 {
		t.Run(fmt.Sprint(part), func(t *testing.T) {
			t.Parallel()
			for k := part; k <= to; k += 2 * stride {
				fsys := newDisk(t)
				powerless(fsys, k)
				s := newErasingLife(t, fsys)
				err := s.run()
				if err != nil && !errors.Is(err, crashfs.ErrPowerLost) {
					t.Fatalf("operation %d: %v", k, err)
				}
				for name, after := range crashes(fsys, k, 1) {
					s.erasedWell(t, after)
					if t.Failed() {
						t.Fatalf("power lost at operation %d of the workload, which says %v; disk: %s", k, err, name)
					}
				}
			}
		})
	}
}

// TestPowerLossWhileErasingIsFinished takes the power away a second time, while a start finishes an erasure.
func TestPowerLossWhileErasingIsFinished(t *testing.T) {
	_, to := erasingOps(t)
	for k := 0; k < to; k += 7 * stride {
		fsys := newDisk(t)
		powerless(fsys, k)
		s := newErasingLife(t, fsys)
		_ = s.run()
		killed := fsys.CrashKeepAll()
		if s.before == nil {
			continue
		}
		for j := 0; ; j += stride {
			again := killed.Clone()
			begin := again.Ops()
			powerless(again, j)
			if w, err := journal.OpenWriter(again, dir, journal.Options{Clock: s.clock.read}); err == nil {
				w.Close()
			}
			done := again.Ops()-begin <= j
			s.erasedWell(t, again.CrashKeepAll())
			if t.Failed() {
				t.Fatalf("power lost at operation %d, and at %d of the next start", k, j)
			}
			if done {
				break
			}
		}
	}
}

func TestFaultsWithPrivateValues(t *testing.T) {
	for _, mode := range faultfs.Modes() {
		t.Run(mode.String(), func(t *testing.T) {
			t.Parallel()
			for k := 0; ; k += stride {
				disk := newDisk(t)
				fsys := faultfs.New(disk, faultfs.Plan{At: k, Mode: mode})
				s := newErasingLife(t, fsys)
				for i, step := range s.steps() {
					s.try(fmt.Sprintf("step %d", i), step)
				}
				if s.w != nil {
					s.w.Close()
				}
				s.gone = map[uint64]bool{} // the caller appends again what it does not know of: indexes are others
				s.erasedTold(t, disk.Crash(nil))
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

// erasedTold is erasedWell for a workload that may have appended some entries twice.
func (s *erasingLife) erasedTold(t *testing.T, fsys *crashfs.FS) {
	t.Helper()
	w, err := journal.OpenWriter(fsys, dir, journal.Options{Clock: s.clock.read})
	must(t, errors.Join(err, w.Close()))
	r, err := journal.OpenReader(fsys, dir)
	must(t, err)
	said, err := r.Sidecars()
	must(t, err)
	logged, gone := uint64(0), uint64(0)
	for _, e := range said.Erasures {
		logged += e.Count
	}
	for _, v := range values(t, fsys, "app", "EMAIL", true) {
		if v == "<private>" {
			t.Error("a value cannot be read")
		}
		if v == "<erased>" {
			gone++
		}
	}
	if 2*gone != logged || gone < 3 {
		t.Errorf("%d values are gone, %d are logged, 3 were to be erased", 2*gone, logged)
	}
	verify(t, fsys)
}
