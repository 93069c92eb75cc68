package daemon

import (
	"context"

	"constat/internal/auditfile"
	"constat/journal"
)

// auditFile writes audit entries into a flat file as well, if its name is not "". It holds up nothing: what
// goes wrong is told and tried again, also by the next daemon.
func (d *Daemon) auditFile(ctx context.Context, name string) error {
	if name == "" {
		return nil
	}
	tell := func(err error) { d.log.Warn("audit file", "error", err) }
	r, err := journal.OpenReader(d.options.FS, d.options.Dir)
	if err != nil {
		tell(err)
		return nil
	}
	w, err := auditfile.New(r, auditfile.Config{File: name, Report: tell})
	if err == nil {
		err = w.Run(ctx)
	}
	if err != nil {
		tell(err)
	}
	return nil
}
