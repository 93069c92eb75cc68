package journal_test

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"syscall"
	"testing"

	"constat/internal/vfs"
	"constat/internal/vfs/crashfs"
	"constat/internal/vfs/faultfs"
	"constat/journal"
)

// session is a caller that does not give up: it tries again after an error, and opens a broken writer again.
type session struct {
	t     *testing.T
	fsys  vfs.FS
	l     *ledger
	clock *fixedClock
	w     *journal.Writer
	began int    // operation at which the workload came to what the test is about
	keys  uint32 // of a generation; 0: 16

	converts [3]bool // of the pruning workload: see pruningKinds
}

// try does a step until it works. One fault may cost several steps, but not many.
func (s *session) try(what string, step func() error) {
	s.t.Helper()
	var err error
	for range 5 {
		if s.w == nil {
			if err = s.open(); err != nil {
				continue
			}
		}
		if err = step(); err == nil {
			return
		}
		if errors.Is(err, journal.ErrBroken) {
			s.w.Close()
			s.w = nil
		}
	}
	s.t.Errorf("%s: %v", what, err)
}

// open opens the store, which is made if need be. What was received by a writer that broke may be gone, but nothing
// that was durable.
func (s *session) open() (err error) {
	if !s.l.created {
		_, err = journal.CreateWith(s.fsys, dir, journal.New{Origin: "test.example", Keys: cmp.Or(s.keys, 16)})
		if s.l.created = err == nil || errors.Is(err, journal.ErrExists); !s.l.created {
			return err
		}
	}
	if s.w, err = journal.OpenWriter(s.fsys, dir, journal.Options{Clock: s.clock.read}); err != nil {
		s.w = nil
		return err
	}
	for name, list := range s.l.received {
		maps.DeleteFunc(list, func(index uint64, _ string) bool { return index >= s.w.Size(name) })
	}
	return nil
}

// run is the workload.
func (s *session) run() {
	steps := []struct {
		what string
		do   func() error
	}{
		{"append", func() error { return s.l.append(s.w, "app", messages(0, 3)...) }},
		{"append blob", func() error { return s.l.append(s.w, "app", message("before"), long(1)) }},
		{"append block", func() error { return s.l.append(s.w, "system", messages(0, 300)...) }},
		{"checkpoint", func() error { return s.l.checkpoint(s.w, s.fsys) }},
		{"append", func() error { return s.l.append(s.w, "app", long(2)) }},
		{"rotate", func() error { return s.w.Rotate() }},
		{"append to a new head", func() error { return s.l.append(s.w, "app", long(3)) }},
		{"append to a new journal", func() error { return s.l.append(s.w, "late", long(4)) }},
		{"sync", func() error { return s.l.sync(s.w) }},
		{"step of the clock", func() error { s.clock.wall -= 3_600_000_000; return s.l.append(s.w, "app", message("epoch")) }},
		{"append", func() error { return s.l.append(s.w, "app", messages(3, 3)...) }},
		{"sync", func() error { return s.l.sync(s.w) }},
		{"checkpoint", func() error { return s.l.checkpoint(s.w, s.fsys) }},
	}
	for _, step := range steps {
		s.try(step.what, step.do)
	}
	if s.w != nil {
		s.w.Close()
	}
}

// kept checks the disk after a session, as it is and after a power loss.
func kept(t *testing.T, disk *crashfs.FS, l *ledger) {
	t.Helper()
	untouched(t, disk)
	l.holds(t, disk)
	epochsTold(t, disk)
	after := disk.Crash(nil)
	restart(t, after, l)
	l.holds(t, after)
	verify(t, after)
}

// TestFaults makes every operation fail once, in every way.
func TestFaults(t *testing.T) {
	for _, mode := range faultfs.Modes() {
		t.Run(mode.String(), func(t *testing.T) {
			t.Parallel()
			for k := 0; ; k += stride {
				disk, l := newDisk(t), newLedger()
				fsys := faultfs.New(disk, faultfs.Plan{At: k, Mode: mode})
				s := session{t: t, fsys: fsys, l: l, clock: newClock()}
				s.run()
				kept(t, disk, l)
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

// TestLostSync makes every operation fail once on a disk on which a sync that fails loses what it should have kept, for
// good, although it can still be read.
func TestLostSync(t *testing.T) {
	for k := 0; ; k += stride {
		disk, l := newDisk(t), newLedger()
		from, failed := disk.Ops(), ""
		disk.SetHook(func(op crashfs.Op) error {
			if op.Index-from == k {
				failed = op.String()
				return syscall.EIO
			}
			return nil
		})
		s := session{t: t, fsys: disk, l: l, clock: newClock()}
		s.run()
		disk.SetHook(nil)
		kept(t, disk, l)
		if t.Failed() {
			t.Fatalf("operation %d failed: %s", k, failed)
		}
		if failed == "" {
			return
		}
	}
}

// TestFaultsOnward makes everything fail from some operation on: the writer says so, and what it has said before holds.
func TestFaultsOnward(t *testing.T) {
	for k := 0; ; k += 5 * stride {
		disk, l := newDisk(t), newLedger()
		fsys := faultfs.New(disk, faultfs.Plan{At: k, Mode: faultfs.Modes()[k/5%3], Onward: true})
		err := life(fsys, l, newClock())
		if (err == nil) != (fsys.Ops() <= k) {
			t.Fatalf("from operation %d on: %v, but failed: %q", k, err, fsys.Failed())
		}
		untouched(t, disk)
		for name, after := range crashes(disk, k, 1) {
			restart(t, after, l.clone())
			l.holds(t, after)
			verify(t, after)
			if t.Failed() {
				t.Fatalf("from operation %d on, disk %s: %v", k, name, err)
			}
		}
		if fsys.Ops() <= k {
			return
		}
	}
}

// TestFullDisk lets the disk be full at every point of the life of one writer, which goes on once there is space.
func TestFullDisk(t *testing.T) {
	for room := int64(0); ; room += 37 * stride {
		disk, l, clock := newDisk(t), newLedger(), newClock()
		if _, err := journal.CreateWith(disk, dir, journal.New{Origin: "test.example", Keys: 16}); err != nil {
			t.Fatal(err)
		}
		l.created = true
		w := open(t, disk, clock)
		if err := l.append(w, "app", messages(0, 3)...); err != nil {
			t.Fatal(err)
		}
		disk.SetCapacity(disk.Used() + room)
		full := false
		big := long(4)
		for i, step := range []func() error{
			func() error { return l.append(w, "app", message("before"), big) },
			func() error { clock.wall -= 3_600_000_000; return l.append(w, "app", message("another epoch")) },
			func() error { return l.append(w, "late", message("new journal"), big) },
			func() error { return l.sync(w) },
			func() error { return l.append(w, "system", messages(0, 300)...) },
			func() error { return l.checkpoint(w, disk) },
			func() error { return w.Rotate() },
			func() error { return l.append(w, "app", big) },
			func() error { return l.checkpoint(w, disk) },
		} {
			err := step()
			if err != nil && (!errors.Is(err, syscall.ENOSPC) || errors.Is(err, journal.ErrBroken)) {
				t.Fatalf("%d bytes left, step %d: %v", room, i, err)
			}
			if full = full || err != nil; err == nil {
				continue
			}
			untouched(t, disk)
			disk.SetCapacity(-1)
			if i == 1 {
				clock.wall += 3_600_000_000
			}
			if err := step(); err != nil {
				t.Fatalf("%d bytes left, step %d again, with space: %v", room, i, err)
			}
		}
		w.Close()
		disk.SetCapacity(-1)
		kept(t, disk, l)
		if t.Failed() {
			t.Fatalf("%d bytes left", room)
		}
		if !full {
			t.Logf("%d bytes were enough", room)
			return
		}
	}
}

// TestReferenceRefused: an entry that names a blob which is not its own cannot be kept.
func TestReferenceRefused(t *testing.T) {
	fsys, clock := newStore(t), newClock()
	w := open(t, fsys, clock)
	e := message("x")
	e.Fields[0].Form, e.Fields[0].Value, e.Fields[0].Size = 2, make([]byte, 32), 100
	if first, err := w.Append("app", append(messages(0, 2), e)); err == nil {
		t.Errorf("kept at %d", first)
	} else if fmt.Sprint(err) == "" || w.Size("app") != 0 {
		t.Errorf("%v; %d entries are kept", err, w.Size("app"))
	}
	appendAll(t, w, "app", messages(0, 2))
	if err := w.Checkpoint(); err != nil {
		t.Fatal(err)
	}
	w.Close()
	verify(t, fsys)
}
