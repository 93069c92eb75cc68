package daemon

import (
	"context"
	"log/slog"
	"path"
	"testing"

	"constat/internal/config"
	"constat/internal/input/native"
	"constat/internal/vfs/crashfs"
	"constat/journal"
	"constat/journal/check"
	"constat/seal"
)

// inside is a daemon in this process, whose store is on a disk that may lose its power.
type inside struct {
	*place
	disk *crashfs.FS
	code seal.Code
	stop func() error
}

// newDisk makes a disk with an empty store at the path that the place has for it.
func (p *place) newDisk() (*crashfs.FS, seal.Code) {
	p.t.Helper()
	disk := crashfs.New()
	made := "/"
	for _, name := range []string{"tmp", path.Base(p.dir)} {
		made = path.Join(made, name)
		if err := disk.Mkdir(made, 0o755); err != nil {
			p.t.Fatal(err)
		}
		if err := disk.SyncDir(path.Dir(made)); err != nil {
			p.t.Fatal(err)
		}
	}
	p.store = path.Join(made, "store")
	c, err := journal.CreateWith(disk, p.store, journal.New{Origin: "inside.example", Keys: 16})
	if err != nil {
		p.t.Fatal(err)
	}
	return disk, c.Code()
}

// inside runs the daemon.
func (p *place) inside(disk *crashfs.FS, code seal.Code) *inside {
	p.t.Helper()
	c, err := config.Read(p.file)
	if err != nil {
		p.t.Fatal(err)
	}
	w, err := journal.OpenWriter(disk, p.store, journal.Options{})
	if err != nil {
		p.t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ready, ended := make(chan struct{}), make(chan error, 1)
	go func() {
		ended <- Run(ctx, c, Options{Store: w, FS: disk, Dir: p.store, Log: slog.New(slog.DiscardHandler),
			Ready: func(native.Endpoints) { close(ready) }})
	}()
	d := &inside{place: p, disk: disk, code: code}
	var result error
	stopped := false
	d.stop = func() error {
		if cancel(); !stopped {
			stopped, result = true, <-ended
		}
		return result
	}
	p.t.Cleanup(func() { d.stop() })
	select {
	case <-ready:
	case err := <-ended:
		p.t.Fatalf("daemon ended: %v", err)
	}
	return d
}

// sound wants a disk to hold a store that is recovered without a hand, and everything that was acknowledged.
func (d *inside) sound(t testing.TB, after *crashfs.FS, acknowledged map[string][]string) {
	t.Helper()
	verified := func(when string) {
		t.Helper()
		r := check.Store(after, d.store, check.Options{Pin: &d.code, PinnedBy: "the test"})
		if r.Verdict != check.Verified {
			t.Errorf("%s: %v %v", when, r.Verdict, r.Findings)
		}
	}
	verified("as it was found")
	w, err := journal.OpenWriter(after, d.store, journal.Options{})
	if err != nil {
		t.Errorf("next start: %v", err)
		return
	}
	defer w.Close()
	for name, list := range acknowledged {
		holds(t, entriesOf(t, after, d.store, name), list)
	}
	if err := w.Checkpoint(); err != nil {
		t.Error(err)
	}
	verified("after the next start")
}
