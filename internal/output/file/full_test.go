package file

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"constat/internal/output"
)

// TestFull: of what a full disk has taken, whole lines stay and are confirmed, and no part of a line does.
func TestFull(t *testing.T) {
	dir := t.TempDir()
	if err := syscall.Mount("constat-test", dir, "tmpfs", 0, "size=64k"); errors.Is(err, syscall.EPERM) {
		t.Skip("needs the right to mount")
	} else if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(dir, syscall.MNT_DETACH); err != nil {
			t.Error(err)
		}
	})
	name, line := filepath.Join(dir, "messages"), strings.Repeat("x", 299)
	other := filepath.Join(dir, "other")
	if err := os.WriteFile(other, make([]byte, 20<<10), 0o600); err != nil {
		t.Fatal(err)
	}
	var m output.Messages
	for range 200 { // 60,000 octets
		m.Add([]byte(line))
	}
	f := open(t, Config{Name: name})
	if err := f.Send(t.Context(), &m); !errors.Is(err, syscall.ENOSPC) {
		t.Fatalf("a full disk: %v", err)
	}
	n, err := f.Confirmed(true)
	if got := content(t, name); err != nil || n == 0 || got != strings.Repeat(line+"\n", int(n)) {
		t.Errorf("confirmed %d, %d octets, %v", n, len(got), err)
	}
	f.Close()
	if err := os.Remove(other); err != nil {
		t.Fatal(err)
	}
	f = open(t, Config{Name: name}) // as an output goes on
	rest := output.Messages{Octets: m.Octets[m.Ends[n-1]:]}
	for _, end := range m.Ends[n:] {
		rest.Ends = append(rest.Ends, end-m.Ends[n-1])
	}
	if err := f.Send(t.Context(), &rest); err != nil {
		t.Fatal(err)
	}
	if got := content(t, name); got != strings.Repeat(line+"\n", 200) {
		t.Errorf("%d octets in the end", len(got))
	}
}

// TestNamedFull: the same where messages name their files.
func TestNamedFull(t *testing.T) {
	dir := t.TempDir()
	if err := syscall.Mount("constat-test", dir, "tmpfs", 0, "size=64k"); errors.Is(err, syscall.EPERM) {
		t.Skip("needs the right to mount")
	} else if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(dir, syscall.MNT_DETACH); err != nil {
			t.Error(err)
		}
	})
	first, second, line := filepath.Join(dir, "first"), filepath.Join(dir, "second"), strings.Repeat("x", 299)
	m := to(first, line)
	for range 300 {
		m.Add([]byte(second + "\x00" + line))
	}
	target, err := Named{Config: Config{UID: -1, GID: -1, DirUID: -1, DirGID: -1}, Directory: dir}.Open(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer target.Close()
	if err := target.Send(t.Context(), m); !errors.Is(err, syscall.ENOSPC) {
		t.Fatalf("a full disk: %v", err)
	}
	n, err := target.Confirmed(true)
	if got := content(t, second); err != nil || n < 2 || got != strings.Repeat(line+"\n", int(n)-1) {
		t.Errorf("confirmed %d, %d octets, %v", n, len(got), err)
	}
	if got := content(t, first); got != line+"\n" {
		t.Errorf("the first has %d octets", len(got))
	}
}
