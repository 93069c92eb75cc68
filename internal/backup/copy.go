package backup

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"

	"constat/internal/durable"
	"constat/internal/vfs"
	"constat/journal/layout"
)

// Modes of what a copy consists of: it holds the events, so it is as private as the store.
const (
	dirMode  = 0o750
	fileMode = 0o640
)

// maxPasses is how often a journal is copied whose files go meanwhile.
const maxPasses = 20

// ErrNotEmpty says that there is something already where the copy is to be.
var ErrNotEmpty = errors.New("the directory is not empty")

// Copy is a copy of a store in the making. It is not for concurrent use.
type Copy struct {
	fsys     vfs.FS
	from, to string
	Files    int   // copied, in the last run
	Bytes    int64 // of these
}

// New prepares a copy of the store in from. The directory to, which is made with its parent being there, must be empty.
func New(fsys vfs.FS, from, to string) (*Copy, error) {
	if _, err := fsys.Stat(filepath.Join(from, layout.StoreFile)); err != nil {
		return nil, err
	}
	if err := durable.Mkdir(fsys, to, dirMode); err != nil {
		return nil, err
	}
	entries, err := fsys.ReadDir(to)
	if err == nil && len(entries) > 0 {
		err = fmt.Errorf("%s: %w (%s): name an empty or new one", to, ErrNotEmpty, entries[0].Name())
	}
	return &Copy{fsys: fsys, from: from, to: to}, err
}

// Run copies the store. What was copied when an error comes is not taken for a store: store.json is the last.
func (c *Copy) Run(ctx context.Context) error {
	c.Files, c.Bytes = 0, 0
	if err := c.journal(ctx, layout.System); err != nil {
		return err
	}
	entries, err := c.fsys.ReadDir(c.from)
	if err != nil {
		return err
	}
	for _, e := range entries {
		name := e.Name()
		switch {
		case !e.IsDir() || name == layout.System:
		case layout.ValidJournalName(name) == nil || layout.IsDamaged(name):
			err = c.journal(ctx, name)
		}
		if err != nil {
			return err
		}
	}
	return c.top()
}

// Again throws the copy away and makes another.
func (c *Copy) Again(ctx context.Context) error {
	if err := c.fsys.Remove(filepath.Join(c.to, layout.StoreFile)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	entries, err := c.fsys.ReadDir(c.to)
	if err != nil {
		return err
	}
	for _, e := range entries {
		name := filepath.Join(c.to, e.Name())
		if e.IsDir() {
			err = c.clear(name, nil)
		}
		if err = errors.Join(err, c.fsys.Remove(name)); err != nil {
			return err
		}
	}
	return c.Run(ctx)
}

// top copies the files beside the journals, store.json last.
func (c *Copy) top() error {
	for _, name := range []string{layout.PageFile, layout.OperatorFile, layout.StationFile} {
		if err := c.file(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	if err := c.fsys.SyncDir(c.to); err != nil {
		return err
	}
	if err := c.file(layout.StoreFile); err != nil {
		return err
	}
	return c.fsys.SyncDir(c.to)
}

// journal copies a journal until none of its files has gone meanwhile. One that is gone itself, because it was just being
// made, or was found damaged and renamed, is none of this store.
func (c *Copy) journal(ctx context.Context, name string) error {
	dir := filepath.Join(c.to, name)
	if err := durable.Mkdir(c.fsys, dir, dirMode); err != nil {
		return err
	}
	var err error
	for range maxPasses {
		if err = c.pass(ctx, name); !errors.Is(err, fs.ErrNotExist) {
			break
		}
	}
	if err != nil {
		return fmt.Errorf("journal %s: %w", name, err)
	}
	return c.fsys.SyncDir(dir)
}

// pass copies what a journal consists of now.
func (c *Copy) pass(ctx context.Context, name string) error {
	list, err := c.list(name)
	if err != nil {
		return err
	}
	if err := c.clear(filepath.Join(c.to, name), list); err != nil {
		return err
	}
	for _, file := range list {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := c.file(filepath.Join(name, file)); err != nil {
			return err
		}
	}
	return nil
}

// list gives the files of a journal in the order in which they are to be copied.
func (c *Copy) list(name string) (list []string, err error) {
	entries, err := c.fsys.ReadDir(filepath.Join(c.from, name))
	for _, e := range entries {
		if file := e.Name(); !e.IsDir() && filepath.Ext(file) != ".tmp" {
			list = append(list, file)
		}
	}
	slices.SortStableFunc(list, func(a, b string) int { return rank(a) - rank(b) })
	return list, err
}

// rank orders the files of a journal: what covers entries, the entries, what belongs to them.
func rank(file string) int {
	_, blob := layout.ParseBlobName(file)
	_, private := layout.ParsePrivateName(file)
	_, head := layout.ParseHeadName(file)
	_, segment := layout.ParseSegmentName(file)
	_, kept := layout.ParseKeptName(file)
	switch {
	case blob || private:
		return 2
	case head || segment || kept:
		return 1
	}
	return 0
}

// clear removes files of the copy that are not listed.
func (c *Copy) clear(dir string, list []string) error {
	entries, err := c.fsys.ReadDir(dir)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if slices.Contains(list, e.Name()) {
			continue
		}
		if err := c.fsys.Remove(filepath.Join(dir, e.Name())); err != nil {
			return err
		}
	}
	return nil
}
