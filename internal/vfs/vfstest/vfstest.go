// Package vfstest checks that a file system keeps the contract of vfs.FS, as
// far as it can be seen without losing power. Whoever writes an implementation
// runs it:
//
//	func TestConformance(t *testing.T) {
//		vfstest.Test(t, func() (vfs.FS, string) { return mine.New(), "/" })
//	}
package vfstest

import (
	"errors"
	"io"
	"io/fs"
	"path/filepath"
	"testing"

	"constat/internal/vfs"
)

// Test runs all checks, each in an empty directory of a file system that fresh
// returns.
func Test(t *testing.T, fresh func() (vfs.FS, string)) {
	checks := []struct {
		name string
		run  func(w world)
	}{
		{"open", checkOpen},
		{"create", checkCreate},
		{"read", checkRead},
		{"write", checkWrite},
		{"truncate", checkTruncate},
		{"close", checkClose},
		{"read only", checkReadOnly},
		{"survive names", checkSurviveNames},
		{"rename", checkRename},
		{"rename directory", checkRenameDir},
		{"remove", checkRemove},
		{"mkdir", checkMkdir},
		{"readdir", checkReadDir},
		{"stat", checkStat},
		{"syncdir", checkSyncDir},
		{"lock", checkLock},
		{"free", checkFree},
		{"concurrent", checkConcurrent},
	}
	for _, check := range checks {
		t.Run(check.name, func(t *testing.T) {
			fsys, root := fresh()
			check.run(world{t, fsys, root})
		})
	}
}

// world is what one check works with.
type world struct {
	*testing.T
	fs   vfs.FS
	root string
}

// path returns a name below the root.
func (w world) path(name string) string { return filepath.Join(w.root, name) }

// must fails the test if a step that has to work did not.
func (w world) must(step string, err error) {
	w.Helper()
	if err != nil {
		w.Fatalf("%s: %v", step, err)
	}
}

// wants checks what an error wraps, and that it names its object.
func (w world) wants(step string, got, want error) {
	w.Helper()
	if !errors.Is(got, want) {
		w.Errorf("%s: got error %v, want %v", step, got, want)
	}
}

// fails checks that there is an error.
func (w world) fails(step string, err error) {
	w.Helper()
	if err == nil {
		w.Errorf("%s: no error", step)
	}
}

// create makes a file with a content and leaves it open until the end.
func (w world) create(name, content string) vfs.File {
	w.Helper()
	f, err := w.fs.Create(w.path(name), 0o600)
	w.must("create "+name, err)
	w.Cleanup(func() { _ = f.Close() })
	n, err := f.WriteAt([]byte(content), 0)
	w.must("write "+name, err)
	if n != len(content) {
		w.Fatalf("write %s: %d of %d bytes and no error", name, n, len(content))
	}
	return f
}

// mkdir makes a directory.
func (w world) mkdir(name string) {
	w.Helper()
	w.must("mkdir "+name, w.fs.Mkdir(w.path(name), 0o700))
}

// holds checks the content of an open file.
func (w world) holds(f vfs.File, want string) {
	w.Helper()
	size, err := f.Size()
	w.must("size", err)
	got, err := io.ReadAll(io.NewSectionReader(f, 0, size+10))
	w.must("read", err)
	if string(got) != want || size != int64(len(want)) {
		w.Errorf("content %q, size %d, want %q", got, size, want)
	}
}

// has checks the content of the file called name.
func (w world) has(name, want string) {
	w.Helper()
	f, err := w.fs.Open(w.path(name))
	w.must("open "+name, err)
	w.holds(f, want)
	w.must("close "+name, f.Close())
}

// absent checks that there is no such name.
func (w world) absent(name string) {
	w.Helper()
	_, err := w.fs.Stat(w.path(name))
	w.wants("stat "+name, err, fs.ErrNotExist)
}
