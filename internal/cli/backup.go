package cli

import (
	"context"
	"fmt"
	"path/filepath"

	"constat/internal/backup"
	"constat/internal/vfs"
	"constat/journal/check"

	"github.com/spf13/cobra"
)

// backupTries is how often a store is copied that is pruned or erased from meanwhile.
const backupTries = 3

func (a *app) backupCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "backup DIR",
		Short: "Copy the store, which may be written meanwhile, and verify the copy",
		Long: `Make a copy of the store in DIR, which must be empty or new, and verify it. The copy is a store: it needs no key to be
read or verified, and holds none. The store is sealed before, through the daemon if one runs, so that all that was there is
under the seal.

Private values stand in it encrypted. Their keys stay with the store, so that an erasure there reaches every copy.`,
		Example: `  constat backup /media/usb/station-7
  constat verify --code MFRGGZDFMZTWQ2LK… /media/usb/station-7   (on another machine)`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error { return a.backup(cmd.Context(), args[0]) },
	}
}

func (a *app) backup(ctx context.Context, to string) error {
	r, err := a.openReader()
	if err != nil {
		return err
	}
	if to, err = filepath.Abs(to); err != nil {
		return err
	}
	switch could, err := a.sealStore(); {
	case err != nil: // a full disk, or another writer: then a copy is wanted all the more
		a.say("constat: not sealed before: %v; what stands above the newest seal is copied unsealed", err)
	case !could:
		a.say("constat: the store cannot be written to: what stands above the newest seal is copied unsealed")
	}
	c, err := backup.New(vfs.OS(), r.Dir(), to)
	if err != nil {
		return fmt.Errorf("backup: %w", err)
	}
	code := r.Certificate().Code()
	var report *check.Report
	err = c.Run(ctx)
	for try := 0; err == nil; try++ {
		report = check.Store(vfs.OS(), to, check.Options{Pin: &code, PinnedBy: "the store that was copied"})
		if sound := report.Verdict == check.Verified || report.Verdict == check.Unpinned; sound || try == backupTries-1 {
			break
		}
		err = c.Again(ctx)
	}
	if err != nil {
		return fmt.Errorf("backup: %w", hint(err))
	}
	return a.tellBackup(c, report, to)
}

// tellBackup says what was copied. A copy of a store that was tampered with is kept, and is an error.
func (a *app) tellBackup(c *backup.Copy, r *check.Report, to string) error {
	a.say("copied to %s: %d files, %d bytes, %d entries", to, c.Files, c.Bytes, r.Entries)
	for _, f := range r.Findings {
		a.say("constat: %s", f)
	}
	if r.Verdict == check.Tampered || r.Verdict == check.Unreadable {
		return fmt.Errorf("backup: the copy in %s is kept, and does not verify; see whether the store does: 'constat verify'", to)
	}
	return nil
}
