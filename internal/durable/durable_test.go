package durable_test

import (
	"errors"
	"io/fs"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"constat/internal/durable"
	"constat/internal/vfs"
	"constat/internal/vfs/crashfs"
	"constat/internal/vfs/faultfs"
)

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// TestOS runs every function on a real directory.
func TestOS(t *testing.T) {
	fsys, root := vfs.OS(), t.TempDir()
	path := func(name string) string { return filepath.Join(root, name) }
	must(t, durable.Mkdir(fsys, path("d"), 0o700))
	must(t, durable.Mkdir(fsys, path("d"), 0o700))
	must(t, durable.WriteFile(fsys, path("d/a"), []byte("one"), 0o600))
	must(t, durable.WriteFile(fsys, path("d/a"), []byte("two"), 0o600))
	must(t, durable.Rename(fsys, path("d/a"), path("b")))
	data, err := durable.ReadFile(fsys, path("b"), 3)
	if err != nil || string(data) != "two" {
		t.Errorf("content %q, %v", data, err)
	}
	f, err := durable.Create(fsys, path("c"), 0o600)
	must(t, err)
	must(t, f.Close())
	must(t, durable.Remove(fsys, path("b")))
	must(t, durable.Remove(fsys, path("d")))
	list, err := fsys.ReadDir(root)
	must(t, err)
	if len(list) != 1 || list[0].Name() != "c" {
		t.Errorf("left: %v", list)
	}
}

// TestSequence compares the operations with the package comment.
func TestSequence(t *testing.T) {
	for _, c := range []struct {
		name string
		run  func(fsys vfs.FS) error
		want string
	}{
		{"WriteFile", func(fsys vfs.FS) error {
			return durable.WriteFile(fsys, "/s/a", []byte("new"), 0o600)
		}, "remove /s/a.tmp|create /s/a.tmp|write /s/a.tmp at 0 len 3|sync /s/a.tmp|rename /s/a.tmp /s/a|syncdir /s"},
		{"Create", func(fsys vfs.FS) error {
			_, err := durable.Create(fsys, "/s/n", 0o600)
			return err
		}, "create /s/n|syncdir /s"},
		{"Mkdir", func(fsys vfs.FS) error { return durable.Mkdir(fsys, "/s/n", 0o700) }, "mkdir /s/n|syncdir /s"},
		{"Mkdir again", func(fsys vfs.FS) error { return durable.Mkdir(fsys, "/s", 0o700) }, "mkdir /s|syncdir /"},
		{"Rename", func(fsys vfs.FS) error { return durable.Rename(fsys, "/s/a", "/s/b") }, "rename /s/a /s/b|syncdir /s"},
		{"Rename apart", func(fsys vfs.FS) error { return durable.Rename(fsys, "/s/a", "/b") },
			"rename /s/a /b|syncdir /|syncdir /s"},
		{"Remove", func(fsys vfs.FS) error { return durable.Remove(fsys, "/s/a") }, "remove /s/a|syncdir /s"},
	} {
		disk := crashfs.New()
		must(t, disk.WriteFile("/s/a", []byte("old")))
		var got []string
		disk.SetHook(func(op crashfs.Op) error {
			got = append(got, op.String())
			return nil
		})
		must(t, c.run(disk))
		if list := strings.Join(got, "|"); list != c.want {
			t.Errorf("%s: %s, want %s", c.name, list, c.want)
		}
	}
}

// TestWriteChecked: a check sees durable content, and if it refuses, the old file stands.
func TestWriteChecked(t *testing.T) {
	disk := crashfs.New()
	must(t, disk.WriteFile("/s/a", []byte("old")))
	refused := errors.New("refused")
	err := durable.WriteChecked(disk, "/s/a", []byte("new"), 0o600, func(tmp string) error {
		if data, err := disk.Crash(nil).ReadFile("/s/a"); err != nil || string(data) != "old" {
			t.Errorf("a crash leaves %q, %v", data, err)
		}
		if got := content(t, disk, tmp); got != "new" {
			t.Errorf("check sees %q", got)
		}
		return refused
	})
	if !errors.Is(err, refused) || content(t, disk, "/s/a") != "old" || disk.Used() != 3 {
		t.Errorf("refused: %v; %d bytes used", err, disk.Used())
	}
	must(t, durable.WriteChecked(disk, "/s/a", []byte("new"), 0o600, func(string) error { return nil }))
	if got := content(t, disk.Crash(nil), "/s/a"); got != "new" {
		t.Errorf("after a crash %q", got)
	}
}

func TestErrorsNameTheObject(t *testing.T) {
	disk := crashfs.New()
	must(t, disk.WriteFile("/a", nil))
	_, errCreate := durable.Create(disk, "/a", 0o600)
	_, errRead := durable.ReadFile(disk, "/none", 1)
	for _, c := range []struct {
		err, is error
		text    string
	}{
		{durable.WriteFile(disk, "/d/b", nil, 0o600), fs.ErrNotExist,
			"write /d/b: create /d/b.tmp: no such file or directory"},
		{errCreate, fs.ErrExist, "create /a: file exists"},
		{errRead, fs.ErrNotExist, "open /none: no such file or directory"},
		{durable.Mkdir(disk, "/a", 0o700), fs.ErrExist, "mkdir /a: file exists"},
		{durable.Rename(disk, "/x", "/y"), fs.ErrNotExist, "rename /x /y: no such file or directory"},
		{durable.Remove(disk, "/x"), fs.ErrNotExist, "remove /x: no such file or directory"},
	} {
		if c.err == nil || !errors.Is(c.err, c.is) || c.err.Error() != c.text {
			t.Errorf("got %v, want %s", c.err, c.text)
		}
	}
}

func TestReadFile(t *testing.T) {
	disk := crashfs.New()
	must(t, disk.WriteFile("/a", []byte("0123")))
	must(t, disk.WriteFile("/empty", nil))
	for _, c := range []struct {
		name  string
		limit int64
		want  string
		err   error
	}{
		{"/a", 4, "0123", nil},
		{"/a", 100, "0123", nil},
		{"/a", 3, "", durable.ErrTooLarge},
		{"/empty", 0, "", nil},
	} {
		data, err := durable.ReadFile(disk, c.name, c.limit)
		if string(data) != c.want || !errors.Is(err, c.err) {
			t.Errorf("%s to %d: %q, %v", c.name, c.limit, data, err)
		}
	}
	faulty := faultfs.New(disk, faultfs.Plan{})
	faulty.FailReads("/a")
	if _, err := durable.ReadFile(faulty, "/a", 4); !errors.Is(err, syscall.EIO) {
		t.Errorf("bad disk: error %v", err)
	}
}

func TestWriteFileOnFullDisk(t *testing.T) {
	for room := range int64(8) {
		disk := crashfs.New()
		must(t, disk.WriteFile("/s/a", []byte("old")))
		disk.SetCapacity(3 + room)
		err := durable.WriteFile(disk, "/s/a", []byte("fresh"), 0o600)
		want := "fresh"
		if room < 5 {
			want = "old"
		}
		if (err == nil) != (room >= 5) || err != nil && !errors.Is(err, syscall.ENOSPC) {
			t.Errorf("room for %d: error %v", room, err)
		}
		if got := content(t, disk, "/s/a"); got != want || disk.Used() != int64(len(want)) {
			t.Errorf("room for %d: %q, %d used", room, got, disk.Used())
		}
	}
}

// content returns the content of a file, or "none".
func content(t *testing.T, disk *crashfs.FS, name string) string {
	t.Helper()
	data, err := disk.ReadFile(name)
	if errors.Is(err, fs.ErrNotExist) {
		return "none"
	}
	must(t, err)
	return string(data)
}
