package forward

import (
	"context"
	"errors"
	"math/rand/v2"
	"path/filepath"
	"testing"
	"time"

	"constat/internal/durable"
	"constat/internal/vfs"
	"constat/internal/vfs/crashfs"
)

// at is a place of an output.
func at(next uint64) Noted {
	return Noted{Places: map[string]Place{"system": {ID: "00", Next: next}}, Dropped: map[string]uint64{}, Delivered: next}
}

// nextOf is the place that a ledger has.
func nextOf(t *testing.T, fsys vfs.FS, store string) uint64 {
	t.Helper()
	list, err := ReadLedger(fsys, store)
	if err != nil {
		t.Fatal(err)
	}
	return list["test"].Places["system"].Next
}

// TestRecent: what was kept is there after the process has ended at once. A file that is torn is passed over, and so are
// those of another ledger.
func TestRecent(t *testing.T) {
	fsys, store := vfs.OS(), filepath.Join(t.TempDir(), "store")
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	want := func(what string, next uint64) {
		t.Helper()
		if n := nextOf(t, fsys, store); n != next {
			t.Errorf("%s: %d, want %d", what, n, next)
		}
	}
	file := func(name string) string { return filepath.Join(LedgerDir(store), name) }
	tear := func(name string) {
		t.Helper()
		data, err := durable.ReadFile(fsys, file(name), maxLedger)
		must(err)
		must(overwrite(fsys, file(name), append(data[:len(data)/2:len(data)/2], make([]byte, len(data)/2)...)))
	}
	l, err := OpenLedger(fsys, store)
	must(err)
	l.set("test", at(1))
	must(l.keep())
	want("kept before there is a ledger", 0)
	must(l.Write())
	for next := uint64(2); next < 5; next++ {
		l.set("test", at(next))
		must(l.keep())
		want("kept", next)
	}
	l, err = OpenLedger(fsys, store) // the next process goes on
	must(err)
	l.set("test", at(5))
	must(l.keep())
	want("kept by the next", 5)
	tear(recentFiles[1])
	want("the newest is torn", 4)
	tear(recentFiles[0])
	want("both are torn", 1)
	must(l.keep())
	must(l.Write())
	want("written", 5)
	l.set("test", at(6))
	must(l.keep())
	want("kept for the new ledger", 6)
	data, err := durable.ReadFile(fsys, file(LedgerFile), maxLedger)
	must(err)
	must(durable.WriteFile(fsys, file(LedgerFile), append(data, '\n'), 0o640))
	want("the ledger was changed by hand", 5)
	must(durable.Remove(fsys, file(LedgerFile)))
	want("the ledger was removed", 0)
}

// TestLedgerPowerCut: the power goes at any operation of the disk. The ledger is readable, no place is behind what was
// durable, and none is one that was never noted.
func TestLedgerPowerCut(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for range 200 {
		disk := crashfs.New()
		l, err := OpenLedger(disk, "/store")
		if err != nil {
			t.Fatal(err)
		}
		noted, synced := uint64(0), uint64(0)
		disk.SetHook(func(crashfs.Op) error {
			after := disk.Crash(rng)
			if n := nextOf(t, after, "/store"); n < synced || n > noted {
				t.Fatalf("after a power cut %d, want %d to %d", n, synced, noted)
			}
			if again, err := OpenLedger(after, "/store"); err != nil || again.keep() != nil {
				t.Fatalf("after a power cut: %v", err)
			}
			return nil
		})
		for range 20 {
			noted += 1 + rng.Uint64N(1<<rng.UintN(40))
			l.set("test", at(noted))
			if rng.IntN(4) > 0 {
				err = l.keep()
			} else if err = l.Write(); err == nil {
				synced = noted
			}
			if err != nil {
				t.Fatal(err)
			}
			if n := nextOf(t, disk, "/store"); l.base != "" && n != noted {
				t.Fatalf("after the end of the process %d, want %d", n, noted)
			}
		}
	}
}

// TestKeepOnFullDisk: what cannot be kept is made durable later.
func TestKeepOnFullDisk(t *testing.T) {
	disk := crashfs.New()
	l, err := OpenLedger(disk, "/store")
	if err != nil {
		t.Fatal(err)
	}
	l.set("test", at(1))
	if err := l.Write(); err != nil {
		t.Fatal(err)
	}
	full := errors.New("full")
	disk.SetHook(func(crashfs.Op) error { return full })
	l.set("test", at(2))
	if err := l.keep(); !errors.Is(err, full) {
		t.Errorf("kept on a full disk: %v", err)
	}
	disk.SetHook(nil)
	if n := nextOf(t, disk, "/store"); n != 1 {
		t.Errorf("%d, want 1", n)
	}
	if err := l.Write(); err != nil || nextOf(t, disk, "/store") != 2 {
		t.Errorf("written later: %v", err)
	}
}

// FuzzRecent: whatever stands in a recent file, it is refused, or is what it says.
func FuzzRecent(f *testing.F) {
	whole, err := recent{"b5bb9d8014a0f9b1d61e21e796d78dcc", 7, map[string]Noted{"test": at(3)}}.append(nil)
	if err != nil {
		f.Fatal(err)
	}
	for _, data := range [][]byte{whole, whole[:len(whole)-1], append(whole, "left"...), []byte("recent0 a 1 99999999999 b\n"), nil} {
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		r, ok := parseRecent(data)
		if !ok {
			return
		}
		again, err := r.append(nil)
		if err != nil {
			t.Fatal(err)
		}
		if s, ok := parseRecent(again); !ok || s.base != r.base || s.number != r.number || len(s.outputs) != len(r.outputs) {
			t.Errorf("%q became %q", data, again)
		}
	})
}

// TestLedgerRun: what is noted outlives the process before it is durable, and is durable in the end.
func TestLedgerRun(t *testing.T) {
	disk := crashfs.New()
	l, err := OpenLedger(disk, "/store")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- l.Run(ctx, func(err error) { t.Error(err) }) }()
	next, sooner := uint64(0), false
	for end := time.Now().Add(20 * time.Second); !sooner && time.Now().Before(end); {
		next++
		l.set("test", at(next))
		for nextOf(t, disk, "/store") != next && time.Now().Before(end) {
			time.Sleep(time.Millisecond)
		}
		sooner = nextOf(t, disk.Crash(nil), "/store") < next
	}
	if !sooner {
		t.Errorf("after %d times nothing was kept before it was durable", next)
	}
	for end := time.Now().Add(20 * time.Second); nextOf(t, disk.Crash(nil), "/store") != next; time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("not durable in time")
		}
	}
	l.set("test", at(next+1))
	cancel()
	if err := <-done; err != nil || nextOf(t, disk.Crash(nil), "/store") != next+1 {
		t.Errorf("at the end: %v", err)
	}
}
