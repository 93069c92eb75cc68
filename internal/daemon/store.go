package daemon

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"constat/entry"
	"constat/internal/ingest"
	"constat/internal/vfs"
	"constat/journal"
	"constat/seal"
)

// store is the writer as the intake sees it. One that broke is replaced by another.
type store struct {
	fsys vfs.FS
	dir  string

	appending sync.Mutex        // held while appending, so that nobody else moves the index; taken before mu
	before    map[string]uint64 // sizes of the journals when the writer broke; guarded by appending

	converting chan struct{} // holds a value while somebody converts

	mu     sync.Mutex // guards everything below
	writer *journal.Writer
	broken bool // writer

	private []journal.PrivateRule

	signed func() // is called when something was signed; never nil
}

func newStore(w *journal.Writer, fsys vfs.FS, dir string) *store {
	return &store{writer: w, fsys: fsys, dir: dir, converting: make(chan struct{}, 1), signed: func() {}}
}

var _ ingest.Store = (*store)(nil)

func (s *store) get() *journal.Writer {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.writer
}

// Append implements [ingest.Sink]. An error says how many entries were kept.
func (s *store) Append(name string, entries []entry.Entry) (first uint64, err error) {
	s.appending.Lock()
	defer s.appending.Unlock()
	w := s.get()
	first, err = w.Append(name, nil) // nothing but where the first will be
	if err != nil {
		return first, s.told(w, err)
	}
	next, err := w.Append(name, entries)
	if err == nil {
		return next, nil
	}
	if kept := min(next-min(first, next), uint64(len(entries))); kept > 0 {
		return first, &ingest.PartialError{N: int(kept), Err: s.told(w, err)}
	}
	return first, s.told(w, err)
}

// Sync implements [ingest.Sink].
func (s *store) Sync() error { w := s.get(); return s.told(w, w.Sync()) }

// Checkpoint implements [ingest.Store].
func (s *store) Checkpoint() error {
	defer s.signed()
	w := s.get()
	return s.told(w, w.Checkpoint())
}

// Seal seals everything appended before.
func (s *store) Seal(reason seal.Reason) error {
	defer s.signed()
	w := s.get()
	_, err := w.Seal(reason)
	return s.told(w, err)
}

// sealAs seals with that reason. A first seal may have to say that the process did not run, or has woken up.
func (s *store) sealAs(reason seal.Reason) error {
	for range 2 {
		if err := s.Seal(reason); err != nil {
			return err
		}
		if last, _, ok := s.get().LastSeal(); ok && last.Reason == reason {
			return nil
		}
	}
	return fmt.Errorf("the seal is not of reason %s", reason)
}

// Unsealed says since when entries wait for a seal.
func (s *store) Unsealed() (since int64, waiting bool) { return s.get().Unsealed() }

// Rotate ends the heads of all journals and signs.
func (s *store) Rotate() error {
	w := s.get()
	return s.told(w, errors.Join(w.Rotate(), w.Checkpoint()))
}

// Convert turns complete heads into segments. It does not hold up appending. One conversion at a time: two would take
// both processors from the intake, and so much memory that the collector of garbage costs more than the second gains.
func (s *store) Convert(ctx context.Context) error {
	select {
	case s.converting <- struct{}{}:
		defer func() { <-s.converting }()
	case <-ctx.Done():
		return ctx.Err()
	}
	w := s.get()
	_, err := w.Convert(ctx)
	return s.told(w, err)
}

// Prune removes what retention does not keep. It does not hold up appending.
func (s *store) Prune(ctx context.Context, p journal.Policy) (journal.PruneReport, error) {
	w := s.get()
	r, err := w.Prune(ctx, p)
	return r, s.told(w, err)
}

// Erase removes private values for good.
func (s *store) Erase(ctx context.Context, x journal.Erasure) (journal.Erased, error) {
	w := s.get()
	done, err := w.Erase(ctx, x)
	return done, s.told(w, err)
}

// setPrivate changes which fields are private.
func (s *store) setPrivate(rules []journal.PrivateRule) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.private = rules
	s.writer.SetPrivate(rules)
}

// Free implements [ingest.Store].
func (s *store) Free() (int64, error) { return s.fsys.Free(s.dir) }

// Reopen implements [ingest.Store]. Opening recovers.
func (s *store) Reopen() (lost uint64, err error) {
	s.appending.Lock()
	defer s.appending.Unlock()
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.broken {
		return 0, nil // done since
	}
	if s.before == nil {
		s.before = s.writer.Sizes()
	}
	_ = s.writer.Close() // it is broken: what is wrong is known
	w, err := journal.OpenWriter(s.fsys, s.dir, journal.Options{Private: s.private})
	if err != nil {
		return 0, err
	}
	found := w.Found()
	for name, size := range s.before {
		lost += size - min(size, found[name])
	}
	s.writer, s.broken, s.before = w, false, nil
	return lost, nil
}

// Close releases the store.
func (s *store) Close() error { return s.get().Close() }

// told notes that a writer is broken, and hides why: it does not get better when the disk has room again.
func (s *store) told(w *journal.Writer, err error) error {
	if !errors.Is(err, journal.ErrBroken) {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.writer == w {
		s.broken = true
	}
	return fmt.Errorf("%w: %v", journal.ErrBroken, err)
}
