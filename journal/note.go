package journal

import (
	"constat/internal/vfs"
	"constat/seal"
)

// SignNote signs a text, which ends in a newline, with the identity of a store, as a note of its origin. Nothing is
// written.
func SignNote(fsys vfs.FS, dir, text string) ([]byte, error) {
	store, err := readStore(fsys, dir)
	if err != nil {
		return nil, err
	}
	origin := store.Certificate.Origin
	id, err := readIdentity(fsys, dir, origin)
	if err != nil {
		return nil, err
	}
	return seal.SignNote(text, origin, id)
}
