package tiles

import (
	"bytes"
	"errors"
	"io/fs"
	"path/filepath"
	"sync"
	"sync/atomic"

	"constat/internal/durable"
	"constat/internal/vfs"
)

// Modes of what an export consists of: bundles hold the events, so they are as private as the store.
const (
	dirMode  = 0o750
	fileMode = 0o640
)

// writersAtOnce is how many files are written at a time. Each waits for the disk twice, and waiting together is cheaper.
const writersAtOnce = 16

// directory writes the files of an export. Its methods must not be called concurrently.
type directory struct {
	fsys          vfs.FS
	made          map[string]bool // directories that are there
	written, kept atomic.Uint64   // files

	slots   chan struct{}
	writing sync.WaitGroup
	mu      sync.Mutex
	err     error // the first; guarded by mu
}

func newDirectory(fsys vfs.FS) *directory {
	return &directory{fsys: fsys, made: map[string]bool{}, slots: make(chan struct{}, writersAtOnce)}
}

// put gives a file its content, which belongs to the directory from then on. It may happen later, and the error may be
// that of another file: see flush.
func (d *directory) put(name string, data []byte) error {
	if err := d.failed(); err != nil {
		return err
	}
	if err := d.mkdir(filepath.Dir(name)); err != nil {
		return err
	}
	d.slots <- struct{}{}
	d.writing.Go(func() {
		defer func() { <-d.slots }()
		if err := d.write(name, data); err != nil {
			d.mu.Lock()
			defer d.mu.Unlock()
			if d.err == nil {
				d.err = err
			}
		}
	})
	return nil
}

// flush waits until every file that was put is durable, and returns what went wrong with any of them.
func (d *directory) flush() error {
	d.writing.Wait()
	return d.failed()
}

func (d *directory) failed() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.err
}

// write replaces a file atomically, unless it has that content.
func (d *directory) write(name string, data []byte) error {
	old, err := durable.ReadFile(d.fsys, name, int64(len(data)))
	switch {
	case err == nil && bytes.Equal(old, data):
		d.kept.Add(1)
		return nil
	case err != nil && !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, durable.ErrTooLarge):
		return err
	}
	d.written.Add(1)
	return durable.WriteFile(d.fsys, name, data, fileMode)
}

// mkdir makes a directory with its parents.
func (d *directory) mkdir(name string) error {
	if d.made[name] {
		return nil
	}
	if info, err := d.fsys.Stat(name); err == nil && info.IsDir() {
		d.made[name] = true // by us, as durable as it was then, or by the user
		return nil
	}
	if parent := filepath.Dir(name); parent != name {
		if err := d.mkdir(parent); err != nil {
			return err
		}
	}
	err := durable.Mkdir(d.fsys, name, dirMode)
	d.made[name] = err == nil
	return err
}
