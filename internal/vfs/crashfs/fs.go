package crashfs

import (
	"errors"
	"io/fs"
	"path"
	"strings"
	"sync"
	"syscall"

	"constat/internal/vfs"
)

// ErrPowerLost is wrapped by the error of every operation after [FS.PowerOff].
var ErrPowerLost = errors.New("power lost")

// FS is a disk and what the running system believes to be on it.
type FS struct {
	mu       sync.RWMutex
	off      bool               // mu; no power
	ops      int                // mu; mutating operations tried
	hook     func(op Op) error  // mu; called without it
	root     *node              // never replaced
	pending  []*entryOp         // mu; not durable, oldest first
	used     int64              // mu; bytes in files that have a name or are open
	capacity int64              // mu; limit of used, negative if none
	locks    map[*node]struct{} // mu; files locked now
}

var _ vfs.FS = (*FS)(nil)

// New returns an empty file system without a capacity.
func New() *FS {
	return &FS{root: newDir(fs.ModeDir | 0o755), capacity: -1, locks: map[*node]struct{}{}}
}

// clean gives the one spelling of a name that is used inside.
func clean(name string) string { return path.Clean("/" + name) }

// chainLocked returns the nodes from the root to name, both included.
func (f *FS) chainLocked(name string) ([]*node, error) {
	chain := []*node{f.root}
	for part := range strings.SplitSeq(clean(name)[1:], "/") {
		if part == "" {
			break
		}
		dir := chain[len(chain)-1]
		if !dir.isDir() {
			return nil, syscall.ENOTDIR
		}
		n, ok := dir.names[part]
		if !ok {
			return nil, syscall.ENOENT
		}
		chain = append(chain, n)
	}
	return chain, nil
}

// nodeLocked returns the file or directory called name.
func (f *FS) nodeLocked(name string) (*node, error) {
	chain, err := f.chainLocked(name)
	if err != nil {
		return nil, err
	}
	return chain[len(chain)-1], nil
}

// fileLocked returns the file called name.
func (f *FS) fileLocked(name string) (*node, error) {
	n, err := f.nodeLocked(name)
	if err == nil && n.isDir() {
		return nil, syscall.EISDIR
	}
	return n, err
}

// dirLocked returns the directory called name.
func (f *FS) dirLocked(name string) (*node, error) {
	n, err := f.nodeLocked(name)
	if err == nil && !n.isDir() {
		return nil, syscall.ENOTDIR
	}
	return n, err
}

// place is where a name stands.
type place struct {
	chain []*node // directories from the root to dir
	dir   *node
	name  string
	node  *node // what has the name now, nil if nothing
}

// placeLocked finds the directory of a name, which itself need not exist.
func (f *FS) placeLocked(name string) (place, error) {
	dirname, base := path.Split(clean(name))
	if base == "" {
		return place{}, syscall.EBUSY // the root has no name
	}
	chain, err := f.chainLocked(dirname)
	if err != nil {
		return place{}, err
	}
	dir := chain[len(chain)-1]
	if !dir.isDir() {
		return place{}, syscall.ENOTDIR
	}
	return place{chain, dir, base, dir.names[base]}, nil
}

// pathError names operation and object of an error that is not nil.
func pathError(op, name string, err error) error {
	if err == nil {
		return nil
	}
	return &fs.PathError{Op: op, Path: name, Err: err}
}
