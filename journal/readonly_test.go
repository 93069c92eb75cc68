package journal_test

import (
	"errors"
	"fmt"
	"path"
	"testing"

	"constat/internal/vfs/crashfs"
	"constat/internal/vfs/faultfs"
	"constat/journal"
	"constat/journal/check"
	"constat/journal/frame"
	"constat/journal/layout"
)

// TestNotOurStore: a directory that is no store is left alone.
func TestNotOurStore(t *testing.T) {
	for content, want := range map[string]error{"{}": frame.ErrNotOurs, "x": frame.ErrDamaged, "": frame.ErrDamaged} {
		fsys := newSigned(t)
		fsys.WriteFile(path.Join(dir, layout.StoreFile), []byte(content))
		before := filesOf(fsys, "")
		if _, err := journal.OpenWriter(fsys, dir, journal.Options{}); !errors.Is(err, want) {
			t.Errorf("store.json %q: %v, want %v", content, err, want)
		}
		if _, err := journal.CreateWith(fsys, dir, journal.New{Origin: "test.example", Keys: 16}); !errors.Is(err, journal.ErrExists) {
			t.Errorf("store.json %q: create: %v", content, err)
		}
		if r := check.Store(fsys, dir, check.Options{}); r.Verdict != check.Unreadable {
			t.Errorf("store.json %q: verdict %s", content, r.Word)
		}
		if after := filesOf(fsys, ""); fmt.Sprint(after) != fmt.Sprint(before) {
			t.Errorf("store.json %q: something was changed", content)
		}
	}
	fsys := crashfs.New()
	fsys.WriteFile("/var/store/letter.txt", []byte("dear"))
	if _, err := journal.CreateWith(fsys, dir, journal.New{Origin: "test.example", Keys: 16}); !errors.Is(err, journal.ErrNotEmpty) {
		t.Errorf("create beside other files: %v", err)
	}
	if _, err := journal.OpenWriter(fsys, dir, journal.Options{}); !errors.Is(err, journal.ErrNoStore) {
		t.Errorf("open: %v", err)
	}
}

// TestReadOnlyStore: readers and the check write nothing, and need not be able to.
func TestReadOnlyStore(t *testing.T) {
	disk := newSigned(t)
	want := readAll(t, disk, "app")
	before := disk.Ops()
	fsys := faultfs.New(disk, faultfs.Plan{Mode: faultfs.NotDone, Onward: true})
	if got := readAll(t, fsys, "app"); fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("read %d entries, want %d", len(got), len(want))
	}
	r, err := journal.OpenReader(fsys, dir)
	if err != nil {
		t.Fatal(err)
	}
	if c, err := r.Checkpoint("app"); err != nil || c.Size != 10 {
		t.Errorf("checkpoint %+v: %v", c, err)
	}
	verify(t, fsys)
	if disk.Ops() != before || fsys.Ops() != 0 {
		t.Errorf("%d mutating operations by readers", fsys.Ops())
	}
	if _, err := journal.OpenWriter(fsys, dir, journal.Options{}); err == nil {
		t.Error("a writer opened a store that it cannot write")
	}
	verify(t, disk)
}
