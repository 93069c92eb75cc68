package tiles

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"

	"constat/internal/durable"
	"constat/internal/vfs"
	"constat/journal"
	"constat/journal/layout"
	"constat/seal"
)

// Progress says how far an export is.
type Progress struct {
	Journal     string
	Done, Total uint64 // entries of the journal
	Written     uint64 // files, of all journals so far
	Kept        uint64 // files that were there already with the same content
}

// Export errors on which a caller may decide.
var (
	// ErrInStore says that the directory belongs to the store itself.
	ErrInStore = errors.New("directory belongs to the store: name another one")
	// ErrOtherLog says that the directory holds a log that this store does not continue.
	ErrOtherLog = errors.New("directory holds another log: name another one")
	// ErrRoot says that the entries of a journal do not give the root of its checkpoint. Verify the store.
	ErrRoot = errors.New("entries do not give the signed root: verify the store")
)

// Export writes every journal of a store, up to its newest persisted checkpoint, into dir as static files:
// dir/<journal>/checkpoint and dir/<journal>/tile/…. Each file is written atomically, and the checkpoint last, after
// its root was computed from the entries: whatever ends an export, the directory is a sound log or none. Exporting
// again writes only what is new; the partial tiles of earlier checkpoints stay. progress, if not nil, is called after
// every 256 entries.
func Export(ctx context.Context, fsys vfs.FS, r *journal.Reader, dir string, progress func(Progress)) error {
	if err := outside(fsys, r.Dir(), dir); err != nil {
		return fmt.Errorf("%s: %w", dir, err)
	}
	names, err := r.Journals()
	if err != nil {
		return err
	}
	l := New(fsys, r)
	out := newDirectory(fsys)
	defer out.flush()
	for _, name := range names {
		if err := l.export(ctx, name, filepath.Join(dir, name), out, progress); err != nil {
			return fmt.Errorf("export journal %s: %w", name, err)
		}
	}
	return nil
}

// outside refuses a directory that is a store or in this one.
func outside(fsys vfs.FS, store, dir string) error {
	if _, err := fsys.Stat(filepath.Join(dir, layout.StoreFile)); !errors.Is(err, fs.ErrNotExist) {
		return errors.Join(ErrInStore, err)
	}
	absStore, err1 := filepath.Abs(store)
	absDir, err2 := filepath.Abs(dir)
	rel, err3 := filepath.Rel(absStore, absDir)
	if err := errors.Join(err1, err2, err3); err != nil {
		return err
	}
	if filepath.IsLocal(rel) {
		return ErrInStore
	}
	return nil
}

func (l *Logs) export(ctx context.Context, name, dir string, out *directory, progress func(Progress)) error {
	p, err := l.Published(name)
	if err != nil {
		return err
	}
	v, err := l.view(p)
	if err != nil {
		return err
	}
	defer v.Close()
	if err := l.continues(ctx, v, p, filepath.Join(dir, "checkpoint")); err != nil {
		return err
	}
	x := &edge{dir: dir, out: out, nonces: v.Nonces()}
	for leaf, err := range v.Leaves(0, p.Size) {
		if err != nil {
			return err
		}
		if err := x.add(leaf); err != nil {
			return err
		}
		if done := leaf.Index + 1; done%Full == 0 || done == p.Size {
			if ctx.Err() != nil {
				return ctx.Err()
			}
			if progress != nil {
				progress(Progress{name, done, p.Size, out.written.Load(), out.kept.Load()})
			}
		}
	}
	if note, size, ok := l.cosigned(p); ok && size == p.Size {
		p.Note = note
	}
	return x.finish(p)
}

// continues compares the checkpoint of an earlier export with the journal.
func (l *Logs) continues(ctx context.Context, v *journal.View, p Published, file string) error {
	note, err := durable.ReadFile(l.fsys, file, seal.MaxCheckpoint)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	old, err := seal.OpenCheckpoint(note, p.Origin, l.reader.Certificate().Identity)
	if err != nil {
		return fmt.Errorf("%s: %w: %w", file, ErrOtherLog, err)
	}
	if old.Size > p.Size {
		return fmt.Errorf("%s: %w: it has %d entries, the journal %d", file, ErrOtherLog, old.Size, p.Size)
	}
	root, err := rootAt(ctx, v, old.Size)
	if err == nil && root != old.Root {
		err = fmt.Errorf("%s: %w: another history of the same origin", file, ErrOtherLog)
	}
	return err
}

// rootAt computes the root of a journal at a size from its entries.
func rootAt(ctx context.Context, v *journal.View, size uint64) (seal.Hash, error) {
	var f seal.Frontier
	nonces := v.Nonces()
	for leaf, err := range v.Leaves(0, size) {
		if err != nil {
			return seal.Hash{}, err
		}
		if _, full := f.Append(nonces.LeafHash(leaf.Index, leaf.Body)); full && ctx.Err() != nil {
			return seal.Hash{}, ctx.Err()
		}
	}
	return f.Root(), nil
}
