package daemon

import (
	"context"
	"errors"
	"fmt"
	"io"

	"constat/entry"
	"constat/internal/ingest"
	"constat/internal/input/native"
	"constat/internal/parse"
	"constat/seal"
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
	bulk := b.d.intake.Bulk()
	im := ingest.Import{Sink: bulk, Journal: journal, Format: f}
	stats, err := im.Run(r)
	return stats.Entries, stats.Cut, errors.Join(err, bulk.Finish(ctx))
}

// Seal implements [native.Backend].
func (b backend) Seal(ctx context.Context, reason string) error {
	switch reason {
	case native.Suspend, native.Resume:
		return b.d.sign(ctx, reason == native.Suspend)
	case "":
		err := b.d.store.Seal(seal.Request)
		b.d.intake.Notice(err)
		return err
	}
	return fmt.Errorf("reason %q: want suspend, resume or none", reason)
}

// Rotate implements [native.Backend]. It waits until all complete heads are segments.
func (b backend) Rotate(ctx context.Context) error {
	if err := b.d.store.Rotate(); err != nil {
		return err
	}
	return b.d.store.Convert(ctx)
}
