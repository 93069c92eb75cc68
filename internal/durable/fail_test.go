package durable_test

import (
	"errors"
	"io/fs"
	"math/rand/v2"
	"slices"
	"testing"

	"constat/internal/durable"
	"constat/internal/vfs"
	"constat/internal/vfs/crashfs"
	"constat/internal/vfs/faultfs"
)

// change is one call of this package, in a world that holds /s/a = "old",
// /s/dir/b = "b" and what start adds.
type change struct {
	name          string
	start         func(disk *crashfs.FS) error
	run           func(fsys vfs.FS) error
	again         func(fsys vfs.FS) error                     // after an error; nil if there is no plain way
	state         func(t *testing.T, disk *crashfs.FS) string // what is at stake
	before, after string
	between       string // what may also be there; never durable after nil
}

func changes() []change {
	file := func(name string) func(t *testing.T, disk *crashfs.FS) string {
		return func(t *testing.T, disk *crashfs.FS) string { return content(t, disk, name) }
	}
	files := func(t *testing.T, disk *crashfs.FS) string {
		return content(t, disk, "/s/a") + " " + content(t, disk, "/s/c") + " " + content(t, disk, "/s/dir/a")
	}
	dirs := func(t *testing.T, disk *crashfs.FS) string {
		return content(t, disk, "/s/dir/b") + " " + content(t, disk, "/s/new/b") + " " + content(t, disk, "/other/b")
	}
	writeTo := func(name string) func(vfs.FS) error {
		return func(fsys vfs.FS) error { return durable.WriteFile(fsys, name, []byte("fresh content"), 0o600) }
	}
	rename := func(from, to string) func(vfs.FS) error {
		return func(fsys vfs.FS) error { return durable.Rename(fsys, from, to) }
	}
	mkdir := func(fsys vfs.FS) error { return durable.Mkdir(fsys, "/s/new", 0o700) }
	remove := func(fsys vfs.FS) error {
		if err := durable.Remove(fsys, "/s/a"); !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		return nil
	}
	leftover := func(disk *crashfs.FS) error { return disk.WriteFile("/s/a.tmp", []byte("left over from long ago")) }
	return []change{
		{"replace", nil, writeTo("/s/a"), writeTo("/s/a"), file("/s/a"), "old", "fresh content", ""},
		{"replace with leftover", leftover, writeTo("/s/a"), writeTo("/s/a"), file("/s/a"), "old", "fresh content", ""},
		{"write new", nil, writeTo("/s/n"), writeTo("/s/n"), file("/s/n"), "none", "fresh content", ""},
		{"create", nil, create, nil, file("/s/n"), "none", "", ""},
		{"mkdir", nil, mkdir, mkdir, hasDir, "no", "yes", ""},
		{"remove", nil, remove, remove, file("/s/a"), "old", "none", ""},
		{"rename", nil, rename("/s/a", "/s/c"), nil, files, "old none none", "none old none", ""},
		{"move", nil, rename("/s/a", "/s/dir/a"), nil, files, "old none none", "none none old", "old none old"},
		{"rename directory", nil, rename("/s/dir", "/s/new"), nil, dirs, "b none none", "none b none", ""},
		{"move directory", nil, rename("/s/dir", "/other"), nil, dirs, "b none none", "none none b", ""},
	}
}

// create makes a file and does not use it.
func create(fsys vfs.FS) error {
	f, err := durable.Create(fsys, "/s/n", 0o600)
	if err != nil {
		return err
	}
	return f.Close()
}

func hasDir(_ *testing.T, disk *crashfs.FS) string {
	if info, err := disk.Stat("/s/new"); err == nil && info.IsDir() {
		return "yes"
	}
	return "no"
}

// world makes the file system that a change starts from.
func (c change) world(t *testing.T) *crashfs.FS {
	t.Helper()
	disk := crashfs.New()
	must(t, disk.WriteFile("/s/a", []byte("old")))
	must(t, disk.WriteFile("/s/dir/b", []byte("b")))
	if c.start != nil {
		must(t, c.start(disk))
	}
	return disk
}

// check crashes a disk in many ways and compares what is left.
func (c change) check(t *testing.T, disk *crashfs.FS, when string, err error) {
	t.Helper()
	allowed := []string{c.after}
	if err != nil {
		allowed = append(allowed, c.before)
		if c.between != "" {
			allowed = append(allowed, c.between)
		}
	}
	left := []*crashfs.FS{disk.Crash(nil), disk.CrashKeepAll()}
	for seed := range uint64(40) {
		left = append(left, disk.Crash(rand.New(rand.NewPCG(seed, 0))))
	}
	for _, after := range left {
		if got := c.state(t, after); !slices.Contains(allowed, got) {
			t.Fatalf("%s, %s, error %v: left %q, allowed %q", c.name, when, err, got, allowed)
		}
	}
}

// repeat does the change once more, on a disk that works again.
func (c change) repeat(t *testing.T, disk *crashfs.FS, when string) {
	t.Helper()
	if c.again == nil {
		return
	}
	if err := c.again(disk); err != nil {
		t.Fatalf("%s, %s, then repeated: %v", c.name, when, err)
	}
	c.check(t, disk, when+", then repeated", nil)
}

func TestPowerLostAtEveryOperation(t *testing.T) {
	for _, c := range changes() {
		for k, over := 0, false; !over; k++ {
			disk := c.world(t)
			disk.SetHook(func(op crashfs.Op) error {
				if op.Index == k {
					disk.PowerOff()
				}
				return nil
			})
			err := c.run(disk)
			over = disk.Ops() <= k
			if (err == nil) != over {
				t.Fatalf("%s, power lost at %d: error %v", c.name, k, err)
			}
			c.check(t, disk, "power lost", err)
			c.repeatAfterCrash(t, disk)
		}
	}
}

// repeatAfterCrash does the change again on what is left, as the next process
// does, and it must hold.
func (c change) repeatAfterCrash(t *testing.T, disk *crashfs.FS) {
	t.Helper()
	c.repeat(t, disk.CrashKeepAll(), "killed")
	for seed := range uint64(10) {
		c.repeat(t, disk.Crash(rand.New(rand.NewPCG(seed, 1))), "power lost")
	}
}

func TestFaultAtEveryOperation(t *testing.T) {
	for _, c := range changes() {
		clean := faultfs.New(c.world(t), faultfs.Plan{})
		must(t, c.run(clean))
		if clean.Ops() == 0 {
			t.Fatalf("%s: no operations", c.name)
		}
		for k := range clean.Ops() {
			for _, mode := range faultfs.Modes() {
				for _, onward := range []bool{false, true} {
					disk := c.world(t)
					faulty := faultfs.New(disk, faultfs.Plan{At: k, Mode: mode, Onward: onward})
					err := c.run(faulty)
					if !errors.Is(err, faultfs.ErrInjected) {
						t.Fatalf("%s, %v of %v: error %v", c.name, mode, faulty.Failed(), err)
					}
					c.check(t, disk, mode.String(), err)
					c.repeat(t, disk, mode.String())
				}
			}
		}
	}
}

// TestFailedSyncIsNotRetried has a disk whose failing sync loses the bytes.
func TestFailedSyncIsNotRetried(t *testing.T) {
	for _, c := range changes() {
		disk := c.world(t)
		disk.SetHook(func(op crashfs.Op) error {
			if op.Kind == crashfs.Sync {
				return errors.New("bad disk")
			}
			return nil
		})
		err := c.run(disk)
		disk.SetHook(nil)
		c.check(t, disk, "sync failed", err)
		c.repeat(t, disk, "sync failed")
	}
}
