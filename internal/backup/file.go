package backup

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path/filepath"

	"constat/internal/vfs"
)

// chunk is how much is read at a time, in bytes.
const chunk = 1 << 20

// file copies one file as long as it is now, over one that is there, and syncs it. Its name is not durable then.
func (c *Copy) file(name string) error {
	from, err := c.fsys.Open(filepath.Join(c.from, name))
	if err != nil {
		return err
	}
	defer from.Close() // only read
	size, err := from.Size()
	if err != nil {
		return err
	}
	target := filepath.Join(c.to, name)
	if err := c.fsys.Remove(target); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	to, err := c.fsys.Create(target, fileMode)
	if err != nil {
		return inCopy(err)
	}
	err = errors.Join(copyFile(to, from, size), to.Sync(), to.Close())
	if err != nil {
		return inCopy(fmt.Errorf("copy %s: %w", target, err))
	}
	c.Files, c.Bytes = c.Files+1, c.Bytes+size
	return nil
}

// inCopy keeps an error about the copy from being taken for one about a file of the store that has gone.
func inCopy(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("the copy: %v", err)
	}
	return err
}

func copyFile(to, from vfs.File, size int64) error {
	buf := make([]byte, min(size, chunk))
	for at := int64(0); at < size; {
		n, err := from.ReadAt(buf[:min(size-at, chunk)], at)
		if n == 0 && err == io.EOF {
			return nil // it was made shorter
		}
		if err != nil && err != io.EOF {
			return err
		}
		if _, err := to.WriteAt(buf[:n], at); err != nil {
			return err
		}
		at += int64(n)
	}
	return nil
}
