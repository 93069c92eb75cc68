package seal

import (
	"crypto/ed25519"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
)

// algCosignature is the type byte of Ed25519 cosignatures (c2sp.org/tlog-cosignature).
const algCosignature = 4

// ErrCosignature is wrapped by every error about a cosignature or the key of a cosigner.
var ErrCosignature = errors.New("bad cosignature")

// Cosigner is a witness as others know it: a name and an Ed25519 public key (c2sp.org/tlog-cosignature, type 0x04).
type Cosigner struct {
	Name string
	Key  PublicKey
}

// ParseCosigner reads the verifier key of a witness, name+hash+key.
func ParseCosigner(vkey string) (Cosigner, error) {
	name, alg, key, err := splitVKey(vkey)
	switch {
	case err != nil:
		return Cosigner{}, fmt.Errorf("%w: key %q: %w", ErrCosignature, vkey, err)
	case alg != algCosignature || len(key) != ed25519.PublicKeySize:
		return Cosigner{}, fmt.Errorf("%w: key %q is of type %d, want that of a witness: 4, Ed25519 cosignature", ErrCosignature, vkey, alg)
	}
	c := Cosigner{Name: name, Key: PublicKey(key)}
	if c.VKey() != vkey {
		return Cosigner{}, fmt.Errorf("%w: key %q: name, hash and key do not belong together", ErrCosignature, vkey)
	}
	return c, nil
}

// splitVKey cuts a verifier key in three; of the hash it only says that it is there.
func splitVKey(vkey string) (name string, alg byte, key []byte, err error) {
	parts := strings.SplitN(vkey, "+", 3) // the base64 may have more of them
	if len(parts) != 3 || ValidOrigin(parts[0]) != nil {
		return "", 0, nil, errors.New("want NAME+HASH+KEY")
	}
	data, err := base64.StdEncoding.Strict().DecodeString(parts[2])
	if err != nil || len(data) < 1 {
		return "", 0, nil, errors.New("the last part is not a key in base64")
	}
	return parts[0], data[0], data[1:], nil
}

// ID is the key id in signature lines.
func (c Cosigner) ID() uint32 {
	h := sha256.Sum256(append([]byte(c.Name+"\n"), append([]byte{algCosignature}, c.Key[:]...)...))
	return binary.BigEndian.Uint32(h[:])
}

// VKey is the verifier key as C2SP tools take it.
func (c Cosigner) VKey() string {
	return fmt.Sprintf("%s+%08x+%s", c.Name, c.ID(), base64.StdEncoding.EncodeToString(append([]byte{algCosignature}, c.Key[:]...)))
}

// Made reports whether a cosignature claims to be by this witness: name and key id are its own.
func (c Cosigner) Made(s Cosignature) bool { return s.Name == c.Name && s.ID == c.ID() }

// Verify checks a cosignature on the text of a checkpoint.
func (c Cosigner) Verify(text string, s Cosignature) error {
	if !c.Made(s) {
		return fmt.Errorf("%w: by %s, want %s", ErrCosignature, s.Name, c.Name)
	}
	if !ed25519.Verify(c.Key[:], cosigned(text, s.Time), s.Signature[:]) {
		return fmt.Errorf("%w: %s did not sign this", ErrCosignature, c.Name)
	}
	return nil
}

// cosigned is what a witness signs.
func cosigned(text string, seconds int64) []byte {
	return []byte("cosignature/v1\ntime " + strconv.FormatInt(seconds, 10) + "\n" + text)
}

// Cosignature says that at Time (seconds since 1970 UTC) the largest tree of a log that the witness had seen was that of
// the checkpoint on which it stands.
type Cosignature struct {
	Name      string // of the key
	ID        uint32 // of the key
	Time      int64
	Signature [ed25519.SignatureSize]byte
}

// cosignatureSize is the size of key id, time and signature in bytes.
const cosignatureSize = 4 + 8 + ed25519.SignatureSize

// Line is the signature line, LF included.
func (s Cosignature) Line() string {
	b := binary.BigEndian.AppendUint32(nil, s.ID)
	b = binary.BigEndian.AppendUint64(b, uint64(s.Time))
	return "— " + s.Name + " " + base64.StdEncoding.EncodeToString(append(b, s.Signature[:]...)) + "\n"
}

// ParseCosignature is the inverse of [Cosignature.Line]. A signature line of another type is an error too.
func ParseCosignature(line string) (Cosignature, error) {
	name, text, ok := strings.Cut(strings.TrimPrefix(line, "— "), " ")
	data, err := base64.StdEncoding.Strict().DecodeString(strings.TrimSuffix(text, "\n"))
	if !ok || err != nil || len(data) != cosignatureSize || ValidOrigin(name) != nil {
		return Cosignature{}, fmt.Errorf("%w: line %.100q", ErrCosignature, line)
	}
	s := Cosignature{Name: name, ID: binary.BigEndian.Uint32(data), Signature: [ed25519.SignatureSize]byte(data[12:])}
	seconds := binary.BigEndian.Uint64(data[4:])
	if s.Time = int64(seconds); seconds > math.MaxInt64 || s.Line() != line {
		return Cosignature{}, fmt.Errorf("%w: line %.100q", ErrCosignature, line)
	}
	return s, nil
}

// Cosignatures lists the lines of a signed note that have the form of a cosignature, whoever made them and whether they
// hold or not, and returns the text of the note. The error wraps [ErrCheckpoint].
func Cosignatures(signed []byte) (text string, list []Cosignature, err error) {
	var unverified *note.UnverifiedNoteError
	_, err = note.Open(signed, note.VerifierList())
	if !errors.As(err, &unverified) {
		return "", nil, fmt.Errorf("%w: %w", ErrCheckpoint, err)
	}
	for _, sig := range unverified.Note.UnverifiedSigs {
		if s, err := ParseCosignature("— " + sig.Name + " " + sig.Base64 + "\n"); err == nil {
			list = append(list, s)
		}
	}
	return unverified.Note.Text, list, nil
}

// WitnessKey is the secret key of a witness, under its name. It cosigns, and must be used for nothing else.
type WitnessKey struct {
	name string
	key  ed25519.PrivateKey
}

// NewWitnessKey draws a new key. The name is as [ValidOrigin] wants it.
func NewWitnessKey(name string) (*WitnessKey, error) {
	seed := make([]byte, ed25519.SeedSize)
	rand.Read(seed) // never fails (crypto/rand)
	return &WitnessKey{name, ed25519.NewKeyFromSeed(seed)}, ValidOrigin(name)
}

// Cosigner is the public half.
func (k *WitnessKey) Cosigner() Cosigner {
	return Cosigner{Name: k.name, Key: PublicKey(k.key.Public().(ed25519.PublicKey))}
}

// Cosign signs the text of a checkpoint at a time in seconds since 1970 UTC.
func (k *WitnessKey) Cosign(text string, seconds int64) Cosignature {
	c := k.Cosigner()
	return Cosignature{Name: k.name, ID: c.ID(), Time: seconds, Signature: [ed25519.SignatureSize]byte(ed25519.Sign(k.key, cosigned(text, seconds)))}
}

// Format prints the secret key as one line: PRIVATE+KEY+name+hash+key.
func (k *WitnessKey) Format() string {
	secret := append([]byte{algCosignature}, k.key.Seed()...)
	return fmt.Sprintf("PRIVATE+KEY+%s+%08x+%s\n", k.name, k.Cosigner().ID(), base64.StdEncoding.EncodeToString(secret))
}

// ParseWitnessKey reads what [WitnessKey.Format] prints.
func ParseWitnessKey(text string) (*WitnessKey, error) {
	rest, _ := strings.CutPrefix(strings.TrimSuffix(text, "\n"), "PRIVATE+KEY+")
	name, alg, seed, err := splitVKey(rest)
	if err != nil || alg != algCosignature || len(seed) != ed25519.SeedSize {
		return nil, fmt.Errorf("%w: not the key of a witness", ErrCosignature)
	}
	k := &WitnessKey{name, ed25519.NewKeyFromSeed(seed)}
	if k.Format() != text {
		return nil, fmt.Errorf("%w: not the key of a witness in its one spelling", ErrCosignature)
	}
	return k, nil
}
