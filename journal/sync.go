package journal

import (
	"fmt"

	"constat/internal/vfs"
	"constat/seal"
)

// extent is how far a journal had come at some moment.
type extent struct {
	log        *log
	head       *head
	bytes      int64           // of the head
	size       uint64          // entries
	root       seal.Hash       // over them, if it is for signing
	checkpoint seal.Checkpoint // over the entries; zero if there is nothing to sign
}

// Sync makes durable everything whose Append returned before. Entries may be appended meanwhile: they are not waited
// for. After an error the writer is broken.
func (w *Writer) Sync() error {
	list, err := w.extents(false)
	if err != nil {
		return err
	}
	return w.syncBeside(list)
}

// Checkpoint makes durable everything appended before, signs it, and makes the checkpoints durable. Entries may be
// appended meanwhile: the next checkpoint is for them. If the disk is full, the old checkpoints stand and the writer
// stays usable.
func (w *Writer) Checkpoint() error {
	w.signing.Lock()
	defer w.signing.Unlock()
	list, err := w.extents(true)
	if err != nil {
		return err
	}
	if err := w.syncBeside(list); err != nil {
		return err
	}
	return w.signAll(list)
}

// signAll makes checkpoints over extents that are durable: signing is held.
func (w *Writer) signAll(list []extent) error {
	for _, x := range list {
		if err := x.log.sign(w.fsys, w.identity, x.checkpoint); err != nil {
			w.mu.Lock()
			defer w.mu.Unlock()
			return w.unlessFull(err)
		}
	}
	return nil
}

// extents says how far all journals have come, and if it is for signing, which blocks are full by then: signing is
// held then.
func (w *Writer) extents(toSign bool) ([]extent, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.broken != nil {
		return nil, w.broken
	}
	if toSign {
		if err := w.tellPrivate(); err != nil {
			return nil, err
		}
	}
	return w.extentsLocked(toSign), nil
}

func (w *Writer) extentsLocked(toSign bool) []extent {
	list := make([]extent, 0, len(w.logs))
	for _, l := range w.sortedLogs() {
		list = append(list, w.extentOf(l, toSign))
	}
	return list
}

// extentOf says how far a journal has come.
func (w *Writer) extentOf(l *log, toSign bool) extent {
	x := extent{log: l, head: l.head, bytes: l.head.size, size: l.frontier.Size()}
	if toSign {
		x.root = l.frontier.Root()
	}
	if toSign && l.signed != x.size {
		l.unwritten, l.blocks = append(l.unwritten, l.blocks...), l.blocks[:0]
		x.checkpoint = seal.Checkpoint{Origin: l.desc.Origin, Size: x.size, Root: x.root}
	}
	return x
}

// syncBeside makes extents durable while others append. A head that ended meanwhile was synced then.
func (w *Writer) syncBeside(list []extent) error {
	for _, x := range list {
		if err := x.head.sync(x.bytes); err != nil {
			w.mu.Lock()
			defer w.mu.Unlock()
			return w.breakLocked(err)
		}
	}
	return nil
}

// syncLocked makes durable everything appended, while nobody appends.
func (w *Writer) syncLocked() error {
	if w.broken != nil {
		return w.broken
	}
	for _, l := range w.sortedLogs() {
		if err := l.sync(); err != nil {
			return w.breakLocked(err)
		}
	}
	return nil
}

// sync makes durable the first so many bytes of the head, which are written. It remembers a sync that failed: what
// that was to keep may be lost for good, though a later one would succeed.
func (h *head) sync(bytes int64) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.durable >= bytes {
		return nil // also of a head that has ended since
	}
	if h.failed != nil {
		return h.failed
	}
	if err := h.file.Sync(); err != nil {
		h.failed = fmt.Errorf("sync %s: %w", h.name, err)
		return h.failed
	}
	h.durable = bytes
	return nil
}

// truncate cuts the head behind its last frame.
func (h *head) truncate() error {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.file.Truncate(h.size)
}

// close ends the use of the head. What is not durable by then never will be by us.
func (h *head) close() error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.failed == nil {
		h.failed = fmt.Errorf("sync %s: closed", h.name)
	}
	return h.file.Close()
}

// sign writes the tree as far as there are full blocks, and a checkpoint over entries that are durable, if there is
// anything to sign.
func (l *log) sign(fsys vfs.FS, id *seal.Identity, c seal.Checkpoint) error {
	if c.Origin == "" {
		return nil
	}
	if err := l.writeTree(); err != nil {
		return err
	}
	if err := writeCheckpoint(fsys, l.dir, c, id); err != nil {
		return err
	}
	l.signed = c.Size
	return nil
}
