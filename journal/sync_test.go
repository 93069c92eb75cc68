package journal_test

import (
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"constat/internal/vfs"
	"constat/internal/vfs/crashfs"
	"constat/journal"
)

// slowDisk is a disk whose syncs of heads take until they are let go, once it is told to: they have happened by then.
type slowDisk struct {
	vfs.FS
	slow   atomic.Bool
	begun  chan string   // names of heads whose sync has happened and waits
	letGo  chan struct{} // a value lets one return
	closed atomic.Int32  // files that were closed or cut during a sync
}

func newSlowDisk(fsys vfs.FS) *slowDisk {
	return &slowDisk{FS: fsys, begun: make(chan string, 100), letGo: make(chan struct{}, 100)}
}

func (d *slowDisk) wrap(f vfs.File, name string, err error) (vfs.File, error) {
	if err != nil || !strings.Contains(name, "/head-") {
		return f, err
	}
	return &slowFile{File: f, disk: d, name: name}, nil
}

func (d *slowDisk) Create(name string, perm fs.FileMode) (vfs.File, error) {
	f, err := d.FS.Create(name, perm)
	return d.wrap(f, name, err)
}

func (d *slowDisk) OpenWrite(name string) (vfs.File, error) {
	f, err := d.FS.OpenWrite(name)
	return d.wrap(f, name, err)
}

type slowFile struct {
	vfs.File
	disk    *slowDisk
	name    string
	syncing atomic.Int32
}

func (f *slowFile) Sync() error {
	f.syncing.Add(1)
	defer f.syncing.Add(-1)
	err := f.File.Sync()
	if f.disk.slow.Load() {
		f.disk.begun <- f.name
		<-f.disk.letGo
	}
	return err
}

func (f *slowFile) exclusive() {
	if f.syncing.Load() > 0 {
		f.disk.closed.Add(1)
	}
}

func (f *slowFile) Close() error { f.exclusive(); return f.File.Close() }

func (f *slowFile) Truncate(n int64) error { f.exclusive(); return f.File.Truncate(n) }

// beside begins a call that syncs, and returns when its first sync waits.
func (d *slowDisk) beside(call func() error) <-chan error {
	d.slow.Store(true)
	result := make(chan error, 1)
	go func() { result <- call() }()
	<-d.begun
	return result
}

// TestAppendBesideSync: entries are appended while a sync runs, and are neither durable nor signed by it.
func TestAppendBesideSync(t *testing.T) {
	for _, call := range []string{"sync", "checkpoint"} {
		t.Run(call, func(t *testing.T) {
			disk, l := newStore(t), newLedger()
			slow := newSlowDisk(disk)
			w := open(t, slow, newClock())
			if err := l.append(w, "app", messages(0, 300)...); err != nil {
				t.Fatal(err)
			}
			f := w.Sync
			if call == "checkpoint" {
				f = w.Checkpoint
			}
			result := slow.beside(f)
			l.acknowledge()
			if err := l.append(w, "app", messages(300, 700)...); err != nil {
				t.Fatal(err)
			}
			select {
			case err := <-result:
				t.Fatalf("returned %v before the disk did", err)
			default:
			}
			slow.slow.Store(false)
			slow.letGo <- struct{}{}
			if err := <-result; err != nil {
				t.Fatal(err)
			}
			after := disk.Crash(nil)
			untouched(t, after)
			if n := len(readAll(t, after, "app")); n != 300 {
				t.Errorf("%d entries are durable, want 300", n)
			}
			l.holds(t, after)
			if err := l.checkpoint(w, disk); err != nil {
				t.Fatal(err)
			}
			l.holds(t, disk.Crash(nil))
			w.Close()
			verify(t, disk)
		})
	}
}

// TestLateSync: a sync that fails after more was appended breaks the writer, and whoever syncs next is told, though
// the disk would say nothing by then.
func TestLateSync(t *testing.T) {
	disk := newStore(t)
	w := open(t, disk, newClock())
	appendAll(t, w, "app", messages(0, 3))
	failing, failed := make(chan bool), make(chan bool)
	once := sync.OnceFunc(func() { failing <- true; <-failed })
	disk.SetHook(func(op crashfs.Op) error {
		if op.Kind != crashfs.Sync || !strings.Contains(op.Name, "/app/head-") {
			return nil
		}
		disk.SetHook(nil)
		once()
		return syscall.EIO
	})
	result := make(chan error, 2)
	go func() { result <- w.Sync() }()
	<-failing
	appendAll(t, w, "app", messages(3, 3))
	go func() { result <- w.Sync() }()
	time.Sleep(10 * time.Millisecond) // most often it waits for the first by now
	close(failed)
	for range 2 {
		if err := <-result; !errors.Is(err, journal.ErrBroken) || !errors.Is(err, syscall.EIO) {
			t.Errorf("sync: %v", err)
		}
	}
	if _, err := w.Append("app", messages(6, 1)); !errors.Is(err, journal.ErrBroken) {
		t.Errorf("append: %v", err)
	}
	if err := errors.Join(w.Checkpoint(), w.Rotate()); !errors.Is(err, journal.ErrBroken) {
		t.Errorf("checkpoint and rotate: %v", err)
	}
	w.Close()
	w = open(t, disk, newClock())
	defer w.Close()
	if err := w.Checkpoint(); err != nil {
		t.Error(err)
	}
	verify(t, disk.Crash(nil))
}

// TestEndsWaitForSync: no head is cut or closed while it is synced; a sync under way survives that its head ends.
func TestEndsWaitForSync(t *testing.T) {
	for _, c := range []struct {
		what string
		end  func(*journal.Writer) error
	}{
		{"rotate", (*journal.Writer).Rotate},
		{"close", (*journal.Writer).Close},
		{"a frame that is taken back", func(w *journal.Writer) error {
			_, err := w.Append("app", messages(0, 1))
			if errors.Is(err, journal.ErrBroken) || !errors.Is(err, syscall.ENOSPC) {
				return fmt.Errorf("append: %w", err)
			}
			return nil
		}},
	} {
		t.Run(c.what, func(t *testing.T) {
			disk := newStore(t)
			slow := newSlowDisk(disk)
			w := open(t, slow, newClock())
			appendAll(t, w, "app", messages(0, 300))
			result := slow.beside(w.Sync)
			if strings.HasPrefix(c.what, "a frame") {
				disk.SetCapacity(disk.Used() + 10)
			}
			ended := make(chan error, 1)
			go func() { ended <- c.end(w) }()
			select {
			case err := <-ended:
				t.Errorf("did not wait: %v", err)
			case <-time.After(20 * time.Millisecond):
			}
			slow.slow.Store(false)
			slow.letGo <- struct{}{}
			if err := <-result; err != nil && (c.what != "close" || !errors.Is(err, journal.ErrBroken)) {
				t.Errorf("sync: %v", err)
			}
			if err := <-ended; err != nil {
				t.Error(err)
			}
			if n := slow.closed.Load(); n > 0 {
				t.Errorf("%d files cut or closed during a sync", n)
			}
			disk.SetCapacity(-1)
			w.Close()
			if n := len(readAll(t, disk.Crash(nil), "app")); n != 300 {
				t.Errorf("%d entries are durable, want 300", n)
			}
		})
	}
}

// TestHeadEndsBeforeItsSync: a head that ends while a sync is still at another journal was made durable then.
func TestHeadEndsBeforeItsSync(t *testing.T) {
	slow := newSlowDisk(newStore(t))
	w := open(t, slow, newClock())
	defer w.Close()
	appendAll(t, w, "a", messages(0, 3))
	appendAll(t, w, "b", messages(0, 3))
	result := slow.beside(w.Sync) // waits at a
	slow.slow.Store(false)
	appendAll(t, w, "b", messages(3, journal.MaxHeadEntries))
	slow.letGo <- struct{}{}
	if err := <-result; err != nil {
		t.Error(err)
	}
}

// TestPowerLossBeside takes the power away while several appenders, syncs, checkpoints and rotations run at once: what
// was appended before a call that returned nil is there.
func TestPowerLossBeside(t *testing.T) {
	for seed := range uint64(max(40/stride, 6)) {
		random := rand.New(rand.NewPCG(seed, 1))
		disk := newStore(t)
		w := open(t, disk, newClock())
		from, last := disk.Ops(), 20+random.IntN(600)
		disk.SetHook(func(op crashfs.Op) error {
			if op.Index-from == last {
				disk.PowerOff()
			}
			return nil
		})
		l := run(w, seed)
		after := disk.Crash(random)
		untouched(t, after)
		restart(t, after, l)
		l.holds(t, after)
		verify(t, after)
		if t.Failed() {
			t.Fatalf("seed %d, power lost at operation %d", seed, last)
		}
		w.Close()
	}
}

// run works on a writer from several goroutines until it fails.
func run(w *journal.Writer, seed uint64) *ledger {
	var mu sync.Mutex // guards l
	l := newLedger()
	l.created = true
	var writing, calling sync.WaitGroup
	var ended atomic.Bool // nobody writes any more; calls that find nothing to do do not fail
	for i, name := range []string{"app", "imported", "late"} {
		writing.Go(func() {
			for n := 0; ; n++ {
				list := messages(n, 1+n*(i+1)%150)
				if n%17 == i {
					list = append(list, long(byte(n)))
				}
				first, err := w.Append(name, list)
				if err != nil {
					return
				}
				mu.Lock()
				l.note(name, first, list)
				mu.Unlock()
			}
		})
	}
	calls := []func() error{w.Sync, w.Sync, w.Checkpoint, w.Checkpoint, w.Rotate}
	for _, call := range calls[seed%2:] {
		calling.Go(func() {
			for !ended.Load() {
				mu.Lock()
				before := l.clone()
				mu.Unlock()
				if call() != nil {
					return
				}
				before.acknowledge()
				mu.Lock()
				l.merge(before)
				mu.Unlock()
			}
		})
	}
	writing.Wait()
	ended.Store(true)
	calling.Wait()
	return l
}
