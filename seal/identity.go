package seal

import (
	"crypto/ed25519"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/mod/sumdb/note"
)

// algEd25519 is the type byte of Ed25519 in note keys (c2sp.org/signed-note).
const algEd25519 = 1

// ErrIdentity says that a text is not an identity key.
var ErrIdentity = errors.New("not an identity key")

// PublicKey is the public half of an [Identity].
type PublicKey [ed25519.PublicKeySize]byte

// VKey is the verifier key of the identity under an origin, as C2SP tools take it: name+hash+key.
func (p PublicKey) VKey(origin string) string {
	vkey, err := note.NewEd25519VerifierKey(origin, p[:])
	if err != nil {
		panic("seal: 32-byte Ed25519 key refused: " + err.Error())
	}
	return vkey
}

// Identity is the static Ed25519 key of a store. It signs the checkpoints of every journal, each under its origin.
type Identity struct {
	key ed25519.PrivateKey
}

// NewIdentity draws a new identity from the system's randomness.
func NewIdentity() *Identity {
	seed := make([]byte, ed25519.SeedSize)
	rand.Read(seed) // never fails (crypto/rand)
	return &Identity{key: ed25519.NewKeyFromSeed(seed)}
}

// Public returns the public half.
func (id *Identity) Public() PublicKey { return PublicKey(id.key.Public().(ed25519.PublicKey)) }

// Signer returns the note signer of an origin.
func (id *Identity) Signer(origin string) (note.Signer, error) {
	if err := ValidOrigin(origin); err != nil {
		return nil, err
	}
	return note.NewSigner(strings.TrimSpace(id.Format(origin)))
}

// Format prints the secret key under a name, as one line in the form of note signer keys:
// PRIVATE+KEY+name+hash+key.
func (id *Identity) Format(name string) string {
	vkey := id.Public().VKey(name)
	hash := vkey[len(name)+1 : len(name)+9]
	secret := append([]byte{algEd25519}, id.key.Seed()...)
	return "PRIVATE+KEY+" + name + "+" + hash + "+" + base64.StdEncoding.EncodeToString(secret) + "\n"
}

// ParseIdentity reads what [Identity.Format] prints for that name.
func ParseIdentity(text, name string) (*Identity, error) {
	parts := strings.SplitN(text, "+", 5) // PRIVATE, KEY, name, hash, and a key in base64, which may have more of them
	secret, err := base64.StdEncoding.DecodeString(strings.TrimSpace(parts[len(parts)-1]))
	if err != nil || len(secret) != 1+ed25519.SeedSize || secret[0] != algEd25519 {
		return nil, ErrIdentity
	}
	id := &Identity{key: ed25519.NewKeyFromSeed(secret[1:])}
	if id.Format(name) != text {
		return nil, fmt.Errorf("%w of %s", ErrIdentity, name)
	}
	return id, nil
}

// MaxOrigin is the length limit in bytes of the origin of a store.
const MaxOrigin = 200

// ValidOrigin reports what is wrong with an origin: it is a key name (c2sp.org/signed-note), so it is not empty and
// has neither spaces nor '+', and we allow no control characters.
func ValidOrigin(origin string) error {
	bad := func(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) || r == '+' }
	if origin == "" || len(origin) > MaxOrigin || !utf8.ValidString(origin) || strings.ContainsFunc(origin, bad) {
		return fmt.Errorf("origin %q: want 1 to %d bytes, such as host.example/log, without blanks and '+'", origin, MaxOrigin)
	}
	return nil
}
