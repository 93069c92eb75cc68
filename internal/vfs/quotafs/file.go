package quotafs

import (
	"io/fs"
	"syscall"

	"constat/internal/vfs"
)

// file is a file that counts.
type file struct {
	vfs.File
	fs   *FS
	name string // as opened, for errors
}

// WriteAt implements vfs.File. What does not fit is not written at all.
func (f *file) WriteAt(p []byte, offset int64) (n int, err error) {
	err = f.change("write", offset+int64(len(p)), func() error {
		n, err = f.File.WriteAt(p, offset)
		return err
	})
	return n, err
}

// Truncate implements vfs.File.
func (f *file) Truncate(size int64) error {
	return f.change("truncate", size, func() error { return f.File.Truncate(size) })
}

// change does what may make the file as long as end, if that fits.
func (f *file) change(op string, end int64, do func() error) error {
	f.fs.mu.Lock()
	defer f.fs.mu.Unlock()
	before, err := f.Size()
	if err != nil {
		return err
	}
	if grows := pages(end) - pages(before); grows > 0 && f.fs.used+grows > f.fs.limit {
		return &fs.PathError{Op: op, Path: f.name, Err: syscall.ENOSPC}
	}
	err = do()
	if after, sizeErr := f.Size(); sizeErr == nil {
		f.fs.used += pages(after) - pages(before)
	}
	return err
}
