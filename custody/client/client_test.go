package client

import (
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"

	"constat/audit"
	"constat/custody"
	"constat/entry"
	"constat/internal/input/native"
)

// recorder is a daemon that keeps what it is given. Of a daemon it does nothing else.
type recorder struct {
	native.Backend
	mu   sync.Mutex
	h    custody.History // guarded by mu
	n    uint64          // guarded by mu
	fail error           // guarded by mu
}

func (r *recorder) Commit(_ context.Context, journal string, entries []entry.Entry) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.fail != nil {
		return 0, r.fail
	}
	for i := range entries {
		r.h.Add(journal, r.n, &entries[i])
		r.n++
	}
	return len(entries), nil
}

// steps are the events that were kept, as words.
func (r *recorder) steps() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	var list []string
	for _, s := range r.h.Sessions() {
		for _, x := range s.Steps {
			list = append(list, strings.TrimSpace(string(x.Op)+" "+string(x.Result)))
		}
	}
	return strings.Join(list, ", ")
}

// begin begins a session with a daemon that keeps.
func begin(t *testing.T) (*Session, *recorder) {
	t.Helper()
	dir, err := os.MkdirTemp("", "cc")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	r := &recorder{}
	server, err := native.Listen(filepath.Join(dir, "s"), r, func(int, int, int) []entry.Field { return nil })
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- server.Serve(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	s, err := NewSession(t.Context(), Options{Audit: audit.Client{Socket: filepath.Join(dir, "s")}, Source: custody.Medium{ID: "a"}, Destination: custody.Medium{ID: "b"}})
	if err != nil {
		t.Fatal(err)
	}
	return s, r
}

func folder(t *testing.T) *os.Root {
	t.Helper()
	root, err := os.OpenRoot(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { root.Close() })
	return root
}

// TestReader: only what was read to its end is reported as read.
func TestReader(t *testing.T) {
	s, r := begin(t)
	var kept bytes.Buffer
	c, err := s.Read(t.Context(), "x", "", strings.NewReader("abc"), &kept)
	if err != nil || kept.String() != "abc" || c.Size != 3 || !strings.HasPrefix(c.SHA256.String(), "ba7816bf") {
		t.Fatalf("%v %v %q", c, err, kept.String())
	}
	part, err := s.Reader(t.Context(), "y", "", strings.NewReader("abcdef"))
	if err != nil {
		t.Fatal(err)
	}
	io.ReadFull(part, make([]byte, 3))
	if err := part.Close(); !errors.Is(err, ErrPartial) {
		t.Errorf("a part: %v", err)
	}
	broken := errors.New("bad sector\nhere")
	if _, err := s.Read(t.Context(), "z", "", io.MultiReader(strings.NewReader("a"), failing{broken}), io.Discard); !errors.Is(err, broken) {
		t.Errorf("broken: %v", err)
	}
	if _, err := s.Read(t.Context(), "w", "", strings.NewReader("a"), failing{broken}); !errors.Is(err, broken) {
		t.Errorf("broken writer: %v", err)
	}
	if _, err := s.Read(t.Context(), "x", "", strings.NewReader("abd"), io.Discard); !errors.Is(err, ErrDiffers) {
		t.Errorf("second read: %v", err)
	}
	if _, err := s.Read(t.Context(), "../x", "", strings.NewReader(""), io.Discard); !errors.Is(err, custody.ErrPath) {
		t.Errorf("path: %v", err)
	}
	if got, want := r.steps(), "session.opened, file.read ok, file.read error, file.read error, file.read error, file.read ok"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
}

// failing fails.
type failing struct{ err error }

func (f failing) Read([]byte) (int, error)  { return 0, f.err }
func (f failing) Write([]byte) (int, error) { return 0, f.err }

// TestCopy: what is delivered is what was read, in its place, and nothing is left of what failed.
func TestCopy(t *testing.T) {
	s, r := begin(t)
	from, to := folder(t), folder(t)
	if err := from.Mkdir("d", 0o755); err != nil {
		t.Fatal(err)
	}
	write := func(name, text string) {
		if err := from.WriteFile(name, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	write("d/a", "one")
	write("b", "two")
	if _, err := s.Read(t.Context(), "b", "", strings.NewReader("other"), io.Discard); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Copy(t.Context(), "d/a", from, to); err != nil {
		t.Fatal(err)
	}
	if got, err := to.ReadFile("d/a"); string(got) != "one" {
		t.Errorf("%q, %v", got, err)
	}
	if _, err := s.Copy(t.Context(), "b", from, to); !errors.Is(err, ErrDiffers) {
		t.Errorf("another content: %v", err)
	}
	if _, err := s.Copy(t.Context(), "none", from, to); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("no file: %v", err)
	}
	if err := from.Symlink("/etc/passwd", "out"); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Copy(t.Context(), "out", from, to); err == nil {
		t.Error("a link out of the source is followed")
	}
	if err := syscall.Mkfifo(filepath.Join(from.Name(), "pipe"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"pipe", "d"} {
		if _, err := s.Copy(t.Context(), name, from, to); err == nil {
			t.Errorf("%s is taken for a file", name)
		}
	}
	names, err := fs.Glob(to.FS(), "*")
	if err != nil || strings.Join(names, " ") != "d" {
		t.Errorf("left behind: %v, %v", names, err)
	}
	if got, want := r.steps(), "session.opened, file.read ok, file.copied ok"+strings.Repeat(", file.copied error", 5); got != want {
		t.Errorf("%s, want %s", got, want)
	}
	if c := s.Counts(); c != (custody.Counts{Read: 1, Copied: 1, Errors: 5}) {
		t.Errorf("%+v", c)
	}
}

// TestReadBack: a medium that gives back something else than was written is noticed, and nothing is left on it.
func TestReadBack(t *testing.T) {
	to := folder(t)
	sent, err := write(strings.NewReader("written"), to, "part")
	if err != nil {
		t.Fatal(err)
	}
	if err := compare(to, "part", sent); err != nil {
		t.Errorf("good: %v", err)
	}
	for _, text := range []string{"writteN", "written too", ""} {
		if err := to.WriteFile("part", []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		if err := compare(to, "part", sent); !errors.Is(err, ErrDiffers) {
			t.Errorf("%q: %v", text, err)
		}
	}
}

// TestDelete: only what is gone is reported as deleted.
func TestDelete(t *testing.T) {
	s, r := begin(t)
	to := folder(t)
	if err := errors.Join(to.Mkdir("d", 0o755), to.WriteFile("d/a", nil, 0o644)); err != nil {
		t.Fatal(err)
	}
	if err := s.Delete(t.Context(), "d/a", to, custody.Destination); err != nil {
		t.Fatal(err)
	}
	if err := s.Delete(t.Context(), "d/a", to, custody.Destination); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("again: %v", err)
	}
	if err := s.Delete(t.Context(), "d", to, custody.Source); err == nil {
		t.Error("a directory is deleted")
	}
	if got, want := r.steps(), "session.opened, file.deleted ok, file.deleted error, file.deleted error"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
}

// TestScan: a verdict is about the content that was there before and after.
func TestScan(t *testing.T) {
	s, r := begin(t)
	e := custody.Engine{Name: "AV", Version: "1"}
	dir := t.TempDir()
	name := filepath.Join(dir, "f")
	if err := os.WriteFile(name, []byte("abc"), 0o644); err != nil {
		t.Fatal(err)
	}
	f, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	good := func(r io.Reader) (Verdict, error) {
		data, err := io.ReadAll(r)
		if string(data) != "abc" {
			t.Errorf("the engine got %q", data)
		}
		return Verdict{Result: custody.Clean}, err
	}
	if v, err := s.Scan(t.Context(), "f", f, e, good); err != nil || v.Result != custody.Clean {
		t.Errorf("%v, %v", v, err)
	}
	changing := func(io.Reader) (Verdict, error) {
		return Verdict{Result: custody.Clean}, os.WriteFile(name, []byte("abd"), 0o644)
	}
	if v, err := s.Scan(t.Context(), "f", f, e, changing); !errors.Is(err, ErrDiffers) || v.Result != custody.Error {
		t.Errorf("changing: %v, %v", v, err)
	}
	crash := errors.New("the engine died")
	if v, err := s.Scan(t.Context(), "f", f, e, func(io.Reader) (Verdict, error) { return Verdict{Result: custody.Clean}, crash }); !errors.Is(err, crash) || v.Result != custody.Error {
		t.Errorf("crash: %v, %v", v, err)
	}
	if got, want := r.steps(), "session.opened, file.scanned clean, file.scanned error, file.scanned error"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
}

// TestNotOnRecord: what the daemon does not keep is an error, whatever else went well.
func TestNotOnRecord(t *testing.T) {
	s, r := begin(t)
	from, to := folder(t), folder(t)
	if err := from.WriteFile("a", []byte("x"), 0o644); err != nil {
		t.Fatal(err)
	}
	r.mu.Lock()
	r.fail = errors.New("disk full")
	r.mu.Unlock()
	if _, err := s.Copy(t.Context(), "a", from, to); err == nil || !strings.Contains(err.Error(), "not on record") {
		t.Errorf("copy: %v", err)
	}
	if err := s.Close(t.Context()); err == nil {
		t.Error("closed without a record")
	}
	if c := s.Counts(); c != (custody.Counts{}) {
		t.Errorf("%+v", c)
	}
	if _, err := Join(Options{ID: "a b"}); err == nil {
		t.Error("a session with a blank in its id")
	}
}
