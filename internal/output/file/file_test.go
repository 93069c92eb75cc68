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

func open(t *testing.T, c Config) *file {
	t.Helper()
	if c.UID == 0 {
		c.UID, c.GID, c.DirUID, c.DirGID = -1, -1, -1, -1
	}
	target, err := c.Open(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { target.Close() })
	return target.(*file)
}

func send(t *testing.T, f *file, messages ...string) {
	t.Helper()
	var m output.Messages
	for _, text := range messages {
		m.Add([]byte(text))
	}
	if err := f.Send(t.Context(), &m); err != nil {
		t.Fatal(err)
	}
}

func content(t *testing.T, name string) string {
	t.Helper()
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// TestFile: lines, directories and modes; confirmed once synced; a torn line is ended; a file moved away is made anew.
func TestFile(t *testing.T) {
	name := filepath.Join(t.TempDir(), "a", "b", "messages")
	f := open(t, Config{Name: name, Perm: 0o604, DirPerm: 0o711})
	now := time.Now()
	f.now = func() time.Time { return now }
	if n, err := f.Confirmed(true); n != 0 || err != nil {
		t.Fatal(n, err)
	}
	send(t, f, "one", "two\nlines\n", "")
	if n, err := f.Confirmed(false); n != 0 || err != nil {
		t.Errorf("confirmed %d before it was synced, %v", n, err)
	}
	now = now.Add(syncEvery)
	if n, err := f.Confirmed(false); n != 3 || err != nil {
		t.Errorf("confirmed %d, %v", n, err)
	}
	if got := content(t, name); got != "one\ntwo#012lines\n\n" {
		t.Errorf("%q", got)
	}
	info, err := os.Stat(name)
	if err != nil || info.Mode().Perm() != 0o604 {
		t.Errorf("%v %v", info.Mode(), err)
	}
	if info, err := os.Stat(filepath.Dir(name)); err != nil || info.Mode().Perm() != 0o711 {
		t.Errorf("%v %v", info.Mode(), err)
	}
	if err := os.WriteFile(name, []byte("torn"), 0o600); err != nil {
		t.Fatal(err)
	}
	send(t, open(t, Config{Name: name}), "whole")
	if got := content(t, name); got != "torn\nwhole\n" {
		t.Errorf("%q", got)
	}
	if err := os.Rename(name, name+".old"); err != nil {
		t.Fatal(err)
	}
	if _, err := f.Confirmed(true); err != nil {
		t.Fatal(err)
	}
	send(t, f, "new")
	if got := content(t, name); got != "new\n" {
		t.Errorf("%q", got)
	}
}

// TestMade: permissions that are none, those that the umask is taken off, directories that are not made, and an owner that
// cannot be set.
func TestMade(t *testing.T) {
	defer syscall.Umask(syscall.Umask(0o027))
	for _, c := range []struct {
		config    Config
		file, dir fs.FileMode
	}{
		{Config{Perm: 0o666, DirPerm: 0o777}, 0o666, 0o777},
		{Config{Perm: 0o666, DirPerm: 0o777, Masked: true}, 0o640, 0o777},
		{Config{Perm: 0o666, DirPerm: 0o777, DirMasked: true}, 0o666, 0o750},
		{Config{Perm: None, DirPerm: None | 0o700}, 0, 0o700},
		{Config{}, DefaultPerm, DefaultDirPerm},
	} {
		c.config.Name = filepath.Join(t.TempDir(), "dir", "m")
		send(t, open(t, c.config), "one")
		file, err1 := os.Stat(c.config.Name)
		dir, err2 := os.Stat(filepath.Dir(c.config.Name))
		if err1 != nil || err2 != nil || file.Mode().Perm() != c.file || dir.Mode().Perm() != c.dir {
			t.Errorf("%+v: %v %v, %v %v", c.config, file.Mode(), dir.Mode(), err1, err2)
		}
	}
	none := Config{Name: filepath.Join(t.TempDir(), "dir", "m"), UID: -1, GID: -1, DirUID: -1, DirGID: -1, NoDirs: true}
	if _, err := none.Open(t.Context(), nil); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("without its directory: %v", err)
	}
	if os.Geteuid() == 0 {
		return
	}
	given := Config{Name: filepath.Join(t.TempDir(), "m"), DirUID: -1, DirGID: -1, GID: -1}
	if _, err := given.Open(t.Context(), nil); !errors.Is(err, fs.ErrPermission) {
		t.Errorf("given to root: %v", err)
	}
	given.Name, given.AnyOwner = given.Name+"2", true
	target, err := given.Open(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	target.Close()
}

// TestNoSync: confirmed at once.
func TestNoSync(t *testing.T) {
	f := open(t, Config{Name: filepath.Join(t.TempDir(), "m"), NoSync: true})
	f.at = time.Now()
	send(t, f, "one")
	if n, err := f.Confirmed(false); n != 1 || err != nil {
		t.Error(n, err)
	}
}

// TestRotation: by size no file is longer, by time a new one begins, and only so many stay; no line is lost between.
func TestRotation(t *testing.T) {
	name := filepath.Join(t.TempDir(), "m")
	f := open(t, Config{Name: name, MaxBytes: 20, Keep: 3})
	for i := range 10 {
		send(t, f, fmt.Sprintf("line %d", 2*i), fmt.Sprintf("line %d", 2*i+1))
	}
	all := ""
	for n := 3; n >= 0; n-- {
		text := content(t, f.older(n))
		if len(text) > 20 {
			t.Errorf("%s has %d bytes", f.older(n), len(text))
		}
		all += text
	}
	if left, _ := filepath.Glob(name + "*"); len(left) != 4 || !strings.HasSuffix(all, "line 16\nline 17\nline 18\nline 19\n") {
		t.Errorf("%v %q", left, all)
	}
	name += "t"
	f = open(t, Config{Name: name, Every: 24 * time.Hour})
	now := time.Now()
	f.now = func() time.Time { return now }
	send(t, f, "today")
	now = now.Add(24 * time.Hour)
	send(t, f, "tomorrow")
	send(t, f, "and on")
	if got := content(t, name+".1") + content(t, name); got != "today\ntomorrow\nand on\n" {
		t.Errorf("%q", got)
	}
}

// TestRefused: what is no regular file, and where nothing can be made.
func TestRefused(t *testing.T) {
	for _, name := range []string{"/dev/null", t.TempDir(), "/proc/none/m"} {
		if target, err := (Config{Name: name, UID: -1, GID: -1, DirUID: -1, DirGID: -1}).Open(t.Context(), nil); err == nil {
			target.Close()
			t.Errorf("%s was opened", name)
		}
	}
}
