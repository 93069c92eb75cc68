package seal

import (
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// Generation is a certificate after certificate 0: it commits to the one-time keys of one more generation and names
// the identity, which is that of certificate 0, and the intervals in force from then on. Every certificate is endorsed, see [Endorsed].
type Generation struct {
	Number   uint32      // 1 is the first after certificate 0
	Terms    Certificate // as in certificate 0; Store never changes
	First    uint64      // counter of the first seal of this generation
	Previous Hash        // SHA-256 of the text of the certificate before
	Created  int64       // µs since 1970, by the clock of the machine
}

// MaxGeneration is the length limit in bytes of a certificate with its endorsement.
const MaxGeneration = 8 << 10

// ErrGeneration is wrapped by every error about the text of a later certificate.
var ErrGeneration = errors.New("bad certificate")

const generationTitle = "constat certificate "

// Text is the certificate as it is hashed and endorsed: one line a value.
func (g *Generation) Text() string {
	t := &g.Terms
	return fmt.Sprintf("%s%d\nstore %s\norigin %s\nidentity %s\nseal-after %d\nheartbeat %d\nkeys %d\nkey-root %s\nfirst %d\nprevious %s\ncreated %d\n",
		generationTitle, g.Number, t.Store, t.Origin, base64.StdEncoding.EncodeToString(t.Identity[:]),
		t.SealAfter, t.Heartbeat, t.Keys, t.KeyRoot, g.First, g.Previous, g.Created)
}

// Hash is what the next certificate names as the previous one.
func (g *Generation) Hash() Hash { return sha256.Sum256([]byte(g.Text())) }

// OneTime is the set of keys that the certificate commits to.
func (c *Certificate) OneTime() Keys { return Keys{Count: c.Keys, Root: c.KeyRoot} }

// Endorsed is a certificate with the signature that makes it follow the one before: by the one-time key whose turn
// it is, or, where the seed of that key was lost, by the identity. The second is no proof against who holds the
// identity key, and an audit says so.
type Endorsed struct {
	Generation
	ByIdentity bool
	Key        KeySignature                // unless ByIdentity
	Identity   [ed25519.SignatureSize]byte // if ByIdentity
}

// Endorse signs the certificate with the current key of the generation before. The caller advances that chain once
// the certificate is durable.
func (g Generation) Endorse(before *Chain) (Endorsed, error) {
	s, err := before.Sign([]byte(g.Text()))
	return Endorsed{Generation: g, Key: s}, err
}

// EndorseByIdentity signs the certificate with the identity of the certificate before.
func (g Generation) EndorseByIdentity(id *Identity) Endorsed {
	e := Endorsed{Generation: g, ByIdentity: true}
	copy(e.Identity[:], ed25519.Sign(id.key, []byte(g.Text())))
	return e
}

const (
	endorsedByKey      = "endorsed-by-key "
	endorsedByIdentity = "endorsed-by-identity "
)

// Format is the text of the certificate and one more line with the endorsement.
func (e *Endorsed) Format() string {
	if e.ByIdentity {
		return e.Text() + endorsedByIdentity + base64.StdEncoding.EncodeToString(e.Identity[:]) + "\n"
	}
	return e.Text() + endorsedByKey + base64.StdEncoding.EncodeToString(e.Key.append(nil)) + "\n"
}

// ParseEndorsed is the inverse of [Endorsed.Format]. It accepts only what Format prints, and checks no signature.
func ParseEndorsed(text string) (Endorsed, error) {
	if len(text) > MaxGeneration {
		return Endorsed{}, fmt.Errorf("%w: %d bytes are too long", ErrGeneration, len(text))
	}
	lines := strings.Split(text, "\n")
	if len(lines) != 13 {
		return Endorsed{}, fmt.Errorf("%w: want 12 lines", ErrGeneration)
	}
	var e Endorsed
	if err := e.parse(lines); err != nil {
		return Endorsed{}, err
	}
	if err := e.parseEndorsement(lines[11]); err != nil {
		return Endorsed{}, err
	}
	if e.Format() != text {
		return Endorsed{}, fmt.Errorf("%w: not in its one spelling", ErrGeneration)
	}
	return e, nil
}

// parse reads the lines of the certificate. That they are the only spelling is checked by the caller.
func (g *Generation) parse(lines []string) error {
	number, _ := strings.CutPrefix(lines[0], generationTitle)
	n, err := strconv.ParseUint(number, 10, 32)
	if err != nil || n == 0 {
		return fmt.Errorf("%w: title %q", ErrGeneration, lines[0])
	}
	lines[0] = certificateTitle
	if g.Terms, err = ParseCertificate(strings.Join(lines[:8], "\n") + "\n"); err != nil {
		return fmt.Errorf("%w: %w", ErrGeneration, err)
	}
	first, previous, created := strings.TrimPrefix(lines[8], "first "), strings.TrimPrefix(lines[9], "previous "), strings.TrimPrefix(lines[10], "created ")
	g.Number = uint32(n)
	hash, err := base64.StdEncoding.Strict().DecodeString(previous)
	if err != nil || len(hash) != len(g.Previous) {
		return fmt.Errorf("%w: line %q", ErrGeneration, lines[9])
	}
	g.Previous = Hash(hash)
	if g.First, err = strconv.ParseUint(first, 10, 63); err != nil {
		return fmt.Errorf("%w: line %q", ErrGeneration, lines[8])
	}
	if g.Created, err = strconv.ParseInt(created, 10, 64); err != nil {
		return fmt.Errorf("%w: line %q", ErrGeneration, lines[10])
	}
	return nil
}

func (e *Endorsed) parseEndorsement(line string) (err error) {
	text, byKey := strings.CutPrefix(line, endorsedByKey)
	text = strings.TrimPrefix(text, endorsedByIdentity)
	b, err := base64.StdEncoding.Strict().DecodeString(text)
	switch {
	case err != nil:
		return fmt.Errorf("%w: endorsement %q", ErrGeneration, line)
	case byKey:
		if e.Key, err = parseKeySignature(b); err != nil {
			return fmt.Errorf("%w: %w", ErrGeneration, err)
		}
	case len(b) != len(e.Identity):
		return fmt.Errorf("%w: endorsement %q", ErrGeneration, line)
	default:
		e.ByIdentity = true
		copy(e.Identity[:], b)
	}
	return nil
}
