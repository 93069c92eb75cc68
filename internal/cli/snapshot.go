package cli

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"constat/journal"
	"constat/journal/layout"
)

// snapshot returns a view of each named journal. If none is named it returns all that can be read and tells which
// cannot; whole says that there was none such.
func (a *app) snapshot(r *journal.Reader, names []string) (views []*journal.View, whole bool, err error) {
	if len(names) > 0 {
		views, err = r.Snapshot(names...)
		return views, true, err
	}
	if names, err = r.Journals(); err != nil {
		return nil, false, err
	}
	whole = true
	for _, name := range names {
		v, err := r.Snapshot(name)
		switch {
		case err == nil:
			views = append(views, v...)
		case !errors.Is(err, fs.ErrNotExist) || hasEntries(filepath.Join(r.Dir(), name)):
			whole = false
			a.say("constat: journal %s cannot be read: %v", name, err)
		}
	}
	return views, whole, nil
}

// hasEntries reports whether there may be entries in the directory of a journal. One that is just being made has none.
func hasEntries(dir string) bool {
	names, err := os.ReadDir(dir)
	for _, n := range names {
		if _, ok := layout.ParseHeadName(n.Name()); ok {
			return true
		}
	}
	return err != nil && !errors.Is(err, fs.ErrNotExist)
}
