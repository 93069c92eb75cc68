package daemon

import (
	"context"
	"errors"
	"io"

	"constat/entry"
	"constat/internal/ingest"
	"constat/internal/parse"
)

// backend answers constat's own commands.
type backend struct{ d *Daemon }

// Commit implements [native.Backend].
func (b backend) Commit(ctx context.Context, journal string, entries []entry.Entry) (kept int, err error) {
	return b.d.intake.Commit(ctx, journal, entries)
}

// Import implements [native.Backend].
func (b backend) Import(ctx context.Context, journal, format string, r io.Reader) (kept, cut uint64, err error) {
	f, err := parse.FormatByName(format)
	if err != nil {
		return 0, 0, err
	}
	im := ingest.Import{Sink: b.d.intake.Bulk(), Journal: journal, Format: f}
	stats, err := im.Run(r)
	_, unsigned := b.d.intake.Commit(ctx, "", nil)
	return stats.Entries, stats.Cut, errors.Join(err, unsigned)
}

// Rotate implements [native.Backend]. It waits until all complete heads are segments.
func (b backend) Rotate(ctx context.Context) error {
	w := b.d.options.Store
	if err := errors.Join(w.Rotate(), w.Checkpoint()); err != nil {
		return err
	}
	_, err := w.Convert(ctx)
	return err
}
