package journal

import (
	"errors"
	"fmt"
	"path/filepath"
	"sync"

	"constat/internal/durable"
	"constat/internal/vfs"
	"constat/journal/frame"
	"constat/journal/layout"
	"constat/seal"
)

// Reader reads a store. It needs no writer and no daemon, takes no lock and writes nothing.
type Reader struct {
	fsys  vfs.FS
	dir   string
	store layout.Store
}

// OpenReader opens the store in dir. It returns [ErrNoStore] if there is none.
func OpenReader(fsys vfs.FS, dir string) (*Reader, error) {
	store, err := readStore(fsys, dir)
	if err != nil {
		return nil, err
	}
	return &Reader{fsys: fsys, dir: dir, store: store}, nil
}

// Dir is the directory of the store.
func (r *Reader) Dir() string { return r.dir }

// Certificate is certificate 0 of the store.
func (r *Reader) Certificate() seal.Certificate { return r.store.Certificate }

// Journals returns the names of the journals, sorted. Journals that were set aside as damaged are not among them.
func (r *Reader) Journals() ([]string, error) { return journalDirs(r.fsys, r.dir) }

// Checkpoint returns the newest checkpoint of a journal, checked against the identity of the store.
func (r *Reader) Checkpoint(journal string) (seal.Checkpoint, error) {
	v, err := r.view(journal)
	if err != nil {
		return seal.Checkpoint{}, err
	}
	defer v.Close()
	name := filepath.Join(v.dir, layout.CheckpointFile)
	data, err := durable.ReadFile(r.fsys, name, seal.MaxCheckpoint)
	if err != nil {
		return seal.Checkpoint{}, err
	}
	c, err := seal.OpenCheckpoint(data, v.Journal.Origin, r.store.Certificate.Identity)
	if err != nil {
		return c, fmt.Errorf("%s: %w", name, err)
	}
	return c, nil
}

// UnreadableError says that a journal could not be opened for reading.
type UnreadableError struct {
	Journal string
	Err     error
}

// Error implements error.
func (e *UnreadableError) Error() string { return fmt.Sprintf("journal %s: %v", e.Journal, e.Err) }

// Unwrap returns why it could not.
func (e *UnreadableError) Unwrap() error { return e.Err }

// Snapshot returns a view of each named journal as it is now. If one of them cannot be read there are no views. If
// none is named it returns the views of all journals that can be read, and an error that joins an [UnreadableError]
// for each of the others. The views must be closed, also those beside an error.
func (r *Reader) Snapshot(journals ...string) ([]*View, error) {
	if len(journals) == 0 {
		return r.snapshotAll()
	}
	var views []*View
	for _, name := range journals {
		v, err := r.view(name)
		if err != nil {
			return nil, errors.Join(err, CloseViews(views))
		}
		views = append(views, v)
	}
	return views, nil
}

func (r *Reader) snapshotAll() ([]*View, error) {
	names, err := r.Journals()
	if err != nil {
		return nil, err
	}
	var views []*View
	var errs []error
	for _, name := range names {
		if v, err := r.view(name); err == nil {
			views = append(views, v)
		} else {
			errs = append(errs, &UnreadableError{name, err})
		}
	}
	return views, errors.Join(errs...)
}

// CloseViews closes views.
func CloseViews(views []*View) error {
	var errs []error
	for _, v := range views {
		errs = append(errs, v.Close())
	}
	return errors.Join(errs...)
}

// View is one journal up to a size. Entries that come later do not appear in it. It may be read by one goroutine at a
// time.
type View struct {
	Journal layout.Journal
	Size    uint64 // entries

	fsys  vfs.FS
	dir   string
	heads []*headView
	read  reading

	mu sync.Mutex // guards closed
}

// headView is a head of a view. Only the last one is opened with the view.
type headView struct {
	first  uint64
	end    uint64 // index behind its last entry
	head   *head  // nil until needed
	size   int64  // bytes that belong to the view, 0 until known
	frames []frame.Extent
	listed bool // frames are known
}

func (r *Reader) view(name string) (*View, error) {
	if err := layout.ValidJournalName(name); err != nil {
		return nil, err
	}
	v := &View{fsys: r.fsys, dir: filepath.Join(r.dir, name)}
	file := filepath.Join(v.dir, layout.JournalFile)
	data, err := durable.ReadFile(r.fsys, file, layout.MaxDescriptor)
	if isNotExist(err) {
		return nil, fmt.Errorf("store %s has no journal %q: %w", r.dir, name, err)
	}
	if err != nil {
		return nil, err
	}
	if v.Journal, err = layout.ParseJournal(data); err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	signed := r.signedSize(v) // before the heads are listed: what is signed was there then
	firsts, err := listHeads(r.fsys, v.dir)
	if err != nil {
		return nil, err
	}
	for i, first := range firsts {
		h := &headView{first: first}
		if i > 0 {
			v.heads[i-1].end = first
		}
		v.heads = append(v.heads, h)
	}
	err = v.findSize()
	v.Size = max(v.Size, signed)
	if err != nil {
		return nil, errors.Join(err, v.Close())
	}
	return v, nil
}

// signedSize is the number of entries that the newest checkpoint speaks of, so that those which are gone can be
// reported; 0 without a checkpoint that is sound.
func (r *Reader) signedSize(v *View) uint64 {
	data, err := durable.ReadFile(r.fsys, filepath.Join(v.dir, layout.CheckpointFile), seal.MaxCheckpoint)
	if err != nil {
		return 0
	}
	c, err := seal.OpenCheckpoint(data, v.Journal.Origin, r.store.Certificate.Identity)
	if err != nil {
		return 0
	}
	return c.Size
}

// findSize finds the end of the last head: by its last trailer or, where that is not whole, by its frames.
func (v *View) findSize() error {
	if len(v.heads) == 0 {
		return nil
	}
	last := v.heads[len(v.heads)-1]
	last.end = last.first
	v.Size = last.first
	if err := v.open(last); err != nil {
		if isStructural(err) || isNotExist(err) {
			return nil // gone, or another file stands in its place: reading says so
		}
		return err
	}
	x, ok, err := frame.Before(last.head.file, v.Journal.NonceKey, last.size, last.size)
	if err != nil {
		return err
	}
	if ok {
		last.end = x.Header.End()
	} else if err := v.list(last); err != nil {
		return err
	} else if n := len(last.frames); n > 0 {
		last.end = last.frames[n-1].Header.End()
	}
	v.Size = last.end
	return nil
}

func (v *View) open(h *headView) (err error) {
	if h.head != nil {
		return nil
	}
	if h.head, err = openForReading(v.fsys, v.dir, v.Journal, h.first); err != nil {
		return err
	}
	h.size = h.head.size
	return nil
}

// list finds all frames of a head by walking it. The end of the last head may not be known yet.
func (v *View) list(h *headView) error {
	if h.listed {
		return nil
	}
	if err := v.open(h); err != nil {
		return err
	}
	next := h.first
	for x, err := range frame.Scan(h.head.file, v.Journal.NonceKey, frame.HeadHeaderSize, h.size) {
		if err != nil {
			return fmt.Errorf("%s: %w", h.head.name, err)
		}
		if x.Gap || x.Header.First < next || h.end > h.first && x.Header.End() > h.end {
			continue // found missing when the indexes are read
		}
		h.frames = append(h.frames, x)
		next = x.Header.End()
	}
	h.listed = true
	return nil
}

// Close closes the files of the view. It may be called twice.
func (v *View) Close() error {
	v.mu.Lock()
	defer v.mu.Unlock()
	var errs []error
	for _, h := range v.heads {
		if h.head != nil {
			errs = append(errs, h.head.file.Close())
			h.head = nil
		}
	}
	v.heads = nil
	v.read.close()
	return errors.Join(errs...)
}
