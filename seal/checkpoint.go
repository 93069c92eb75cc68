package seal

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
)

// MaxCheckpoint is the size in bytes above which a checkpoint file is not read.
const MaxCheckpoint = 64 << 10

// ErrCheckpoint is wrapped by every error about the text or the signature of a checkpoint.
var ErrCheckpoint = errors.New("bad checkpoint")

// Checkpoint says that the log of that origin has Size entries under Root (c2sp.org/tlog-checkpoint).
type Checkpoint struct {
	Origin string
	Size   uint64
	Root   Hash
}

// Text is the signed part of the note: three lines.
func (c Checkpoint) Text() string {
	return c.Origin + "\n" + strconv.FormatUint(c.Size, 10) + "\n" + c.Root.String() + "\n"
}

// ParseCheckpoint is the inverse of [Checkpoint.Text]. It accepts only what Text prints.
func ParseCheckpoint(text string) (Checkpoint, error) {
	lines := strings.Split(text, "\n")
	if len(lines) != 4 || lines[3] != "" {
		return Checkpoint{}, fmt.Errorf("%w: want the three lines origin, size and root", ErrCheckpoint)
	}
	size, err := strconv.ParseUint(lines[1], 10, 63)
	if err != nil {
		return Checkpoint{}, fmt.Errorf("%w: size %q", ErrCheckpoint, lines[1])
	}
	root, err := base64.StdEncoding.Strict().DecodeString(lines[2])
	if err != nil || len(root) != len(Hash{}) {
		return Checkpoint{}, fmt.Errorf("%w: root %q", ErrCheckpoint, lines[2])
	}
	c := Checkpoint{Origin: lines[0], Size: size, Root: Hash(root)}
	if c.Text() != text {
		return Checkpoint{}, fmt.Errorf("%w: not in its one spelling", ErrCheckpoint)
	}
	return c, nil
}

// SignCheckpoint returns c as a note signed by the identity under the origin of c.
func SignCheckpoint(c Checkpoint, id *Identity) ([]byte, error) {
	signer, err := id.Signer(c.Origin)
	if err != nil {
		return nil, err
	}
	return note.Sign(&note.Note{Text: c.Text()}, signer)
}

// OpenCheckpoint checks a signed checkpoint of that origin under the identity's public key. Every byte counts: there
// is exactly one signature by the identity, in its one spelling. Signatures by others are not looked at.
func OpenCheckpoint(data []byte, origin string, public PublicKey) (Checkpoint, error) {
	verifier, err := note.NewVerifier(public.VKey(origin))
	if err != nil {
		return Checkpoint{}, fmt.Errorf("origin %q: %w", origin, err)
	}
	n, err := note.Open(data, note.VerifierList(verifier))
	if err != nil {
		return Checkpoint{}, fmt.Errorf("%w: %w", ErrCheckpoint, err)
	}
	signatures := append(n.Sigs, n.UnverifiedSigs...)
	if lines := bytes.Count(data, []byte("\n")) - strings.Count(n.Text, "\n") - 1; lines != len(signatures) {
		return Checkpoint{}, fmt.Errorf("%w: a signature stands twice", ErrCheckpoint) // note.Open looks at the first only
	}
	for _, sig := range signatures {
		if _, err := base64.StdEncoding.Strict().DecodeString(sig.Base64); err != nil {
			return Checkpoint{}, fmt.Errorf("%w: signature by %s: %w", ErrCheckpoint, sig.Name, err)
		}
	}
	c, err := ParseCheckpoint(n.Text)
	if err == nil && c.Origin != origin {
		err = fmt.Errorf("%w: origin %q, want %q", ErrCheckpoint, c.Origin, origin)
	}
	return c, err
}
