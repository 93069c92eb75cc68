package daemon

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"runtime/debug"
	"strings"
	"sync"
	"syscall"

	"github.com/coreos/go-systemd/v22/activation"
	systemd "github.com/coreos/go-systemd/v22/daemon"

	"constat/internal/config"
	"constat/internal/forward"
	"constat/internal/ingest"
	"constat/internal/input/native"
	"constat/internal/vfs"
	"constat/journal"
	"constat/journal/layout"
)

// Command is what the command line hands over to [Serve].
type Command struct {
	ConfigFile string
	Config     config.Config
	SyslogConf string // in place of that of the configuration; "" if there is none
	Dir        string // of the store
	// Open opens the store, and makes it if there is none.
	Open func() (*journal.Writer, error)
	// FS is where the store is; nil is the operating system's.
	FS vfs.FS
	// Out gets what the first user needs to know, Err the daemon's own diagnostics.
	Out, Err io.Writer
}

// Serve runs the daemon until SIGTERM or SIGINT, and returns nil if everything received is durable then. A second
// signal ends the process at once. SIGHUP reads the configuration again.
func Serve(ctx context.Context, c Command) error {
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM)
	defer stop()
	hup := make(chan os.Signal, 1)
	signal.Notify(hup, syscall.SIGHUP)
	defer signal.Stop(hup)
	signal.Ignore(syscall.SIGPIPE) // whoever read our output may go

	c.limitMemory()
	keepSecrets()
	log := slog.New(slog.NewTextHandler(c.Err, nil))
	stopping := sync.OnceFunc(func() { notify(log, systemd.SdNotifyStopping) })
	context.AfterFunc(ctx, func() { stop(); stopping() }) // from then on a signal has its usual effect
	o, err := c.options(log)
	if err != nil {
		return err
	}
	reload, ended := c.reloads(ctx, hup, log)
	o.Reload = reload
	c.override(&c.Config)
	err = Run(ctx, c.Config, o)
	stopping()
	stop()
	ended()
	return err
}

// override changes what the command line says otherwise.
func (c Command) override(to *config.Config) {
	if c.SyslogConf == "" {
		return
	}
	changed := config.SyslogConf{}
	if to.SyslogConf != nil {
		changed = *to.SyslogConf
	}
	changed.File = c.SyslogConf
	to.SyslogConf = &changed
}

// limitMemory makes the garbage collector work harder before memory gets large, unless GOMEMLIMIT says otherwise.
func (c Command) limitMemory() {
	if os.Getenv("GOMEMLIMIT") == "" {
		queue := cmp.Or(int64(c.Config.Limits.Queue), ingest.DefaultQueue)
		debug.SetMemoryLimit(128<<20 + 2*queue)
	}
}

// options opens the store and takes what the service manager hands over.
func (c Command) options(log *slog.Logger) (o Options, err error) {
	o = Options{Dir: c.Dir, FS: c.FS, Log: log, Files: activation.Files(true)}
	o.Ready = func(e native.Endpoints) {
		c.greet(e)
		notify(log, systemd.SdNotifyReady)
	}
	o.Reloaded = func() { notify(log, systemd.SdNotifyReady) }
	if o.Become, err = c.account(); err != nil {
		return o, err
	}
	o.Store, err = c.Open()
	return o, err
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
			dirs := []string{c.Dir, layout.KeysDir(c.Dir), native.RunDir(c.Dir)}
			for _, dir := range []string{positionsDir(c.Dir), forward.LedgerDir(c.Dir)} {
				if isDir(dir) {
					dirs = append(dirs, dir)
				}
			}
			if err := a.Own(dirs...); err != nil {
				return err
			}
		}
		return a.Become()
	}, nil
}

func isDir(name string) bool {
	info, err := os.Stat(name)
	return err == nil && info.IsDir()
}

// reloads gives the configuration anew for each SIGHUP, if it is sound. ended waits until it has stopped.
func (c Command) reloads(ctx context.Context, hup <-chan os.Signal, log *slog.Logger) (_ <-chan config.Config, ended func()) {
	configs, done := make(chan config.Config), make(chan struct{})
	go func() {
		defer close(done)
		for {
			select {
			case <-ctx.Done():
				return
			case <-hup:
			}
			notify(log, systemd.SdNotifyReloading+"\n"+systemd.SdNotifyMonotonicUsec())
			next, err := config.Read(c.ConfigFile)
			c.override(&next)
			if err != nil {
				log.Error("configuration not changed", "error", err)
				notify(log, systemd.SdNotifyReady)
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
		does := "listens on"
		if kind, _, _ := strings.Cut(name, " "); kind == "file" || kind == "pipe" || kind == "kernel" {
			does = "reads"
		}
		fmt.Fprintf(c.Out, "  %s %s\n", does, name)
	}
	fmt.Fprintf(c.Out, "  listens on %s for constat's own commands\n", e.Socket)
	if e.HTTP != "" {
		fmt.Fprintf(c.Out, "  publishes the log at %s (token: %s)\n", e.HTTP, layout.KeysDir(c.Dir)+"/http-token")
	}
	fmt.Fprintf(c.Out, "send the first event:  constat log --store %s \"hello\"\n", c.Dir)
	fmt.Fprintf(c.Out, "bring in what is here: journalctl -o export | constat import --store %s -\n", c.Dir)
}
