package ingest

import (
	"context"

	"constat/entry"
)

// Commit appends entries and returns when they, and everything appended to the store before, are durable and signed.
// Calls that come together share one sync and one signature. Without entries it only waits. The entries have been
// appended even if the context ends first; its error then only says that nobody knows whether they are durable.
func (in *Intake) Commit(ctx context.Context, journal string, entries []entry.Entry) error {
	if len(entries) > 0 {
		if !in.reserved() {
			return errDiskFull
		}
		if _, err := in.store.Append(journal, entries); err != nil {
			return err
		}
	}
	done := make(chan error, 1)
	if err := in.queue.await(func(err error) { done <- err }); err != nil {
		return err
	}
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// reserved reports whether the disk has more room than the reserve for loss entries and seals.
func (in *Intake) reserved() bool {
	free, err := in.store.Free()
	return err != nil || free > diskReserve
}

// takeCommits takes those who wait for a signature.
func (in *Intake) takeCommits() {
	if list := in.queue.takeWaiting(); len(list) > 0 {
		in.committing = append(in.committing, list...)
	}
}
