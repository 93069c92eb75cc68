package daemon

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"

	"constat/entry"
	"constat/internal/config"
	"constat/internal/ingest"
	"constat/internal/input/native"
	"constat/internal/vfs"
	"constat/journal"
	"constat/journal/layout"
)

// Options are what the command line adds to the configuration.
type Options struct {
	Store  *journal.Writer // open; [Run] closes it
	Dir    string          // of the store
	Log    *slog.Logger    // the daemon's own diagnostics
	Files  []*os.File      // sockets that the service manager bound; they replace those of the configuration
	Ready  func(native.Endpoints)
	Reload <-chan config.Config // configurations to change to, all or nothing
	// Become gives up privileges once everything is bound; nil keeps them.
	Become func() error
}

// Daemon is a running "constat serve".
type Daemon struct {
	config  config.Config
	options Options
	log     *slog.Logger
	facts   []entry.Field // about this machine, for local senders
	intake  *ingest.Intake
	parts   supervisor
	names   map[listener]string // under which listeners run
}

// Run serves until the context ends. It returns nil if everything received is durable and signed. Start: everything
// binds, privileges go, the intake runs, the inputs run. Stop is the reverse: the inputs hand over what they received,
// the intake writes it to its end, the store is closed.
func Run(ctx context.Context, c config.Config, o Options) (err error) {
	defer func() { err = errors.Join(err, o.Store.Close()) }()
	d := &Daemon{config: c, options: o, log: o.Log, facts: ingest.Machine(), names: map[listener]string{}}
	d.intake = ingest.NewIntake(store{o.Store, vfs.OS(), o.Dir}, d.intakeConfig())

	endpoints, parts, err := d.bind()
	defer func() { err = errors.Join(err, native.Withdraw(o.Dir)) }()
	if err != nil {
		return errors.Join(err, closeAll(parts))
	}
	if o.Become != nil {
		if err := o.Become(); err != nil {
			return errors.Join(err, closeAll(parts))
		}
	}

	intake := start(context.WithoutCancel(ctx), part{"intake", d.intake.Run, nil})
	d.parts.start(parts)
	if o.Ready != nil {
		o.Ready(endpoints)
	}
	failed := d.wait(ctx, intake)
	failed = errors.Join(failed, d.parts.stop())
	return errors.Join(failed, intake.stop())
}

// wait returns when the context ends or a part ends by itself. Meanwhile it changes the configuration when told to.
func (d *Daemon) wait(ctx context.Context, intake *running) error {
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-intake.done:
			return nil // its stop says why
		case err := <-d.parts.failures():
			return err
		case c := <-d.options.Reload:
			if err := d.reload(c); err != nil {
				d.log.Error("configuration not changed", "error", err)
			} else {
				d.log.Info("configuration changed")
			}
		}
	}
}

// bind opens every socket, so that errors name the address, and so that privileges can be dropped afterwards.
func (d *Daemon) bind() (e native.Endpoints, parts []part, err error) {
	e = native.Endpoints{PID: os.Getpid(), Socket: d.config.Socket}
	run := native.RunDir(d.options.Dir)
	if err := os.MkdirAll(run, 0o755); err != nil {
		return e, nil, err
	}
	if e.Socket == "" {
		e.Socket = filepath.Join(run, native.SocketName)
	}
	own, err := d.bindNative(e.Socket)
	if err != nil {
		return e, nil, err
	}
	parts = append(parts, own)
	inputs, err := d.bindInputs()
	parts = append(parts, inputs...)
	for _, in := range inputs {
		e.Inputs = append(e.Inputs, in.name)
	}
	if err != nil {
		return e, parts, err
	}
	url, web, err := d.bindHTTP()
	if err != nil {
		return e, parts, err
	}
	if url != "" {
		e.HTTP, parts = url, append(parts, web)
	}
	return e, parts, e.Publish(d.options.Dir)
}

func (d *Daemon) intakeConfig() ingest.Config {
	l := d.config.Limits
	return ingest.Config{Journal: layout.System, QueueBytes: int64(l.Queue), Rate: l.Rate, Burst: l.Burst,
		Report: func(err error) { d.log.Warn("intake", "error", err) }}
}

// store is the writer as the intake sees it.
type store struct {
	*journal.Writer
	fsys vfs.FS
	dir  string
}

// Free implements [ingest.Store].
func (s store) Free() (int64, error) { return s.fsys.Free(s.dir) }

// describe is what is known of a process that uses constat's own socket.
func (d *Daemon) describe(pid, uid, gid int) []entry.Field {
	fields := append([]entry.Field{{Name: "_TRANSPORT", Value: []byte("constat"), Provenance: entry.Observed}}, describeProcess(pid, uid, gid)...)
	return append(fields, d.facts...)
}

func closeAll(parts []part) error {
	var errs []error
	for _, p := range parts {
		errs = append(errs, p.close())
	}
	return errors.Join(errs...)
}

// restartNeeded says that a setting cannot be changed while the daemon runs.
func restartNeeded(key string) error {
	return fmt.Errorf("%s cannot be changed while the daemon runs: restart it", key)
}
