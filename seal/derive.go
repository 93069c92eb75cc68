package seal

import "crypto/sha256"

// derive is the SHA-256 of a label and a seed. It leaves no copy of the seed on the heap, where it would stay until that memory is
// used again, nor on the stack: a seed that was used must be nowhere when the machine is taken.
func derive(label string, s *Seed) Seed {
	cleanStack() // grows the stack: were it moved later, a copy would stay behind
	hash := deriveOn(label, s)
	cleanStack()
	return hash
}

// deriveOn does it, and leaves the state of the hash on the stack below its caller.
//
//go:noinline
func deriveOn(label string, s *Seed) Seed {
	var b [len(signLabel) + len(Seed{})]byte
	n := copy(b[:], label)
	n += copy(b[n:], s[:])
	hash := sha256.Sum256(b[:n])
	clear(b[:])
	return hash
}

// cleanStack overwrites what calls before have left below the stack of its caller. The byte that it returns keeps the
// compiler from leaving it out.
//
//go:noinline
func cleanStack() byte {
	var b [8192]byte
	for i := range b {
		b[i] = byte(i)
	}
	clear(b[:])
	return b[len(b)/2]
}
