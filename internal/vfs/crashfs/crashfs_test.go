package crashfs

import (
	"errors"
	"io/fs"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"syscall"
	"testing"

	"constat/internal/vfs"
	"constat/internal/vfs/vfstest"
)

func TestConformance(t *testing.T) {
	vfstest.Test(t, func() (vfs.FS, string) { return New(), "/" })
}

func TestConformanceAfterCrash(t *testing.T) {
	vfstest.Test(t, func() (vfs.FS, string) {
		disk := New()
		must(t, disk.WriteFile("/d/other", nil))
		must(t, disk.Mkdir("/d/e", 0o700))
		must(t, disk.SyncDir("/d"))
		return disk.Crash(seed(1)).CrashKeepAll(), "/d/e"
	})
}

// seed returns the random numbers of one world.
func seed(n int) *rand.Rand { return rand.New(rand.NewPCG(uint64(n), 0)) }

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// create makes a file with unsynced content.
func create(t *testing.T, disk *FS, name, content string) vfs.File {
	t.Helper()
	f, err := disk.Create(name, 0o600)
	must(t, err)
	write(t, f, 0, content)
	return f
}

func write(t *testing.T, f vfs.File, offset int64, content string) {
	t.Helper()
	_, err := f.WriteAt([]byte(content), offset)
	must(t, err)
}

// describe gives all files and their contents in one line.
func describe(t *testing.T, disk *FS) string {
	t.Helper()
	var list []string
	for _, name := range disk.Walk() {
		data, err := disk.ReadFile(name)
		must(t, err)
		list = append(list, name+"="+string(data))
	}
	return strings.Join(list, " ")
}

// outcomes returns what many crashes leave, sorted.
func outcomes(t *testing.T, disk *FS) []string {
	t.Helper()
	seen := map[string]bool{describe(t, disk.Crash(nil)): true}
	for n := range 300 {
		seen[describe(t, disk.Crash(seed(n)))] = true
	}
	return slices.Sorted(maps.Keys(seen))
}

// TestNames tells for each sequence of steps everything that may be left. All
// files are synced, so that only names are at stake.
func TestNames(t *testing.T) {
	for _, c := range []struct{ steps, want string }{
		{"create /n", "|/n=n"},
		{"create /n, sync /", "/n=n"},
		{"create /n, sync /d", "|/n=n"},
		{"create /d/n", "|/d/n=n"},
		{"create /d/n, sync /", "|/d/n=n"},
		{"create /d/n, sync /d", "/d/n=n"},
		{"mkdir /x, create /x/n, sync /x", "|/x/n=n"},
		{"mkdir /x, create /x/n, sync /x, sync /", "/x/n=n"},
		{"create /n, remove /n", "|/n=n"},
		{"create /n, sync /, remove /n", "|/n=n"},
		{"create /n, sync /, remove /n, sync /", ""},
		{"create /n, sync /, remove /n, create /n", "|/n=n"},
		{"create /m, sync /, create /n, rename /n /m", "/m=m|/m=m /n=n|/m=n"},
		{"create /n, rename /n /m, rename /m /o", "|/m=n|/n=n|/o=n"},
		{"create /n, sync /, rename /n /m, rename /m /o", "/m=n|/n=n|/o=n"},
		{"create /n, sync /, rename /n /m, sync /", "/m=n"},
		{"create /n, sync /, rename /n /d/n", "/d/n=n|/d/n=n /n=n|/n=n"},
		{"create /n, sync /, rename /n /d/n, sync /d", "/d/n=n|/d/n=n /n=n"},
		{"create /n, sync /, rename /n /d/n, sync /", "/d/n=n|/d/n=n /n=n|/n=n"},
		{"create /n, sync /, rename /n /d/n, sync /, sync /d", "/d/n=n"},
		{"create /n, sync /, rename /n /d/n, sync /d, sync /", "/d/n=n"},
		{"create /n, sync /, rename /n /d/n, create /n, sync /", "/d/n=n /n=n"},
		{"mkdir /x, create /x/n, sync /x, sync /, rename /x /d/x", "/d/x/n=n|/x/n=n"},
		{"mkdir /x, create /x/n, sync /x, sync /, rename /x /d/x, sync /", "/d/x/n=n|/x/n=n"},
		{"mkdir /x, create /x/n, sync /x, sync /, rename /x /d/x, sync /, sync /d", "/d/x/n=n"},
		// Into a directory that may not be there, out of one that may be gone.
		{"create /n, sync /, mkdir /x, rename /n /x/n", "/n=n|/n=n /x/n=n|/x/n=n"},
		{"create /d/n, sync /d, rename /d/n /n, remove /d", "/d/n=n|/d/n=n /n=n|/n=n"},
		{"create /d/n, sync /d, rename /d/n /n, remove /d, sync /", "/n=n"},
		// Directories that swap places must not end up inside each other.
		{"mkdir /x, create /x/n, sync /x, sync /, rename /x /d/x, rename /d/x /x, rename /d /x/d",
			"/d/x/n=n|/x/n=n"},
	} {
		disk := New()
		must(t, disk.Mkdir("/d", 0o700))
		must(t, disk.SyncDir("/"))
		for step := range strings.SplitSeq(c.steps, ", ") {
			do(t, disk, strings.Fields(step))
		}
		if got := strings.Join(outcomes(t, disk), "|"); got != c.want {
			t.Errorf("%s: got %s, want %s", c.steps, got, c.want)
		}
	}
}

// do runs one step. A file contains the last byte of its first name.
func do(t *testing.T, disk *FS, words []string) {
	t.Helper()
	switch name := words[1]; words[0] {
	case "create":
		f := create(t, disk, name, name[len(name)-1:])
		must(t, f.Sync())
		must(t, f.Close())
	case "mkdir":
		must(t, disk.Mkdir(name, 0o700))
	case "remove":
		must(t, disk.Remove(name))
	case "rename":
		must(t, disk.Rename(name, words[2]))
	case "sync":
		must(t, disk.SyncDir(name))
	default:
		t.Fatalf("no step %q", words)
	}
}

// TestMovesLoseNothing makes random worlds. A file that was made durable once
// and never removed must always be somewhere.
func TestMovesLoseNothing(t *testing.T) {
	dirs := []string{"/", "/x", "/y", "/x/z", "/y/z", "/x/w"}
	for world := range 300 {
		disk, rng := New(), seed(world)
		pick := func() string { return dirs[rng.IntN(len(dirs))] }
		must(t, disk.Mkdir("/x", 0o700))
		must(t, disk.Mkdir("/y", 0o700))
		must(t, disk.WriteFile("/x/keep", []byte("kept")))
		for range 25 {
			from, to := pick(), pick()
			switch rng.IntN(6) { // most of these are not possible; no matter
			case 0:
				_ = disk.Rename(clean(from+"/keep"), clean(to+"/keep"))
			case 1:
				_ = disk.Rename(from, to)
			case 2:
				_ = disk.Mkdir(from, 0o700)
			case 3:
				_ = disk.Remove(from)
			case 4, 5:
				if rng.IntN(4) == 0 {
					_ = disk.SyncDir(from)
				}
			}
			for _, after := range []*FS{disk.Crash(rng), disk.Crash(nil), disk.Clone().Crash(rng)} {
				if got := describe(t, after); !strings.Contains(got, "keep=kept") {
					t.Fatalf("world %d: lost, left is %q; seen was %q", world, got, describe(t, disk))
				}
			}
		}
	}
}

func TestSameSeedSameCrash(t *testing.T) {
	disk := New()
	for _, name := range []string{"/a", "/b", "/c", "/d"} {
		f := create(t, disk, name, name)
		write(t, f, 2000, strings.Repeat(name, 700))
	}
	for n := range 20 {
		once, again := describe(t, disk.Crash(seed(n))), describe(t, disk.Clone().Crash(seed(n)))
		if once != again {
			t.Fatalf("seed %d gives %q and %q", n, once, again)
		}
	}
}

func TestKilledIsNotPowerLost(t *testing.T) {
	disk := New()
	f := create(t, disk, "/a", "one")
	held, err := disk.Lock("/lock")
	must(t, err)
	defer held.Close()
	after := disk.CrashKeepAll()
	if got := describe(t, after); got != "/a=one /lock=" {
		t.Errorf("after the kill: %q", got)
	}
	if _, err := after.Lock("/lock"); err != nil {
		t.Errorf("lock outlives the process: %v", err)
	}
	write(t, f, 0, "two")
	if got := describe(t, after); got != "/a=one /lock=" {
		t.Errorf("a write before shows after: %q", got)
	}
	if got := describe(t, after.Crash(nil)); got != "" {
		t.Errorf("durable without sync: %q", got)
	}
}

func TestHookAndPower(t *testing.T) {
	disk, refusal := New(), errors.New("no")
	var seen []string
	disk.SetHook(func(op Op) error {
		if op.Index != len(seen) {
			t.Errorf("operation %d has index %d", len(seen), op.Index)
		}
		seen = append(seen, op.String())
		_ = disk.Crash(nil).Walk() // may look
		if op.Kind == Remove {
			return refusal
		}
		if op.Kind == Rename {
			disk.PowerOff()
		}
		return nil
	})
	f := create(t, disk, "/a", "one")
	must(t, f.Truncate(2))
	must(t, f.Sync())
	must(t, disk.SyncDir("/"))
	if err := disk.Remove("/a"); !errors.Is(err, refusal) {
		t.Errorf("remove: error %v", err)
	}
	if err := disk.Rename("/a", "/b"); !errors.Is(err, ErrPowerLost) {
		t.Errorf("rename: error %v", err)
	}
	want := "create /a|write /a at 0 len 3|truncate /a to 2|sync /a|syncdir /|remove /a|rename /a /b"
	if got := strings.Join(seen, "|"); got != want || disk.Ops() != len(seen) {
		t.Errorf("%d operations: %s", disk.Ops(), got)
	}
	darkness(t, disk, f)
	if got := describe(t, disk.Crash(nil)); got != "/a=on" {
		t.Errorf("left: %q", got)
	}
}

// darkness checks that nothing works without power.
func darkness(t *testing.T, disk *FS, f vfs.File) {
	t.Helper()
	calls := map[string]func() error{
		"open":      func() error { _, err := disk.Open("/a"); return err },
		"openwrite": func() error { _, err := disk.OpenWrite("/a"); return err },
		"create":    func() error { _, err := disk.Create("/b", 0o600); return err },
		"rename":    func() error { return disk.Rename("/a", "/b") },
		"remove":    func() error { return disk.Remove("/a") },
		"mkdir":     func() error { return disk.Mkdir("/d", 0o700) },
		"readdir":   func() error { _, err := disk.ReadDir("/"); return err },
		"stat":      func() error { _, err := disk.Stat("/a"); return err },
		"syncdir":   func() error { return disk.SyncDir("/") },
		"lock":      func() error { _, err := disk.Lock("/l"); return err },
		"lock old":  func() error { _, err := disk.Lock("/a"); return err },
		"free":      func() error { _, err := disk.Free("/"); return err },
		"read":      func() error { _, err := f.ReadAt(make([]byte, 1), 0); return err },
		"write":     func() error { _, err := f.WriteAt([]byte("x"), 0); return err },
		"size":      func() error { _, err := f.Size(); return err },
		"truncate":  func() error { return f.Truncate(0) },
		"sync":      func() error { return f.Sync() },
		"close":     f.Close,
	}
	for _, name := range slices.Sorted(maps.Keys(calls)) {
		if err := calls[name](); !errors.Is(err, ErrPowerLost) {
			t.Errorf("%s without power: error %v", name, err)
		}
	}
}

func TestCapacity(t *testing.T) {
	disk := New()
	disk.SetCapacity(10)
	f := create(t, disk, "/a", "01234")
	n, err := f.WriteAt([]byte("56789xyz"), 5)
	if n != 5 || !errors.Is(err, syscall.ENOSPC) {
		t.Errorf("write beyond capacity: %d, %v", n, err)
	}
	if n, err := f.WriteAt([]byte("x"), 50); n != 0 || !errors.Is(err, syscall.ENOSPC) {
		t.Errorf("write far beyond capacity: %d, %v", n, err)
	}
	if err := f.Truncate(11); !errors.Is(err, syscall.ENOSPC) {
		t.Errorf("truncate beyond capacity: %v", err)
	}
	write(t, f, 0, "ABC")
	must(t, f.Truncate(8))
	must(t, disk.Remove("/a"))
	if free, err := disk.Free("/"); free != 2 || err != nil {
		t.Errorf("removed but open: %d free, %v", free, err)
	}
	must(t, f.Close())
	if disk.Used() != 0 {
		t.Errorf("removed and closed: %d used", disk.Used())
	}
	create(t, disk, "/b", "0123456789")
	create(t, disk, "/c", "")
	must(t, disk.Rename("/c", "/b")) // still open
	if disk.Used() != 10 || disk.Clone().Used() != 0 {
		t.Errorf("replaced: %d used, %d in the clone", disk.Used(), disk.Clone().Used())
	}
}

func TestTamper(t *testing.T) {
	disk := New()
	must(t, disk.WriteFile("/s/j/a", []byte("one")))
	f, err := disk.OpenWrite("/s/j/a")
	must(t, err)
	write(t, f, 0, "two")
	must(t, disk.Mkdir("/s/empty", 0o700))
	must(t, disk.WriteFile("/s/b", []byte("three")))
	if got := describe(t, disk.Crash(nil)); got != "/s/b=three /s/j/a=one" {
		t.Errorf("after crash: %q", got)
	}
	must(t, disk.WriteFile("/s/j/a", []byte("four")))
	if got := describe(t, disk.Crash(nil)); got != "/s/b=three /s/j/a=four" || disk.Used() != 9 {
		t.Errorf("after tampering: %q, %d used", got, disk.Used())
	}
	if err := disk.WriteFile("/s", nil); err == nil {
		t.Error("directory overwritten")
	}
	if err := disk.WriteFile("/s/b/c", nil); err == nil {
		t.Error("file made below a file")
	}
	if _, err := disk.ReadFile("/none"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("read of nothing: %v", err)
	}
}

func TestDumpAndCopy(t *testing.T) {
	disk, dir := New(), t.TempDir()
	must(t, disk.WriteFile("/s/j/a", []byte("one")))
	must(t, disk.Mkdir("/s/empty", 0o700))
	create(t, disk, "/s/secret", "two")
	must(t, disk.DumpTo(dir))
	back := New()
	must(t, back.CopyFrom(dir))
	after := back.Crash(nil)
	if got := describe(t, after); got != "/s/j/a=one /s/secret=two" {
		t.Errorf("copied: %q", got)
	}
	info, err := after.Stat("/s/secret")
	if err != nil || info.Mode() != 0o600 {
		t.Errorf("secret: %v, %v", info, err)
	}
	if info, err := after.Stat("/s/empty"); err != nil || !info.IsDir() {
		t.Errorf("empty directory: %v, %v", info, err)
	}
}
