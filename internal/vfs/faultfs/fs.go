package faultfs

import (
	"io"
	"io/fs"
	"strings"
	"sync"

	"constat/internal/vfs"
)

// FS is a file system of which some operations fail. It may be used
// concurrently if the one below may.
type FS struct {
	base vfs.FS // never changed
	plan Plan   // never changed

	mu     sync.Mutex
	ops    int      // mu; mutating operations so far
	failed []string // mu; those made to fail, as text
	noRead []string // mu; suffixes of names that cannot be read
}

var _ vfs.FS = (*FS)(nil)

// New wraps base.
func New(base vfs.FS, plan Plan) *FS { return &FS{base: base, plan: plan} }

// Ops returns how many mutating operations were tried so far.
func (f *FS) Ops() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.ops
}

// Failed returns the operations made to fail so far, such as "sync /a/b".
func (f *FS) Failed() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return append([]string(nil), f.failed...)
}

// FailReads makes ReadAt and ReadDir fail with EIO where the name, as it was
// opened, ends with one of the suffixes. They replace those of the last call;
// none lets everything be read again.
func (f *FS) FailReads(suffixes ...string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.noRead = append([]string(nil), suffixes...)
}

// next counts an operation and says how it fails.
func (f *FS) next(o op) Mode {
	f.mu.Lock()
	defer f.mu.Unlock()
	hit := f.ops == f.plan.At || f.ops > f.plan.At && f.plan.Onward
	f.ops++
	if f.plan.Mode == None || !hit {
		return None
	}
	f.failed = append(f.failed, strings.TrimSpace(o.kind+" "+o.name+" "+o.newname))
	return f.plan.Mode
}

// do counts an operation and does it or not. A planned fault is reported even if
// the operation would have failed by itself.
func (f *FS) do(o op, real func() error) error {
	mode := f.next(o)
	if mode == None {
		return real()
	}
	if mode == DoneButFailed {
		_ = real()
	}
	return o.error(mode.cause())
}

// readable fails if the name was given to FailReads.
func (f *FS) readable(kind, name string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, suffix := range f.noRead {
		if strings.HasSuffix(name, suffix) {
			return op{kind: kind, name: name}.error(NotDone.cause())
		}
	}
	return nil
}

// Open implements vfs.FS.
func (f *FS) Open(name string) (vfs.File, error) {
	base, err := f.base.Open(name)
	return f.wrap(name, base, err)
}

// OpenWrite implements vfs.FS.
func (f *FS) OpenWrite(name string) (vfs.File, error) {
	base, err := f.base.OpenWrite(name)
	return f.wrap(name, base, err)
}

// Create implements vfs.FS. A file that was created in spite of the error is
// closed.
func (f *FS) Create(name string, perm fs.FileMode) (vfs.File, error) {
	var made vfs.File
	err := f.do(op{kind: "create", name: name}, func() (err error) {
		made, err = f.base.Create(name, perm)
		return err
	})
	if err != nil && made != nil {
		_ = made.Close()
	}
	return f.wrap(name, made, err)
}

// Rename implements vfs.FS.
func (f *FS) Rename(oldname, newname string) error {
	return f.do(op{"rename", oldname, newname}, func() error { return f.base.Rename(oldname, newname) })
}

// Remove implements vfs.FS.
func (f *FS) Remove(name string) error {
	return f.do(op{kind: "remove", name: name}, func() error { return f.base.Remove(name) })
}

// Mkdir implements vfs.FS.
func (f *FS) Mkdir(name string, perm fs.FileMode) error {
	return f.do(op{kind: "mkdir", name: name}, func() error { return f.base.Mkdir(name, perm) })
}

// SyncDir implements vfs.FS.
func (f *FS) SyncDir(name string) error {
	return f.do(op{kind: "syncdir", name: name}, func() error { return f.base.SyncDir(name) })
}

// ReadDir implements vfs.FS.
func (f *FS) ReadDir(name string) ([]fs.DirEntry, error) {
	if err := f.readable("readdir", name); err != nil {
		return nil, err
	}
	return f.base.ReadDir(name)
}

// Stat implements vfs.FS. It never fails by itself.
func (f *FS) Stat(name string) (fs.FileInfo, error) { return f.base.Stat(name) }

// Lock implements vfs.FS. It is not counted and never fails by itself.
func (f *FS) Lock(name string) (io.Closer, error) { return f.base.Lock(name) }

// Free implements vfs.FS. It never fails by itself.
func (f *FS) Free(name string) (int64, error) { return f.base.Free(name) }
