package crashfs

import (
	"io/fs"
	"os"
	"slices"
	"strings"
	"syscall"

	"constat/internal/vfs"
)

// Create implements vfs.FS.
func (f *FS) Create(name string, perm fs.FileMode) (vfs.File, error) {
	if err := f.begin(Op{Kind: Create, Name: name}); err != nil {
		return nil, pathError("create", name, err)
	}
	defer f.mu.Unlock()
	n, err := f.addLocked(name, &node{mode: perm.Perm()})
	if err != nil {
		return nil, pathError("create", name, err)
	}
	return newHandleLocked(f, n, name, true), nil
}

// Mkdir implements vfs.FS.
func (f *FS) Mkdir(name string, perm fs.FileMode) error {
	if err := f.begin(Op{Kind: Mkdir, Name: name}); err != nil {
		return pathError("mkdir", name, err)
	}
	defer f.mu.Unlock()
	_, err := f.addLocked(name, newDir(fs.ModeDir|perm.Perm()))
	return pathError("mkdir", name, err)
}

// addLocked gives a new node a name.
func (f *FS) addLocked(name string, n *node) (*node, error) {
	at, err := f.placeLocked(name)
	switch {
	case clean(name) == "/":
		return nil, syscall.EEXIST
	case err != nil:
		return nil, err
	case at.node != nil:
		return nil, syscall.EEXIST
	}
	n.links++
	f.enterLocked(&entryOp{parts: []part{{dir: at.dir, name: at.name, node: n}}}, nothing)
	return n, nil
}

// Remove implements vfs.FS.
func (f *FS) Remove(name string) error {
	if err := f.begin(Op{Kind: Remove, Name: name}); err != nil {
		return pathError("remove", name, err)
	}
	defer f.mu.Unlock()
	return pathError("remove", name, f.removeLocked(name))
}

func (f *FS) removeLocked(name string) error {
	at, err := f.placeLocked(name)
	switch {
	case err != nil:
		return err
	case at.node == nil:
		return syscall.ENOENT
	case len(at.node.names) > 0:
		return syscall.ENOTEMPTY
	}
	op := &entryOp{parts: []part{{dir: at.dir, name: at.name}}}
	// A directory goes after what made it empty: that may have been moved.
	f.enterLocked(op, func(older *entryOp) bool { return older.touches(at.node) })
	f.unlinkLocked(at.node)
	return nil
}

// Rename implements vfs.FS.
func (f *FS) Rename(oldname, newname string) error {
	err := f.begin(Op{Kind: Rename, Name: oldname, NewName: newname})
	if err == nil {
		defer f.mu.Unlock()
		err = f.renameLocked(oldname, newname)
	}
	if err != nil {
		return &os.LinkError{Op: "rename", Old: oldname, New: newname, Err: err}
	}
	return nil
}

func (f *FS) renameLocked(oldname, newname string) error {
	from, err := f.placeLocked(oldname)
	if err != nil {
		return err
	}
	to, err := f.placeLocked(newname)
	if err != nil {
		return err
	}
	if err := checkRename(from, to); err != nil || from.node == to.node {
		return err
	}
	moved, apart := from.node, from.dir != to.dir
	op := &entryOp{
		parts: []part{{dir: to.dir, name: to.name, node: moved}, {dir: from.dir, name: from.name}},
		loose: apart && !moved.isDir(),
	}
	// A move waits for whatever put the new directory and those above it where
	// they are: else it could lead to nowhere, or a directory into itself.
	f.enterLocked(op, func(older *entryOp) bool { return apart && older.places(to.chain) })
	if to.node != nil {
		f.unlinkLocked(to.node)
	}
	return nil
}

// checkRename refuses what rename(2) refuses, and replacing a directory.
func checkRename(from, to place) error {
	switch {
	case from.node == nil:
		return syscall.ENOENT
	case from.node.isDir() && slices.Contains(to.chain, from.node):
		return syscall.EINVAL
	case to.node != nil && to.node.isDir():
		return syscall.EEXIST
	case to.node != nil && from.node.isDir():
		return syscall.ENOTDIR
	}
	return nil
}

// unlinkLocked takes a name away from a node.
func (f *FS) unlinkLocked(n *node) {
	n.links--
	f.releaseLocked(n)
}

// releaseLocked frees the bytes of a file that nobody can reach any more.
func (f *FS) releaseLocked(n *node) {
	if n.links == 0 && n.handles == 0 {
		f.used -= int64(len(n.data))
	}
}

// SyncDir implements vfs.FS.
func (f *FS) SyncDir(name string) error {
	if err := f.begin(Op{Kind: SyncDir, Name: name}); err != nil {
		return pathError("syncdir", name, err)
	}
	defer f.mu.Unlock()
	dir, err := f.dirLocked(name)
	if err == nil {
		f.syncDirLocked(dir)
	}
	return pathError("syncdir", name, err)
}

// ReadDir implements vfs.FS.
func (f *FS) ReadDir(name string) ([]fs.DirEntry, error) {
	if err := f.beginRead(); err != nil {
		return nil, pathError("readdir", name, err)
	}
	defer f.mu.RUnlock()
	dir, err := f.dirLocked(name)
	if err != nil {
		return nil, pathError("readdir", name, err)
	}
	var list []fs.DirEntry
	for _, base := range sorted(dir.names) {
		list = append(list, fs.FileInfoToDirEntry(infoOf(base, dir.names[base])))
	}
	return list, nil
}

// Stat implements vfs.FS.
func (f *FS) Stat(name string) (fs.FileInfo, error) {
	if err := f.beginRead(); err != nil {
		return nil, pathError("stat", name, err)
	}
	defer f.mu.RUnlock()
	n, err := f.nodeLocked(name)
	if err != nil {
		return nil, pathError("stat", name, err)
	}
	cleaned := clean(name)
	return infoOf(cleaned[strings.LastIndexByte(cleaned, '/')+1:], n), nil
}
