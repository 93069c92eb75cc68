package witness

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"

	"constat/internal/durable"
	"constat/internal/vfs"
	"constat/journal/layout"
	"constat/seal"
)

// seen is what a witness remembers of other logs: for each origin a file that holds the newest checkpoint that it
// cosigned, with that cosignature.
type seen struct {
	fsys vfs.FS
	dir  string
	self seal.Cosigner
}

// stateOf is the directory of what the witness of a store has seen. It stands beside the key, whose promise it is: who
// has one without the other can be made to vouch for two histories.
func stateOf(store string) string { return filepath.Join(layout.KeysDir(store), stateDir) }

// originName is the name of an origin in paths.
func originName(origin string) string {
	sum := sha256.Sum256([]byte(origin))
	return hex.EncodeToString(sum[:])
}

// make makes the directory, if it is not there.
func (s seen) make() error { return durable.Mkdir(s.fsys, s.dir, keyDirMode) }

// read returns the newest checkpoint cosigned of an origin and the whole note; of one never seen an empty tree. What
// cannot be believed is an error: taking it for nothing would allow a fork.
func (s seen) read(origin string) (head seal.TreeHead, note []byte, err error) {
	head.Origin, head.Root = origin, new(seal.Frontier).Root()
	name := filepath.Join(s.dir, originName(origin))
	note, err = durable.ReadFile(s.fsys, name, maxRequest)
	if errors.Is(err, fs.ErrNotExist) {
		return head, nil, nil
	}
	if err != nil {
		return head, nil, err
	}
	found, err := s.own(note)
	if err == nil && found.Origin != origin {
		err = fmt.Errorf("of origin %q", found.Origin)
	}
	if err != nil {
		return head, nil, fmt.Errorf("%s is not what this witness wrote, so %s cannot be cosigned: %w", name, origin, err)
	}
	return found, note, nil
}

// own opens a note that this witness cosigned.
func (s seen) own(note []byte) (seal.TreeHead, error) {
	text, list, err := seal.Cosignatures(note)
	if err != nil {
		return seal.TreeHead{}, err
	}
	for _, c := range list {
		if s.self.Verify(text, c) == nil {
			return seal.ParseTreeHead(text)
		}
	}
	return seal.TreeHead{}, fmt.Errorf("%w: none by %s", seal.ErrCosignature, s.self.Name)
}

// write remembers a cosigned note. After nil no crash takes it back; after an error nobody may be told of the
// cosignature, because either may be on the disk.
func (s seen) write(origin string, note []byte) error {
	return durable.WriteFile(s.fsys, filepath.Join(s.dir, originName(origin)), note, keyMode)
}
