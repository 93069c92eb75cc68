package ingest

import (
	"context"

	"constat/entry"
)

// Bulk is where one import goes while the intake runs. The reserve of the disk is not for it.
type Bulk struct {
	in  *Intake
	era uint64
}

var _ Sink = Bulk{}

// Bulk begins an import.
func (in *Intake) Bulk() Bulk { return Bulk{in, in.era.Load()} }

// Append implements [Sink].
func (b Bulk) Append(journal string, entries []entry.Entry) (uint64, error) {
	if !reserved(b.in.store) {
		return 0, errDiskFull
	}
	first, err := b.in.store.Append(journal, entries)
	b.in.notice(err)
	return first, err
}

// Sync implements [Sink].
func (b Bulk) Sync() error {
	err := b.in.store.Sync()
	b.in.notice(err)
	return err
}

// Finish returns when everything appended is durable and signed.
func (b Bulk) Finish(ctx context.Context) error { return b.in.signedIn(ctx, b.era) }
