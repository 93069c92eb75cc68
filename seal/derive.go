package seal

import "crypto/sha256"

// derive is the SHA-256 of a label and a seed. It leaves no copy of the seed on the heap, where it would stay until that memory is
// used again, nor on the stack: a seed that was used must be nowhere when the machine is taken.
func derive(label string, s *Seed) Seed {
	cleanStack(0) // grows the stack: were it moved later, a copy would stay behind
	hash := deriveOn(label, s)
	cleanStack(0)
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

// cleanStack overwrites what calls before have left below the stack of its caller, with zeros. That the compiler does not
// know which byte it returns keeps it from leaving them out.
//
//go:noinline
func cleanStack(n int) byte {
	var b [8192]byte
	return b[n&(len(b)-1)]
}
