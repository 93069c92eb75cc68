package journal

import (
	"errors"
	"fmt"
	"path/filepath"

	"constat/entry"
	"constat/internal/vfs"
	"constat/journal/frame"
	"constat/journal/layout"
	"constat/journal/sidecar"
)

// sidecarHeader is where the first block of a file of private values begins.
const sidecarHeader = int64(frame.HeadHeaderSize)

// Reveal makes views that are opened from now on put private values back, as far as the keys of the store can be read.
// It returns an error if the directory of keys cannot be: whoever may not read it may not see private values.
func (r *Reader) Reveal() error {
	if _, err := r.fsys.ReadDir(layout.KeysDir(r.dir)); err != nil {
		return fmt.Errorf("private values need the keys of the store: %w", err)
	}
	r.reveal = true
	return nil
}

// Sidecars returns what the system journal says of private values.
func (r *Reader) Sidecars() (said layout.Sidecars, err error) {
	v, err := r.view(layout.System)
	if err != nil {
		return said, err
	}
	defer v.Close()
	all := v.All()
	all.Skip = func(h frame.Header) bool { return h.Kinds&(1<<entry.Control) == 0 }
	for item, err := range v.Entries(all) {
		var missing *MissingError
		if errors.As(err, &missing) {
			continue
		}
		if err != nil {
			return said, err
		}
		if item.Entry.Kind == entry.Control {
			said.Learn(item.Entry, item.Index) // what it cannot understand, verifying reports
		}
	}
	return said, nil
}

// PrivateState is what has become of a private value.
type PrivateState uint8

// The states. Locked: it is there, and its key is not, or cannot be read by us.
const (
	PrivateKept PrivateState = iota
	PrivateLocked
	PrivateErased
	PrivateMissing
)

// PrivateValue is a private field of an entry. Salt and Value are set if it is kept: with them, anybody can compute the
// digest that the entry has ([entry.PrivateDigest]).
type PrivateValue struct {
	Position int // of the field in the entry
	Name     string
	Digest   [entry.DigestSize]byte
	State    PrivateState
	Salt     [entry.SaltSize]byte
	Value    []byte
	By       sidecar.ErasureID // of an erased value: see [Reader.Sidecars] for the control entry that logs it
}

// Private returns the private fields of an entry with their values, whether the view reveals them or not. It may be
// called by one goroutine at a time, as [View.Entries].
func (v *View) Private(index uint64) ([]PrivateValue, error) {
	for leaf, err := range v.Leaves(index, index+1) {
		if err != nil {
			return nil, err
		}
		return v.privateOf(index, leaf.Body)
	}
	return nil, &MissingError{Journal: v.Journal.Name, First: index, Last: index, Cause: errGone}
}

func (v *View) privateOf(index uint64, body []byte) ([]PrivateValue, error) {
	var d entry.Decoder
	var e entry.Entry
	if err := d.Decode(body, &e); err != nil {
		return nil, err
	}
	p := v.partOf(index)
	if p == nil {
		return nil, errNoPart
	}
	v.restoring.Lock()
	defer v.restoring.Unlock()
	if err := v.restored.resolve(v, p.first, index, &e); err != nil {
		return nil, err
	}
	var list []PrivateValue
	for i := range e.Fields {
		if f := &e.Fields[i]; f.Form == entry.Private {
			x := v.restored.sidecarOf(v, p.first).find(index, i, f)
			x.Position, x.Name, x.Digest = i, f.Name, [entry.DigestSize]byte(f.Value)
			list = append(list, x)
		}
	}
	return list, nil
}

// sidecarOf returns the private values of the part that begins at first.
func (r *reading) sidecarOf(v *View, first uint64) *openSidecar {
	if r.sidecar == nil || r.sidecar.first != first {
		r.closeSidecar()
		r.sidecar = openSidecarAt(v.fsys, v.dir, first)
	}
	return r.sidecar
}

func (r *reading) closeSidecar() {
	if r.sidecar != nil {
		r.sidecar.close()
	}
	r.sidecar = nil
}

// private looks for the values of the private fields of an entry: erased ones are marked, and others are put back if
// the view reveals them.
func (r *reading) private(v *View, first, index uint64, e *entry.Entry) {
	for i := range e.Fields {
		f := &e.Fields[i]
		if f.Form != entry.Private {
			continue
		}
		s := r.sidecarOf(v, first)
		if !v.reveal {
			ref := s.refs[place{index, uint32(i)}]
			f.Erased = ref.block != nil && ref.block.Refs[ref.n].Erased
			continue
		}
		switch x := s.find(index, i, f); x.State {
		case PrivateKept:
			*f = entry.Field{Name: f.Name, Provenance: f.Provenance, Value: x.Value}
		case PrivateErased:
			f.Erased = true
		}
	}
}

// place is that of a field in a journal.
type place struct {
	index    uint64
	position uint32
}

// placed is where a value stands.
type placed struct {
	block *sidecar.Block
	n     int
}

// openSidecar is an open file of private values.
type openSidecar struct {
	fsys  vfs.FS
	store string
	name  string
	first uint64
	file  vfs.File // nil: there is none
	refs  map[place]placed
	keys  map[sidecar.KeyID]sidecar.Key

	opened *sidecar.Block // of which values are
	values []sidecar.Value
}

func openSidecarAt(fsys vfs.FS, dir string, first uint64) *openSidecar {
	s := &openSidecar{fsys: fsys, store: filepath.Dir(dir), first: first, name: filepath.Join(dir, layout.PrivateName(first))}
	s.open()
	return s
}

// open reads which values there are. What cannot be read is missing.
func (s *openSidecar) open() {
	s.close()
	s.refs, s.keys, s.opened, s.values = map[place]placed{}, map[sidecar.KeyID]sidecar.Key{}, nil, nil
	f, err := s.fsys.Open(s.name)
	if err != nil {
		return
	}
	s.file = f
	size, err := f.Size()
	if err != nil {
		return
	}
	for b, err := range sidecar.Blocks(f, size) {
		if err != nil {
			return
		}
		if b.Gap {
			continue
		}
		for n, r := range b.Refs {
			s.refs[place{r.Index, r.Position}] = placed{&b, n}
		}
	}
}

func (s *openSidecar) close() {
	if s.file != nil {
		s.file.Close() // only read
	}
	s.file = nil
}

// find looks for the value of a field. If it is not there, an erasure may have replaced the file, or an entry may have come
// since it was opened: then it looks again.
func (s *openSidecar) find(index uint64, position int, f *entry.Field) PrivateValue {
	x := s.look(index, position, f)
	if x.State == PrivateMissing || x.State == PrivateLocked {
		s.open()
		x = s.look(index, position, f)
	}
	return x
}

func (s *openSidecar) look(index uint64, position int, f *entry.Field) PrivateValue {
	at, found := s.refs[place{index, uint32(position)}]
	if !found {
		return PrivateValue{State: PrivateMissing}
	}
	if ref := at.block.Refs[at.n]; ref.Erased {
		return PrivateValue{State: PrivateErased, By: ref.By}
	}
	if s.opened != at.block {
		k, err := s.key(at.block.Key)
		if err != nil {
			return PrivateValue{State: PrivateLocked}
		}
		if s.values, err = at.block.Values(s.file, k); err != nil {
			s.opened = nil
			return PrivateValue{State: PrivateMissing}
		}
		s.opened = at.block
	}
	x := s.values[at.n]
	if digest := entry.PrivateDigest(x.Salt, f.Name, x.Value); string(digest[:]) != string(f.Value) {
		return PrivateValue{State: PrivateMissing}
	}
	return PrivateValue{State: PrivateKept, Salt: x.Salt, Value: x.Value}
}

func (s *openSidecar) key(id sidecar.KeyID) (k sidecar.Key, err error) {
	if k, ok := s.keys[id]; ok {
		return k, nil
	}
	if k, err = readKey(s.fsys, s.store, id); err == nil {
		s.keys[id] = k
	}
	return k, err
}
