package daemon

import (
	"errors"
	"fmt"
	"sync"

	"constat/entry"
	"constat/internal/ingest"
	"constat/internal/vfs"
	"constat/journal"
)

// store is the writer as the intake sees it.
type store struct {
	*journal.Writer
	fsys vfs.FS
	dir  string

	mu sync.Mutex // held while appending, so that nobody else moves the index
}

// Append implements [ingest.Sink]. An error says how many entries were kept.
func (s *store) Append(name string, entries []entry.Entry) (first uint64, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	first, err = s.Writer.Append(name, nil) // nothing but where the first will be
	if err != nil {
		return first, told(err)
	}
	next, err := s.Writer.Append(name, entries)
	if err == nil {
		return next, nil
	}
	if kept := min(next-min(first, next), uint64(len(entries))); kept > 0 {
		return first, &ingest.PartialError{N: int(kept), Err: told(err)}
	}
	return first, told(err)
}

// Sync implements [ingest.Sink].
func (s *store) Sync() error { return told(s.Writer.Sync()) }

// Checkpoint implements [ingest.Store].
func (s *store) Checkpoint() error { return told(s.Writer.Checkpoint()) }

// Free implements [ingest.Store].
func (s *store) Free() (int64, error) { return s.fsys.Free(s.dir) }

// told hides why a writer is broken: it does not get better when the disk has room again.
func told(err error) error {
	if errors.Is(err, journal.ErrBroken) {
		return fmt.Errorf("%w: %v", journal.ErrBroken, err)
	}
	return err
}
