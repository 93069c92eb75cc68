package seal

import (
	"crypto/ed25519"
	"crypto/rand"
	"errors"
	"fmt"

	"golang.org/x/mod/sumdb/tlog"
)

// Seed is the secret of a generation at one position: from it follow this key and all later ones, no earlier one.
type Seed [32]byte

const (
	seedLabel = "constat seal seed v0\n"
	signLabel = "constat seal secret v0\n"
)

// NewSeed fills seed with fresh randomness.
func NewSeed(seed *Seed) { rand.Read(seed[:]) } // documented to never fail

// Next is the seed of the next position.
func (s *Seed) Next() (next Seed) { return derive(seedLabel, s) }

// private derives the one-time key. The caller clears it.
func (s *Seed) private() ed25519.PrivateKey {
	secret := derive(signLabel, s)
	defer clear(secret[:])
	return ed25519.NewKeyFromSeed(secret[:])
}

func (s *Seed) public() PublicKey {
	key := s.private()
	defer clear(key)
	return PublicKey(key.Public().(ed25519.PublicKey))
}

// ErrChain is wrapped by the errors of [ResumeChain] and [NewChain].
var ErrChain = errors.New("seal keys do not fit")

// Chain is the secret side of one generation: its current seed and the tree over its public keys. It is not safe for
// concurrent use.
type Chain struct {
	seed     *Seed
	position uint32
	keys     Keys
	nodes    [][]Hash // by level; what lies left of the edge at the time of loading is zero, but for the edge
}

// NewChain starts a generation of count keys, a power of two from [MinKeys] to [MaxKeys], at the seed of position 0.
// The chain keeps the pointer and overwrites the seed as it advances; so the caller decides in which memory it lives.
// It takes about 25 µs a key.
func NewChain(seed *Seed, count uint32) (*Chain, error) {
	return load(seed, 0, count, nil)
}

// ResumeChain goes on at a position that is not the first: seed is that of the position, left the left edge before it
// ([KeySignature.Left] of the signature before, or [Chain.Left]). It fails unless both lead to the root.
func ResumeChain(seed *Seed, position uint32, left []Hash, keys Keys) (*Chain, error) {
	c, err := load(seed, position, keys.Count, left)
	if err == nil && c.keys.Root != keys.Root {
		return nil, fmt.Errorf("%w: the seed is not that of position %d of the generation under root %s", ErrChain, position, keys.Root)
	}
	return c, err
}

func load(seed *Seed, position, count uint32, left []Hash) (*Chain, error) {
	if !ValidKeys(count) || position >= count {
		return nil, fmt.Errorf("%w: position %d of %d keys; want a power of two of keys, %d to %d", ErrChain, position, count, MinKeys, MaxKeys)
	}
	c := &Chain{seed: seed, position: position, nodes: make([][]Hash, levels(count)+1)}
	for level := range c.nodes {
		c.nodes[level] = make([]Hash, count>>level)
	}
	if err := c.placeLeft(left); err != nil {
		return nil, err
	}
	c.placeKeys(count)
	c.keys = Keys{Count: count, Root: c.nodes[levels(count)][0]}
	return c, nil
}

// placeLeft puts the peaks left of the position into the tree.
func (c *Chain) placeLeft(left []Hash) error {
	for level := len(c.nodes) - 1; level >= 0; level-- {
		if c.position>>level&1 == 0 {
			continue
		}
		if len(left) == 0 {
			return fmt.Errorf("%w: the left edge is too short for position %d", ErrChain, c.position)
		}
		c.nodes[level][c.position>>level-1], left = left[0], left[1:]
	}
	if len(left) != 0 {
		return fmt.Errorf("%w: the left edge is too long for position %d", ErrChain, c.position)
	}
	return nil
}

// placeKeys derives the keys from the position on and the nodes that hold one of them.
func (c *Chain) placeKeys(count uint32) {
	seed := *c.seed
	defer cleanStack(0)
	defer clear(seed[:])
	cleanStack(0)
	for i := c.position; i < count; i++ {
		c.nodes[0][i] = keyLeaf(seed.public())
		seed = seed.Next()
	}
	for level := 1; level < len(c.nodes); level++ {
		for i := c.position >> level; i < count>>level; i++ {
			c.nodes[level][i] = tlog.NodeHash(c.nodes[level-1][2*i], c.nodes[level-1][2*i+1])
		}
	}
}

// Keys is the public side of the generation.
func (c *Chain) Keys() Keys { return c.keys }

// Position is that of the key that signs next. At [Keys.Count] no key is left.
func (c *Chain) Position() uint32 { return c.position }

// Sign signs with the key at the current position, which may be done again for the same message only. It does not
// advance: a crash before the message is durable must find the same key.
func (c *Chain) Sign(message []byte) (KeySignature, error) {
	if c.position >= c.keys.Count {
		return KeySignature{}, fmt.Errorf("%w: all %d keys are used", ErrChain, c.keys.Count)
	}
	s := KeySignature{Path: c.path()}
	cleanStack(0)
	c.seed.sign(&s, message)
	cleanStack(0)
	return s, nil
}

// sign signs with the one-time key of a seed. What the standard library has allocated for it stays on the heap until that
// memory is used again.
//
//go:noinline
func (s *Seed) sign(k *KeySignature, message []byte) {
	key := s.private()
	defer clear(key)
	k.Key = PublicKey(key.Public().(ed25519.PublicKey))
	copy(k.Signature[:], ed25519.Sign(key, message))
}

func (c *Chain) path() []Hash {
	path := make([]Hash, len(c.nodes)-1)
	for level := range path {
		path[level] = c.nodes[level][c.position>>level^1]
	}
	return path
}

// Next is the seed of the next position: what is to be made durable, over the current one, before [Chain.Advance].
func (c *Chain) Next() Seed { return c.seed.Next() }

// Advance goes to the next position and overwrites the seed.
func (c *Chain) Advance() {
	*c.seed = c.seed.Next()
	c.position++
}

// Erase overwrites the seed. The chain is of no use then.
func (c *Chain) Erase() {
	clear(c.seed[:])
	c.position = c.keys.Count
}

// Left is the left edge before the position, see [ResumeChain].
func (c *Chain) Left() []Hash {
	var left []Hash
	for level := len(c.nodes) - 1; level >= 0; level-- {
		if c.position>>level&1 == 1 {
			left = append(left, c.nodes[level][c.position>>level-1])
		}
	}
	return left
}
