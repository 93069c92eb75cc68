package entry

import (
	"cmp"
	"slices"
)

// SpillAbove is the size in bytes above which values are the first to leave an entry that is too long.
const SpillAbove = 16 << 10

// spillGain is the smallest value whose reference is shorter than itself: digest and the longest size.
const spillGain = DigestSize + 10

// Spill moves values of e into blobs until its leaf fits: first every inline value above [SpillAbove], then the
// largest, of equal ones the first. Values that are no longer than a reference stay. Where moving all others would not
// do, nothing is moved and all fields are packed into one blob. Which values go is a function of the entry alone. An
// entry that fits is left alone.
//
// store must keep data, which it may not retain, and return its salted digest ([BlobDigest]). It is called once for
// each blob, with the ordinal of the blob in the entry, from 0. Spill replaces e.Fields and leaves the old list and
// the values as they are; on an error e is as it was, whatever store has kept by then.
func Spill(e *Entry, store func(ordinal int, data []byte) ([DigestSize]byte, error)) error {
	body, err := appendEntry(nil, e)
	if err != nil || len(body) <= MaxBody {
		return err
	}
	s := spiller{fields: slices.Clone(e.Fields), size: len(body), store: store}
	if err := s.run(); err != nil {
		return err
	}
	spilled := *e
	spilled.Fields = s.fields
	if _, err := AppendBody(body[:0], &spilled); err != nil {
		return err
	}
	e.Fields = s.fields
	return nil
}

type spiller struct {
	fields []Field
	size   int // bytes of the body with these fields
	store  func(int, []byte) ([DigestSize]byte, error)
	blobs  int
}

func (s *spiller) run() error {
	if s.smallest() > MaxBody {
		return s.pack()
	}
	for i := range s.fields {
		if f := &s.fields[i]; f.Form == Inline && len(f.Value) > SpillAbove {
			if err := s.move(f); err != nil {
				return err
			}
		}
	}
	for _, i := range s.largestFirst() {
		if s.size <= MaxBody {
			break
		}
		if err := s.move(&s.fields[i]); err != nil {
			return err
		}
	}
	return nil
}

// smallest is the size of the body if every value worth moving is moved.
func (s *spiller) smallest() int {
	size := s.size
	for i := range s.fields {
		if f := &s.fields[i]; f.Form == Inline && len(f.Value) > spillGain {
			size += DigestSize - len(f.Value)
		}
	}
	return size
}

// put hands the next blob to store.
func (s *spiller) put(data []byte) ([]byte, error) {
	digest, err := s.store(s.blobs, data)
	s.blobs++
	return digest[:], err
}

// move puts the value of a field into a blob. Its length stays in the body, as the size of the blob.
func (s *spiller) move(f *Field) error {
	digest, err := s.put(f.Value)
	s.size += DigestSize - len(f.Value)
	*f = Field{Name: f.Name, Provenance: f.Provenance, Form: Blob, Size: uint64(len(f.Value)), Value: digest}
	return err
}

func (s *spiller) pack() error {
	data, err := appendFields(nil, s.fields)
	if err != nil {
		return err
	}
	digest, err := s.put(data)
	s.fields = []Field{{Provenance: Observed, Form: Packed, Size: uint64(len(data)), Value: digest}}
	return err
}

// largestFirst returns the positions of the inline values worth moving, the longest first, of equal ones the first.
func (s *spiller) largestFirst() []int {
	var positions []int
	for i := range s.fields {
		if f := &s.fields[i]; f.Form == Inline && len(f.Value) > spillGain {
			positions = append(positions, i)
		}
	}
	slices.SortStableFunc(positions, func(a, b int) int {
		return cmp.Compare(len(s.fields[b].Value), len(s.fields[a].Value))
	})
	return positions
}
