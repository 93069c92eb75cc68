package journal

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"slices"

	"constat/entry"
	"constat/internal/durable"
	"constat/internal/vfs"
	"constat/journal/frame"
	"constat/journal/layout"
	"constat/journal/sidecar"
)

// ErrNotPrivate says that a field cannot be erased, because it never was private: its value is part of what was hashed.
var ErrNotPrivate = errors.New("never was private")

// Limits of what an erasure says of itself, in bytes.
const (
	MaxReason   = 4096
	MaxSelector = 4096
)

// Erasure says which private values are to go for good, and why.
type Erasure struct {
	Field    string              // name
	Entries  map[string][]uint64 // indexes of entries, by journal; those without such a field are passed over
	Reason   string              // at most [MaxReason] bytes; must be given
	Selector string              // how the entries were chosen, at most [MaxSelector] bytes. It is logged as it is
	By       string              // who wants it
}

// Erased is what an erasure did.
type Erased struct {
	Values  uint64 // that are gone now, those in the received octets and the command line included
	Before  uint64 // values of the field that were gone already
	Entries uint64 // of which something is gone now
}

// Erase removes private values and their salts for good: the file that holds them is made again under another key without
// them, what replaces it is logged in the system journal, and then the old key and the old file are overwritten and
// removed. With a value of the field those of the received octets and of the command line of the same entry go, which may
// hold it too. No hash of an entry moves.
//
// Before anything changes, all entries are looked at: one that has the field, but not as a private one, is an error that
// wraps [ErrNotPrivate]. After an error some files may be done; what is not logged is still there, and what is logged is
// gone, at the latest when the store is opened for writing the next time.
func (w *Writer) Erase(ctx context.Context, x Erasure) (done Erased, err error) {
	if err := x.validate(); err != nil {
		return done, err
	}
	if err := w.beginConverting(); err != nil {
		return done, err
	}
	defer w.converting.Done()
	w.pruning.Lock()
	defer w.pruning.Unlock()
	files, err := w.planErasure(ctx, x)
	if err != nil {
		return done, err
	}
	for _, f := range files {
		if err := ctx.Err(); err != nil {
			return done, err
		}
		if err := w.eraseIn(f, x, &done); err != nil {
			return done, fmt.Errorf("journal %s: erase in %s: %w", f.journal, layout.PrivateName(f.first), err)
		}
	}
	if done.Values == 0 {
		return done, nil
	}
	return done, w.Checkpoint()
}

func (x *Erasure) validate() error {
	switch {
	case x.Reason == "" || len(x.Reason) > MaxReason:
		return fmt.Errorf("erase: the reason must be 1 to %d bytes", MaxReason)
	case len(x.Selector) > MaxSelector:
		return fmt.Errorf("erase: the selector is %d bytes, the limit is %d", len(x.Selector), MaxSelector)
	case !entry.ValidName(x.Field):
		return fmt.Errorf("erase: %q names no field", x.Field)
	}
	return nil
}

// erasing is what goes of one file of private values.
type erasing struct {
	journal string
	first   uint64
	places  map[place]bool
}

// planErasure finds the values, file by file.
func (w *Writer) planErasure(ctx context.Context, x Erasure) (files []*erasing, err error) {
	r := Reader{fsys: w.fsys, dir: w.dir, store: w.store}
	met := false
	for _, name := range slices.Sorted(maps.Keys(x.Entries)) {
		v, err := r.view(name)
		if err != nil {
			return nil, err
		}
		found, any, err := planJournal(ctx, v, x.Field, x.Entries[name])
		if err = errors.Join(err, v.Close()); err != nil {
			return nil, err
		}
		met = met || any
		files = append(files, found...)
	}
	if !met {
		return nil, fmt.Errorf("no entry that was chosen has a private field %s", x.Field)
	}
	return files, nil
}

// planJournal finds the values of one journal. met says that there is such a field, erased or not.
func planJournal(ctx context.Context, v *View, field string, indexes []uint64) (files []*erasing, met bool, err error) {
	indexes = slices.Compact(slices.Sorted(slices.Values(indexes)))
	for len(indexes) > 0 {
		p := v.partOf(indexes[0])
		if p == nil {
			return nil, met, fmt.Errorf("journal %s has no entry %d", v.Journal.Name, indexes[0])
		}
		n, _ := slices.BinarySearch(indexes, p.end)
		f := &erasing{journal: v.Journal.Name, first: p.first, places: map[place]bool{}}
		wanted := indexes[:n]
		for item, err := range v.Entries(Range{From: wanted[0], To: wanted[n-1] + 1}) {
			if err == nil {
				err = ctx.Err()
			}
			if err != nil {
				return nil, met, err
			}
			if item.Index != wanted[0] {
				continue
			}
			wanted = wanted[1:]
			has, err := f.plan(item, field)
			if err != nil {
				return nil, met, err
			}
			met = met || has
		}
		files, indexes = append(files, f), indexes[n:]
	}
	return files, met, nil
}

// plan notes what goes of an entry. has says that it has the field.
func (f *erasing) plan(item Item, field string) (has bool, err error) {
	for i := range item.Entry.Fields {
		x := &item.Entry.Fields[i]
		if x.Name != field {
			continue
		}
		if x.Form != entry.Private {
			return false, fmt.Errorf("field %s of entry %s:%d %w: its value is part of what was hashed and signed, and stays", field, f.journal, item.Index, ErrNotPrivate)
		}
		has = true
	}
	for i := range item.Entry.Fields {
		x := &item.Entry.Fields[i]
		holds := x.Name == field || x.Name == entry.Raw || x.Name == commandLine
		if has && holds && x.Form == entry.Private {
			f.places[place{item.Index, uint32(i)}] = true
		}
	}
	return has, nil
}

// eraseIn erases in one file. That of the present head is held until it is done: nothing may be appended to what is about
// to be replaced.
func (w *Writer) eraseIn(f *erasing, x Erasure, done *Erased) error {
	w.mu.Lock()
	if w.broken != nil {
		defer w.mu.Unlock()
		return w.broken
	}
	l := w.logs[f.journal]
	live := l != nil && l.head.first == f.first
	if !live {
		w.mu.Unlock()
	} else {
		defer w.mu.Unlock()
	}
	if l == nil {
		return fmt.Errorf("there is no such journal")
	}
	n := &newSidecar{fsys: w.fsys, store: w.dir, desc: l.desc, dir: l.dir, first: f.first}
	rand.Read(n.by[:])
	if err := n.make(f.places); err != nil || n.gone == 0 {
		done.Before += n.before
		return err
	}
	if !live {
		w.mu.Lock()
		defer w.mu.Unlock()
	}
	if err := w.logErasure(l, n, x); err != nil {
		if w.broken != nil {
			return err // nobody knows whether it is logged: opening finds out
		}
		return errors.Join(err, dropNew(w.fsys, w.dir, l.dir, f.first))
	}
	done.Values, done.Before, done.Entries = done.Values+n.gone, done.Before+n.before, done.Entries+n.entries
	if live {
		if err := l.closeSidecar(); err != nil {
			return w.breakLocked(err)
		}
	}
	l.untold = slices.DeleteFunc(l.untold, func(u untold) bool { return u.first == f.first })
	if err := replaceSidecar(w.fsys, w.dir, l.dir, f.first); err != nil {
		return w.breakLocked(err) // opening ends it
	}
	return nil
}

// logErasure writes the control entry of an erasure and makes it durable. From then on the values are gone.
func (w *Writer) logErasure(l *log, n *newSidecar, x Erasure) error {
	if w.broken != nil {
		return w.broken
	}
	if err := l.sync(); err != nil { // the blocks may be of entries that are not durable yet
		return w.breakLocked(err)
	}
	hashes, err := hashesOf(w.fsys, filepath.Join(l.dir, layout.NewPrivateName(n.first)))
	if err != nil {
		return err
	}
	text := fmt.Sprintf("%d private values were erased from journal %s: %s", n.gone, l.desc.Name, x.Reason)
	err = w.control(layout.NewControl(layout.Erased, text,
		layout.JournalName, l.desc.Name, layout.JournalIDOf, fmt.Sprintf("%x", l.desc.ID[:]), layout.FirstIndex, fmt.Sprint(n.first),
		layout.Erasure, n.by.String(), layout.Field, x.Field, layout.Selector, x.Selector, layout.Count, fmt.Sprint(n.gone),
		layout.Reason, x.Reason, layout.By, x.By, layout.Blocks, layout.FormatHashes(hashes)))
	if err != nil {
		return err
	}
	return w.syncSystem()
}

// newSidecar makes the file that is to replace one of private values.
type newSidecar struct {
	fsys  vfs.FS
	store string
	desc  layout.Journal
	dir   string
	first uint64
	by    sidecar.ErasureID

	gone, before, entries uint64 // values that go, those that went before, entries that lose some
}

// make writes the file under its passing name, durable, and reads it back. If nothing is left to erase it writes none.
func (n *newSidecar) make(places map[place]bool) error {
	if len(places) == 0 {
		return nil
	}
	values, err := n.read()
	if err != nil {
		return err
	}
	n.erase(values, places)
	if uint64(len(places)) > n.gone+n.before {
		return errors.New("values are missing: 'constat verify' says which")
	}
	if n.gone == 0 {
		return nil
	}
	key, err := makeKey(n.fsys, n.store)
	if err != nil {
		return err
	}
	image := frame.AppendFileHeader(nil, n.desc.Header(frame.Private, n.first))
	image = sidecar.AppendBlocks(image, key, values)
	name := filepath.Join(n.dir, layout.NewPrivateName(n.first))
	readBack := func(tmp string) error { return sameFile(n.fsys, tmp, image) }
	if err := durable.WriteChecked(n.fsys, name, image, fileMode, readBack); err != nil {
		return errors.Join(err, destroyKey(n.fsys, n.store, key.ID))
	}
	return nil
}

// sameFile returns an error unless a file holds just these bytes.
func sameFile(fsys vfs.FS, name string, want []byte) error {
	data, err := durable.ReadFile(fsys, name, int64(len(want)))
	if err == nil && string(data) != string(want) {
		err = fmt.Errorf("%s: read back otherwise than it was written", name)
	}
	return err
}

// read decrypts the file as it is.
func (n *newSidecar) read() (values []sidecar.Value, err error) {
	name := filepath.Join(n.dir, layout.PrivateName(n.first))
	f, err := n.fsys.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close() // only read
	size, err := f.Size()
	if err != nil {
		return nil, err
	}
	keys := map[sidecar.KeyID]sidecar.Key{}
	for b, err := range sidecar.Blocks(f, size) {
		if err == nil && b.Gap {
			err = frame.ErrDamaged
		}
		if err != nil {
			return nil, fmt.Errorf("%s at byte %d: %w", name, b.Offset, err)
		}
		if _, ok := keys[b.Key]; !ok {
			if keys[b.Key], err = readKey(n.fsys, n.store, b.Key); err != nil {
				return nil, err
			}
		}
		list, err := b.Values(f, keys[b.Key])
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		values = append(values, list...)
	}
	return values, nil
}

// erase takes values and salts out.
func (n *newSidecar) erase(values []sidecar.Value, places map[place]bool) {
	last, any := uint64(0), false
	for i := range values {
		v := &values[i]
		switch {
		case !places[place{v.Index, v.Position}]:
		case v.Erased:
			n.before++
		default:
			n.gone++
			if !any || last != v.Index {
				n.entries++
			}
			last, any = v.Index, true
			clear(v.Value)
			*v = sidecar.Value{Ref: sidecar.Ref{Index: v.Index, Position: v.Position, Erased: true, By: n.by}}
		}
	}
	slices.SortFunc(values, func(a, b sidecar.Value) int {
		return cmp.Or(cmp.Compare(a.Index, b.Index), cmp.Compare(a.Position, b.Position))
	})
}
