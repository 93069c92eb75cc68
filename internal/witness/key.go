package witness

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"

	"constat/internal/durable"
	"constat/internal/vfs"
	"constat/journal/layout"
	"constat/seal"
)

// KeyFile is the name of the secret key of the witness in the directory of keys, and stateDir that of the directory
// there that says what it has seen.
const (
	KeyFile  = "witness-key"
	stateDir = "witness"
)

const (
	keyMode    = 0o600
	keyDirMode = 0o700
	maxKey     = 1 << 10
)

// DefaultName is the name of the witness of a store of that origin.
func DefaultName(origin string) string { return origin + "/witness" }

// ReadKey reads the key of the witness of a store. The error wraps [fs.ErrNotExist] if none was made.
func ReadKey(fsys vfs.FS, store string) (*seal.WitnessKey, error) {
	name := filepath.Join(layout.KeysDir(store), KeyFile)
	data, err := durable.ReadFile(fsys, name, maxKey)
	if err != nil {
		return nil, err
	}
	k, err := seal.ParseWitnessKey(string(data))
	if err != nil {
		return nil, fmt.Errorf("%s: %w; whoever trusts this witness needs that key: bring it back from a backup", name, err)
	}
	return k, nil
}

// LoadKey reads the key of the witness of a store, and makes one under that name if there is none. Only the process that
// has the lock of the store may call it, or the one that makes the store.
func LoadKey(fsys vfs.FS, store, name string) (*seal.WitnessKey, error) {
	k, err := ReadKey(fsys, store)
	if !errors.Is(err, fs.ErrNotExist) {
		return k, err
	}
	if k, err = seal.NewWitnessKey(name); err != nil {
		return nil, fmt.Errorf("name of the witness: %w", err)
	}
	return k, durable.WriteFile(fsys, filepath.Join(layout.KeysDir(store), KeyFile), []byte(k.Format()), keyMode)
}
