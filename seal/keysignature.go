package seal

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"errors"
	"fmt"
	"math/bits"

	"golang.org/x/mod/sumdb/tlog"
)

// ErrSignature is wrapped by every error about a signature with a one-time key.
var ErrSignature = errors.New("bad one-time signature")

// Bounds of the number of one-time keys in a generation, a power of two.
const (
	MinKeys = 2
	MaxKeys = 1 << 20
)

// KeySignature is a signature with a one-time key and the path from that key to the root of its generation.
type KeySignature struct {
	Key       PublicKey
	Path      []Hash // siblings, from the leaf up
	Signature [ed25519.SignatureSize]byte
}

// Keys says which one-time keys belong to a generation: that many, a power of two, under that root.
type Keys struct {
	Count uint32
	Root  Hash
}

// ValidKeys says whether a generation may have that many keys.
func ValidKeys(count uint32) bool {
	return count >= MinKeys && count <= MaxKeys && count&(count-1) == 0
}

// levels is the height of the tree over that many keys.
func levels(count uint32) int { return bits.Len32(count) - 1 }

const keyLeafLabel = "constat seal key v0\n"

// keyLeaf is the leaf of a public key in the tree of its generation.
func keyLeaf(key PublicKey) Hash {
	return tlog.RecordHash(append([]byte(keyLeafLabel), key[:]...))
}

// Verify checks that the key at that position of the generation signed message. The error wraps [ErrSignature].
func (s *KeySignature) Verify(keys Keys, position uint32, message []byte) error {
	if !ValidKeys(keys.Count) || position >= keys.Count {
		return fmt.Errorf("%w: position %d of %d keys", ErrSignature, position, keys.Count)
	}
	if len(s.Path) != levels(keys.Count) {
		return fmt.Errorf("%w: path of %d hashes, want %d", ErrSignature, len(s.Path), levels(keys.Count))
	}
	if s.root(position) != keys.Root {
		return fmt.Errorf("%w: the key is not key %d of its generation", ErrSignature, position)
	}
	if !ed25519.Verify(s.Key[:], message, s.Signature[:]) {
		return fmt.Errorf("%w: key %d did not sign this", ErrSignature, position)
	}
	return nil
}

// root climbs the path.
func (s *KeySignature) root(position uint32) Hash {
	h := keyLeaf(s.Key)
	for level, sibling := range s.Path {
		if position>>level&1 == 0 {
			h = tlog.NodeHash(h, sibling)
		} else {
			h = tlog.NodeHash(sibling, h)
		}
	}
	return h
}

// Left returns the left edge of the tree behind the key at position: the roots of the perfect subtrees over the keys 0
// to position, largest first. With it and the next seed a chain goes on, see [ResumeChain].
func (s *KeySignature) Left(position uint32) []Hash {
	var peaks []Hash
	h := keyLeaf(s.Key)
	for level, sibling := range s.Path {
		switch {
		case position>>level&1 == 0: // h ends a perfect subtree here; those further up stand left of it
			for up := len(s.Path) - 1; up > level; up-- {
				if position>>up&1 == 1 {
					peaks = append(peaks, s.Path[up])
				}
			}
			return append(peaks, h)
		default:
			h = tlog.NodeHash(sibling, h)
		}
	}
	return append(peaks, h)
}

// append writes key, signature, the number of hashes in the path as a byte, and the path.
func (s *KeySignature) append(b []byte) []byte {
	b = append(b, s.Key[:]...)
	b = append(b, s.Signature[:]...)
	b = append(b, byte(len(s.Path)))
	for _, h := range s.Path {
		b = append(b, h[:]...)
	}
	return b
}

// parseKeySignature is the inverse; nothing may stand behind it.
func parseKeySignature(b []byte) (s KeySignature, err error) {
	const fixed = ed25519.PublicKeySize + ed25519.SignatureSize + 1
	if len(b) < fixed || len(b) != fixed+int(b[fixed-1])*sha256.Size || int(b[fixed-1]) > levels(MaxKeys) {
		return s, fmt.Errorf("%w: %d bytes do not fit", ErrSignature, len(b))
	}
	r := bytes.NewBuffer(b)
	copy(s.Key[:], r.Next(len(s.Key)))
	copy(s.Signature[:], r.Next(len(s.Signature)))
	s.Path = make([]Hash, r.Next(1)[0])
	for i := range s.Path {
		copy(s.Path[i][:], r.Next(sha256.Size))
	}
	return s, nil
}
