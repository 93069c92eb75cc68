package record

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

func open(t *testing.T, c FileConfig) *File {
	t.Helper()
	f, err := OpenFile(c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return f
}

func write(t *testing.T, f *File, lines ...string) {
	t.Helper()
	for _, line := range lines {
		if err := f.Write(t.Context(), []byte(line)); err != nil {
			t.Fatal(err)
		}
	}
}

// tree is what is in a directory.
func tree(t *testing.T, dir string) string {
	t.Helper()
	list, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, e := range list {
		b, err := os.ReadFile(filepath.Join(dir, e.Name()))
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, e.Name()+"="+string(b))
	}
	return strings.ReplaceAll(strings.Join(out, " "), "\n", "/")
}

func TestRotation(t *testing.T) {
	dir := t.TempDir()
	f := open(t, FileConfig{Path: filepath.Join(dir, "f"), MaxBytes: 4})
	write(t, f, "1\n", "2\n", "3\n", "too long\n", "4\n")
	if got := tree(t, dir); got != "f=4/ f.1=too long/ f.2=3/ f.3=1/2/" {
		t.Error(got)
	}
	if err := f.Rotate(); err != nil {
		t.Error(err)
	}
	if err := f.Rotate(); err != nil { // an empty file stays
		t.Error(err)
	}
	if got := tree(t, dir); got != "f= f.1=4/ f.2=too long/ f.3=3/ f.4=1/2/" {
		t.Error(got)
	}
}

func TestKeep(t *testing.T) {
	dir := t.TempDir()
	f := open(t, FileConfig{Path: filepath.Join(dir, "f"), MaxBytes: 2, Keep: 2})
	write(t, f, "1\n", "2\n", "3\n", "4\n", "5\n")
	if got := tree(t, dir); got != "f=5/ f.1=4/ f.2=3/" {
		t.Error(got)
	}
}

// A rotation that was cut short leaves a gap, which the next one fills.
func TestRotationAfterCrash(t *testing.T) {
	dir := t.TempDir()
	for name, content := range map[string]string{"f": "4\n", "f.1": "3\n", "f.3": "1\n"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	f := open(t, FileConfig{Path: filepath.Join(dir, "f"), MaxBytes: 2})
	write(t, f, "5\n")
	if got := tree(t, dir); got != "f=5/ f.1=4/ f.2=3/ f.3=1/" {
		t.Error(got)
	}
}

// A file that was moved or removed is made anew with the next line, also without a signal.
func TestMovedAway(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "f")
	f := open(t, FileConfig{Path: path})
	write(t, f, "1\n")
	if err := os.Rename(path, path+".old"); err != nil {
		t.Fatal(err)
	}
	write(t, f, "2\n")
	os.Remove(path)
	write(t, f, "3\n")
	os.Rename(path, path+".older")
	if err := f.Rotate(); err != nil {
		t.Error(err)
	}
	if got := tree(t, dir); got != "f= f.old=1/ f.older=3/" {
		t.Error(got)
	}
}

// A line that a crash has torn is ended before the next one, but not in raw mode.
func TestTornLine(t *testing.T) {
	for _, raw := range []bool{false, true} {
		path := filepath.Join(t.TempDir(), "f")
		if err := os.WriteFile(path, []byte("whole\nto"), 0o600); err != nil {
			t.Fatal(err)
		}
		f := open(t, FileConfig{Path: path, Raw: raw})
		write(t, f, "next\n")
		want := map[bool]string{false: "whole\nto\nnext\n", true: "whole\ntonext\n"}[raw]
		if b, _ := os.ReadFile(path); string(b) != want {
			t.Errorf("raw %v: %q, want %q", raw, b, want)
		}
	}
}

func TestNames(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	write(t, open(t, FileConfig{Path: "relative"}), "r\n")
	write(t, open(t, FileConfig{Path: filepath.Join(dir, "absolute")}), "a\n")
	if err := os.Symlink("absolute", "link"); err != nil {
		t.Fatal(err)
	}
	f := open(t, FileConfig{Path: "link", MaxBytes: 2})
	write(t, f, "l\n")
	if got := tree(t, dir); got != "absolute=l/ absolute.1=a/ link=l/ relative=r/" {
		t.Error(got)
	}
	if _, err := OpenFile(FileConfig{Path: "no/such"}); err == nil || !strings.Contains(err.Error(), "mkdir -p") {
		t.Errorf("missing directory: %v", err)
	}
	if _, err := OpenFile(FileConfig{Path: dir}); err == nil || !strings.Contains(err.Error(), "directory") {
		t.Errorf("a directory: %v", err)
	}
}

// On a full disk clients wait. When there is room again, every line is there and whole; at the end people are told what
// is missing.
func TestDiskFull(t *testing.T) {
	dir := t.TempDir()
	err := syscall.Mount("constat-test", dir, "tmpfs", 0, "size=262144")
	if errors.Is(err, syscall.EPERM) || errors.Is(err, syscall.EACCES) {
		t.Skip("mounting needs rights that this process does not have: ", err)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { syscall.Unmount(dir, syscall.MNT_DETACH) })
	ballast := filepath.Join(dir, "ballast")
	if err := os.WriteFile(ballast, make([]byte, 200<<10), 0o600); err != nil {
		t.Fatal(err)
	}
	var mu sync.Mutex
	var reports []string
	r := startInto(t, new(counter), Config{}, FileConfig{Path: filepath.Join(dir, "f"), Report: func(text string) {
		mu.Lock()
		defer mu.Unlock()
		reports = append(reports, text)
	}})
	const clients, lines = 4, 5
	var sending sync.WaitGroup
	for n := range clients {
		sending.Go(func() { sendLines(t, r, n, lines) })
	}
	told := func(what string) func() bool {
		return func() bool {
			mu.Lock()
			defer mu.Unlock()
			return strings.Contains(strings.Join(reports, "\n"), what)
		}
	}
	until(t, "the report", told("clients wait"))
	os.Remove(ballast)
	until(t, "the second report", told("written again"))
	sending.Wait()
	until(t, "all lines", func() bool { return r.Stats().Lines == clients*lines })
	seen := map[string]bool{}
	for line := range strings.Lines(r.content()) {
		seen[strings.TrimSuffix(line, "\n")] = true
	}
	for n := range clients {
		for i := range lines {
			if !seen[lineOf(n, i)] {
				t.Errorf("line %d of client %d is missing or torn", i, n)
			}
		}
	}
	if len(seen) != clients*lines {
		t.Errorf("%d different lines, want %d", len(seen), clients*lines)
	}
	conn := r.dial()
	go io.WriteString(conn, strings.Repeat("x", 1<<20)) // more than there is room for
	time.Sleep(100 * time.Millisecond)
	if err := r.stop(); err == nil || !strings.Contains(err.Error(), "could not be written") {
		t.Errorf("the end with a full disk: %v", err)
	}
}

func TestKeepFree(t *testing.T) {
	told := make(chan string, 1)
	r := start(t, Config{}, FileConfig{KeepFree: 1 << 60, Report: func(s string) {
		select {
		case told <- s:
		default:
		}
	}})
	r.say("x\n")
	if s := <-told; !strings.Contains(s, "stay free") {
		t.Error(s)
	}
	if r.content() != "" {
		t.Error("written all the same")
	}
}

// A file that is moved away while it is rotated is none to rename, and no reason to let the next one grow.
func TestMovedWhileRotated(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "f")
	f := open(t, FileConfig{Path: path, MaxBytes: 2})
	write(t, f, "1\n")
	if err := os.Rename(path, path+".old"); err != nil {
		t.Fatal(err)
	}
	f.mu.Lock()
	f.rotateLocked(2)
	f.mu.Unlock()
	write(t, f, "2\n", "3\n")
	if got := tree(t, dir); got != "f=3/ f.1=2/ f.old=1/" {
		t.Error(got)
	}
}

// Rotation on demand does not wait for room, and a rotation that fails loses nothing.
func TestRotationFails(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "f")
	if err := os.MkdirAll(path+".1/in the way", 0o755); err != nil {
		t.Fatal(err)
	}
	told := ""
	f := open(t, FileConfig{Path: path, MaxBytes: 2, Keep: 1, Report: func(s string) { told = s }})
	write(t, f, "1\n", "2\n", "3\n")
	if b, _ := os.ReadFile(path); string(b) != "1\n2\n3\n" || !strings.Contains(told, "goes on growing") {
		t.Errorf("%q, told %q", b, told)
	}
}
