package crashfs

import "math"

// unlimited is what Free reports when there is no capacity.
const unlimited = int64(1) << 40

// SetCapacity limits the bytes in all files together. A write that needs more
// is done as far as it fits and fails with ENOSPC. What is there already stays,
// even if it is more. A negative number means no limit.
func (f *FS) SetCapacity(bytes int64) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.capacity = bytes
}

// Used returns the bytes in all files together.
func (f *FS) Used() int64 {
	f.mu.RLock()
	defer f.mu.RUnlock()
	return f.used
}

// Free implements vfs.FS.
func (f *FS) Free(name string) (int64, error) {
	if err := f.beginRead(); err != nil {
		return 0, pathError("statfs", name, err)
	}
	defer f.mu.RUnlock()
	if _, err := f.nodeLocked(name); err != nil {
		return 0, pathError("statfs", name, err)
	}
	if f.capacity < 0 {
		return max(0, unlimited-f.used), nil
	}
	return max(0, f.capacity-f.used), nil
}

// limitLocked returns the size to which a file may grow.
func (f *FS) limitLocked(n *node) int64 {
	if f.capacity < 0 {
		return math.MaxInt64
	}
	return int64(len(n.data)) + max(0, f.capacity-f.used)
}

// fitLocked returns the part of p that can be written at offset.
func (f *FS) fitLocked(n *node, p []byte, offset int64) []byte {
	room := max(0, f.limitLocked(n)-offset)
	return p[:min(int64(len(p)), room)]
}

// changeLocked changes a file and what is used.
func (f *FS) changeLocked(n *node, c change) {
	before := len(n.data)
	if !c.truncate && len(c.bytes) == 0 {
		return
	}
	n.change(c)
	f.used += int64(len(n.data) - before)
}
