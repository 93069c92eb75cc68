package quotafs

import (
	"errors"
	"io"
	"io/fs"
	"path/filepath"
	"strings"
	"sync"

	"constat/internal/vfs"
)

// page is what files grow by, in bytes.
const page = 4096

// FS is a file system with a limit. It may be used concurrently if the one below may.
type FS struct {
	base  vfs.FS   // never changed
	limit int64    // never changed
	dirs  []string // never changed

	mu   sync.Mutex // held while something grows or goes
	used int64      // mu
}

var _ vfs.FS = (*FS)(nil)

// New lets the files below dirs, which need not exist yet, take limit bytes together. What is there already counts.
func New(base vfs.FS, limit int64, dirs ...string) (*FS, error) {
	f := &FS{base: base, limit: limit}
	for _, dir := range dirs {
		f.dirs = append(f.dirs, filepath.Clean(dir))
	}
	return f, f.count()
}

// Limit is the number of bytes that all files may take together.
func (f *FS) Limit() int64 { return f.limit }

// count looks how much is taken. The caller holds mu, or nobody else has f.
func (f *FS) count() error {
	f.used = 0
	for _, dir := range f.dirs {
		if err := f.add(dir); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}

// add counts what is below a directory. What goes meanwhile takes nothing.
func (f *FS) add(dir string) error {
	entries, err := f.base.ReadDir(dir)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if e.IsDir() {
			err = f.add(filepath.Join(dir, e.Name()))
		} else if info, infoErr := e.Info(); infoErr == nil {
			f.used += pages(info.Size())
		} else {
			err = infoErr
		}
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}

func pages(size int64) int64 { return (size + page - 1) / page * page }

// counts reports whether a file is one that counts.
func (f *FS) counts(name string) bool {
	name = filepath.Clean(name)
	for _, dir := range f.dirs {
		if strings.HasPrefix(name, strings.TrimSuffix(dir, "/")+"/") {
			return true
		}
	}
	return false
}

// taken is what a file takes; 0 if it is not there, is a directory, or does not count.
func (f *FS) taken(name string) int64 {
	info, err := f.base.Stat(name)
	if err != nil || info.IsDir() || !f.counts(name) {
		return 0
	}
	return pages(info.Size())
}

// Open implements vfs.FS.
func (f *FS) Open(name string) (vfs.File, error) { return f.base.Open(name) }

// OpenWrite implements vfs.FS.
func (f *FS) OpenWrite(name string) (vfs.File, error) {
	base, err := f.base.OpenWrite(name)
	return f.wrap(name, base, err)
}

// Create implements vfs.FS.
func (f *FS) Create(name string, perm fs.FileMode) (vfs.File, error) {
	base, err := f.base.Create(name, perm)
	return f.wrap(name, base, err)
}

// wrap passes an error through.
func (f *FS) wrap(name string, base vfs.File, err error) (vfs.File, error) {
	if err != nil || !f.counts(name) {
		return base, err
	}
	return &file{File: base, fs: f, name: name}, nil
}

// Rename implements vfs.FS. What it replaces is taken no more.
func (f *FS) Rename(oldname, newname string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	gone := f.taken(newname)
	if filepath.Clean(oldname) == filepath.Clean(newname) {
		gone = 0
	}
	err := f.base.Rename(oldname, newname)
	if err == nil {
		f.used -= gone
	}
	return err
}

// Remove implements vfs.FS.
func (f *FS) Remove(name string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	gone := f.taken(name)
	err := f.base.Remove(name)
	if err == nil {
		f.used -= gone
	}
	return err
}

// Mkdir implements vfs.FS.
func (f *FS) Mkdir(name string, perm fs.FileMode) error { return f.base.Mkdir(name, perm) }

// SyncDir implements vfs.FS.
func (f *FS) SyncDir(name string) error { return f.base.SyncDir(name) }

// ReadDir implements vfs.FS.
func (f *FS) ReadDir(name string) ([]fs.DirEntry, error) { return f.base.ReadDir(name) }

// Stat implements vfs.FS.
func (f *FS) Stat(name string) (fs.FileInfo, error) { return f.base.Stat(name) }

// Lock implements vfs.FS.
func (f *FS) Lock(name string) (io.Closer, error) { return f.base.Lock(name) }

// Free implements vfs.FS: it is what the limit leaves, or what the file system has if that is less. It counts anew.
func (f *FS) Free(name string) (int64, error) {
	free, err := f.base.Free(name)
	if err != nil {
		return 0, err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := f.count(); err != nil {
		return 0, err
	}
	return min(free, max(f.limit-f.used, 0)), nil
}
