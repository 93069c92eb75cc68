package daemon

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"syscall"

	"github.com/coreos/go-systemd/v22/activation"
	systemd "github.com/coreos/go-systemd/v22/daemon"

	"constat/internal/config"
	"constat/internal/input/native"
	"constat/journal"
	"constat/journal/layout"
)

// Command is what the command line hands over to [Serve].
type Command struct {
	ConfigFile string
	Config     config.Config
	Dir        string // of the store
	// Open opens the store, and makes it if there is none.
	Open func() (*journal.Writer, error)
	// Out gets what the first user needs to know, Err the daemon's own diagnostics.
	Out, Err io.Writer
}

// Serve runs the daemon until SIGTERM or SIGINT, and returns nil if everything received is durable then. A second
// signal ends the process at once. SIGHUP reads the configuration again.
func Serve(ctx context.Context, c Command) error {
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop) // from then on a signal has its usual effect
	store, err := c.Open()
	if err != nil {
		return err
	}
	log := slog.New(slog.NewTextHandler(c.Err, nil))
	o := Options{Store: store, Dir: c.Dir, Log: log, Files: activation.Files(true)}
	if o.Become, err = c.account(); err != nil {
		return errors.Join(err, store.Close())
	}
	reload, ended := c.reloads(ctx, log)
	o.Reload = reload
	o.Ready = func(e native.Endpoints) {
		c.greet(e)
		notify(log, systemd.SdNotifyReady)
	}
	err = Run(ctx, c.Config, o)
	notify(log, systemd.SdNotifyStopping)
	stop()
	ended()
	return err
}

// account returns how to become the user of the configuration, or nil if it names none. The store becomes theirs.
func (c Command) account() (func() error, error) {
	if c.Config.User == "" {
		return nil, nil
	}
	a, err := LookUp(c.Config.User, c.Config.Group)
	if err != nil {
		return nil, err
	}
	return func() error {
		if os.Geteuid() != a.UID {
			if err := a.Own(c.Dir, layout.KeysDir(c.Dir), native.RunDir(c.Dir)); err != nil {
				return err
			}
		}
		return a.Become()
	}, nil
}

// reloads gives the configuration anew for each SIGHUP, if it is sound. ended waits until it has stopped.
func (c Command) reloads(ctx context.Context, log *slog.Logger) (<-chan config.Config, func()) {
	hup := make(chan os.Signal, 1)
	signal.Notify(hup, syscall.SIGHUP)
	configs, done := make(chan config.Config), make(chan struct{})
	go func() {
		defer close(done)
		defer signal.Stop(hup)
		for {
			select {
			case <-ctx.Done():
				return
			case <-hup:
			}
			next, err := config.Read(c.ConfigFile)
			if err != nil {
				log.Error("configuration not changed", "error", err)
				continue
			}
			select {
			case configs <- next:
			case <-ctx.Done():
				return
			}
		}
	}()
	return configs, func() { <-done }
}

func notify(log *slog.Logger, state string) {
	if _, err := systemd.SdNotify(false, state); err != nil {
		log.Warn("service manager", "error", err)
	}
}

// greet says where the daemon listens, how to send the first event, and how to bring in what the machine has.
func (c Command) greet(e native.Endpoints) {
	fmt.Fprintf(c.Out, "constat serves the store %s\n", c.Dir)
	for _, name := range e.Inputs {
		fmt.Fprintf(c.Out, "  listens on %s\n", name)
	}
	fmt.Fprintf(c.Out, "  listens on %s for constat's own commands\n", e.Socket)
	if e.HTTP != "" {
		fmt.Fprintf(c.Out, "  publishes the log at %s (token: %s)\n", e.HTTP, layout.KeysDir(c.Dir)+"/http-token")
	}
	fmt.Fprintf(c.Out, "send the first event:  constat log --store %s \"hello\"\n", c.Dir)
	fmt.Fprintf(c.Out, "bring in what is here: journalctl -o export | constat import --store %s -\n", c.Dir)
}
