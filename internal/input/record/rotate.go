package record

import (
	"errors"
	"fmt"
	"os"
	"time"
)

// Rotate makes the next line go into a new file: if somebody has moved the file away, as logrotate does before it sends
// SIGHUP, into the one that the path names now; if not, the file is renamed first, as for its size. Standard output and
// what is no regular file stay as they are.
func (f *File) Rotate() error {
	if f.path == "" {
		return nil
	}
	f.renewing.Store(true) // whoever is writing, or waits for room, may see it first
	f.mu.Lock()
	defer f.mu.Unlock()
	if !f.renewing.Load() || f.f == nil {
		return nil
	}
	return f.renewLocked()
}

// rotateLocked renames the file if so many octets more were too many. If that is not possible the file goes on growing:
// nothing is lost by that.
func (f *File) rotateLocked(more int64) {
	if f.config.MaxBytes <= 0 || !f.regular || f.size == 0 || f.size+more <= f.config.MaxBytes || time.Now().Before(f.notUntil) {
		return
	}
	if err := f.shiftLocked(); err != nil {
		f.notUntil = time.Now().Add(10 * time.Second)
		f.config.Report(fmt.Sprintf("%s cannot be rotated and goes on growing: %v", f.path, err))
	}
}

// shiftLocked gives each old file the next number, up to the first that is free, and opens a new one.
func (f *File) shiftLocked() error {
	last := 1
	for ; last != f.config.Keep; last++ {
		if _, err := os.Lstat(f.numbered(last)); errors.Is(err, os.ErrNotExist) {
			break
		} else if err != nil {
			return err
		}
	}
	if err := f.f.Sync(); err != nil {
		return err
	}
	for n := last; n > 0; n-- { // the last one of Keep is replaced, which is what Keep asks for
		err := os.Rename(f.numbered(n-1), f.numbered(n))
		if err != nil && !errors.Is(err, os.ErrNotExist) { // somebody has moved it meanwhile
			return err
		}
	}
	return f.reopenLocked()
}

// numbered is the name of an old file; number 0 is the file itself.
func (f *File) numbered(n int) string {
	if n == 0 {
		return f.path
	}
	return fmt.Sprintf("%s.%d", f.path, n)
}
