package seal

import (
	"crypto/ed25519"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"

	"golang.org/x/mod/sumdb/note"
)

// IdentityOf is the identity whose Ed25519 seed (RFC 8032) is given.
func IdentityOf(seed [ed25519.SeedSize]byte) *Identity {
	return &Identity{key: ed25519.NewKeyFromSeed(seed[:])}
}

// SignNote signs a text, which ends in a newline, as a C2SP note of that name.
func SignNote(text, name string, id *Identity) ([]byte, error) {
	signer, err := id.Signer(name)
	if err != nil {
		return nil, err
	}
	return note.Sign(&note.Note{Text: text}, signer)
}

// OpenNote returns the text of a note that carries one signature, of that name by that key, in its one spelling.
func OpenNote(data []byte, name string, public PublicKey) (text string, err error) {
	verifier, err := note.NewVerifier(public.VKey(name))
	if err != nil {
		return "", err
	}
	n, err := note.Open(data, note.VerifierList(verifier))
	if err != nil {
		return "", err
	}
	if len(n.Sigs)+len(n.UnverifiedSigs) != 1 {
		return "", errors.New("want one signature")
	}
	if _, err := base64.StdEncoding.Strict().DecodeString(n.Sigs[0].Base64); err != nil {
		return "", fmt.Errorf("signature: %w", err)
	}
	return n.Text, nil
}

// ErrOperator is wrapped by errors about the endorsement of a store by its operator.
var ErrOperator = errors.New("bad endorsement by an operator")

const operatorTitle = "constat operator endorsement\n"

// EndorseStore signs certificate 0 of a store with the key of its operator. The text names the operator's key, which
// whoever reads it has to know from elsewhere.
func EndorseStore(c Certificate, name string, operator *Identity) ([]byte, error) {
	if err := ValidOrigin(name); err != nil {
		return nil, fmt.Errorf("name of the operator: %w", err)
	}
	return SignNote(operatorTitle+"operator "+operator.Public().VKey(name)+"\n"+c.Text(), name, operator)
}

// OpenEndorsement checks what [EndorseStore] signed, and returns the operator's key as name+hash+key.
func OpenEndorsement(data []byte, c Certificate) (vkey string, err error) {
	line, _, _ := strings.Cut(strings.TrimPrefix(string(data), operatorTitle), "\n")
	vkey, found := strings.CutPrefix(line, "operator ")
	parts := strings.SplitN(vkey, "+", 3) // name, hash, and a key in base64, which may have more of them
	name := parts[0]
	key, err := base64.StdEncoding.DecodeString(parts[len(parts)-1])
	if !found || err != nil || len(key) != 1+ed25519.PublicKeySize {
		return "", fmt.Errorf("%w: it names no key", ErrOperator)
	}
	public := PublicKey(key[1:])
	text, err := OpenNote(data, name, public)
	if err != nil {
		return "", fmt.Errorf("%w: %w", ErrOperator, err)
	}
	if text != operatorTitle+"operator "+public.VKey(name)+"\n"+c.Text() {
		return "", fmt.Errorf("%w: it is for another store", ErrOperator)
	}
	return vkey, nil
}
