package crashfs

import (
	"io/fs"
	"maps"
	"slices"
)

// node is a file or a directory, whatever its names. FS.mu guards all of it.
type node struct {
	mode fs.FileMode

	// Files.
	data    []byte   // what processes see
	disk    []byte   // content at the last Sync
	pending []change // since then, oldest first: disk with pending is data
	links   int      // names that processes see
	handles int      // open handles

	// Directories.
	names     map[string]*node // what processes see
	diskNames map[string]*node // durable
}

func newDir(mode fs.FileMode) *node {
	return &node{mode: mode, names: map[string]*node{}, diskNames: map[string]*node{}}
}

func (n *node) isDir() bool { return n.mode.IsDir() }

// sorted returns the names in a directory in order.
func sorted(names map[string]*node) []string {
	return slices.Sorted(maps.Keys(names))
}

// change is a write or a truncate.
type change struct {
	truncate bool
	offset   int64  // of the write, or the new size
	bytes    []byte // never changed once in here
}

// end is the least size of a file after the change.
func (c change) end() int64 { return c.offset + int64(len(c.bytes)) }

// apply does the change to b and returns the result, which may share memory
// with b.
func (c change) apply(b []byte) []byte {
	if c.truncate {
		return resize(b, c.offset)
	}
	if c.end() > int64(len(b)) {
		b = resize(b, c.end())
	}
	copy(b[c.offset:], c.bytes)
	return b
}

// resize cuts b, or lengthens it with zeros, without regard to what its spare
// capacity holds.
func resize(b []byte, size int64) []byte {
	old := int64(len(b))
	if size <= old {
		return b[:size]
	}
	b = slices.Grow(b, int(size-old))[:size]
	clear(b[old:])
	return b
}

// change does a change that processes see and the disk does not.
func (n *node) change(c change) {
	n.data = c.apply(n.data)
	n.pending = append(n.pending, c)
}

// sync makes everything durable.
func (n *node) sync() {
	for _, c := range n.pending {
		n.disk = c.apply(n.disk)
	}
	n.pending = nil
}

// loseWrites is a sync that fails: the writes leave nothing behind but the size
// they gave the file, and will never be durable.
func (n *node) loseWrites() {
	for i, c := range n.pending {
		if !c.truncate {
			n.pending[i] = change{offset: c.end()}
		}
	}
}

// clone copies the file. The slices of pending changes are shared, since they
// never change.
func (n *node) clone() *node {
	return &node{
		mode:    n.mode,
		data:    slices.Clone(n.data),
		disk:    slices.Clone(n.disk),
		pending: slices.Clone(n.pending),
	}
}
