package faultfs

import "constat/internal/vfs"

// file is a file of which some operations fail. Close and Size never do.
type file struct {
	vfs.File
	fs   *FS
	name string // as opened
}

// wrap passes an error through.
func (f *FS) wrap(name string, base vfs.File, err error) (vfs.File, error) {
	if err != nil {
		return nil, err
	}
	return &file{File: base, fs: f, name: name}, nil
}

// ReadAt implements vfs.File.
func (f *file) ReadAt(p []byte, offset int64) (int, error) {
	if err := f.fs.readable("read", f.name); err != nil {
		return 0, err
	}
	return f.File.ReadAt(p, offset)
}

// WriteAt implements vfs.File. The count is what was written, except that
// DoneButFailed reports 0.
func (f *file) WriteAt(p []byte, offset int64) (int, error) {
	o := op{kind: "write", name: f.name}
	mode := f.fs.next(o)
	switch mode {
	case None:
		return f.File.WriteAt(p, offset)
	case DoneButFailed:
		_, _ = f.File.WriteAt(p, offset)
		return 0, o.error(mode.cause())
	case ShortWrite:
		n, _ := f.File.WriteAt(p[:len(p)/2], offset)
		return n, o.error(mode.cause())
	default:
		return 0, o.error(mode.cause())
	}
}

// Truncate implements vfs.File.
func (f *file) Truncate(size int64) error {
	return f.fs.do(op{kind: "truncate", name: f.name}, func() error { return f.File.Truncate(size) })
}

// Sync implements vfs.File.
func (f *file) Sync() error {
	return f.fs.do(op{kind: "sync", name: f.name}, f.File.Sync)
}
