package journal

import (
	"slices"

	"constat/entry"
	"constat/journal/layout"
	"constat/seal"
)

// SealState is what the files of a store say of its seals. Nothing of it is checked against signatures: that is the
// verifier's.
type SealState struct {
	Last       *seal.Seal     // nil: there is none
	Index      uint64         // of Last in the system journal
	Generation *seal.Endorsed // the newest certificate after certificate 0; nil: there is none
	Unsealed   uint64         // entries that Last does not cover, those of kind seal behind it included
}

// Seals says what the files say of seals, without a lock. The sizes are those of views, which may be of some journals
// only.
func (r *Reader) Seals(views []*View) (SealState, error) {
	var s SealState
	i := slices.IndexFunc(views, func(v *View) bool { return v.Journal.Name == layout.System })
	if i < 0 {
		return s, nil
	}
	l := &log{desc: views[i].Journal, dir: views[i].dir, nonces: entry.NewNonces(views[i].Journal.NonceKey)}
	const attempts = 10 // a head or segment may go while what stands for it comes
	err := s.read(r, l)
	for n := 1; isNotExist(err) && n < attempts; n++ {
		err = s.read(r, l)
	}
	if err != nil {
		return s, err
	}
	for _, v := range views {
		s.Unsealed += v.Size - min(v.Size, s.covered(v))
	}
	return s, nil
}

// read reads the files of the system journal.
func (s *SealState) read(r *Reader, l *log) error {
	told, err := readTold(r.fsys, l)
	if err != nil {
		return err
	}
	s.Generation = told.certificate
	s.Last, s.Index, err = readSeal(r.fsys, l)
	return err
}

// covered is how many entries of a journal the newest seal covers, itself included.
func (s *SealState) covered(v *View) uint64 {
	if s.Last == nil {
		return 0
	}
	if v.Journal.Name == layout.System {
		return s.Index + 1
	}
	for _, j := range s.Last.List {
		if j.Name == v.Journal.Name && j.ID == v.Journal.ID {
			return j.Size
		}
	}
	return 0
}
