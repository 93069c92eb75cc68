package journal

import (
	"errors"
	"fmt"
	"path/filepath"
	"sync"

	"constat/journal/layout"
	"constat/seal"
)

// sealer is the secret side of the seals of an open store, and where they have come to.
type sealer struct {
	mu sync.Mutex // guards everything below; taken before Writer.signing

	terms      seal.Certificate // in force
	generation uint32
	first      uint64       // counter of the first seal of the generation
	hash       seal.Hash    // of the certificate in force
	last       *seal.Seal   // nil: there was none
	index      uint64       // of last in the system journal
	seeds      *seeds       // nil before load
	chain      *chain       // of the key that comes next, or was used last if owed is true
	owed       bool         // a seal or certificate is written, and its key still to be overwritten
	drawn      *chain       // of the next generation; its seed is durable
	drawing    chan drawing // gives it
}

// drawing is the result of drawing the keys of a generation.
type drawing struct {
	chain *chain
	err   error
}

// next is the counter of the next seal.
func (s *sealer) next() uint64 {
	if s.last == nil || s.last.Counter < s.first {
		return s.first
	}
	return s.last.Counter + 1
}

// follows is the number of the next certificate.
func (s *sealer) follows() uint32 {
	if s.seeds.holds() {
		return max(s.generation, s.seeds.generation) + 1
	}
	return s.generation + 1
}

// adopt puts a certificate into force.
func (s *sealer) adopt(g *seal.Generation) {
	s.terms, s.generation, s.first, s.hash = g.Terms, g.Number, g.First, g.Hash()
}

// load makes the keys, unless that was done.
func (s *sealer) load(w *Writer) (err error) {
	if s.chain != nil {
		return nil
	}
	if err := s.openSeeds(w); err != nil {
		return err
	}
	cloned, err := w.isCloned()
	if err != nil {
		return err
	}
	if err = errCloned; !cloned {
		s.chain, err = s.loadChain(w)
	}
	if err == nil || !errors.Is(err, errSeed) && !cloned {
		return err
	}
	if err := s.reseed(w, err); err != nil || !cloned {
		return err
	}
	return w.bind(w.machine().ID)
}

// openSeeds opens the seed file, and makes it if there is none.
func (s *sealer) openSeeds(w *Writer) (err error) {
	if s.seeds == nil {
		s.seeds, err = createSeeds(w.fsys, w.seedName(layout.SeedFile))
	}
	return err
}

// errSeed says that the seed that should be next is not there.
var errSeed = errors.New("the seed of the next seal is lost")

// loadChain makes the chain of the next key. What an earlier life did not finish it finishes.
func (s *sealer) loadChain(w *Writer) (*chain, error) {
	if err := s.advanceSeeds(w); err != nil {
		return nil, err
	}
	position := uint32(s.next() - s.first)
	if !s.seeds.holds() || s.seeds.generation != s.generation || s.seeds.index != position {
		return nil, fmt.Errorf("%w: %s does not hold number %d of generation %d", errSeed, s.seeds.name, position, s.generation)
	}
	var left []seal.Hash
	if position > 0 {
		left = s.last.Key.Left(position - 1)
	}
	c, err := loadChain(s.seeds.seed(), position, left, s.terms.OneTime())
	if errors.Is(err, seal.ErrChain) {
		return nil, fmt.Errorf("%w: %s: %w", errSeed, s.seeds.name, err)
	}
	return c, err
}

// advanceSeeds overwrites the seeds of seals and certificates that are durable.
func (s *sealer) advanceSeeds(w *Writer) error {
	if err := s.takeNextSeed(w); err != nil {
		return err
	}
	position := uint32(s.next() - s.first)
	if !s.seeds.holds() || s.seeds.generation != s.generation || s.seeds.index >= position {
		return s.seeds.settle()
	}
	seed := seal.Seed(s.seeds.seed())
	for range position - s.seeds.index {
		seed = seed.Next()
	}
	defer clear(seed[:])
	return s.seeds.replace(s.generation, position, seed[:])
}

// takeNextSeed puts the first seed of the generation in force into the place of the last one of the generation before,
// unless that was done, and wipes it where it stood.
func (s *sealer) takeNextSeed(w *Writer) error {
	n, err := openSeeds(w.fsys, w.seedName(layout.NextSeedFile))
	if isNotExist(err) {
		return nil
	}
	if err != nil {
		return err
	}
	if n.holds() && n.generation == s.generation && (!s.seeds.holds() || s.seeds.generation < s.generation) {
		err = s.seeds.replace(s.generation, 0, n.seed())
	}
	if err == nil && n.holds() && n.generation <= s.generation {
		err = n.wipeAll()
	}
	return errors.Join(err, n.close())
}

// make makes a seal with the next key.
func (s *sealer) make(w *Writer, about seal.Statement, list []seal.Journal) (seal.Seal, error) {
	about.Generation, about.Counter, about.Previous = s.generation, s.next(), seal.NoPrevious
	if s.last != nil {
		about.Previous = s.index
	}
	about.Reason = s.reason(about)
	return seal.Make(about, list, s.chain.Chain)
}

// reason is what the reason of a seal must be.
func (s *sealer) reason(about seal.Statement) seal.Reason {
	switch {
	case s.last == nil || s.last.Reason == seal.Stop || s.last.Boot != about.Boot:
		return seal.Boot
	case about.Reason != seal.Boot && s.last.Reason == seal.Suspend:
		return seal.Resume // the process runs: it takes its promise up again
	case about.Reason != seal.Boot && seal.Overdue(&s.terms, s.last.Boottime, about.Boottime):
		return seal.Resume
	}
	return about.Reason
}

// made notes a seal that is written. Its key is used.
func (s *sealer) made(made seal.Seal, index uint64) { s.last, s.index, s.owed = &made, index, true }

// finish overwrites the seed that was used, if that is owed. What it signed is durable.
func (s *sealer) finish() error {
	if !s.owed {
		return nil
	}
	next := s.chain.Next()
	defer clear(next[:])
	if err := s.seeds.replace(s.generation, s.chain.Position()+1, next[:]); err != nil {
		return err
	}
	s.chain.Advance()
	s.owed = false
	return nil
}

// close lets go of the secrets. The files keep them.
func (s *sealer) close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	var errs []error
	if s.drawing != nil {
		d := <-s.drawing
		s.drawn, s.drawing = d.chain, nil
	}
	for _, c := range []*chain{s.chain, s.drawn} {
		if c != nil {
			errs = append(errs, c.wipe())
		}
	}
	if s.seeds != nil {
		errs = append(errs, s.seeds.close())
	}
	s.chain, s.drawn, s.seeds = nil, nil, nil
	return errors.Join(errs...)
}

func (w *Writer) seedName(name string) string { return filepath.Join(layout.KeysDir(w.dir), name) }
