package seal

import (
	"bytes"
	"errors"
	"fmt"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// LogKey is the verifier key of somebody's log: Ed25519, as it stands in a policy or in a configuration.
type LogKey struct {
	Name     string
	VKey     string
	verifier note.Verifier
}

// ParseLogKey reads the verifier key of a log, name+hash+key of type 1.
func ParseLogKey(vkey string) (LogKey, error) {
	name, alg, _, err := splitVKey(vkey)
	if err == nil && alg != algEd25519 {
		err = fmt.Errorf("is of type %d, want that of a log: 1, Ed25519", alg)
	}
	k := LogKey{Name: name, VKey: vkey}
	if err == nil {
		k.verifier, err = note.NewVerifier(vkey)
	}
	if err != nil {
		return LogKey{}, fmt.Errorf("key %q: %w", vkey, err)
	}
	return k, nil
}

// public is the part of the key that counts, whatever its name.
func (k LogKey) public() string { _, _, key, _ := splitVKey(k.VKey); return string(key) }

// ErrLogSignature says that a note is not signed by a log's key.
var ErrLogSignature = errors.New("not signed by the log")

// TreeHead is the checkpoint of somebody's log, which may have lines of its own.
type TreeHead struct {
	Checkpoint
	Text   string // the signed part of the note, those lines included
	Signed string // the signature lines that were checked, one for each key
}

// OpenTreeHead reads a note and checks that one of the keys signed it. Lines of unknown signers are not looked at. The
// error wraps [ErrCheckpoint] if the note is none, and [ErrLogSignature] if it is not signed.
func OpenTreeHead(signed []byte, keys []LogKey) (TreeHead, error) {
	verifiers := make([]note.Verifier, 0, len(keys))
	for _, k := range keys {
		verifiers = append(verifiers, k.verifier)
	}
	n, err := note.Open(signed, note.VerifierList(verifiers...))
	var unverified *note.UnverifiedNoteError
	var invalid *note.InvalidSignatureError
	switch {
	case errors.As(err, &unverified), errors.As(err, &invalid):
		return TreeHead{}, fmt.Errorf("%w: %w", ErrLogSignature, err)
	case err != nil:
		return TreeHead{}, fmt.Errorf("%w: %w", ErrCheckpoint, err)
	}
	h, err := ParseTreeHead(n.Text)
	for _, sig := range n.Sigs {
		h.Signed += "— " + sig.Name + " " + sig.Base64 + "\n"
	}
	return h, err
}

// ParseTreeHead reads the text of a checkpoint: origin, size, root, and further lines that are not looked at.
func ParseTreeHead(text string) (TreeHead, error) {
	lines := strings.SplitAfter(text, "\n")
	if len(lines) < 4 || lines[len(lines)-1] != "" {
		return TreeHead{}, fmt.Errorf("%w: want at least the three lines origin, size and root", ErrCheckpoint)
	}
	c, err := ParseCheckpoint(strings.Join(lines[:3], ""))
	if err == nil && (c.Origin == "" || strings.Contains(text, "\n\n")) {
		err = fmt.Errorf("%w: a line is empty", ErrCheckpoint)
	}
	return TreeHead{Checkpoint: c, Text: text}, err
}

// SplitNotes cuts signed notes that stand one behind the other. Each has at least one signature line; whether a note is
// sound otherwise is for whoever opens it.
func SplitNotes(data []byte) ([][]byte, error) {
	const mark = "— "
	var list [][]byte
	for len(data) > 0 {
		end := bytes.Index(data, []byte("\n\n"+mark))
		if end < 0 {
			return nil, fmt.Errorf("%w: %d bytes behind %d notes are none", ErrCheckpoint, len(data), len(list))
		}
		for end += 2; bytes.HasPrefix(data[end:], []byte(mark)); {
			line := bytes.IndexByte(data[end:], '\n')
			if line < 0 {
				return nil, fmt.Errorf("%w: the last line of note %d has no end", ErrCheckpoint, len(list))
			}
			end += line + 1
		}
		list, data = append(list, data[:end]), data[end:]
	}
	return list, nil
}

// MaxProof is the largest number of hashes in a consistency proof.
const MaxProof = 63

// ErrInconsistent says that a proof does not show that one tree continues another.
var ErrInconsistent = errors.New("not shown to continue the tree before")

// ProveConsistency returns the proof (RFC 6962, section 2.1.2) that the tree of the larger size continues the smaller
// one; it is empty if the smaller one is.
func ProveConsistency(h *Hashes, old, size uint64) ([]Hash, error) {
	if old == 0 || old == size {
		return nil, nil
	}
	return tlog.ProveTree(int64(size), int64(old), h)
}

// CheckConsistency checks such a proof. The error wraps [ErrInconsistent].
func CheckConsistency(proof []Hash, old, size uint64, oldRoot, root Hash) error {
	var err error
	switch {
	case old > size:
		err = fmt.Errorf("size %d is below %d", size, old)
	case old == 0 && len(proof) > 0, old == size && len(proof) > 0:
		err = fmt.Errorf("%d hashes where none are wanted", len(proof))
	case old == 0:
	case old == size && oldRoot != root:
		err = fmt.Errorf("two roots at size %d", size)
	case old < size:
		err = tlog.CheckTree(proof, int64(size), root, int64(old), oldRoot)
	}
	if err != nil {
		return fmt.Errorf("%w: %w", ErrInconsistent, err)
	}
	return nil
}

// RootAt returns the root of the first so many leaves.
func RootAt(h *Hashes, size uint64) (Hash, error) {
	if size == 0 {
		return new(Frontier).Root(), nil
	}
	return tlog.TreeHash(int64(size), h)
}
