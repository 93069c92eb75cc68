package seal

import (
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base32"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
)

// StoreID tells stores apart. It is drawn at random when a store is made.
type StoreID [16]byte

// String is the id in hex.
func (id StoreID) String() string { return hex.EncodeToString(id[:]) }

// Certificate is certificate 0 of a store: who it is, and how it promises to seal. Later certificates follow from it.
type Certificate struct {
	Store     StoreID
	Origin    string
	Identity  PublicKey
	SealAfter uint32 // seconds after the first unsealed event within which a seal follows
	Heartbeat uint32 // seconds between seals of an idle store
	Keys      uint32 // one-time seal keys in generation 0, a power of two
	KeyRoot   Hash   // root of the tree over their public keys; zero until seals exist
}

// Defaults of a new store (DESIGN, section 6).
const (
	DefaultSealAfter = 60
	DefaultHeartbeat = 900
	DefaultKeys      = 16384
)

const certificateTitle = "constat certificate 0"

// Text is the certificate as it is hashed: one line a value.
func (c Certificate) Text() string {
	return fmt.Sprintf("%s\nstore %s\norigin %s\nidentity %s\nseal-after %d\nheartbeat %d\nkeys %d\nkey-root %s\n",
		certificateTitle, c.Store, c.Origin, base64.StdEncoding.EncodeToString(c.Identity[:]),
		c.SealAfter, c.Heartbeat, c.Keys, c.KeyRoot)
}

// ErrCertificate says that a text is not a certificate that this program knows.
var ErrCertificate = errors.New("not a certificate 0")

// ParseCertificate is the inverse of [Certificate.Text]. It accepts only what Text prints.
func ParseCertificate(text string) (Certificate, error) {
	var c Certificate
	var store, identity, root string
	_, err := fmt.Sscanf(text, certificateTitle+"\nstore %s\norigin %s\nidentity %s\nseal-after %d\nheartbeat %d\nkeys %d\nkey-root %s\n",
		&store, &c.Origin, &identity, &c.SealAfter, &c.Heartbeat, &c.Keys, &root)
	if err != nil {
		return Certificate{}, fmt.Errorf("%w: %w", ErrCertificate, err)
	}
	id, err1 := hex.DecodeString(store)
	key, err2 := base64.StdEncoding.DecodeString(identity)
	hash, err3 := base64.StdEncoding.DecodeString(root)
	if errors.Join(err1, err2, err3) != nil || len(id) != len(c.Store) || len(key) != ed25519.PublicKeySize || len(hash) != len(c.KeyRoot) {
		return Certificate{}, ErrCertificate
	}
	c.Store, c.Identity, c.KeyRoot = StoreID(id), PublicKey(key), Hash(hash)
	if c.Text() != text || ValidOrigin(c.Origin) != nil {
		return Certificate{}, ErrCertificate
	}
	return c, nil
}

// Code is the public verification code of a store: the SHA-256 of its certificate 0. Whoever holds it can verify the
// store; nobody can forge with it.
type Code [sha256.Size]byte

// Code returns the verification code.
func (c Certificate) Code() Code { return sha256.Sum256([]byte(c.Text())) }

var codeEncoding = base32.StdEncoding.WithPadding(base32.NoPadding)

// String is the code as 52 base32 characters (RFC 4648, section 6).
func (c Code) String() string { return codeEncoding.EncodeToString(c[:]) }

// ParseCode reads a code as people pass it on: base32 or hex, in any case, with blanks or dashes between groups.
func ParseCode(s string) (Code, error) {
	plain := strings.ToUpper(strings.Map(dropSeparators, s))
	if len(plain) == hex.EncodedLen(len(Code{})) {
		if b, err := hex.DecodeString(plain); err == nil {
			return Code(b), nil
		}
	}
	b, err := codeEncoding.DecodeString(plain)
	if err != nil || len(b) != len(Code{}) {
		return Code{}, fmt.Errorf("verification code %q: want 52 base32 characters or 64 hex digits", s)
	}
	return Code(b), nil
}

func dropSeparators(r rune) rune {
	if r == ' ' || r == '-' || r == '\n' || r == '\t' {
		return -1
	}
	return r
}
