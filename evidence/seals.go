package evidence

import (
	"crypto/ed25519"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strconv"

	"constat/seal"
)

// sealFile is a seal as it ships: what was signed, the signature, and of the journals only those that the evidence is
// about, each with its way to the signed root.
type sealFile struct {
	Statement []byte       `json:"statement"`
	Key       []byte       `json:"key"`
	Journals  []sealedFile `json:"journals"`
}

type sealedFile struct {
	Name   string   `json:"name"`
	ID     string   `json:"id"`
	Size   uint64   `json:"size"`
	Root   []byte   `json:"root"`
	Number int      `json:"number"`
	Proof  [][]byte `json:"proof"`
}

// sealed is a seal that was read.
type sealed struct {
	seal.Statement
	key      seal.KeySignature
	journals []seal.Journal
}

// of returns what the seal says of a journal.
func (s *sealed) of(name string) (seal.Journal, bool) {
	i := slices.IndexFunc(s.journals, func(j seal.Journal) bool { return j.Name == name })
	if i < 0 {
		return seal.Journal{}, false
	}
	return s.journals[i], true
}

// formatSeal prints a seal with what it says of the named journals.
func formatSeal(s *seal.Seal, names []string) []byte {
	f := sealFile{Statement: s.AppendStatement(nil), Key: s.Key.AppendKey(nil), Journals: []sealedFile{}}
	for n, j := range s.List {
		if !slices.Contains(names, j.Name) {
			continue
		}
		of := sealedFile{Name: j.Name, ID: hex.EncodeToString(j.ID[:]), Size: j.Size, Root: j.Root[:], Number: n, Proof: [][]byte{}}
		for _, h := range seal.ProveJournal(s.List, n) {
			of.Proof = append(of.Proof, slices.Clone(h[:]))
		}
		f.Journals = append(f.Journals, of)
	}
	return formatJSON(f)
}

// parseSeal is the inverse of formatSeal. It checks the way to the signed root of every journal, no signature.
func parseSeal(name string, data []byte) (s sealed, err error) {
	var f sealFile
	if err = parseJSON(name, data, &f); err != nil {
		return s, err
	}
	if s.Statement, err = seal.ParseStatement(f.Statement); err != nil {
		return s, fmt.Errorf("%s: %w", name, err)
	}
	if s.key, err = seal.ParseKeySignature(f.Key); err != nil {
		return s, fmt.Errorf("%s: %w", name, err)
	}
	if name != sealsPrefix+strconv.FormatUint(s.Counter, 10)+".json" {
		return s, fmt.Errorf("%s: holds seal %d", name, s.Counter)
	}
	for _, of := range f.Journals {
		j, err := of.check(&s.Statement)
		if err != nil {
			return s, fmt.Errorf("%s: %w", name, err)
		}
		if n := len(s.journals); n > 0 && s.journals[n-1].Name >= j.Name {
			return s, fmt.Errorf("%s: journal %s out of order", name, j.Name)
		}
		s.journals = append(s.journals, j)
	}
	return s, nil
}

// check reads what a seal says of a journal.
func (of *sealedFile) check(s *seal.Statement) (j seal.Journal, err error) {
	id, err := hex.DecodeString(of.ID)
	if err != nil || len(id) != len(j.ID) || len(of.Root) != len(j.Root) || of.ID != hex.EncodeToString(id) || of.Size > maxSize || len(of.Name) > seal.MaxName {
		return j, fmt.Errorf("journal %q: bad id, size or root", of.Name)
	}
	j = seal.Journal{Name: of.Name, ID: [8]byte(id), Size: of.Size, Root: seal.Hash(of.Root)}
	var proof []seal.Hash
	for _, h := range of.Proof {
		if len(h) != len(seal.Hash{}) {
			return j, fmt.Errorf("journal %q: bad hash", of.Name)
		}
		proof = append(proof, seal.Hash(h))
	}
	return j, s.CheckJournal(j, of.Number, proof)
}

// chain is the certificates of a store, from certificate 0 on.
type chain struct {
	zero  seal.Certificate
	later []seal.Endorsed
}

var errChain = errors.New("the certificates do not follow each other")

// terms returns the certificate of a generation and the counter of its first seal.
func (c *chain) terms(generation uint32) (terms seal.Certificate, first uint64, err error) {
	switch {
	case generation == 0:
		return c.zero, 0, nil
	case int64(generation) > int64(len(c.later)):
		return terms, 0, fmt.Errorf("%w: that of generation %d is missing", errChain, generation)
	}
	g := &c.later[generation-1]
	return g.Terms, g.First, nil
}

// check reports a certificate that does not follow from the one before.
func (c *chain) check() error {
	previous := seal.Hash(c.zero.Code())
	for i := range c.later {
		g := &c.later[i]
		before, first, _ := c.terms(uint32(i))
		if int(g.Number) != i+1 || g.Previous != previous || g.Terms.Store != c.zero.Store || g.First < first {
			return fmt.Errorf("%w: certificate %d", errChain, i+1)
		}
		if err := endorsedBy(g, before, first); err != nil {
			return fmt.Errorf("certificate %d: %w", i+1, err)
		}
		previous = g.Hash()
	}
	return nil
}

// endorsedBy checks the signature of the generation before, whose first counter is given.
func endorsedBy(g *seal.Endorsed, before seal.Certificate, first uint64) error {
	if g.ByIdentity {
		if !ed25519.Verify(before.Identity[:], []byte(g.Text()), g.Identity[:]) {
			return fmt.Errorf("%w: not endorsed by the identity", errChain)
		}
		return nil
	}
	if g.First-first >= uint64(before.Keys) {
		return fmt.Errorf("%w: counter %d is behind the last key", errChain, g.First)
	}
	return g.Key.Verify(before.OneTime(), uint32(g.First-first), []byte(g.Text()))
}

// weak returns the number of the first certificate that the identity endorsed instead of a one-time key; 0: none.
func (c *chain) weak() uint32 {
	for i := range c.later {
		if c.later[i].ByIdentity {
			return c.later[i].Number
		}
	}
	return 0
}

// identities are the keys that may have signed checkpoints, the newest first.
func (c *chain) identities() []seal.PublicKey {
	list := []seal.PublicKey{c.zero.Identity}
	for i := range c.later {
		if k := c.later[i].Terms.Identity; k != list[0] {
			list = slices.Insert(list, 0, k)
		}
	}
	return list
}

// open checks a signed checkpoint of an origin under the identities of the store.
func (c *chain) open(signed []byte, origin string) (point seal.Checkpoint, err error) {
	for _, key := range c.identities() {
		if point, err = seal.OpenCheckpoint(signed, origin, key); err == nil {
			return point, nil
		}
	}
	return point, err
}

// signed checks the one-time signature of a seal.
func (c *chain) signed(s *sealed) error {
	terms, first, err := c.terms(s.Generation)
	if err != nil {
		return err
	}
	if s.Counter < first || s.Counter-first >= uint64(terms.Keys) {
		return fmt.Errorf("seal %d is not one of generation %d", s.Counter, s.Generation)
	}
	return s.key.Verify(terms.OneTime(), uint32(s.Counter-first), s.Message())
}
