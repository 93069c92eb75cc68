package seal

import (
	"fmt"

	"golang.org/x/mod/sumdb/tlog"
)

const journalLabel = "constat sealed journal v0\n"

// Leaf is the leaf of a journal in the tree that a seal signs.
func (j *Journal) Leaf() Hash { return tlog.RecordHash(j.append([]byte(journalLabel))) }

func journalLeaves(list []Journal) []Hash {
	leaves := make([]Hash, len(list))
	for i := range list {
		leaves[i] = list[i].Leaf()
	}
	return leaves
}

// JournalsRoot is the root of the RFC 6962 tree over journals sorted by name.
func JournalsRoot(list []Journal) Hash {
	var f Frontier
	for _, leaf := range journalLeaves(list) {
		f.Append(leaf)
	}
	return f.Root()
}

// ProveJournal returns the hashes that lead from journal n of the list to the root, leaf side first.
func ProveJournal(list []Journal, n int) []Hash {
	if n < 0 || n >= len(list) {
		panic(fmt.Sprintf("seal: proof of journal %d of %d", n, len(list)))
	}
	return proveLeaf(journalLeaves(list), n)
}

// proveLeaf is PATH of RFC 6962, section 2.1.1.
func proveLeaf(leaves []Hash, n int) []Hash {
	if len(leaves) == 1 {
		return nil
	}
	k := 1
	for 2*k < len(leaves) {
		k *= 2
	}
	if n < k {
		return append(proveLeaf(leaves[:k], n), rootOf(leaves[k:]))
	}
	return append(proveLeaf(leaves[k:], n-k), rootOf(leaves[:k]))
}

func rootOf(leaves []Hash) Hash {
	var f Frontier
	for _, leaf := range leaves {
		f.Append(leaf)
	}
	return f.Root()
}

// CheckJournal checks that j is number n of the journals that the statement was made about.
func (s *Statement) CheckJournal(j Journal, n int, proof []Hash) error {
	if n < 0 || int64(n) >= int64(s.Journals) {
		return fmt.Errorf("%w: journal %d of %d", ErrSeal, n, s.Journals)
	}
	if err := tlog.CheckRecord(tlog.RecordProof(proof), int64(s.Journals), s.Root, int64(n), j.Leaf()); err != nil {
		return fmt.Errorf("%w: journal %q: %w", ErrSeal, j.Name, err)
	}
	return nil
}

// AppendStatement writes the statement alone, for a proof that ships without the list.
func (s *Statement) AppendStatement(b []byte) []byte { return s.append(b) }

// ParseStatement is the inverse of [Statement.AppendStatement].
func ParseStatement(b []byte) (Statement, error) {
	var s Statement
	if len(b) != statementSize {
		return s, fmt.Errorf("%w: %d bytes, want %d", ErrSeal, len(b), statementSize)
	}
	return s, s.parse(b)
}

// AppendKey writes the signature alone.
func (s *KeySignature) AppendKey(b []byte) []byte { return s.append(b) }

// ParseKeySignature is the inverse of [KeySignature.AppendKey]. The error wraps [ErrSignature].
func ParseKeySignature(b []byte) (KeySignature, error) { return parseKeySignature(b) }
