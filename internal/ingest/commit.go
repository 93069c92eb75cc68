package ingest

import (
	"context"
	"errors"

	"constat/entry"
)

// Commit appends entries and returns when they, and everything appended to the store before, are durable and signed.
// Calls that come together share one sync and one signature. Without entries it only waits. On an error the first
// kept entries are in the store; if the context ended nobody knows whether they are durable.
func (in *Intake) Commit(ctx context.Context, journal string, entries []entry.Entry) (kept int, err error) {
	era := in.era.Load()
	if len(entries) > 0 {
		if !reserved(in.store) {
			return 0, errDiskFull
		}
		_, err = in.store.Append(journal, entries)
		in.notice(err)
		if kept = keptOf(len(entries), err); kept == 0 {
			return 0, err
		}
		in.tellCritical(entries[:kept])
	}
	return kept, errors.Join(err, in.signedIn(ctx, era))
}

// tellCritical tells of entries that processes of this machine say are critical.
func (in *Intake) tellCritical(entries []entry.Entry) {
	for i := range entries {
		if isCritical(&entries[i]) {
			in.config.Critical(userOf(&entries[i]))
		}
	}
}

// errReopened is for whoever appended before the store broke and waits after it was opened again.
var errReopened = errors.New("the store broke and was opened again: nobody knows whether the entries are kept")

// signedIn returns when everything appended by now is durable and signed, if what was appended in that era still is.
func (in *Intake) signedIn(ctx context.Context, era uint64) error {
	if err := in.signed(ctx); err != nil {
		return err
	}
	if in.era.Load() != era {
		return errReopened
	}
	return nil
}

// signed returns when everything appended by now is durable and signed.
func (in *Intake) signed(ctx context.Context) error {
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

// takeCommits takes those who wait for a signature.
func (in *Intake) takeCommits() {
	if list := in.queue.takeWaiting(); len(list) > 0 {
		in.committing = append(in.committing, list...)
	}
}
