package journal_test

import (
	"path"
	"slices"
	"strings"
	"syscall"
	"testing"

	"constat/entry"
	"constat/internal/vfs/crashfs"
	"constat/journal/layout"
)

// tornTold checks that the system journal speaks of every file that a recovery has set aside.
func tornTold(t *testing.T, fsys *crashfs.FS) {
	t.Helper()
	_, told := controls(t, fsys, layout.System, layout.TailSetAside)
	for _, file := range fsys.Walk() {
		below := strings.TrimPrefix(file, dir+"/")
		named := slices.ContainsFunc(told, func(c entry.Entry) bool { return layout.Text(&c, layout.File) == below })
		if layout.IsTorn(file) && !strings.HasSuffix(file, ".tmp") && !named {
			t.Errorf("nobody speaks of %s", below)
		}
	}
}

// TestBlobOfFailedFrame: a blob whose frame could not be written does not come back with a crash.
func TestBlobOfFailedFrame(t *testing.T) {
	fsys, clock := newStore(t), newClock()
	w := open(t, fsys, clock)
	appendAll(t, w, "app", []entry.Entry{long(0)})
	fsys.SetHook(func(op crashfs.Op) error {
		if op.Kind == crashfs.Write && strings.HasSuffix(op.Name, ".log") {
			return syscall.EIO
		}
		return nil
	})
	if _, err := w.Append("app", []entry.Entry{long(1)}); err == nil {
		t.Fatal("the frame was written in spite of the error")
	}
	fsys.SetHook(nil)
	appendAll(t, w, "app", messages(0, 5))
	if err := w.Checkpoint(); err != nil {
		t.Fatal(err)
	}
	fsys.SyncDir("/")
	after := fsys.Crash(nil)
	verify(t, after)
	open(t, after, clock).Close()
	verify(t, after)
}

// TestBlobOfLostHead: a crash that takes a new head and leaves its blobs is in nobody's way.
func TestBlobOfLostHead(t *testing.T) {
	fsys, clock := newStore(t), newClock()
	w := open(t, fsys, clock)
	appendAll(t, w, "app", messages(0, 3))
	if err := w.Checkpoint(); err != nil {
		t.Fatal(err)
	}
	if err := w.Rotate(); err != nil {
		t.Fatal(err)
	}
	appendAll(t, w, "app", []entry.Entry{long(1)})
	w.Close()
	fsys.WriteFile(path.Join(dir, "app", layout.HeadName(3)), nil)
	untouched(t, fsys)
	w = open(t, fsys, clock)
	if err := w.Rotate(); err != nil {
		t.Fatal(err)
	}
	if first := appendAll(t, w, "app", []entry.Entry{long(2), message("and on")}); first != 3 {
		t.Errorf("first index %d, want 3", first)
	}
	if err := w.Rotate(); err != nil {
		t.Fatal(err)
	}
	appendAll(t, w, "app", []entry.Entry{long(3)})
	if err := w.Checkpoint(); err != nil {
		t.Fatal(err)
	}
	w.Close()
	tornTold(t, fsys)
	verify(t, fsys)
}
