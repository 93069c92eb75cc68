package file

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"constat/internal/output"
)

// to are messages for files.
func to(list ...string) *output.Messages {
	m := new(output.Messages)
	for i := 0; i < len(list); i += 2 {
		m.Add([]byte(list[i] + "\x00" + list[i+1]))
	}
	return m
}

// reads wants what is in a file.
func reads(t *testing.T, name, want string) {
	t.Helper()
	if got, err := os.ReadFile(name); string(got) != want {
		t.Errorf("%s has %q %v, want %q", name, got, err, want)
	}
}

// TestNamed: more files than may be open at once, each with its lines in order; a file that was moved away is made anew by
// the next message, and not before.
func TestNamed(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "below")
	target, err := Named{Config: Config{UID: -1, GID: -1, DirUID: -1, DirGID: -1}, Directory: dir}.Open(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	name := func(i int) string { return filepath.Join(dir, fmt.Sprint("h", i), "x.log") }
	const count = maxOpen + 20
	for round := range 2 {
		for i := range count {
			if err := target.Send(t.Context(), to(name(i), fmt.Sprint(round), name(i), "again")); err != nil {
				t.Fatal(err)
			}
		}
	}
	if n := len(target.(*named).files); n != maxOpen {
		t.Errorf("%d files are open", n)
	}
	if n, err := target.Confirmed(true); n != 4*count || err != nil {
		t.Error(n, err)
	}
	for i := range count {
		reads(t, name(i), "0\nagain\n1\nagain\n")
	}
	last := name(count - 1)
	if err := os.Rename(last, last+".1"); err != nil {
		t.Fatal(err)
	}
	if _, err := target.Confirmed(true); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(last); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a file was made without a message: %v", err)
	}
	if err := target.Send(t.Context(), to(last, "new")); err != nil {
		t.Error(err)
	}
	reads(t, last, "new\n")
	if err := errors.Join(target.Close(), target.Close()); err != nil {
		t.Error(err)
	}
	if err := target.Send(t.Context(), to(last, "late")); !errors.Is(err, fs.ErrClosed) {
		t.Errorf("closed: %v", err)
	}
}

// TestNamedRefused: a name that no file can have loses its messages, counted, and no others. Where nothing can be written,
// that is an error.
func TestNamedRefused(t *testing.T) {
	dir := t.TempDir()
	lost := uint64(0)
	n := Named{Config: Config{UID: -1, GID: -1, DirUID: -1, DirGID: -1, NoSync: true}, Directory: dir}
	target, err := n.Open(t.Context(), func(_ string, messages, _ uint64) { lost += messages })
	if err != nil {
		t.Fatal(err)
	}
	defer target.Close()
	if err := errors.Join(os.Mkdir(filepath.Join(dir, "taken"), 0o755), syscall.Mkfifo(filepath.Join(dir, "pipe"), 0o600), os.Symlink("loop", filepath.Join(dir, "loop"))); err != nil {
		t.Fatal(err)
	}
	for i, name := range []string{"taken", "pipe", "file/below", strings.Repeat("a", 300), "loop"} {
		if err := target.Send(t.Context(), to(filepath.Join(dir, "file"), fmt.Sprint(i), filepath.Join(dir, name), "x", filepath.Join(dir, "file"), "y")); err != nil || lost != uint64(i+1) {
			t.Errorf("%.20s: %d lost, %v", name, lost, err)
		}
	}
	reads(t, filepath.Join(dir, "file"), "0\ny\n1\ny\n2\ny\n3\ny\n4\ny\n")
	if n, err := target.Confirmed(false); n != 15 || err != nil {
		t.Error(n, err)
	}
	if err := errors.Join(target.Close(), os.RemoveAll(dir), os.WriteFile(dir, nil, 0o600)); err != nil {
		t.Fatal(err)
	}
	if _, err := n.Open(t.Context(), nil); err == nil {
		t.Error("a file was taken for a directory")
	}
	if n.NoDirs = true; os.Remove(dir) != nil {
		t.Fatal("cannot remove it")
	}
	if _, err := n.Open(t.Context(), nil); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("no directories: %v", err)
	}
}

// TestNamedSynced: without "settle" a message counts once a second has passed.
func TestNamedSynced(t *testing.T) {
	dir := t.TempDir()
	target, err := Named{Config: Config{UID: -1, GID: -1, DirUID: -1, DirGID: -1}, Directory: dir}.Open(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer target.Close()
	now := time.Unix(1e9, 0)
	target.(*named).now = func() time.Time { return now }
	for i, c := range []struct {
		after time.Duration
		want  uint64
	}{{0, 1}, {time.Second / 2, 1}, {time.Second / 2, 3}} {
		now = now.Add(c.after)
		if err := target.Send(t.Context(), to(filepath.Join(dir, fmt.Sprint(i)), "x")); err != nil {
			t.Fatal(err)
		}
		if n, err := target.Confirmed(false); n != c.want || err != nil {
			t.Errorf("%d: %d confirmed, %v", i, n, err)
		}
	}
}
