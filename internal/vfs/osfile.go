package vfs

import (
	"io/fs"
	"os"
	"syscall"
)

// osFile adds to os.File what File has and os.File does not.
type osFile struct{ *os.File }

// wrap passes an error through and never returns a File with a nil inside.
func wrap(f *os.File, err error) (File, error) {
	if err != nil {
		return nil, err
	}
	return osFile{f}, nil
}

// Size asks the kernel each time: another handle may have written.
func (f osFile) Size() (int64, error) {
	info, err := f.Stat()
	if err != nil {
		return 0, err
	}
	return info.Size(), nil
}

// Sync is fdatasync(2): it covers the length, but not the times, of the file.
func (f osFile) Sync() error {
	if err := control(f.File, syscall.Fdatasync); err != nil {
		return &fs.PathError{Op: "sync", Path: f.Name(), Err: err}
	}
	return nil
}
