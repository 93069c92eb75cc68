package witness

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"sync"

	"constat/internal/durable"
	"constat/journal"
	"constat/journal/layout"
	"constat/seal"
)

// offer is a checkpoint of a journal that may be shown to witnesses.
type offer struct {
	seal.Checkpoint
	journal string
	dir     string
	vkey    string // of the log
	signed  []byte // the note
	view    *journal.View

	mu     sync.Mutex // one proof at a time
	hashes *seal.Hashes
}

func (o *offer) close() error { return o.view.Close() }

// prove returns the proof from a size that a witness has seen.
func (o *offer) prove(old uint64) ([]seal.Hash, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	proof, err := seal.ProveConsistency(o.hashes, old, o.Size)
	if err != nil {
		return nil, fmt.Errorf("proof from %d to %d entries: %w", old, o.Size, err)
	}
	return proof, nil
}

// open opens the newest persisted checkpoint of a journal. The note is read before the entries are looked at: what it
// covers was durable by then.
func (c *Client) open(name string) (o *offer, err error) {
	o = &offer{journal: name, dir: filepath.Join(c.Reader.Dir(), name)}
	if o.signed, err = c.checkpoint(name); err != nil {
		return nil, err
	}
	views, err := c.Reader.Snapshot(name)
	if err != nil {
		return nil, err
	}
	o.view = views[0]
	origin, id := o.view.Journal.Origin, c.Reader.Certificate().Identity
	if o.Checkpoint, err = seal.OpenCheckpoint(o.signed, origin, id); err != nil {
		return nil, errors.Join(fmt.Errorf("journal %s: %w", name, err), o.close())
	}
	o.vkey, o.hashes = id.VKey(origin), o.view.Hashes(o.Size)
	return o, nil
}

func (c *Client) checkpoint(name string) ([]byte, error) {
	return durable.ReadFile(c.FS, filepath.Join(c.Reader.Dir(), name, layout.CheckpointFile), seal.MaxCheckpoint)
}

// ErrContradiction says that a journal does not continue a checkpoint of its own that a witness may have seen.
var ErrContradiction = errors.New("contradicts the checkpoint that was offered to witnesses before: the store was rolled back, or damaged; verify it")

// commit makes the offer the one that counts, durable before anybody sees it. The journal must continue what was offered
// before.
func (c *Client) commit(o *offer) error {
	name := filepath.Join(o.dir, layout.OfferedFile)
	before, err := durable.ReadFile(c.FS, name, seal.MaxCheckpoint)
	switch {
	case errors.Is(err, fs.ErrNotExist):
	case err != nil:
		return err
	case bytes.Equal(before, o.signed):
		return nil
	default:
		if err := c.continues(o, before); err != nil {
			return fmt.Errorf("journal %s: %w", o.journal, err)
		}
	}
	return durable.WriteFile(c.FS, name, o.signed, outsideMode)
}

// continues checks that an offer continues an earlier one. One that cannot be read does not count: it is not signed.
func (c *Client) continues(o *offer, before []byte) error {
	last, err := seal.OpenCheckpoint(before, o.Origin, c.Reader.Certificate().Identity)
	if err != nil {
		c.Report(fmt.Errorf("%s/%s: %w", o.dir, layout.OfferedFile, err))
		return nil
	}
	if last.Size > o.Size {
		return fmt.Errorf("%w: %d entries, now %d", ErrContradiction, last.Size, o.Size)
	}
	proof, err := o.prove(last.Size)
	if err != nil {
		return err
	}
	if err := seal.CheckConsistency(proof, last.Size, o.Size, last.Root, o.Root); err != nil {
		return fmt.Errorf("%w: %d entries: %w", ErrContradiction, last.Size, err)
	}
	return nil
}
