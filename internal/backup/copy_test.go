package backup

import (
	"context"
	"errors"
	"io/fs"
	"path/filepath"
	"testing"

	"constat/entry"
	"constat/internal/vfs"
	"constat/internal/vfs/crashfs"
	"constat/internal/vfs/faultfs"
	"constat/journal"
	"constat/journal/check"
	"constat/journal/layout"
	"constat/seal"
)

// store makes a store with a segment, a head, a blob and seals.
func store(t *testing.T) (*crashfs.FS, seal.Code) {
	t.Helper()
	fsys := crashfs.New()
	c, err := journal.CreateWith(fsys, "/s", journal.New{Origin: "test.example", Keys: 16})
	must(t, err)
	w, err := journal.OpenWriter(fsys, "/s", journal.Options{})
	must(t, err)
	for i := range 3 {
		long := entry.Entry{Renderer: entry.RenderText}
		long.Add("MESSAGE", make([]byte, 70_000), entry.Claimed)
		_, err := w.Append("app", []entry.Entry{{}, long})
		must(t, err)
		_, err = w.Seal(seal.Boot)
		must(t, err)
		if i == 0 {
			must(t, w.Rotate())
			_, err := w.Convert(context.Background())
			must(t, err)
		}
	}
	must(t, errors.Join(w.Checkpoint(), w.Close()))
	return fsys, c.Code()
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func copyTo(fsys vfs.FS) error {
	c, err := New(fsys, "/s", "/copy")
	if err != nil {
		return err
	}
	return c.Run(context.Background())
}

func verdict(fsys vfs.FS, code seal.Code) *check.Report {
	return check.Store(fsys, "/copy", check.Options{Pin: &code, PinnedBy: "the test", Workers: 1})
}

// TestCopy: a copy verifies, holds no key, and can be made again in its place.
func TestCopy(t *testing.T) {
	fsys, code := store(t)
	c, err := New(fsys, "/s", "/copy")
	must(t, err)
	for _, run := range []func(context.Context) error{c.Run, c.Again} {
		must(t, run(context.Background()))
		r := verdict(fsys.Crash(nil), code) // the power fails when it is done
		if r.Verdict != check.Verified || r.Entries < 6 || r.Unsealed != 0 {
			t.Errorf("%s %v, %d entries, %d unsealed", r.Word, r.Findings, r.Entries, r.Unsealed)
		}
		for _, secret := range []string{layout.KeysDir("/copy"), "/copy/" + layout.LockFile} {
			if _, err := fsys.Stat(secret); !errors.Is(err, fs.ErrNotExist) {
				t.Errorf("%s: %v", secret, err)
			}
		}
	}
	if _, err := New(fsys, "/s", "/copy"); !errors.Is(err, ErrNotEmpty) {
		t.Errorf("over a copy: %v", err)
	}
	if _, err := New(fsys, "/none", "/other"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("of nothing: %v", err)
	}
}

// TestCopyThatFails: whatever goes wrong, there is an error, and what looks like a store is one.
func TestCopyThatFails(t *testing.T) {
	fsys, _ := store(t)
	clean := faultfs.New(fsys.Clone(), faultfs.Plan{})
	must(t, copyTo(clean))
	for k := range clean.Ops() {
		for _, mode := range faultfs.Modes() {
			disk := fsys.Clone()
			if err := copyTo(faultfs.New(disk, faultfs.Plan{At: k, Mode: mode})); !errors.Is(err, faultfs.ErrInjected) {
				t.Errorf("%v at %d: %v", mode, k, err)
			}
			for _, left := range []vfs.FS{disk, disk.Crash(nil)} {
				if _, err := left.Stat(filepath.Join("/copy", layout.StoreFile)); err != nil {
					continue
				}
				if r := check.Store(left, "/copy", check.Options{Workers: 1}); r.Verdict == check.Tampered {
					t.Errorf("%v at %d: a store that is none: %v", mode, k, r.Findings)
				}
			}
		}
	}
}
