package journal

import (
	"errors"

	"constat/seal"
)

// chain is the secret side of a generation, its seed in a page of its own.
type chain struct {
	*seal.Chain
	seed *seal.Seed
	page *lockedPage
}

// drawChain makes the keys of a new generation.
func drawChain(count uint32) (*chain, error) {
	return makeChain(seal.NewSeed, func(seed *seal.Seed) (*seal.Chain, error) { return seal.NewChain(seed, count) })
}

// loadChain makes the keys of a generation from the seed of a position on. left is the left edge before it.
func loadChain(seed []byte, position uint32, left []seal.Hash, keys seal.Keys) (*chain, error) {
	fill := func(s *seal.Seed) { copy(s[:], seed) }
	return makeChain(fill, func(s *seal.Seed) (*seal.Chain, error) { return seal.ResumeChain(s, position, left, keys) })
}

func makeChain(fill func(*seal.Seed), load func(*seal.Seed) (*seal.Chain, error)) (c *chain, err error) {
	c = new(chain)
	if c.page, err = newLockedPage(); err != nil {
		return nil, err
	}
	c.seed = (*seal.Seed)(c.page.memory)
	fill(c.seed)
	if c.Chain, err = load(c.seed); err != nil {
		return nil, errors.Join(err, c.wipe())
	}
	return c, nil
}

// wipe overwrites the seed. The chain is of no use then.
func (c *chain) wipe() error {
	c.seed = nil
	return c.page.wipe()
}
