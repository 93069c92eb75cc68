package journal

import (
	"errors"
	"path/filepath"

	"constat/internal/durable"
	"constat/internal/vfs"
	"constat/journal/layout"
	"constat/journal/sidecar"
)

// makeKey makes a key of private values, durable.
func makeKey(fsys vfs.FS, store string) (sidecar.Key, error) {
	k := sidecar.NewKey()
	name := layout.KeyPath(store, k.ID.String())
	if err := durable.Mkdir(fsys, filepath.Dir(name), keyDirMode); err != nil {
		return k, err
	}
	return k, durable.WriteFile(fsys, name, k.Marshal(), keyMode)
}

// readKey reads a key.
func readKey(fsys vfs.FS, store string, id sidecar.KeyID) (sidecar.Key, error) {
	data, err := durable.ReadFile(fsys, layout.KeyPath(store, id.String()), sidecar.KeyFileSize)
	if err != nil {
		return sidecar.Key{}, err
	}
	return sidecar.ParseKey(id, data)
}

// destroyKey overwrites a key where it stands, and removes it. One that is not there is destroyed already.
func destroyKey(fsys vfs.FS, store string, id sidecar.KeyID) error {
	name := layout.KeyPath(store, id.String())
	for _, name := range []string{name, name + ".tmp"} {
		if err := overwrite(fsys, name, sidecar.Overwritten()); err != nil && !isNotExist(err) {
			return err
		}
		if err := durable.Remove(fsys, name); err != nil && !isNotExist(err) {
			return err
		}
	}
	return nil
}

// overwrite puts data into the place of what a file holds, on the same blocks of the disk where the file system allows it,
// and cuts it there.
func overwrite(fsys vfs.FS, name string, data []byte) error {
	f, err := fsys.OpenWrite(name)
	if err != nil {
		return err
	}
	_, err = f.WriteAt(data, 0)
	return errors.Join(err, f.Sync(), f.Close())
}

// wipe overwrites all of a file with zeros. One that is not there needs none.
func wipe(fsys vfs.FS, name string) error {
	f, err := fsys.OpenWrite(name)
	if isNotExist(err) {
		return nil
	}
	if err != nil {
		return err
	}
	size, err := f.Size()
	zeros := make([]byte, min(size, 1<<20))
	for at := int64(0); err == nil && at < size; at += int64(len(zeros)) {
		_, err = f.WriteAt(zeros[:min(int64(len(zeros)), size-at)], at)
	}
	return errors.Join(err, f.Sync(), f.Close())
}

// destroySidecar makes the private values of a file unreadable for good, those of copies of it too, and removes it.
func destroySidecar(fsys vfs.FS, store, name string) error {
	blocks, _, err := readBlocks(fsys, name)
	if isNotExist(err) {
		return nil
	}
	if err != nil {
		return err
	}
	if err := destroyKeys(fsys, store, blocks, nil); err != nil {
		return err
	}
	if err := wipe(fsys, name); err != nil {
		return err
	}
	return removeFile(fsys, name)
}

// destroyKeys destroys the keys of blocks, but those that others still need.
func destroyKeys(fsys vfs.FS, store string, blocks, others []sidecar.Block) error {
	done := map[sidecar.KeyID]bool{}
	for i := range others {
		done[others[i].Key] = true
	}
	for i := range blocks {
		if id := blocks[i].Key; !done[id] {
			done[id] = true
			if err := destroyKey(fsys, store, id); err != nil {
				return err
			}
		}
	}
	return nil
}
