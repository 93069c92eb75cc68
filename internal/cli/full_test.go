package cli

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

// smallDisk mounts a file system of that size, in bytes, as the parent of the store of the directory it returns.
func smallDisk(t *testing.T, size int) string {
	t.Helper()
	dir := t.TempDir()
	err := syscall.Mount("constat-test", dir, "tmpfs", 0, fmt.Sprint("size=", size))
	if errors.Is(err, syscall.EPERM) || errors.Is(err, syscall.EACCES) {
		t.Skip("mounting needs rights that this process does not have: ", err)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(dir, 0); err != nil {
			t.Error(err)
		}
	})
	return dir
}

// noise is lines that do not compress.
func noise(n int) []string {
	lines := make([]string, n)
	for i := range lines {
		lines[i] = fmt.Sprintf("%d %x %x %x %x", i, rand.Uint64(), rand.Uint64(), rand.Uint64(), rand.Uint64())
	}
	return lines
}

// An import that fills the disk says what is kept; that is there, and all works again when there is room.
func TestFullDisk(t *testing.T) {
	dir := smallDisk(t, 2<<20)
	constat(t, dir, "log", "before")
	ballast := filepath.Join(dir, "ballast")
	if err := os.WriteFile(ballast, make([]byte, 512<<10), 0o600); err != nil {
		t.Fatal(err)
	}
	lines := noise(100_000)
	kept := fillDisk(t, dir, lines)
	rest := filepath.Join(dir, "rest")
	occupy(t, rest)
	out, err := command(t, dir, "log", strings.Repeat("x", 20_000)).CombinedOutput()
	if err == nil || !strings.Contains(string(out), "make room") {
		t.Errorf("log on a full disk: %v: %s", err, out)
	}
	constat(t, dir, "verify")
	for _, name := range []string{ballast, rest} {
		if err := os.Remove(name); err != nil {
			t.Fatal(err)
		}
	}
	if got := strings.Split(strings.TrimSpace(constat(t, dir, "show", "-o", "cat", "--journal", "imported")), "\n"); len(got) != kept ||
		strings.Join(got, "\n") != strings.Join(lines[:kept], "\n") {
		t.Errorf("%d entries are there, %d were said to be kept", len(got), kept)
	}
	constat(t, dir, "verify")
	constat(t, dir, "log", "after")
	constat(t, dir, "verify")
	if got := constat(t, dir, "show", "-o", "cat", "--journal", "system", "-n", "1"); got != "after\n" {
		t.Errorf("log wrote %q", got)
	}
}

// occupy fills the disk with a file.
func occupy(t *testing.T, name string) {
	t.Helper()
	f, err := os.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	for err == nil {
		_, err = f.Write(make([]byte, 4096))
	}
	if f.Close(); !errors.Is(err, syscall.ENOSPC) {
		t.Fatal(err)
	}
}

// fillDisk imports more than there is room for, and returns how many entries are said to be kept.
func fillDisk(t *testing.T, dir string, lines []string) (kept int) {
	t.Helper()
	c := command(t, dir, "import", "-", "/dev/null")
	c.Stdin = strings.NewReader(strings.Join(lines, "\n") + "\n")
	var errs bytes.Buffer
	c.Stderr = &errs
	var exit *exec.ExitError
	if err := c.Run(); !errors.As(err, &exit) || exit.ExitCode() != 1 {
		t.Fatalf("%v\n%s", err, errs.String())
	}
	t.Logf("import says: %s", errs.String())
	for _, want := range []string{"no space left on device", "make room", "not begun: /dev/null", "tail -n +"} {
		if !strings.Contains(errs.String(), want) {
			t.Errorf("%q is not said", want)
		}
	}
	found := regexp.MustCompile(`its first (\d+) entries are kept`).FindStringSubmatch(errs.String())
	if found == nil {
		t.Fatal("it is not said how many entries are kept")
	}
	kept, err := strconv.Atoi(found[1])
	if err != nil || kept == 0 {
		t.Fatalf("kept %q %v", found[1], err)
	}
	return kept
}

// A store cannot be made on a full disk, and that leaves nothing in the way.
func TestFullDiskInit(t *testing.T) {
	dir := smallDisk(t, 64<<10)
	ballast := filepath.Join(dir, "ballast")
	occupy(t, ballast)
	out, err := command(t, dir, "init").CombinedOutput()
	if err == nil || !strings.Contains(string(out), "make room") {
		t.Errorf("%v: %s", err, out)
	}
	if err := os.Remove(ballast); err != nil {
		t.Fatal(err)
	}
	constat(t, dir, "log", "room again")
	constat(t, dir, "verify")
}
