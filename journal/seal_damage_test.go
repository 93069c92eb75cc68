package journal_test

import (
	"path"
	"testing"

	"constat/internal/vfs/crashfs"
	"constat/journal"
	"constat/journal/layout"
	"constat/seal"
)

// sealedLife makes a store with so many seals.
func sealedLife(t *testing.T, seals int) *crashfs.FS {
	t.Helper()
	fsys, clock := newDisk(t), newClock()
	if err := sealedStore(fsys); err != nil {
		t.Fatal(err)
	}
	w, err := openOn(fsys, clock, 1)
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	for i := range seals {
		appendAll(t, w, "app", messages(i, 2))
		if _, err := w.Seal(seal.Interval); err != nil {
			t.Fatal(err)
		}
	}
	return fsys
}

// sealAfter opens a store several times, as commands do, and then seals.
func sealAfter(t *testing.T, fsys *crashfs.FS) seal.Seal {
	t.Helper()
	clock := newClock()
	clock.wall += 60_000_000
	for range 2 {
		w, err := openOn(fsys, clock, 2)
		if err != nil {
			t.Fatal(err)
		}
		appendAll(t, w, "app", messages(0, 1))
		w.Close()
	}
	w, err := openOn(fsys, clock, 2)
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	s, err := w.Seal(seal.Boot)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Seal(seal.Interval); err != nil {
		t.Fatal(err)
	}
	return s
}

// TestSealsAfterDamage: whatever happens to the journals, no counter is used twice, there is one alarm for one damage,
// and only where the seed or all word of it is lost the identity has to vouch.
func TestSealsAfterDamage(t *testing.T) {
	const seals = 8
	system := path.Join(dir, layout.System)
	for _, d := range []struct {
		name       string
		damaged    int // journals
		byIdentity bool
		do         func(t *testing.T, fsys *crashfs.FS)
	}{
		{"an entry of app", 1, false, func(t *testing.T, fsys *crashfs.FS) { flip(t, fsys, "app/"+head0, 70) }},
		{"app is gone", 0, false, func(t *testing.T, fsys *crashfs.FS) { removeAll(t, fsys, "app") }},
		{"the first control entry", 1, true, func(t *testing.T, fsys *crashfs.FS) { flip(t, fsys, "system/"+head0, 64+64+5) }},
		{"the newest seal", 1, true, func(t *testing.T, fsys *crashfs.FS) { flip(t, fsys, "system/"+head0, -10) }},
		{"the checkpoint of system", 1, false, func(t *testing.T, fsys *crashfs.FS) { fsys.Remove(path.Join(system, "checkpoint")) }},
		{"system is gone", 0, true, func(t *testing.T, fsys *crashfs.FS) { removeAll(t, fsys, "system") }},
		{"the seed", 0, true, func(t *testing.T, fsys *crashfs.FS) {
			fsys.Remove(path.Join(layout.KeysDir(dir), layout.SeedFile))
		}},
		{"nothing", 0, false, func(*testing.T, *crashfs.FS) {}},
	} {
		t.Run(d.name, func(t *testing.T) {
			fsys := sealedLife(t, seals)
			d.do(t, fsys)
			s := sealAfter(t, fsys)
			if s.Counter < seals {
				t.Errorf("seal %d is made again", s.Counter)
			}
			if dirs := damagedDirs(fsys); len(dirs) != d.damaged {
				t.Errorf("set aside: %q", dirs)
			}
			r, err := journal.OpenReader(fsys, dir)
			if err != nil {
				t.Fatal(err)
			}
			views, err := r.Snapshot()
			if err != nil {
				t.Fatal(err)
			}
			defer journal.CloseViews(views)
			state, err := r.Seals(views)
			if err != nil || state.Last.Counter != s.Counter+1 || state.Unsealed != 0 {
				t.Errorf("%+v, %v", state, err)
			}
			if g := state.Generation; (g != nil && g.ByIdentity) != d.byIdentity {
				t.Errorf("generation %+v, want by identity: %v", g, d.byIdentity)
			}
		})
	}
}

// TestSealsOfAnOlderCopy: keys that are older than the store go on from where the store is.
func TestSealsOfAnOlderCopy(t *testing.T) {
	name := path.Join(layout.KeysDir(dir), layout.SeedFile)
	fsys := sealedLife(t, 1)
	old, _ := fsys.ReadFile(name)
	clock := newClock()
	clock.wall, clock.boot = clock.wall+10_000_000, clock.boot+10_000_000
	w, err := openOn(fsys, clock, 1)
	if err != nil {
		t.Fatal(err)
	}
	appendAll(t, w, "app", messages(0, 2))
	if _, err := w.Seal(seal.Interval); err != nil {
		t.Fatal(err)
	}
	w.Close()
	fsys.WriteFile(name, old)
	if s := sealAfter(t, fsys); s.Counter != 2 {
		t.Errorf("older keys: seal %d", s.Counter)
	}
	sound(t, fsys)
}

// TestClonedMachine: a machine that finds the keys of another one does not seal with their seed, and says so.
func TestClonedMachine(t *testing.T) {
	fsys := sealedLife(t, 2)
	on := func(id string, wall int64) seal.Seal {
		clock := newClock()
		clock.wall, clock.boot = clock.wall+wall, clock.boot+wall
		w, err := journal.OpenWriter(fsys, dir, journal.Options{Clock: clock.read,
			Machine: func() journal.Machine { return journal.Machine{Boot: seal.BootID{1}, ID: id} }})
		if err != nil {
			t.Fatal(err)
		}
		defer w.Close()
		s, err := w.Seal(seal.Boot)
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	for i, c := range []struct {
		machine    string
		generation uint32
	}{{"a", 0}, {"b", 1}, {"b", 1}, {"", 1}, {"a", 2}} {
		if s := on(c.machine, int64(i+1)*10_000_000); s.Counter != uint64(i+2) || s.Generation != c.generation {
			t.Errorf("machine %q: seal %d of generation %d, want %d of %d", c.machine, s.Counter, s.Generation, i+2, c.generation)
		}
	}
	if a := audit(t, fsys); len(a.problems) > 0 || len(a.Reseeds) != 2 {
		t.Errorf("problems %q, reseeds %v", a.problems, a.Reseeds)
	}
}
