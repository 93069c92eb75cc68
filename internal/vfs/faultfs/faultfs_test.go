package faultfs

import (
	"errors"
	"fmt"
	"io/fs"
	"syscall"
	"testing"

	"constat/internal/vfs"
	"constat/internal/vfs/crashfs"
	"constat/internal/vfs/vfstest"
)

func TestConformance(t *testing.T) {
	vfstest.Test(t, func() (vfs.FS, string) { return New(crashfs.New(), Plan{}), "/" })
}

// sequence does each mutating operation once and stops at the first error.
func sequence(fsys vfs.FS) error {
	if err := fsys.Mkdir("/d", 0o700); err != nil {
		return err
	}
	f, err := fsys.Create("/d/a", 0o600)
	if err != nil {
		return err
	}
	defer f.Close()
	steps := []func() error{
		func() error { _, err := f.WriteAt([]byte("0123456789"), 0); return err },
		func() error { return f.Truncate(8) },
		f.Sync,
		func() error { return fsys.Rename("/d/a", "/d/b") },
		func() error { return fsys.SyncDir("/d") },
		func() error { return fsys.Remove("/d/b") },
	}
	for _, step := range steps {
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}

// state describes all files.
func state(disk *crashfs.FS) string {
	text := ""
	for _, name := range disk.Walk() {
		data, err := disk.ReadFile(name)
		text += fmt.Sprintf("%s=%s %v;", name, data, err)
	}
	if _, err := disk.Stat("/d"); errors.Is(err, fs.ErrNotExist) {
		text += "no d;"
	}
	return text
}

func TestEveryOperationFails(t *testing.T) {
	// What is there after k operations.
	states := []string{"no d;", "", "/d/a= <nil>;", "/d/a=0123456789 <nil>;", "/d/a=01234567 <nil>;",
		"/d/a=01234567 <nil>;", "/d/b=01234567 <nil>;", "/d/b=01234567 <nil>;", ""}
	clean := New(crashfs.New(), Plan{})
	if err := sequence(clean); err != nil || clean.Ops() != len(states)-1 || clean.Failed() != nil {
		t.Fatalf("clean run: %v, %d operations, failed %q", err, clean.Ops(), clean.Failed())
	}
	for k := range clean.Ops() {
		for _, mode := range Modes() {
			disk := crashfs.New()
			faulty := New(disk, Plan{At: k, Mode: mode})
			err := sequence(faulty)
			if !errors.Is(err, ErrInjected) || errors.Is(err, syscall.ENOSPC) != (mode == ShortWrite) ||
				errors.Is(err, syscall.EIO) == (mode == ShortWrite) {
				t.Errorf("%v at %d: error %v", mode, k, err)
			}
			if faulty.Ops() != k+1 || len(faulty.Failed()) != 1 {
				t.Errorf("%v at %d: %d operations, failed %q", mode, k, faulty.Ops(), faulty.Failed())
			}
			want := states[k]
			if mode == DoneButFailed {
				want = states[k+1]
			}
			if mode == ShortWrite && k == 2 {
				want = "/d/a=01234 <nil>;"
			}
			if got := state(disk); got != want {
				t.Errorf("%v at %d: %q, want %q", mode, k, got, want)
			}
		}
	}
}

func TestOnward(t *testing.T) {
	fsys := New(crashfs.New(), Plan{At: 1, Mode: NotDone, Onward: true})
	if err := fsys.Mkdir("/d", 0o700); err != nil {
		t.Fatal(err)
	}
	for range 3 {
		if err := fsys.Remove("/d"); !errors.Is(err, ErrInjected) {
			t.Errorf("got error %v, want %v", err, ErrInjected)
		}
	}
}

func TestFailReads(t *testing.T) {
	disk := crashfs.New()
	for _, name := range []string{"/a.log", "/a.seg"} {
		if err := disk.WriteFile(name, []byte("x")); err != nil {
			t.Fatal(err)
		}
	}
	fsys := New(disk, Plan{})
	read := func(name string) error {
		f, err := fsys.Open(name)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		_, err = f.ReadAt(make([]byte, 1), 0)
		return err
	}
	fsys.FailReads(".seg", "/")
	if err := read("/a.seg"); !errors.Is(err, syscall.EIO) || !errors.Is(err, ErrInjected) {
		t.Errorf("a.seg: error %v", err)
	}
	if _, err := fsys.ReadDir("/"); !errors.Is(err, syscall.EIO) {
		t.Errorf("readdir: error %v", err)
	}
	if err := read("/a.log"); err != nil {
		t.Errorf("a.log: error %v", err)
	}
	fsys.FailReads()
	if err := read("/a.seg"); err != nil {
		t.Errorf("a.seg after all: error %v", err)
	}
}
