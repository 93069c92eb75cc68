package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"constat/internal/vfs"
	"constat/journal"

	"github.com/spf13/cobra"
)

// Exit statuses.
const (
	exitFailed = 1
	exitUsage  = 2
)

// exitError is an error with an exit status. A nil cause has been told already.
type exitError struct {
	status int
	cause  error
}

func (e *exitError) Error() string {
	if e.cause == nil {
		return fmt.Sprintf("exit status %d", e.status)
	}
	return e.cause.Error()
}

func (e *exitError) Unwrap() error { return e.cause }

// usage marks an error as a mistake on the command line.
func usage(format string, args ...any) error {
	return &exitError{exitUsage, fmt.Errorf(format, args...)}
}

// app is what the verbs share: the streams and the global flags.
type app struct {
	in       io.Reader
	out      *stdout
	err      io.Writer
	store    string          // --store
	sealKeys uint32          // of a generation of a store that is made; 0: the default
	fs       vfs.FS          // where the store is written; nil: the operating system's
	floors   *journal.Policy // of retention, for a store that is made; nil: the defaults
	station  *thisStation    // whose boot a store that is made is of; nil: none
	origin   string          // of a store that is made; "": the name of the machine
	patience time.Duration   // how long to wait for another writer
	memory   journal.Memory  // of conversions
	daemon   Daemon          // what "serve" starts; nil if the program has none
}

// Run runs the command line and returns its exit status. Streams that are terminals are treated as such. "serve" starts
// the daemon that is handed over.
func Run(ctx context.Context, args []string, in io.Reader, out, errs io.Writer, d Daemon) int {
	a := &app{in: in, out: &stdout{w: out}, err: errs, patience: lockPatience, daemon: d}
	return a.run(ctx, args)
}

func (a *app) run(ctx context.Context, args []string) int {
	root := a.root()
	root.SetArgs(args)
	root.SetIn(a.in)
	root.SetOut(a.out)
	root.SetErr(a.err)
	c, err := root.ExecuteContextC(ctx)
	if c == root && slices.Contains(args, verifyName) {
		err = asVerify(err) // a flag before the command was wrong: status 2 would say that the store is sound
	}
	if err == nil {
		err = a.out.err
	}
	return a.status(err)
}

// status reports an error and returns the exit status that goes with it.
func (a *app) status(err error) int {
	if err == nil {
		return 0
	}
	var e *exitError
	if !errors.As(err, &e) {
		e = &exitError{exitFailed, err}
	}
	if e.cause != nil {
		a.say("constat: %v", err)
	}
	return e.status
}

func (a *app) root() *cobra.Command {
	root := &cobra.Command{
		Use:   "constat",
		Short: "One journal for every event of a machine, provable to a stranger afterwards",
		Long: `constat keeps events in one ordered, compressed journal whose every byte is under
a signed tree, so that anybody can check afterwards that nothing was changed.`,
		Example: `  constat import /var/log/syslog         keep a log file
  constat log -t backup "backup done"    write one event
  constat show -n 20 -p warning          the newest 20 warnings and worse
  constat show -f                        follow
  constat verify                         check that nothing was changed`,
		SilenceErrors:     true,
		SilenceUsage:      true,
		DisableAutoGenTag: true,
	}
	root.PersistentFlags().StringVar(&a.store, "store", "", "directory of the store (default $CONSTAT_STORE, else "+defaultStoreHelp+")")
	root.SuggestionsMinimumDistance = 2
	root.SetFlagErrorFunc(func(c *cobra.Command, err error) error {
		return usage("%w\nsee '%s --help'", err, c.CommandPath())
	})
	root.AddCommand(a.initCommand(), a.logCommand(), a.importCommand(), a.showCommand(), a.verifyCommand(), a.statusCommand(), a.statsCommand(),
		a.rotateCommand(), a.proveCommand(), a.vacuumCommand(), a.eraseCommand(), a.serveCommand(), a.exportCommand(), a.benchCommand(), a.auditCommand(),
		a.recordCommand(), a.custodyCommand(), a.backupCommand(), a.sealCommand(), a.rulesCommand())
	root.InitDefaultCompletionCmd()
	for _, c := range root.Commands() {
		c.Args = usageArgs(c.Args)
		if c.Name() == "completion" {
			c.Args, c.RunE = nil, completionShell
		}
	}
	root.Args = func(_ *cobra.Command, args []string) error {
		if len(args) > 0 {
			return usage("unknown command %q%s; see 'constat --help'", args[0], suggestion(root.SuggestionsFor(args[0])))
		}
		return nil
	}
	root.RunE = func(c *cobra.Command, _ []string) error {
		if c.Flags().NFlag() > 0 {
			return usage("no command; see 'constat --help'")
		}
		return c.Help()
	}
	return root
}

// usageArgs makes what is wrong with positional arguments a mistake in usage.
func usageArgs(check cobra.PositionalArgs) cobra.PositionalArgs {
	return func(c *cobra.Command, args []string) error {
		if check == nil {
			return nil
		}
		err := check(c, args)
		if _, ok := err.(*exitError); err != nil && !ok {
			return usage("%w\nsee '%s --help'", err, c.CommandPath())
		}
		return err
	}
}

// suggestion names the commands that may have been meant.
func suggestion(names []string) string {
	if len(names) == 0 {
		return ""
	}
	return "; did you mean " + strings.Join(names, " or ")
}
