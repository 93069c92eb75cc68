package journal

import (
	"cmp"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"

	"constat/entry"
	"constat/internal/durable"
	"constat/internal/vfs"
	"constat/journal/frame"
	"constat/journal/layout"
	"constat/seal"
)

// Errors that a caller may decide on. Errors about the format are those of package frame.
var (
	ErrExists   = errors.New("there is a store already")
	ErrNoStore  = errors.New("no store here")
	ErrNotEmpty = errors.New("directory holds other files")
)

// Modes of what a store consists of.
const (
	dirMode    = 0o750
	fileMode   = 0o640
	keyDirMode = 0o700
	keyMode    = 0o600
)

// New says what a new store is to be. Zero values are the defaults of package seal.
type New struct {
	Origin    string
	Keys      uint32 // one-time seal keys of a generation, a power of two; making them takes about 25 µs each
	SealAfter uint32 // seconds after the first unsealed event within which a daemon seals
	Heartbeat uint32 // seconds between the seals of an idle store
}

// Create is [CreateWith] with all defaults, which takes about half a second.
func Create(fsys vfs.FS, dir, origin string) (seal.Certificate, error) {
	return CreateWith(fsys, dir, New{Origin: origin})
}

// CreateWith makes a store with a new identity and new seal keys in dir, which is created with its parents. It returns
// the certificate, whose code is to be published. If dir holds a store it returns [ErrExists] and changes nothing; if an
// earlier call was cut short, it starts over.
func CreateWith(fsys vfs.FS, dir string, n New) (seal.Certificate, error) {
	n.Keys, n.SealAfter = cmp.Or(n.Keys, seal.DefaultKeys), cmp.Or(n.SealAfter, seal.DefaultSealAfter)
	n.Heartbeat = cmp.Or(n.Heartbeat, seal.DefaultHeartbeat)
	if err := seal.ValidOrigin(n.Origin); err != nil {
		return seal.Certificate{}, err
	}
	if !seal.ValidKeys(n.Keys) {
		return seal.Certificate{}, fmt.Errorf("%d seal keys: want a power of two from %d to %d", n.Keys, seal.MinKeys, seal.MaxKeys)
	}
	if err := makeParents(fsys, dir); err != nil {
		return seal.Certificate{}, err
	}
	if err := vacant(fsys, dir); err != nil {
		return seal.Certificate{}, err
	}
	lock, err := fsys.Lock(filepath.Join(dir, layout.LockFile))
	if err != nil {
		return seal.Certificate{}, err
	}
	defer lock.Close()
	if err := vacant(fsys, dir); err != nil { // somebody may have been faster
		return seal.Certificate{}, err
	}
	return create(fsys, dir, n)
}

// create writes everything but store.json first: with store.json the store exists.
func create(fsys vfs.FS, dir string, n New) (seal.Certificate, error) {
	if err := syncAbove(fsys, dir); err != nil {
		return seal.Certificate{}, err
	}
	id, err := makeIdentity(fsys, dir, n.Origin)
	if err != nil {
		return seal.Certificate{}, err
	}
	keys, err := makeSeeds(fsys, dir, n.Keys)
	if err != nil {
		return seal.Certificate{}, err
	}
	c := seal.Certificate{Origin: n.Origin, Identity: id.Public(), SealAfter: n.SealAfter, Heartbeat: n.Heartbeat,
		Keys: keys.Count, KeyRoot: keys.Root}
	rand.Read(c.Store[:])
	if _, err := createJournal(fsys, dir, newJournal(layout.System, n.Origin+"/"+layout.System), id); err != nil {
		return seal.Certificate{}, err
	}
	store := layout.Store{Certificate: c}
	return c, durable.WriteFile(fsys, filepath.Join(dir, layout.StoreFile), store.Marshal(), fileMode)
}

// syncAbove makes the name of dir durable, and those above it as far as we may: who made them may not have done so.
func syncAbove(fsys vfs.FS, dir string) error {
	parent := filepath.Dir(dir)
	if err := fsys.SyncDir(parent); err != nil {
		return err
	}
	for parent != filepath.Dir(parent) {
		parent = filepath.Dir(parent)
		if fsys.SyncDir(parent) != nil {
			return nil // not ours to sync
		}
	}
	return nil
}

func makeParents(fsys vfs.FS, dir string) error {
	if _, err := fsys.Stat(dir); err == nil || !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if parent := filepath.Dir(dir); parent != dir {
		if err := makeParents(fsys, parent); err != nil {
			return err
		}
	}
	return durable.Mkdir(fsys, dir, dirMode)
}

// vacant reports why no store can be made in dir. What a Create that was cut short left behind is no reason.
func vacant(fsys vfs.FS, dir string) error {
	names, err := fsys.ReadDir(dir)
	if err != nil {
		return err
	}
	if slices.ContainsFunc(names, func(n fs.DirEntry) bool { return n.Name() == layout.StoreFile }) {
		return fmt.Errorf("%s: %w", dir, ErrExists)
	}
	for _, n := range names {
		if name := n.Name(); name != layout.System && name != layout.LockFile && !strings.HasSuffix(name, ".tmp") {
			return fmt.Errorf("%s: %w (%s): name an empty or new directory", dir, ErrNotEmpty, name)
		}
	}
	return nil
}

// makeIdentity writes a new identity key, or takes the one of that origin which is there.
func makeIdentity(fsys vfs.FS, dir, origin string) (*seal.Identity, error) {
	keys := layout.KeysDir(dir)
	if err := durable.Mkdir(fsys, keys, keyDirMode); err != nil {
		return nil, err
	}
	id, err := readIdentity(fsys, dir, origin)
	if !errors.Is(err, fs.ErrNotExist) {
		return id, err
	}
	id = seal.NewIdentity()
	return id, durable.WriteFile(fsys, filepath.Join(keys, layout.IdentityFile), []byte(id.Format(origin)), keyMode)
}

// makeSeeds draws the seed of the first generation and makes it durable. It returns the keys that follow from it.
func makeSeeds(fsys vfs.FS, dir string, count uint32) (seal.Keys, error) {
	c, err := drawChain(count)
	if err != nil {
		return seal.Keys{}, err
	}
	s, err := createSeeds(fsys, filepath.Join(layout.KeysDir(dir), layout.SeedFile))
	if err != nil {
		return seal.Keys{}, errors.Join(err, c.wipe())
	}
	err = s.replace(0, 0, c.seed[:])
	return c.Keys(), errors.Join(err, s.close(), c.wipe())
}

func readIdentity(fsys vfs.FS, dir, origin string) (*seal.Identity, error) {
	name := filepath.Join(layout.KeysDir(dir), layout.IdentityFile)
	data, err := durable.ReadFile(fsys, name, layout.MaxDescriptor)
	if err != nil {
		return nil, err
	}
	id, err := seal.ParseIdentity(string(data), origin)
	if err != nil {
		return nil, fmt.Errorf("%s: %w; move it away if it belongs to another store", name, err)
	}
	return id, nil
}

// axisOf is the time axis that a journal of that name gets.
func axisOf(name string) layout.Axis {
	if name == layout.ImportedName {
		return layout.Event
	}
	return layout.Received
}

func newJournal(name, origin string) layout.Journal {
	d := layout.Journal{Name: name, Origin: origin, Axis: axisOf(name)}
	rand.Read(d.ID[:])
	var key entry.NonceKey
	rand.Read(key[:])
	d.NonceKey = key
	return d
}

// createJournal makes the directory of a journal: descriptor, empty tree, checkpoint of size 0.
func createJournal(fsys vfs.FS, store string, d layout.Journal, id *seal.Identity) (dir string, err error) {
	dir = filepath.Join(store, d.Name)
	if err := durable.Mkdir(fsys, dir, dirMode); err != nil {
		return "", err
	}
	if err := durable.WriteFile(fsys, filepath.Join(dir, layout.JournalFile), d.Marshal(), fileMode); err != nil {
		return "", err
	}
	tree := frame.AppendFileHeader(nil, d.Header(frame.Tree, 0))
	if err := durable.WriteFile(fsys, filepath.Join(dir, layout.TreeFile), tree, fileMode); err != nil {
		return "", err
	}
	var empty seal.Frontier
	return dir, writeCheckpoint(fsys, dir, seal.Checkpoint{Origin: d.Origin, Root: empty.Root()}, id)
}

func writeCheckpoint(fsys vfs.FS, dir string, c seal.Checkpoint, id *seal.Identity) error {
	signed, err := seal.SignCheckpoint(c, id)
	if err != nil {
		return err
	}
	return durable.WriteFile(fsys, filepath.Join(dir, layout.CheckpointFile), signed, fileMode)
}
