package crashfs

import (
	"bytes"
	"io/fs"
	"path"
	"slices"
	"syscall"
)

// ReadFile returns a copy of the content of a file.
func (f *FS) ReadFile(name string) ([]byte, error) {
	f.mu.RLock()
	defer f.mu.RUnlock()
	n, err := f.fileLocked(name)
	if err != nil {
		return nil, pathError("read", name, err)
	}
	return append([]byte{}, n.data...), nil
}

// WriteFile gives a file another content, in place and at once durable, as
// everything else in its directory becomes. It makes the file and its
// directories if they are missing. There is no hook and no limit.
func (f *FS) WriteFile(name string, data []byte) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	n, err := f.plantLocked(clean(name), func() *node { return &node{mode: 0o644} })
	switch {
	case err != nil:
		return pathError("write", name, err)
	case n.isDir():
		return pathError("write", name, syscall.EISDIR)
	}
	f.used += int64(len(data) - len(n.data))
	n.data, n.disk, n.pending = bytes.Clone(data), bytes.Clone(data), nil
	return nil
}

// plantLocked returns the node of a clean name with its name durable, after
// making what is missing.
func (f *FS) plantLocked(name string, fresh func() *node) (*node, error) {
	if name == "/" {
		return f.root, nil
	}
	dir, err := f.plantLocked(path.Dir(name), func() *node { return newDir(fs.ModeDir | 0o755) })
	if err != nil {
		return nil, err
	}
	if !dir.isDir() {
		return nil, syscall.ENOTDIR
	}
	n, ok := dir.names[path.Base(name)]
	if !ok {
		if n, err = f.addLocked(name, fresh()); err != nil {
			return nil, err
		}
	}
	f.syncDirLocked(dir)
	return n, nil
}

// Walk returns the names of all files, not directories, sorted.
func (f *FS) Walk() []string {
	var files []string
	f.walk(func(name string, n *node) {
		if !n.isDir() {
			files = append(files, name)
		}
	})
	slices.Sort(files)
	return files
}

// walk calls do for everything below the root, directories first, in order.
func (f *FS) walk(do func(name string, n *node)) {
	f.mu.RLock()
	defer f.mu.RUnlock()
	var visit func(prefix string, dir *node)
	visit = func(prefix string, dir *node) {
		for _, base := range sorted(dir.names) {
			do(prefix+base, dir.names[base])
			visit(prefix+base+"/", dir.names[base])
		}
	}
	visit("/", f.root)
}
