package journal

import (
	"fmt"
	"path/filepath"
	"slices"

	"constat/entry"
	"constat/internal/durable"
	"constat/internal/vfs"
	"constat/journal/frame"
	"constat/journal/layout"
	"constat/seal"
)

// readSeals finds the newest certificate and the newest seal of a system journal. An error that says that something is
// lost means that seals are missing which were durable.
func (r *recovery) readSeals(system *log) error {
	s := &r.w.sealer
	s.terms, s.hash = r.w.store.Certificate, seal.Hash(r.w.store.Certificate.Code())
	if r.told.certificate != nil {
		s.adopt(&r.told.certificate.Generation)
	}
	var err error
	if s.last, s.index, err = readSeal(r.w.fsys, system); err != nil {
		return err
	}
	if l := s.last; l != nil && l.Generation == s.generation {
		if err := l.Verify(s.terms.OneTime(), uint32(l.Counter-s.first)); err != nil {
			return fmt.Errorf("%w: entry %d is a seal that does not hold: %w", entry.ErrFormat, s.index, err)
		}
	}
	begun := r.told.successor || system.desc.Predecessor != nil || system.frontier.Size() == 0
	if s.last != nil || r.told.certificate != nil || !begun {
		return r.compareSeeds()
	}
	r.inheritSeals(system.desc.Predecessor)
	if err := r.compareSeeds(); !isLost(err) {
		return err
	}
	return nil // that much is known: the journal before was set aside
}

// inheritSeals takes from the damaged predecessors of the system journal what they still tell of seals.
func (r *recovery) inheritSeals(id *frame.JournalID) {
	s := &r.w.sealer
	entries, err := r.w.fsys.ReadDir(r.w.dir)
	if err != nil {
		return // then the seed is as good as lost
	}
	for _, e := range slices.Backward(entries) {
		of, ok := layout.DamagedOf(e.Name())
		if !ok || of != layout.System || !e.IsDir() {
			continue
		}
		l := &log{dir: filepath.Join(r.w.dir, e.Name())}
		if l.desc, err = readDescriptor(r.w.fsys, l.dir); err != nil || id != nil && *id != l.desc.ID {
			continue
		}
		if t, _ := readTold(r.w.fsys, l); t.certificate != nil && t.certificate.Number > s.generation {
			s.adopt(&t.certificate.Generation)
		}
		if last, index, err := readSeal(r.w.fsys, l); err == nil && last != nil && (s.last == nil || last.Counter > s.last.Counter) {
			s.last, s.index = last, index
		}
		id = l.desc.Predecessor
	}
}

func readDescriptor(fsys vfs.FS, dir string) (layout.Journal, error) {
	data, err := durable.ReadFile(fsys, filepath.Join(dir, layout.JournalFile), layout.MaxDescriptor)
	if err != nil {
		return layout.Journal{}, err
	}
	return layout.ParseJournal(data)
}

// compareSeeds compares the newest seal with the seed file. A seed is overwritten only after its seal was durable.
func (r *recovery) compareSeeds() error {
	s := &r.w.sealer
	var err error
	if s.seeds != nil {
		err = s.seeds.close()
	}
	if err != nil {
		return err
	}
	if s.seeds, err = openSeeds(r.w.fsys, r.w.seedName(layout.SeedFile)); err != nil {
		s.seeds = nil
		if isNotExist(err) {
			return nil
		}
		return err
	}
	switch next := uint32(s.next() - s.first); {
	case !s.seeds.holds():
	case s.seeds.generation > s.generation:
		return fmt.Errorf("%w: certificates %d to %d are missing", entry.ErrFormat, s.generation+1, s.seeds.generation)
	case s.seeds.generation == s.generation && s.seeds.index > next:
		return fmt.Errorf("%w: seals %d to %d are missing", entry.ErrFormat, s.next(), s.first+uint64(s.seeds.index)-1)
	}
	return nil
}

// coverSealed compares the journal with the newest seal instead of its checkpoint if that covers more: a crash may have
// come between the two.
func (o *opening) coverSealed() {
	o.pointOf = "checkpoint"
	s := o.r.w.sealer.last
	if s == nil || o.name == layout.System {
		return
	}
	for _, j := range s.List {
		if j.Name == o.name && j.ID == o.desc.ID && j.Size > o.point.Size {
			o.point.Size, o.point.Root, o.pointOf = j.Size, j.Root, "newest seal"
		}
	}
}

// resumeSeals overwrites the seeds of seals that a crash left with their seeds, and looks whether anything waits for a
// seal. Everything found is durable by now.
func (w *Writer) resumeSeals() error {
	s := &w.sealer
	if s.seeds != nil {
		if err := s.advanceSeeds(w); err != nil {
			return err
		}
	}
	sizes := map[string]uint64{layout.System: s.index + 1}
	if s.last == nil {
		sizes[layout.System] = 0
	} else {
		for _, j := range s.last.List {
			if j.Name != layout.System {
				sizes[j.Name] = j.Size
			}
		}
	}
	for name, l := range w.logs {
		if l.frontier.Size() > sizes[name] && w.unsealed == 0 {
			w.unsealed = max(w.clock.seen.Boot, 1)
		}
	}
	return nil
}
