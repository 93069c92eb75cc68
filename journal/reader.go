package journal

import (
	"errors"
	"fmt"
	"path/filepath"
	"sync"

	"constat/internal/durable"
	"constat/internal/vfs"
	"constat/journal/layout"
	"constat/seal"
)

// Reader reads a store. It needs no writer and no daemon, takes no lock and writes nothing.
type Reader struct {
	fsys  vfs.FS
	dir   string
	store layout.Store

	reveal bool // private values
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
// time, except that parts and their segments may be used by several.
type View struct {
	Journal layout.Journal
	Size    uint64 // entries

	fsys   vfs.FS
	dir    string
	reveal bool // private values
	parts  []*part
	read   reading

	mu   sync.Mutex // guards the open segments
	idle []*part    // segments that are open and not in use, the one used last at the end

	restoring sync.Mutex // guards restored
	restored  reading    // with which blobs are put back for others
}

func (r *Reader) view(name string) (*View, error) {
	if err := layout.ValidJournalName(name); err != nil {
		return nil, err
	}
	v := &View{fsys: r.fsys, dir: filepath.Join(r.dir, name), reveal: r.reveal}
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
	spans, err := agreedSpans(r.fsys, v.dir)
	if err != nil {
		return nil, err
	}
	v.addParts(spans)
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
