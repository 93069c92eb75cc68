package crashfs

import (
	"io"
	"io/fs"
	"syscall"

	"constat/internal/vfs"
)

// handle is an open file. It keeps to its node whatever becomes of the name.
type handle struct {
	fs       *FS
	node     *node
	name     string // as opened
	writable bool
	closed   bool // fs.mu
}

// newHandleLocked opens a node.
func newHandleLocked(f *FS, n *node, name string, writable bool) *handle {
	n.handles++
	return &handle{fs: f, node: n, name: name, writable: writable}
}

// Open implements vfs.FS.
func (f *FS) Open(name string) (vfs.File, error) { return f.open(name, false) }

// OpenWrite implements vfs.FS.
func (f *FS) OpenWrite(name string) (vfs.File, error) { return f.open(name, true) }

func (f *FS) open(name string, writable bool) (vfs.File, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.off {
		return nil, pathError("open", name, ErrPowerLost)
	}
	n, err := f.fileLocked(name)
	if err != nil {
		return nil, pathError("open", name, err)
	}
	return newHandleLocked(f, n, name, writable), nil
}

// ReadAt implements vfs.File.
func (h *handle) ReadAt(p []byte, offset int64) (int, error) {
	if err := h.fs.beginRead(); err != nil {
		return 0, pathError("read", h.name, err)
	}
	defer h.fs.mu.RUnlock()
	switch {
	case h.closed:
		return 0, pathError("read", h.name, fs.ErrClosed)
	case offset < 0:
		return 0, pathError("read", h.name, syscall.EINVAL)
	case len(p) == 0:
		return 0, nil
	case offset >= int64(len(h.node.data)):
		return 0, io.EOF
	}
	n := copy(p, h.node.data[offset:])
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}

// Size implements vfs.File.
func (h *handle) Size() (int64, error) {
	if err := h.fs.beginRead(); err != nil {
		return 0, pathError("stat", h.name, err)
	}
	defer h.fs.mu.RUnlock()
	if h.closed {
		return 0, pathError("stat", h.name, fs.ErrClosed)
	}
	return int64(len(h.node.data)), nil
}

// WriteAt implements vfs.File.
func (h *handle) WriteAt(p []byte, offset int64) (int, error) {
	if err := h.begin(Op{Kind: Write, Offset: offset, Len: int64(len(p))}, true); err != nil {
		return 0, err
	}
	defer h.fs.mu.Unlock()
	if offset < 0 {
		return 0, pathError("write", h.name, syscall.EINVAL)
	}
	if len(p) == 0 {
		return 0, nil
	}
	fit := h.fs.fitLocked(h.node, p, offset)
	h.fs.changeLocked(h.node, change{offset: offset, bytes: append([]byte(nil), fit...)})
	if len(fit) < len(p) {
		return len(fit), pathError("write", h.name, syscall.ENOSPC)
	}
	return len(p), nil
}

// Truncate implements vfs.File.
func (h *handle) Truncate(size int64) error {
	if err := h.begin(Op{Kind: Truncate, Len: size}, true); err != nil {
		return err
	}
	defer h.fs.mu.Unlock()
	switch {
	case size < 0:
		return pathError("truncate", h.name, syscall.EINVAL)
	case size > h.fs.limitLocked(h.node):
		return pathError("truncate", h.name, syscall.ENOSPC)
	}
	h.fs.changeLocked(h.node, change{truncate: true, offset: size})
	return nil
}

// Sync implements vfs.File.
func (h *handle) Sync() error {
	if err := h.begin(Op{Kind: Sync}, false); err != nil {
		return err
	}
	defer h.fs.mu.Unlock()
	h.node.sync()
	return nil
}

// begin starts a mutating operation. If it returns nil the caller must Unlock.
func (h *handle) begin(op Op, writes bool) error {
	op.Name = h.name
	err := h.fs.begin(op)
	if err != nil {
		if op.Kind == Sync {
			h.failSync()
		}
		return pathError(string(op.Kind), h.name, err)
	}
	switch {
	case h.closed:
		err = fs.ErrClosed
	case writes && !h.writable:
		err = syscall.EBADF
	default:
		return nil
	}
	h.fs.mu.Unlock()
	return pathError(string(op.Kind), h.name, err)
}

// failSync loses what was not synced, unless it was the power that failed.
func (h *handle) failSync() {
	h.fs.mu.Lock()
	defer h.fs.mu.Unlock()
	if !h.fs.off && !h.closed {
		h.node.loseWrites()
	}
}

// Close implements vfs.File.
func (h *handle) Close() error {
	h.fs.mu.Lock()
	defer h.fs.mu.Unlock()
	if h.closed {
		return pathError("close", h.name, fs.ErrClosed)
	}
	h.closed = true
	h.node.handles--
	h.fs.releaseLocked(h.node)
	if h.fs.off {
		return pathError("close", h.name, ErrPowerLost)
	}
	return nil
}
