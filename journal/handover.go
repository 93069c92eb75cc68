package journal

import (
	"errors"
	"fmt"

	"constat/journal/layout"
	"constat/seal"
)

// drawAhead says when the keys of the next generation are drawn, beside everything else: when so many keys are left, or
// a sixteenth of the generation. The last key is for the certificate.
const drawAhead = 2

// prepare draws the keys of the next generation in the background if few of this one are left.
func (s *sealer) prepare(w *Writer) {
	left := s.terms.Keys - 1 - s.chain.Position()
	if s.drawn != nil || s.drawing != nil || left > max(drawAhead, s.terms.Keys/16) {
		return
	}
	s.drawing = make(chan drawing, 1)
	into, generation, count := s.drawing, s.follows(), s.terms.Keys
	go func() {
		c, err := w.draw(generation, count)
		into <- drawing{c, err}
	}()
}

// draw makes the keys of a generation, and its first seed durable. If that was done already it makes the same keys.
func (w *Writer) draw(generation, count uint32) (c *chain, err error) {
	n, err := createSeeds(w.fsys, w.seedName(layout.NextSeedFile))
	if err != nil {
		return nil, err
	}
	if n.holds() && n.generation == generation {
		c, err = makeChain(func(s *seal.Seed) { copy(s[:], n.seed()) },
			func(s *seal.Seed) (*seal.Chain, error) { return seal.NewChain(s, count) })
	} else if c, err = drawChain(count); err == nil {
		err = n.replace(generation, 0, c.seed[:])
	}
	return c, errors.Join(err, n.close())
}

// takeDrawn waits for the keys of the next generation, which it draws if nobody has.
func (s *sealer) takeDrawn(w *Writer) (err error) {
	if s.drawing != nil {
		d := <-s.drawing
		s.drawn, s.drawing = d.chain, nil
		if d.err == nil {
			return nil
		}
		s.drop(&s.drawn)
	}
	if s.drawn == nil {
		if s.drawn, err = w.draw(s.follows(), s.terms.Keys); err != nil {
			s.drop(&s.drawn)
		}
	}
	return err
}

// drop wipes a chain.
func (s *sealer) drop(c **chain) {
	if *c != nil {
		_ = (*c).wipe() // nobody can do better
	}
	*c = nil
}

// renew begins the next generation if only the last key of this one is left, which endorses it.
func (s *sealer) renew(w *Writer) error {
	if s.chain.Position()+1 < s.terms.Keys {
		return nil
	}
	if err := s.takeDrawn(w); err != nil {
		return err
	}
	e, err := s.successor(w).Endorse(s.chain.Chain)
	if err != nil {
		return err
	}
	return s.handOver(w, &e, fmt.Sprintf("seal keys of generation %d are in force", e.Number))
}

// reseed begins a generation that the identity endorses, because the seed of the next seal is lost.
func (s *sealer) reseed(w *Writer, cause error) error {
	if err := s.takeDrawn(w); err != nil {
		return err
	}
	g := s.successor(w)
	if s.seeds.holds() && s.seeds.generation >= s.generation { // never a counter twice, even where certificates are lost
		used := uint64(s.seeds.generation-s.generation)*uint64(s.terms.Keys) + uint64(s.seeds.index)
		g.First = max(g.First, s.first+used)
	}
	e := g.EndorseByIdentity(w.identity)
	return s.handOver(w, &e, fmt.Sprintf("seal keys of generation %d are in force, endorsed by the identity alone: %v", e.Number, cause))
}

// successor is the certificate of the keys that are drawn.
func (s *sealer) successor(w *Writer) seal.Generation {
	terms := s.terms
	terms.KeyRoot = s.drawn.Keys().Root
	return seal.Generation{Number: s.follows(), Terms: terms, First: s.next(), Previous: s.hash, Created: w.now().Wall}
}

// handOver logs a certificate, and then overwrites the seed of the generation before. If that cannot be finished now,
// the next call finds the certificate in force and its seed in the file of the next.
func (s *sealer) handOver(w *Writer, e *seal.Endorsed, message string) error {
	if err := w.logCertificate(e, message); err != nil {
		return err
	}
	s.adopt(&e.Generation)
	s.drop(&s.chain)
	err := s.takeNextSeed(w)
	if err == nil {
		s.chain, s.drawn = s.drawn, nil
		return nil
	}
	s.drop(&s.drawn)
	return err
}

// logCertificate makes a certificate durable, in the system journal.
func (w *Writer) logCertificate(e *seal.Endorsed, message string) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.broken != nil {
		return w.broken
	}
	if err := w.control(layout.NewControl(layout.CertificateMade, message, layout.CertificateText, e.Format())); err != nil {
		return err
	}
	return w.syncSystem()
}

// now reads the clocks.
func (w *Writer) now() Reading {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.clock.read()
}
