package cli

import (
	"errors"

	"constat/internal/input/native"

	"github.com/spf13/cobra"
)

func (a *app) sealCommand() *cobra.Command {
	var suspend, resume bool
	c := &cobra.Command{
		Use:   "seal",
		Short: "Seal the store now, or say that the machine is about to sleep",
		Long: `Seal everything that is in the store. The daemon does that by itself, in time.

--suspend is for hooks that run before the machine sleeps, where no logind tells the daemon: it seals and promises nothing
until the machine is awake, so that verifying finds no unclean stop. --resume ends that at once; without it the daemon
notices by the clocks. Without a daemon both do nothing, because nothing was promised.`,
		Example: `  constat seal
  constat seal --suspend   (in a hook before sleep; see docs/operations.md)`,
		Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			switch {
			case suspend && resume:
				return usage("--suspend and --resume: one of them")
			case suspend:
				return a.tellSleep(native.Suspend)
			case resume:
				return a.tellSleep(native.Resume)
			}
			return a.sealNow()
		},
	}
	c.Flags().BoolVar(&suspend, "suspend", false, "the machine is about to sleep")
	c.Flags().BoolVar(&resume, "resume", false, "the machine has woken up")
	return c
}

// tellSleep tells the daemon, if one runs.
func (a *app) tellSleep(reason string) error {
	_, done, err := a.request(native.Request{Op: "seal", Reason: reason}, func(*native.Client) error { return nil })
	if err == nil && !done {
		a.say("constat: no daemon runs, and nothing has promised to seal")
	}
	return err
}

// sealNow seals the store. It makes none.
func (a *app) sealNow() error {
	if _, err := a.openReader(); err != nil {
		return err
	}
	could, err := a.sealStore()
	if err == nil && !could {
		err = errors.New("the store cannot be written to: its keys are not here, or not for this user")
	}
	return err
}

// sealStore seals through the daemon, or by itself; could is false if neither can be.
func (a *app) sealStore() (could bool, err error) {
	w, err := a.proofWriter()
	if err != nil || !w.daemon && w.writer == nil {
		return false, err
	}
	err = w.seal()
	if w.writer != nil {
		err = errors.Join(err, w.stop(), finish(w.writer))
	}
	return true, err
}
