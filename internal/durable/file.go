package durable

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path/filepath"

	"constat/internal/vfs"
)

// ErrTooLarge is wrapped by the error of [ReadFile] for a file above the limit.
var ErrTooLarge = errors.New("file too large")

// tmpSuffix marks a file that is being written.
const tmpSuffix = ".tmp"

// WriteFile gives the file called name the content data, whether it exists or
// not. After nil the new content survives power loss. After an error or a power
// loss the file has the old content (or is still missing) or the new one.
func WriteFile(fsys vfs.FS, name string, data []byte, perm fs.FileMode) error {
	return WriteChecked(fsys, name, data, perm, func(string) error { return nil })
}

// WriteChecked is [WriteFile], except that check is given the name under which
// the content is durable already, and can look whether it is what it should be
// before it gets the lasting name. An error of check is that of WriteChecked.
func WriteChecked(fsys vfs.FS, name string, data []byte, perm fs.FileMode, check func(tmp string) error) error {
	tmp := name + tmpSuffix
	if err := fsys.Remove(tmp); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("write %s: %w", name, err)
	}
	err := writeNew(fsys, tmp, data, perm)
	if err == nil {
		err = check(tmp)
	}
	if err == nil {
		err = fsys.Rename(tmp, name)
	}
	if err != nil {
		_ = fsys.Remove(tmp) // only to free its space
		return fmt.Errorf("write %s: %w", name, err)
	}
	if err := fsys.SyncDir(filepath.Dir(name)); err != nil {
		return fmt.Errorf("write %s: %w", name, err)
	}
	return nil
}

// writeNew creates a file with durable content under a name that is not.
func writeNew(fsys vfs.FS, name string, data []byte, perm fs.FileMode) error {
	f, err := fsys.Create(name, perm)
	if err != nil {
		return err
	}
	if _, err := f.WriteAt(data, 0); err != nil {
		return errors.Join(err, f.Close())
	}
	if err := f.Sync(); err != nil {
		return errors.Join(err, f.Close())
	}
	return f.Close()
}

// Create makes an empty file and opens it for reading and writing. After nil
// its name survives power loss; its content does after Sync. The error wraps
// fs.ErrExist if the name is taken. After any other error the name may be there
// or not, with an empty file.
func Create(fsys vfs.FS, name string, perm fs.FileMode) (vfs.File, error) {
	f, err := fsys.Create(name, perm)
	if err != nil {
		return nil, err
	}
	if err := fsys.SyncDir(filepath.Dir(name)); err != nil {
		// It is ours and empty: give the name back to the next attempt.
		_, _ = f.Close(), fsys.Remove(name)
		return nil, fmt.Errorf("create %s: %w", name, err)
	}
	return f, nil
}

// ReadFile returns the content of a file of at most limit bytes. The error
// wraps fs.ErrNotExist, or ErrTooLarge for a longer file, of which nothing is
// read. The file must not change meanwhile, except by WriteFile.
func ReadFile(fsys vfs.FS, name string, limit int64) ([]byte, error) {
	f, err := fsys.Open(name)
	if err != nil {
		return nil, err
	}
	data, err := readAll(f, limit)
	if err := errors.Join(err, f.Close()); err != nil {
		return nil, fmt.Errorf("read %s: %w", name, err)
	}
	return data, nil
}

func readAll(f vfs.File, limit int64) ([]byte, error) {
	size, err := f.Size()
	if err != nil {
		return nil, err
	}
	if size > limit {
		return nil, fmt.Errorf("%w: %d bytes, at most %d allowed", ErrTooLarge, size, limit)
	}
	data := make([]byte, size)
	n, err := f.ReadAt(data, 0)
	if int64(n) == size {
		return data, nil
	}
	if err == io.EOF {
		err = io.ErrUnexpectedEOF
	}
	return nil, err
}
