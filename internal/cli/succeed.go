package cli

import (
	"fmt"

	"constat/entry"
	"constat/internal/vfs"
	"constat/journal"
	"constat/journal/layout"
)

// openOld opens the store that a new one is to follow. It must be able to vouch for the new one.
func openOld(dir string) (*journal.Writer, error) {
	w, err := journal.OpenWriter(vfs.OS(), dir, journal.Options{})
	if err != nil {
		return nil, fmt.Errorf("--after %s: %w; a store whose keys are lost cannot vouch for another: "+
			"make one without --after and publish its code anew", dir, hint(err))
	}
	return w, nil
}

// succeed lets the old store vouch for the new one, under its last seals, and the new one name the old.
func succeed(old, w *journal.Writer) error {
	before, after := old.Certificate(), w.Certificate()
	follows := layout.NewControl(layout.StoreFollows, fmt.Sprintf("this store follows the store %s, code %s", before.Origin, before.Code()),
		layout.CodeOf, before.Code().String())
	if err := note(w, follows); err != nil {
		return err
	}
	followed := layout.NewControl(layout.StoreFollowed, fmt.Sprintf("this store is followed by the store %s, code %s", after.Origin, after.Code()),
		layout.CodeOf, after.Code().String())
	if err := note(old, followed); err != nil {
		return err
	}
	_, err := old.SealAlone()
	return err
}

// note writes a control entry.
func note(w *journal.Writer, c entry.Entry) error {
	_, err := w.Append(layout.System, []entry.Entry{c})
	return err
}
