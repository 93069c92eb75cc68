package search

import (
	"bytes"
	"errors"
	"fmt"

	"constat/entry"
	"constat/journal"
	"constat/journal/frame"
	"constat/seal"

	"golang.org/x/mod/sumdb/tlog"
)

// Store is what some pipes need beside the views that are searched: [journal.Reader].
type Store interface {
	// Snapshot returns views of journals, to be closed.
	Snapshot(journals ...string) ([]*journal.View, error)
	// Checkpoint returns the newest checkpoint of a journal, its signature checked.
	Checkpoint(journal string) (seal.Checkpoint, error)
}

// proveStage lets entries pass that are proved to stand under a signed checkpoint, and those above it, which it counts.
type proveStage struct {
	stage
	store    Store
	views    map[frame.JournalID]*journal.View
	proofs   map[frame.JournalID]*prover
	say      func(text string)
	compares bool // the fields are those that were stored
}

var errNotEntries = errors.New("verify: only entries can be proved; write it before the pipes that make records of them")

// prover proves entries of one journal.
type prover struct {
	name             string
	view             *journal.View
	checkpoint       seal.Checkpoint
	hashes           *cachedHashes
	nonces           *entry.Nonces
	proved, unsigned int
	decoder          entry.Decoder
	stored           entry.Entry
}

func (s *proveStage) push(r *Result) error {
	if r.Entry == nil {
		return errNotEntries
	}
	p := s.proofs[r.Journal.ID]
	if p == nil {
		var err error
		if p, err = s.prover(r); err != nil {
			return fmt.Errorf("verify: %w", err)
		}
		s.proofs[r.Journal.ID] = p
	}
	if r.Index >= p.checkpoint.Size {
		p.unsigned++
		return s.stage.push(r)
	}
	if err := p.prove(r, s.compares); err != nil {
		return fmt.Errorf("verify: journal %s index %d: %w", p.name, r.Index, err)
	}
	p.proved++
	return s.stage.push(r)
}

func (s *proveStage) prover(r *Result) (*prover, error) {
	c, err := s.store.Checkpoint(r.Journal.Name)
	if err != nil {
		return nil, err
	}
	v := s.views[r.Journal.ID]
	p := &prover{name: r.Journal.Name, view: v, checkpoint: c, nonces: v.Nonces()}
	p.hashes = newCachedHashes(v.Hashes(c.Size))
	return p, nil
}

// prove checks that the entry stands in the tree at its index.
func (p *prover) prove(r *Result, compares bool) error {
	var body []byte
	for leaf, err := range p.view.Leaves(r.Index, r.Index+1) {
		if err != nil {
			return err
		}
		body = bytes.Clone(leaf.Body)
	}
	proof, err := tlog.ProveRecord(int64(p.checkpoint.Size), int64(r.Index), p.hashes)
	if err != nil {
		return err
	}
	hash := p.nonces.LeafHash(r.Index, body)
	if err := tlog.CheckRecord(proof, int64(p.checkpoint.Size), p.checkpoint.Root, int64(r.Index), hash); err != nil {
		return fmt.Errorf("not what the checkpoint over %d entries was signed for: %w", p.checkpoint.Size, err)
	}
	if err := p.decoder.Decode(body, &p.stored); err != nil {
		return err
	}
	if compares && !sameEntry(&p.stored, r.Entry) {
		return fmt.Errorf("%w: what is shown differs from what was signed", frame.ErrDamaged)
	}
	return nil
}

// isRevealed reports whether a private value was put back into a field.
func isRevealed(stored, f *entry.Field) bool {
	return stored.Form == entry.Private && f.Form == entry.Inline
}

// sameEntry reports whether an entry is the stored one, but for values in blobs and private ones, whose digests were
// compared when they were put back.
func sameEntry(stored, e *entry.Entry) bool {
	if stored.Kind != e.Kind || stored.Received != e.Received || stored.Epoch != e.Epoch || stored.Event != e.Event {
		return false
	}
	for i := range stored.Fields {
		f := &stored.Fields[i]
		if f.Form == entry.Packed {
			return true
		}
		if i >= len(e.Fields) || e.Fields[i].Name != f.Name || e.Fields[i].Provenance != f.Provenance ||
			f.Form != entry.Blob && !isRevealed(f, &e.Fields[i]) && (f.Form != e.Fields[i].Form || !bytes.Equal(f.Value, e.Fields[i].Value)) {
			return false
		}
	}
	return len(e.Fields) == len(stored.Fields)
}

func (s *proveStage) end() error {
	for _, p := range s.proofs {
		text := fmt.Sprintf("verify: journal %s: %d entries proved against the checkpoint over %d entries", p.name, p.proved, p.checkpoint.Size)
		if p.unsigned > 0 {
			text += fmt.Sprintf("; %d lie above it and are unsigned yet", p.unsigned)
		}
		s.say(text)
	}
	return s.stage.end()
}

// cachedHashes remembers hashes of a tree, and the leaf hashes of the block that was asked last.
type cachedHashes struct {
	tree *seal.Hashes
	seen map[int64]tlog.Hash
}

// maxHashes is how many hashes are remembered; 32 bytes each.
const maxHashes = 1 << 18

func newCachedHashes(tree *seal.Hashes) *cachedHashes {
	last, leaves := ^uint64(0), []seal.Hash(nil)
	read, readBlock := tree.Leaves, tree.Block
	tree.Leaves = func(n uint64) (_ []seal.Hash, err error) {
		if n != last || leaves == nil {
			last = n
			leaves, err = read(n)
		}
		return leaves, err
	}
	blocks := map[uint64]seal.Hash{}
	tree.Block = func(n uint64) (seal.Hash, error) {
		h, ok := blocks[n]
		if !ok {
			var err error
			if h, err = readBlock(n); err != nil {
				return h, err
			}
			blocks[n] = h
		}
		return h, nil
	}
	return &cachedHashes{tree: tree, seen: map[int64]tlog.Hash{}}
}

// ReadHashes implements [tlog.HashReader].
func (c *cachedHashes) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	out := make([]tlog.Hash, len(indexes))
	for i, index := range indexes {
		h, ok := c.seen[index]
		if !ok {
			list, err := c.tree.ReadHashes([]int64{index})
			if err != nil {
				return nil, err
			}
			if h = list[0]; len(c.seen) < maxHashes {
				c.seen[index] = h
			}
		}
		out[i] = h
	}
	return out, nil
}
