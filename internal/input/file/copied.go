package file

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// advance is the position behind what was read of the file that is open. If the file is truncated by now, it stays known by the
// octets by which it was known before: so its copy is found.
func (f *Follower) advance(to int64) (position, error) {
	info, err := f.file.Stat()
	if err != nil {
		return f.at, err
	}
	at, id := f.at, idOf(info)
	at.Device, at.Inode, at.Offset = id.device, id.inode, to
	head := min(to, maxHead)
	if head == at.Head && f.head != nil {
		return at, nil
	}
	b := make([]byte, head)
	if _, err := f.file.ReadAt(b, 0); err != nil && !errors.Is(err, io.EOF) {
		return f.at, err
	} else if err != nil || sum(b[:min(at.Head, head)]) != at.Sum {
		return at, nil
	}
	at.Head, at.Sum, f.head = head, sum(b), b
	return at, nil
}

// passCopy looks for the copy of a file that was truncated, which ends before what was read last: a line was written and read
// while it was made. There is nothing to read in it. It reports whether there is one.
func (f *Follower) passCopy() bool {
	dir, base := filepath.Split(f.config.Path)
	entries, err := os.ReadDir(dir)
	if err != nil {
		return false
	}
	for _, e := range entries {
		rest, found := strings.CutPrefix(e.Name(), base)
		if !found || !e.Type().IsRegular() || !rotated.MatchString(rest) {
			continue
		}
		if f.isPart(filepath.Join(dir, e.Name())) {
			return true
		}
	}
	return false
}

// isPart reports whether a file is the beginning of what was read, and notes that it is read.
func (f *Follower) isPart(name string) bool {
	file, err := openFile(name)
	if err != nil {
		return false
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil || info.Size() == 0 || info.Size() >= f.at.Offset || !f.beginsIn(file, info.Size()) {
		return false
	}
	at := position{Path: f.config.Path}
	if err := at.identify(file, info.Size()); err != nil {
		return false
	}
	return f.group == nil || f.group.pass(f, name, info, at)
}

// beginsIn reports whether a file of that size begins as what was read.
func (f *Follower) beginsIn(file *os.File, size int64) bool {
	b := make([]byte, min(size, int64(len(f.head))))
	_, err := file.ReadAt(b, 0)
	return err == nil && len(b) > 0 && bytes.HasPrefix(f.head, b)
}

// pass notes that a file was read, unless it is known already.
func (m *Many) pass(f *Follower, name string, info fs.FileInfo, at position) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	if owner := m.claims[at.id()]; owner != nil && owner != f || m.restsLocked(name, info) {
		return false
	}
	delete(m.held, at.id())
	m.rest[at.id()], m.dirty = resting{position: at, look: lookOf(info), ended: true}, true
	return true
}
