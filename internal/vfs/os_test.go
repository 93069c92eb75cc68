package vfs_test

import (
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"constat/internal/vfs"
	"constat/internal/vfs/vfstest"
)

func TestOS(t *testing.T) {
	vfstest.Test(t, func() (vfs.FS, string) { return vfs.OS(), t.TempDir() })
}

func TestOSCreateDoesNotFollowLinks(t *testing.T) {
	dir := t.TempDir()
	name := filepath.Join(dir, "link")
	if err := os.Symlink(filepath.Join(dir, "target"), name); err != nil {
		t.Fatal(err)
	}
	if _, err := vfs.OS().Create(name, 0o600); !errors.Is(err, fs.ErrExist) {
		t.Errorf("got error %v, want %v", err, fs.ErrExist)
	}
}

// TestOSLockAgainstOtherProcess runs this test again as a process of its own.
func TestOSLockAgainstOtherProcess(t *testing.T) {
	const variable = "CONSTAT_VFS_TEST_LOCK"
	if name := os.Getenv(variable); name != "" {
		if _, err := vfs.OS().Lock(name); !errors.Is(err, vfs.ErrLocked) {
			t.Errorf("got error %v, want %v", err, vfs.ErrLocked)
		}
		return
	}
	name := filepath.Join(t.TempDir(), "lock")
	held, err := vfs.OS().Lock(name)
	if err != nil {
		t.Fatal(err)
	}
	defer held.Close()
	child := exec.Command(os.Args[0], "-test.run=^"+t.Name()+"$", "-test.v")
	child.Env = append(os.Environ(), variable+"="+name)
	if out, err := child.CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}

func TestOSFreeIsPlausible(t *testing.T) {
	dir := t.TempDir()
	free, err := vfs.OS().Free(dir)
	if err != nil {
		t.Fatal(err)
	}
	if free < 1<<10 || free > 1<<60 {
		t.Errorf("%d bytes free is not plausible", free)
	}
}
