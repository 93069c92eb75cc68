package daemon

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"sync/atomic"
	"time"

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
	FS     vfs.FS          // where the store is; nil is the operating system's
	Dir    string          // of the store
	Log    *slog.Logger    // the daemon's own diagnostics
	Files  []*os.File      // sockets that the service manager bound; they replace the plain ones of the configuration
	Ready  func(native.Endpoints)
	Reload <-chan config.Config // configurations to change to, all or nothing
	// Reloaded, if set, is called after each change, also one that fails.
	Reloaded func()
	// Become gives up privileges once everything is bound; nil keeps them.
	Become func() error
}

// Daemon is a running "constat serve".
type Daemon struct {
	config  config.Config // of the goroutine of [Run], as it stands now
	options Options
	log     *slog.Logger
	facts   []entry.Field // about this machine, for local senders
	intake  *ingest.Intake
	store   *store
	parts   supervisor
	names   map[listener]string // under which listeners run
	bound   inputs
	counts  counts
	told    seldom // people, of peers that were refused
	keep    atomic.Pointer[config.Retention]
	heads   *heads
	sleeps  chan sleepSign   // to whoever seals
	sealed  chan struct{}    // closed when nobody does any more
	memory  *config.Volatile // if the store is in memory; never changed
	urgent  chan string      // users who say that something critical happened

	vouching vouching
	outputs  forwarding

	endpoints   native.Endpoints // as published
	unpublished <-chan time.Time // when to publish them; nil if they are
}

// Run serves until the context ends. It returns nil if everything received is durable and signed. Start: everything
// binds, privileges go, the intake runs, the inputs run. Stop is the reverse: the inputs hand over what they received,
// the intake writes it to its end, the store is closed.
func Run(ctx context.Context, c config.Config, o Options) (err error) {
	if o.FS == nil {
		o.FS = vfs.OS()
	}
	s := newStore(o.Store, o.FS, o.Dir)
	defer func() { err = errors.Join(err, s.Close()) }()
	d := &Daemon{config: c, options: o, log: o.Log, facts: ingest.Machine(), names: map[listener]string{}, store: s,
		urgent: make(chan string, 64), sleeps: make(chan sleepSign), sealed: make(chan struct{}), memory: c.Volatile,
		heads: newHeads(c.Converts())}
	d.intake = ingest.NewIntake(s, d.intakeConfig())
	d.keepAs(c)
	rules, err := rulesOf(&c)
	if err != nil {
		return err
	}
	d.intake.SetRules(rules)
	d.store.setPrivate(privateOf(c.Private))
	if err := d.openOutputs(c); err != nil {
		return err
	}

	parts, err := d.bind()
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
	converting := start(ctx, part{"convert", d.convert, nil})
	retaining := start(ctx, part{"retain", d.retain, nil})
	sealing := start(ctx, part{"seal", d.seal, nil})
	sleeping := start(ctx, part{"sleep", d.sleep, nil})
	vouching := start(ctx, part{"vouch", d.vouch, nil})
	file := start(context.WithoutCancel(ctx), part{"audit file", func(ctx context.Context) error { return d.auditFile(ctx, c.Audit.File) }, nil})
	forwarding := start(context.WithoutCancel(ctx), part{"outputs", d.forward, nil})
	if o.Ready != nil {
		o.Ready(d.endpoints)
	}
	failed := d.wait(ctx, intake)
	failed = errors.Join(failed, d.parts.stop(), vouching.stop(), converting.stop(), retaining.stop(), sleeping.stop(), sealing.stop(), intake.stop())
	d.sealLast()
	return errors.Join(failed, forwarding.stop(), file.stop()) // outputs and the file get what the intake has written last
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
		case <-d.unpublished:
			d.say()
		case c := <-d.options.Reload:
			if err := d.reload(c); err != nil {
				d.log.Error("configuration not changed", "error", err)
			} else {
				d.log.Info("configuration changed", "inputs", d.endpoints.Inputs)
			}
			if d.options.Reloaded != nil {
				d.options.Reloaded()
			}
		}
	}
}

// bind opens every socket, so that errors name the address, and so that privileges can be dropped afterwards.
func (d *Daemon) bind() (parts []part, err error) {
	e := &d.endpoints
	e.PID, e.Socket = os.Getpid(), d.config.Socket
	run := native.RunDir(d.options.Dir)
	if err := os.MkdirAll(run, 0o755); err != nil {
		return nil, err
	}
	if e.Socket == "" {
		e.Socket = filepath.Join(run, native.SocketName)
	}
	own, err := d.bindNative(e.Socket)
	if err != nil {
		return nil, err
	}
	parts = append(parts, own)
	inputs, err := d.bindInputs()
	parts = append(parts, inputs...)
	e.Inputs = namesOf(inputs)
	if err != nil {
		return parts, err
	}
	if err := d.bindWitness(); err != nil {
		return parts, err
	}
	url, web, err := d.bindHTTP()
	if err != nil {
		return parts, err
	}
	if url != "" {
		e.HTTP, parts = url, append(parts, web)
	}
	return parts, d.publishFirst()
}

func (d *Daemon) intakeConfig() ingest.Config {
	l := d.config.Limits
	return ingest.Config{Journal: layout.System, QueueBytes: int64(l.Queue), Rate: l.Rate, Burst: l.Burst,
		Critical: d.critical,
		Report:   func(err error) { d.log.Warn("intake", "error", err) }}
}

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
