package daemon

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"time"

	"constat/internal/config"
	"constat/internal/input/native"
	"constat/internal/vfs"
	"constat/journal"
)

// How often the daemon looks for what retention does not keep. Memory fills sooner than a disk.
const (
	retainEvery         = 5 * time.Minute
	retainVolatileEvery = 2 * time.Second
)

// headShare is what a head may take of a store in memory, as a part of the whole: retention does not remove the one that
// grows, and one that may grow to 64 MiB would be all there is.
const headShare = 16

// keepAs takes the retention of a configuration.
func (d *Daemon) keepAs(c config.Config) {
	kept := c.Kept()
	d.keep.Store(&kept)
}

// capacity is the room that there is for the store and everything beside it.
func (d *Daemon) capacity() (int64, error) {
	total, err := vfs.Capacity(d.options.Dir)
	if d.memory != nil {
		total = min(total, d.memory.Bytes())
	}
	return total, err
}

// retain applies the retention of the configuration until the context ends. What goes wrong is tried again.
func (d *Daemon) retain(ctx context.Context) error {
	every := retainEvery
	if d.memory != nil {
		every = retainVolatileEvery
	}
	next := time.NewTimer(0)
	defer next.Stop()
	last := ""
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-next.C:
		}
		next.Reset(every)
		large := d.endLargeHeads()
		r, err := d.prune(ctx)
		err = errors.Join(large, err)
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
	total, err := d.capacity()
	if err != nil {
		return journal.PruneReport{}, err
	}
	return d.store.Prune(ctx, d.keep.Load().Policy(total))
}

// Vacuum implements [native.Backend].
func (b backend) Vacuum(ctx context.Context, name string, v native.Vacuum) (native.Answer, error) {
	policy := journal.Limit(name, journal.Retention{MaxAge: time.Duration(v.MaxAge) * time.Second, MaxBytes: v.MaxBytes})
	if v.MaxAge == 0 && v.MaxBytes == 0 {
		total, err := b.d.capacity()
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

// endLargeHeads ends the heads of a store in memory if one that grows is too large for it.
func (d *Daemon) endLargeHeads() error {
	if d.memory == nil {
		return nil
	}
	heads, err := filepath.Glob(filepath.Join(d.options.Dir, "*", "head-*.log"))
	newest := map[string]string{} // by journal; others wait to be converted
	for _, name := range heads {
		newest[filepath.Dir(name)] = name
	}
	for _, name := range newest {
		if info, statErr := os.Stat(name); statErr == nil && info.Size() > d.memory.Bytes()/headShare {
			err = d.store.Rotate()
			d.intake.Notice(err)
			break
		}
	}
	return err
}
