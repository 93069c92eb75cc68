package tiles

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"sync"

	"constat/internal/durable"
	"constat/internal/vfs"
	"constat/journal"
	"constat/journal/layout"
	"constat/seal"
)

// ErrNotPublished says that a log has no such resource: there is no such journal, or its newest checkpoint does not
// cover what the path names.
var ErrNotPublished = errors.New("not published")

// errReplaced says that a journal was set aside and another one took its name while it was read.
var errReplaced = errors.New("journal was replaced meanwhile")

// Logs are the journals of a store as logs. Its methods may be called concurrently.
type Logs struct {
	fsys   vfs.FS
	reader *journal.Reader
	gate   gate
	pieces pieces
	served served

	mu    sync.Mutex
	known map[string]Published // by journal; guarded by mu
}

// Published is a log up to its newest persisted checkpoint.
type Published struct {
	seal.Checkpoint
	Journal layout.Journal
	Note    []byte // the signed checkpoint, as it is in the file; not to be changed
}

// New returns the logs of the store that reader reads from fsys.
func New(fsys vfs.FS, reader *journal.Reader) *Logs {
	return &Logs{fsys: fsys, reader: reader, gate: newGate(), known: map[string]Published{}}
}

// Published returns the newest persisted checkpoint of a journal, checked against the identity of the store. The error
// wraps [ErrNotPublished] if there is none, whatever the name is.
func (l *Logs) Published(journal string) (Published, error) {
	if layout.ValidJournalName(journal) != nil {
		return Published{}, ErrNotPublished
	}
	note, err := l.read(journal, layout.CheckpointFile, seal.MaxCheckpoint)
	if err != nil {
		return Published{}, err
	}
	l.mu.Lock()
	p, ok := l.known[journal]
	l.mu.Unlock()
	if ok && bytes.Equal(p.Note, note) {
		return p, nil
	}
	if p, err = l.open(journal, note); err != nil {
		return Published{}, fmt.Errorf("journal %s: %w", journal, err)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.known[journal] = p
	return p, nil
}

// open checks a checkpoint.
func (l *Logs) open(journal string, note []byte) (p Published, err error) {
	descriptor, err := l.read(journal, layout.JournalFile, layout.MaxDescriptor)
	if err != nil {
		return p, err
	}
	p.Note = note
	if p.Journal, err = layout.ParseJournal(descriptor); err != nil {
		return p, err
	}
	p.Checkpoint, err = seal.OpenCheckpoint(note, p.Journal.Origin, l.reader.Certificate().Identity)
	return p, err
}

// read returns a file of a journal, whose name must be valid.
func (l *Logs) read(journal, file string, limit int64) ([]byte, error) {
	data, err := durable.ReadFile(l.fsys, filepath.Join(l.reader.Dir(), journal, file), limit)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%w: %w", ErrNotPublished, err)
	}
	return data, err
}

// Read returns a resource of the log of a journal. The error wraps [ErrNotPublished] if there is none. The bytes belong
// to several callers: they must not be changed.
func (l *Logs) Read(ctx context.Context, journal string, path Path) ([]byte, error) {
	p, err := l.Published(journal)
	switch {
	case err != nil:
		return nil, err
	case path.Kind == Checkpoint:
		return l.note(p), nil
	case !path.within(p.Size):
		return nil, fmt.Errorf("%s of journal %s at size %d: %w", path, journal, p.Size, ErrNotPublished)
	case path.Level > 0:
		return l.upper(ctx, p, path)
	}
	b, err := l.block(ctx, p, path)
	if isPruned(err) {
		return nil, fmt.Errorf("%w: %w", ErrNotPublished, err)
	}
	if err != nil {
		return nil, err
	}
	if path.Kind == Hashes {
		return b.hashes[:path.Width*hashSize], nil
	}
	return b.bundle[:b.ends[path.Width-1]], nil
}

// view opens the entries of a published journal. It must be closed.
func (l *Logs) view(p Published) (*journal.View, error) {
	views, err := l.reader.Snapshot(p.Journal.Name)
	if err != nil {
		return nil, err
	}
	v := views[0]
	if v.Journal.ID != p.Journal.ID {
		return nil, errors.Join(fmt.Errorf("journal %s: %w", p.Journal.Name, errReplaced), v.Close())
	}
	return v, nil
}

// isPruned reports whether the entries are gone for good, by retention.
func isPruned(err error) bool { return errors.Is(err, journal.ErrPruned) }
