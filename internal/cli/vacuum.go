package cli

import (
	"context"
	"errors"
	"fmt"
	"time"

	"constat/internal/config"
	"constat/internal/input/native"
	"constat/internal/vfs"
	"constat/journal"

	"github.com/spf13/cobra"
)

// vacuumFlags are the flags of "vacuum".
type vacuumFlags struct {
	journal, olderThan, maxSize, config string
	dryRun                              bool
}

func (a *app) vacuumCommand() *cobra.Command {
	var f vacuumFlags
	c := &cobra.Command{
		Use:   "vacuum",
		Short: "Remove the oldest entries that retention does not keep",
		Long: `Remove whole segments and complete heads, oldest first, until the limits are kept. Seals and control entries stay, and so do the hashes of
what goes: everything else can still be verified, and a signed control entry says what was removed.

Without --older-than and --max-size the retention of the configuration is applied, as the daemon does by itself: that of
the daemon if one runs, else that of --config. Nothing is removed that is younger than the floor in force when it came
in, by default one day, and 30 days in the journal audit.`,
		Example: `  constat vacuum --dry-run
  constat vacuum --journal debug --older-than 3d
  constat vacuum --max-size 500MiB`,
		Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error { return a.vacuum(f) },
	}
	c.Flags().StringVar(&f.journal, "journal", "", "only of this `JOURNAL`")
	c.Flags().StringVar(&f.olderThan, "older-than", "", "remove what has a newest entry older than this `AGE`, such as 3d or 2y")
	c.Flags().StringVar(&f.maxSize, "max-size", "", "remove the oldest until a journal has at most this `SIZE`, such as 500MiB")
	c.Flags().StringVar(&f.config, "config", "", "configuration `FILE` whose retention is applied")
	c.Flags().BoolVar(&f.dryRun, "dry-run", false, "say what would be removed, and remove nothing")
	return c
}

// limits reads the limits that flags give.
func (f vacuumFlags) limits() (r journal.Retention, err error) {
	if f.olderThan != "" {
		if r.MaxAge, err = config.ParseAge(f.olderThan); err != nil {
			return r, usage("--older-than %v", err)
		}
	}
	if f.maxSize != "" {
		if r.MaxBytes, err = config.ParseSize(f.maxSize); err != nil {
			return r, usage("--max-size %v", err)
		}
	}
	given := r.MaxAge > 0 || r.MaxBytes > 0
	if f.journal != "" && !given {
		return r, usage("--journal says nothing without --older-than or --max-size")
	}
	if f.config != "" && given {
		return r, usage("--config says nothing beside --older-than and --max-size")
	}
	return r, nil
}

func (a *app) vacuum(f vacuumFlags) error {
	limits, err := f.limits()
	if err != nil {
		return err
	}
	if _, err := a.openReader(); err != nil {
		return err // vacuuming makes no store
	}
	v := native.Vacuum{MaxAge: int64(limits.MaxAge / time.Second), MaxBytes: limits.MaxBytes, DryRun: f.dryRun}
	answer, done, err := a.request(native.Request{Op: "vacuum", Journal: f.journal, Vacuum: &v}, func(*native.Client) error { return nil })
	if done && f.config != "" && err == nil {
		a.say("constat: a daemon runs and has applied its own configuration, not %s", f.config)
	}
	if !done && err == nil {
		answer, err = a.vacuumHere(f, limits)
	}
	a.tellVacuum(answer, f.dryRun)
	return err
}

// vacuumHere removes without a daemon.
func (a *app) vacuumHere(f vacuumFlags, limits journal.Retention) (native.Answer, error) {
	policy := journal.Limit(f.journal, limits)
	if limits == (journal.Retention{}) {
		c, err := config.Read(f.config)
		if err != nil {
			return native.Answer{}, err
		}
		dir, err := a.storeDir()
		if err != nil {
			return native.Answer{}, err
		}
		total, err := vfs.Capacity(dir)
		if err != nil {
			return native.Answer{}, err
		}
		if c.Volatile != nil {
			total = min(total, c.Volatile.Bytes())
		}
		policy = c.Kept().Policy(total)
		policy.KeepFloors = f.config == ""
	}
	policy.DryRun = f.dryRun
	w, err := a.openWriter()
	if err != nil {
		return native.Answer{}, err
	}
	r, err := w.Prune(context.Background(), policy)
	if !f.dryRun {
		err = errors.Join(err, w.Checkpoint())
	}
	entries, bytes := r.Total()
	return native.Answer{Entries: entries, Bytes: bytes, Held: len(r.Held)}, hint(errors.Join(err, w.Close()))
}

func (a *app) tellVacuum(n native.Answer, dryRun bool) {
	verb := "removed"
	if dryRun {
		verb = "would remove"
	}
	fmt.Fprintf(a.out, "%s %d entries, %d bytes\n", verb, n.Entries, n.Bytes)
	if n.Held > 0 {
		a.say("constat: the floor of retention holds back more: what is younger than it is not removed")
	}
}
