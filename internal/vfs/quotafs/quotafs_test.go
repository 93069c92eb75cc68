package quotafs

import (
	"errors"
	"sync"
	"syscall"
	"testing"

	"constat/internal/vfs"
	"constat/internal/vfs/crashfs"
	"constat/internal/vfs/vfstest"
)

func TestConformance(t *testing.T) {
	vfstest.Test(t, func() (vfs.FS, string) {
		f, err := New(crashfs.New(), 1<<30, "/")
		if err != nil {
			t.Fatal(err)
		}
		return f, "/"
	})
}

func limited(t *testing.T, limit int64) *FS {
	t.Helper()
	base := crashfs.New()
	if err := base.Mkdir("/store", 0o700); err != nil {
		t.Fatal(err)
	}
	f, err := New(base, limit, "/store", "/none")
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func create(t *testing.T, fsys vfs.FS, name string) vfs.File {
	t.Helper()
	f, err := fsys.Create(name, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = f.Close() })
	return f
}

// free wants so many pages to be left.
func (f *FS) free(t *testing.T, want int64) {
	t.Helper()
	f.mu.Lock()
	used := f.used
	f.mu.Unlock()
	got, err := f.Free("/store")
	if err != nil || got != want*page || f.limit-used != got {
		t.Errorf("%d bytes free, counted on %d, want %d: %v", got, f.limit-used, want*page, err)
	}
}

// TestLimit: files take pages until there are none, give them back, and what is elsewhere does not count.
func TestLimit(t *testing.T) {
	f := limited(t, 4*page)
	a, b := create(t, f, "/store/a"), create(t, f, "/store/b")
	elsewhere := create(t, f, "/elsewhere")
	write := func(file vfs.File, n int, at int64, fits bool) {
		t.Helper()
		done, err := file.WriteAt(make([]byte, n), at)
		if fits && (err != nil || done != n) || !fits && (done != 0 || !errors.Is(err, syscall.ENOSPC)) {
			t.Errorf("%d bytes at %d: %d, %v", n, at, done, err)
		}
	}
	write(elsewhere, 10*page, 0, true)
	write(a, 1, 0, true)
	f.free(t, 3)
	write(a, page-1, 1, true)
	f.free(t, 3)
	write(b, 3*page+1, 0, false)
	f.free(t, 3)
	write(b, 3*page, 0, true)
	f.free(t, 0)
	write(a, page, 0, true) // in place
	write(a, 1, page, false)
	if err := a.Truncate(page + 1); !errors.Is(err, syscall.ENOSPC) {
		t.Errorf("made longer: %v", err)
	}
	if err := b.Truncate(page); err != nil {
		t.Error(err)
	}
	f.free(t, 2)
	if err := f.Rename("/store/a", "/store/b"); err != nil {
		t.Error(err)
	}
	f.free(t, 3)
	if err := f.Remove("/store/b"); err != nil {
		t.Error(err)
	}
	f.free(t, 4)
}

// TestWhatIsThereCounts: with a store that is there already, and what others have written since.
func TestWhatIsThereCounts(t *testing.T) {
	f := limited(t, 8*page)
	file := create(t, f, "/store/a")
	if _, err := file.WriteAt(make([]byte, 3*page), 0); err != nil {
		t.Fatal(err)
	}
	again, err := New(f.base, 4*page, "/store")
	if err != nil {
		t.Fatal(err)
	}
	again.free(t, 1)
	if free, err := again.Free("/store"); err != nil || free != page {
		t.Errorf("%d free: %v", free, err)
	}
	if _, err := create(t, f.base, "/store/of-others").WriteAt(make([]byte, page), 0); err != nil {
		t.Fatal(err)
	}
	if free, err := again.Free("/store"); err != nil || free != 0 {
		t.Errorf("%d free: %v", free, err)
	}
}

// TestManyAtOnce: together they never take more than there is.
func TestManyAtOnce(t *testing.T) {
	f := limited(t, 100*page)
	var all sync.WaitGroup
	var mu sync.Mutex
	fitted := 0
	for i := range 8 {
		file := create(t, f, "/store/"+string(rune('a'+i)))
		all.Go(func() {
			for at := range int64(50) {
				if _, err := file.WriteAt([]byte("x"), at*page); err == nil {
					mu.Lock()
					fitted++
					mu.Unlock()
				}
			}
		})
	}
	all.Wait()
	if f.free(t, 0); fitted != 100 {
		t.Errorf("%d writes fitted", fitted)
	}
}
