package crashfs

import (
	"io/fs"
	"os"
	"path/filepath"
)

// DumpTo writes everything that processes see below the root into a directory
// of the operating system, which is made if missing.
func (f *FS) DumpTo(dir string) error {
	err := os.MkdirAll(dir, 0o755)
	f.walk(func(name string, n *node) {
		if err != nil {
			return
		}
		target := filepath.Join(dir, filepath.FromSlash(name))
		if n.isDir() {
			err = os.MkdirAll(target, n.mode.Perm())
		} else {
			err = os.WriteFile(target, n.data, n.mode.Perm())
		}
	})
	return err
}

// CopyFrom copies a directory of the operating system into the root, durable.
// Whatever is not a file or a directory is left out.
func (f *FS) CopyFrom(dir string) error {
	return filepath.WalkDir(dir, func(source string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name, err := filepath.Rel(dir, source)
		if err != nil {
			return err
		}
		info, err := entry.Info()
		if err != nil {
			return err
		}
		return f.copyOne(source, clean(filepath.ToSlash(name)), info.Mode())
	})
}

// copyOne copies one file or directory.
func (f *FS) copyOne(source, name string, mode fs.FileMode) error {
	switch {
	case mode.IsDir():
		return f.plant(name, mode)
	case !mode.IsRegular():
		return nil
	}
	data, err := os.ReadFile(source)
	if err != nil {
		return err
	}
	if err := f.plant(name, mode.Perm()); err != nil {
		return err
	}
	return f.WriteFile(name, data)
}

// plant makes a file or directory if it is missing, durable.
func (f *FS) plant(name string, mode fs.FileMode) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	_, err := f.plantLocked(name, func() *node {
		if mode.IsDir() {
			return newDir(fs.ModeDir | mode.Perm())
		}
		return &node{mode: mode.Perm()}
	})
	return pathError("copy", name, err)
}
