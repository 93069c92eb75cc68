package entry

import "errors"

// SpillAbove is the size in bytes above which values are the first to leave an entry that is too long.
const SpillAbove = 16 << 10

// spillGain is the smallest value whose reference is shorter than itself: digest and the longest size.
const spillGain = DigestSize + 10

// Spill moves values of e into blobs until its leaf fits: first every inline value above [SpillAbove], then the
// largest (of equal ones the first), and when only values remain that are no longer than a reference, all fields are
// packed into one blob. Which values go is a function of the entry alone. An entry that fits is left alone.
//
// store must keep data, which it may not retain, and return its salted digest ([BlobDigest]). It is called once for
// each blob, with the ordinal of the blob in the entry, from 0. Spill changes e.Fields, not the values.
func Spill(e *Entry, store func(ordinal int, data []byte) ([DigestSize]byte, error)) error {
	s := spiller{entry: e, store: store}
	if s.fits() {
		return nil
	}
	e.Fields = append([]Field(nil), e.Fields...)
	for i := range e.Fields {
		if f := &e.Fields[i]; f.Form == Inline && len(f.Value) > SpillAbove {
			s.move(f)
		}
	}
	for !s.fits() {
		if i := largest(e.Fields); i >= 0 {
			s.move(&e.Fields[i])
		} else {
			s.pack()
			break
		}
	}
	if s.err == nil && !s.fits() {
		s.err = ErrTooLong
	}
	return s.err
}

type spiller struct {
	entry *Entry
	store func(int, []byte) ([DigestSize]byte, error)
	blobs int
	err   error
}

// fits reports whether the leaf is short enough, or whether an error ends the work.
func (s *spiller) fits() bool {
	if s.err != nil {
		return true
	}
	_, err := AppendBody(nil, s.entry)
	if err != nil && !errors.Is(err, ErrTooLong) {
		s.err = err
	}
	return err == nil
}

func (s *spiller) put(data []byte) []byte {
	if s.err != nil {
		return nil
	}
	digest, err := s.store(s.blobs, data)
	s.blobs++
	s.err = err
	return digest[:]
}

func (s *spiller) move(f *Field) {
	*f = Field{Name: f.Name, Provenance: f.Provenance, Form: Blob, Size: uint64(len(f.Value)), Value: s.put(f.Value)}
}

func (s *spiller) pack() {
	data, err := appendFields(nil, s.entry.Fields)
	if err != nil {
		s.err = err
		return
	}
	packed := Field{Provenance: Observed, Form: Packed, Size: uint64(len(data)), Value: s.put(data)}
	s.entry.Fields = []Field{packed}
}

// largest returns the position of the longest inline value worth moving, or -1.
func largest(fields []Field) int {
	best, size := -1, spillGain
	for i := range fields {
		if n := len(fields[i].Value); fields[i].Form == Inline && n > size {
			best, size = i, n
		}
	}
	return best
}
