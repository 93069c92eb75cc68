package durable

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"

	"constat/internal/vfs"
)

// Mkdir makes a directory, or finds it there. After nil its name survives power
// loss, as far as its parent's does. The error wraps fs.ErrExist if the name
// belongs to something else.
func Mkdir(fsys vfs.FS, name string, perm fs.FileMode) error {
	err := fsys.Mkdir(name, perm)
	if errors.Is(err, fs.ErrExist) && isDir(fsys, name) {
		err = nil
	}
	if err != nil {
		return err
	}
	return syncParent(fsys, "mkdir", name)
}

// isDir reports whether name is a directory.
func isDir(fsys vfs.FS, name string) bool {
	info, err := fsys.Stat(name)
	return err == nil && info.IsDir()
}

// Rename gives a file or directory another name, replacing a file that has it.
// After nil the new name, and only that, survives power loss. At any time,
// power loss included, at least one of the two names is there, and newname is
// the old file or the new one.
func Rename(fsys vfs.FS, oldname, newname string) error {
	if err := fsys.Rename(oldname, newname); err != nil {
		return err
	}
	if err := syncParent(fsys, "rename", newname); err != nil {
		return err
	}
	if filepath.Dir(oldname) == filepath.Dir(newname) {
		return nil
	}
	return syncParent(fsys, "rename", oldname)
}

// Remove removes a file or an empty directory. After nil it stays away, power
// loss or not. The error wraps fs.ErrNotExist, and nothing else, if the name
// was not there and its absence survives power loss.
func Remove(fsys vfs.FS, name string) error {
	err := fsys.Remove(name)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if syncErr := syncParent(fsys, "remove", name); syncErr != nil {
		return syncErr
	}
	return err
}

// syncParent makes what was done to a name durable.
func syncParent(fsys vfs.FS, operation, name string) error {
	if err := fsys.SyncDir(filepath.Dir(name)); err != nil {
		return fmt.Errorf("%s %s: %w", operation, name, err)
	}
	return nil
}
