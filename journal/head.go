package journal

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"sync"

	"constat/internal/vfs"
	"constat/journal/frame"
	"constat/journal/layout"
)

// head is an open head file.
type head struct {
	name  string // path
	first uint64 // index of its first entry
	file  vfs.File
	size  int64 // bytes when opened; for the writer, the offset behind the last frame

	mu      sync.Mutex // held while syncing, truncating and closing; guards everything below
	durable int64      // bytes that the writer has synced
	failed  error      // why it cannot be synced any more
}

// openHead opens a head and compares its header with the journal's descriptor.
func openHead(dir string, d layout.Journal, first uint64, open func(string) (vfs.File, error)) (*head, error) {
	h := &head{name: filepath.Join(dir, layout.HeadName(first)), first: first}
	var err error
	if h.file, err = open(h.name); err != nil {
		return nil, err
	}
	if err := h.check(d); err != nil {
		h.file.Close()
		return nil, fmt.Errorf("%s: %w", h.name, err)
	}
	return h, nil
}

// openForReading opens a head even if its header is damaged: each frame stands for itself. A sound header that belongs
// elsewhere, or that a newer program wrote, is an error.
func openForReading(fsys vfs.FS, dir string, d layout.Journal, first uint64) (*head, error) {
	h := &head{name: filepath.Join(dir, layout.HeadName(first)), first: first}
	var err error
	if h.file, err = fsys.Open(h.name); err != nil {
		return nil, err
	}
	if err := h.check(d); err != nil && !isDamagedHeader(err) {
		h.file.Close()
		return nil, fmt.Errorf("%s: %w", h.name, err)
	}
	return h, nil
}

// errForeign says that a header is sound, but of another file.
var errForeign = errors.New("belongs to another journal or place")

// isDamagedHeader reports whether an error says of a header nothing but that it is not whole.
func isDamagedHeader(err error) bool { return isStructural(err) && !errors.Is(err, errForeign) }

func (h *head) check(d layout.Journal) (err error) {
	if h.size, err = h.file.Size(); err != nil {
		return err
	}
	return checkFileHeader(h.file, d.Header(frame.Head, h.first))
}

// checkFileHeader compares the header of a file with what it must be.
func checkFileHeader(f vfs.File, want frame.FileHeader) error {
	var b [frame.HeadHeaderSize]byte
	n, err := f.ReadAt(b[:], 0)
	if n < len(b) && err != nil && !errors.Is(err, fs.ErrInvalid) && !isEOF(err) {
		return err
	}
	if _, err := frame.ParseFileHeader(b[:n], want.Kind); err != nil {
		return err
	}
	if !bytes.Equal(b[:], frame.AppendFileHeader(nil, want)) {
		return fmt.Errorf("%w: %w", frame.ErrDamaged, errForeign)
	}
	return nil
}
