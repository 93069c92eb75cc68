package journal

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path/filepath"

	"constat/entry"
	"constat/internal/durable"
	"constat/internal/vfs"
	"constat/journal/frame"
	"constat/journal/layout"
	"constat/seal"
)

// Limits at which a head ends.
const (
	MaxHeadEntries = 65536
	MaxHeadBytes   = 64 << 20 // of bodies, before compression
)

// log is one journal as the writer holds it. Writer.mu guards it, and Writer.signing what has to do with signatures.
type log struct {
	desc     layout.Journal
	dir      string
	nonces   *entry.Nonces
	frontier seal.Frontier
	head     *head       // head.size is the offset behind the last frame
	headRaw  int64       // bytes of bodies in the head
	listed   bool        // the system journal says who it is
	blocks   []seal.Hash // full blocks that are neither unwritten nor in the tree file
	blobs    vfs.File    // of the present head; nil until the first
	blobSize int64
	sidecar  *sidecarFile // of the present head; nil until it is needed
	untold   []untold     // blocks of private values, in their order

	signed    uint64 // size of the newest checkpoint
	tree      vfs.File
	unwritten []seal.Hash // full blocks that a checkpoint is about to put into the tree file
	inTree    uint64      // blocks in the tree file

	complete []*completeHead // heads before the present one, ascending

	lastEpoch    uint32 // of the newest entry, when there is one
	lastReceived int64
}

// newest returns epoch and received time of the newest entry, if there is one.
func (l *log) newest() (epoch uint32, received int64, ok bool) {
	return l.lastEpoch, l.lastReceived, l.frontier.Size() > 0
}

func isEOF(err error) bool      { return errors.Is(err, io.EOF) }
func isNotExist(err error) bool { return errors.Is(err, fs.ErrNotExist) }

// sync makes durable everything appended.
func (l *log) sync() error { return l.head.sync(l.head.size) }

// writeTree appends the unwritten blocks to the tree file. It is not synced: it is derived, and compared when opened.
func (l *log) writeTree() error {
	if len(l.unwritten) == 0 {
		return nil
	}
	buf := make([]byte, 0, len(l.unwritten)*len(seal.Hash{}))
	for _, b := range l.unwritten {
		buf = append(buf, b[:]...)
	}
	offset := frame.HeadHeaderSize + int64(l.inTree)*int64(len(seal.Hash{}))
	if _, err := l.tree.WriteAt(buf, offset); err != nil {
		return fmt.Errorf("write %s: %w", filepath.Join(l.dir, layout.TreeFile), err)
	}
	l.inTree += uint64(len(l.unwritten))
	l.unwritten = l.unwritten[:0]
	return nil
}

// headFull reports whether the next entry belongs into a new head.
func (l *log) headFull() bool {
	return l.frontier.Size()-l.head.first >= MaxHeadEntries || l.headRaw >= MaxHeadBytes
}

// newHead begins a head. What was written before must be durable, so that only the last head can be torn.
func (l *log) newHead(fsys vfs.FS) error {
	first := l.frontier.Size()
	name := filepath.Join(l.dir, layout.HeadName(first))
	f, err := createFile(fsys, name)
	if err != nil {
		return err
	}
	header := frame.AppendFileHeader(nil, l.desc.Header(frame.Head, first))
	if _, err := f.WriteAt(header, 0); err != nil {
		return errors.Join(fmt.Errorf("write %s: %w", name, err), f.Close(), fsys.Remove(name))
	}
	if l.head != nil {
		l.complete = append(l.complete, &completeHead{first: l.head.first, end: first})
	}
	err = l.closeHead()
	l.head = &head{name: name, first: first, file: f, size: frame.HeadHeaderSize}
	l.headRaw, l.blobSize = 0, 0
	return err
}

// createFile makes a head or blob file. An attempt that failed may have left one that has no more than a header.
func createFile(fsys vfs.FS, name string) (vfs.File, error) {
	f, err := durable.Create(fsys, name, fileMode)
	if !errors.Is(err, fs.ErrExist) {
		return f, err
	}
	if info, statErr := fsys.Stat(name); statErr != nil || info.Size() > frame.HeadHeaderSize {
		return nil, errors.Join(err, statErr)
	}
	if err := fsys.Remove(name); err != nil {
		return nil, err
	}
	return durable.Create(fsys, name, fileMode)
}

func (l *log) closeHead() error {
	var errs []error
	if l.head != nil {
		errs = append(errs, l.head.close())
	}
	if l.blobs != nil {
		errs = append(errs, l.blobs.Close())
	}
	errs = append(errs, l.closeSidecar())
	l.head, l.blobs = nil, nil
	return errors.Join(errs...)
}

func (l *log) close() error {
	errs := []error{l.closeHead()}
	if l.tree != nil {
		errs = append(errs, l.tree.Close())
	}
	return errors.Join(errs...)
}

// blobFile returns the blob file of the present head, made if need be.
func (l *log) blobFile(fsys vfs.FS) (vfs.File, error) {
	if l.blobs != nil {
		return l.blobs, nil
	}
	name := filepath.Join(l.dir, layout.BlobName(l.head.first))
	f, err := createFile(fsys, name)
	if err != nil {
		return nil, err
	}
	header := frame.AppendFileHeader(nil, l.desc.Header(frame.Blob, l.head.first))
	if _, err := f.WriteAt(header, 0); err != nil {
		return nil, errors.Join(fmt.Errorf("write %s: %w", name, err), f.Close(), fsys.Remove(name))
	}
	l.blobs, l.blobSize = f, frame.HeadHeaderSize
	return f, nil
}
