package cli

import (
	"context"
	"fmt"
	"io"
	"path/filepath"

	"constat/internal/config"
	"constat/internal/vfs"
	"constat/journal"

	"github.com/spf13/cobra"
)

// Daemon is what "serve" starts: the program hands it over, so that the command line needs no part of it.
type Daemon func(ctx context.Context, s ServeOptions) error

// ServeOptions are what the command line says of a daemon.
type ServeOptions struct {
	ConfigFile string // "" if there is none
	Config     config.Config
	SyslogConf string // a syslog.conf in place of that of the configuration; "" if there is none
	Dir        string // of the store
	// Open opens the store for writing, and makes it if there is none.
	Open func() (*journal.Writer, error)
	// FS is where the store is; nil is the operating system's.
	FS vfs.FS
	// Out gets what the first user needs to know, Err the daemon's own diagnostics.
	Out, Err io.Writer
}

func (a *app) serveCommand() *cobra.Command {
	var file, syslogConf string
	c := &cobra.Command{
		Use:   "serve",
		Short: "Run the daemon: take in events, keep them, publish the log",
		Long: `Run the daemon. Without a configuration it listens for syslog on UDP and TCP 127.0.0.1:5514 and on a datagram socket
beside the store, and publishes the log at http://127.0.0.1:8514. It prints what it listens on.

SIGTERM and SIGINT end it when everything received is durable, a second one at once. SIGHUP reads the configuration
again, all or nothing.

With --syslog-conf it also does what the lines of a syslog.conf or rsyslog.conf say: files, pipes, terminals, other
machines; see docs/outputs.md.`,
		Example: `  constat serve
  constat serve --store /srv/journal --config /etc/constat/constat.yaml
  constat serve --syslog-conf /etc/rsyslog.conf
  logger -n 127.0.0.1 -P 5514 --tcp hello   (from another terminal)`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return a.serve(cmd.Context(), file, syslogConf) },
	}
	c.Flags().StringVar(&file, "config", "", "configuration `FILE` (YAML); see docs/serving.md")
	c.Flags().StringVar(&syslogConf, "syslog-conf", "", "carry out the actions of `FILE`; beats syslog_conf of the configuration")
	return c
}

func (a *app) serve(ctx context.Context, file, syslogConf string) error {
	if a.daemon == nil {
		return fmt.Errorf("serve: this program was built without the daemon")
	}
	c, err := config.Read(file)
	if err != nil {
		return usage("--config: %w", err)
	}
	if a.store == "" {
		a.store = c.Store
	}
	dir, err := a.storeDir()
	if err != nil {
		return err
	}
	a.store = dir
	if file != "" {
		if file, err = filepath.Abs(file); err != nil {
			return err
		}
	}
	if syslogConf != "" {
		if syslogConf, err = filepath.Abs(syslogConf); err != nil {
			return err
		}
	}
	a.origin = c.Origin
	if err := a.beVolatile(c, dir); err != nil {
		return err
	}
	return a.daemon(ctx, ServeOptions{ConfigFile: file, Config: c, SyslogConf: syslogConf, Dir: dir, Open: a.openWriter, FS: a.fs, Out: a.out, Err: a.err})
}
