package journal

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"

	"constat/internal/durable"
	"constat/internal/vfs"
	"constat/journal/layout"
	"constat/journal/sidecar"
)

// trimSidecars removes private values that belong to no entry: those behind the last one, and the files of heads that are
// not there. It notes blocks of entries above the checkpoint, of which no control entry may speak yet.
func (o *opening) trimSidecars() error {
	names, err := o.r.w.fsys.ReadDir(o.dir)
	if err != nil {
		return err
	}
	for _, n := range names {
		first, ok := layout.ParsePrivateName(n.Name())
		if !ok {
			continue
		}
		name := filepath.Join(o.dir, n.Name())
		i := slices.IndexFunc(o.found, func(h scanned) bool { return h.first == first })
		switch {
		case i < 0 || o.found[i].kept != nil:
			err = destroySidecar(o.r.w.fsys, o.r.w.dir, name)
		case o.found[i].end > o.point.Size || o.found[i].head != nil:
			err = o.trimSidecar(name, first)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// trimSidecar cuts off what stands behind the last block of an entry that is there.
func (o *opening) trimSidecar(name string, first uint64) error {
	f, err := o.r.w.fsys.OpenWrite(name)
	if err != nil {
		return err
	}
	defer f.Close() // synced before
	size, err := f.Size()
	if err != nil {
		return err
	}
	end := min(size, sidecarHeader)
	for b, err := range sidecar.Blocks(f, size) {
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		if b.Gap || b.First() >= o.frontier.Size() {
			continue
		}
		if end = b.Offset + b.Length; b.First() < o.point.Size {
			continue
		}
		hash, err := b.Hash(f)
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		o.untold = append(o.untold, untold{first: first, end: b.End(), hash: hash})
	}
	if end == size {
		return nil
	}
	return errors.Join(f.Truncate(end), f.Sync())
}

// recoverPrivate is the last step of opening, when everything that the system journal says is durable: it finishes
// erasures that are logged, takes back those that are not, and finds the blocks that are still to be told.
func (w *Writer) recoverPrivate() error {
	said, err := w.readSidecars()
	if err != nil {
		return err
	}
	for _, l := range w.sortedLogs() {
		if err := w.finishErasures(l, &said); err != nil {
			return fmt.Errorf("journal %s: %w", l.desc.Name, err)
		}
		l.untold = slices.DeleteFunc(l.untold, func(u untold) bool {
			list := said.Blocks[layout.SidecarID{Journal: l.desc.ID, First: u.first}]
			return slices.ContainsFunc(list, func(b layout.SaidBlock) bool { return b.Hash == u.hash })
		})
	}
	return nil
}

// readSidecars reads what the system journal says of private values, if the store has any.
func (w *Writer) readSidecars() (said layout.Sidecars, err error) {
	any := false
	for _, l := range w.logs {
		names, err := w.fsys.ReadDir(l.dir)
		if err != nil {
			return said, err
		}
		for _, n := range names {
			_, is := layout.ParseNewPrivateName(n.Name())
			any = any || is || len(l.untold) > 0
		}
	}
	if !any {
		return said, nil
	}
	r := Reader{fsys: w.fsys, dir: w.dir, store: w.store}
	return r.Sidecars()
}

// finishErasures puts the files in place that a logged erasure has made, and removes those of one that is not logged.
func (w *Writer) finishErasures(l *log, said *layout.Sidecars) error {
	names, err := w.fsys.ReadDir(l.dir)
	if err != nil {
		return err
	}
	for _, n := range names {
		first, ok := layout.ParseNewPrivateName(n.Name())
		if !ok {
			continue
		}
		name := filepath.Join(l.dir, n.Name())
		logged, err := isLogged(w.fsys, name, said.Blocks[layout.SidecarID{Journal: l.desc.ID, First: first}])
		if err != nil {
			return err
		}
		if !logged {
			err = dropNew(w.fsys, w.dir, l.dir, first)
		} else if err = replaceSidecar(w.fsys, w.dir, l.dir, first); err == nil {
			l.untold = slices.DeleteFunc(l.untold, func(u untold) bool { return u.first == first })
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// dropNew removes the file that an erasure has made which is not logged, and the key that it brought.
func dropNew(fsys vfs.FS, store, dir string, first uint64) error {
	name := filepath.Join(dir, layout.NewPrivateName(first))
	blocks, _, err := readBlocks(fsys, name)
	if err != nil {
		return err
	}
	old, _, err := readBlocks(fsys, filepath.Join(dir, layout.PrivateName(first)))
	if err != nil && !isNotExist(err) {
		return err
	}
	if err := destroyKeys(fsys, store, blocks, old); err != nil {
		return err
	}
	return removeFile(fsys, name)
}

// isLogged reports whether a file consists of the blocks that control entries name.
func isLogged(fsys vfs.FS, name string, said []layout.SaidBlock) (bool, error) {
	hashes, err := hashesOf(fsys, name)
	same := slices.EqualFunc(hashes, said, func(h sidecar.Hash, b layout.SaidBlock) bool { return h == b.Hash })
	return same && len(said) > 0, err
}

func hashesOf(fsys vfs.FS, name string) (hashes []sidecar.Hash, err error) {
	f, err := fsys.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close() // only read
	size, err := f.Size()
	if err != nil {
		return nil, err
	}
	for b, err := range sidecar.Blocks(f, size) {
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		if b.Gap {
			continue
		}
		h, err := b.Hash(f)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		hashes = append(hashes, h)
	}
	return hashes, nil
}

// replaceSidecar ends an erasure that is logged: the old key is overwritten and removed, then the old file, and the new
// one takes its name. It may be called again after it was cut short anywhere.
func replaceSidecar(fsys vfs.FS, store, dir string, first uint64) error {
	name, to := filepath.Join(dir, layout.NewPrivateName(first)), filepath.Join(dir, layout.PrivateName(first))
	blocks, _, err := readBlocks(fsys, name)
	if err != nil {
		return err
	}
	old, _, err := readBlocks(fsys, to)
	if err != nil && !isNotExist(err) {
		return err
	}
	if err := destroyKeys(fsys, store, old, blocks); err != nil {
		return err
	}
	if err := wipe(fsys, to); err != nil {
		return err
	}
	return durable.Rename(fsys, name, to)
}
