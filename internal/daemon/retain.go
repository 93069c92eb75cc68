package daemon

import (
	"context"
	"time"

	"constat/internal/input/native"
	"constat/internal/vfs"
	"constat/journal"
)

// retainEvery is how often the daemon looks for what retention does not keep.
const retainEvery = 5 * time.Minute

// retain applies the retention of the configuration until the context ends. What goes wrong is tried again.
func (d *Daemon) retain(ctx context.Context) error {
	next := time.NewTimer(0)
	defer next.Stop()
	last := ""
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-next.C:
		}
		next.Reset(retainEvery)
		r, err := d.prune(ctx)
		for _, p := range r.Pruned {
			d.log.Info("pruned", "journal", p.Journal, "first", p.First, "last", p.Last, "reason", p.Reason, "bytes", p.Bytes)
		}
		if err == nil || ctx.Err() != nil {
			last = ""
			continue
		}
		if text := err.Error(); text != last { // said once
			d.log.Warn("retention", "error", err)
			last = text
		}
	}
}

// prune applies the retention of the configuration once.
func (d *Daemon) prune(ctx context.Context) (journal.PruneReport, error) {
	total, err := vfs.Capacity(d.options.Dir)
	if err != nil {
		return journal.PruneReport{}, err
	}
	return d.store.Prune(ctx, d.keep.Load().Policy(total))
}

// Vacuum implements [native.Backend].
func (b backend) Vacuum(ctx context.Context, name string, v native.Vacuum) (native.Answer, error) {
	policy := journal.Limit(name, journal.Retention{MaxAge: time.Duration(v.MaxAge) * time.Second, MaxBytes: v.MaxBytes})
	if v.MaxAge == 0 && v.MaxBytes == 0 {
		total, err := vfs.Capacity(b.d.options.Dir)
		if err != nil {
			return native.Answer{}, err
		}
		policy = b.d.keep.Load().Policy(total)
	}
	policy.DryRun = v.DryRun
	r, err := b.d.store.Prune(ctx, policy)
	entries, bytes := r.Total()
	return native.Answer{Entries: entries, Bytes: bytes, Held: len(r.Held)}, err
}
