package daemon

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"sync"
	"time"

	"constat/entry"
	"constat/internal/api"
	"constat/internal/config"
	"constat/internal/witness"
	"constat/journal"
	"constat/journal/layout"
)

// vouching is what witnesses do for this store, and this daemon for other logs.
type vouching struct {
	server  *witness.Server // nil without HTTP
	changed chan struct{}   // has a value when the configuration changed

	mu      sync.Mutex // guards all below
	config  config.Config
	client  *witness.Client  // nil: none is asked
	stamper *witness.Stamper // nil: none
}

// bindWitness loads the key of the witness, which exists from the first start on so that it can be told to others.
func (d *Daemon) bindWitness() error {
	v := &d.vouching
	v.changed, v.config = make(chan struct{}, 1), d.config
	w := d.config.Witness
	if w == nil {
		w = &config.Witness{}
	}
	name := w.Name
	if name == "" {
		name = witness.DefaultName(d.options.Store.Certificate().Origin)
	}
	key, err := witness.LoadKey(d.options.FS, d.options.Dir, name)
	if err == nil && w.Name != "" && key.Cosigner().Name != w.Name {
		err = fmt.Errorf("witness.name is %s, but the key of this witness has the name %s: name that, or remove %s/%s if nobody trusts it",
			w.Name, key.Cosigner().Name, layout.KeysDir(d.options.Dir), witness.KeyFile)
	}
	if err != nil {
		return err
	}
	logs, err := witnessedLogs(d.config)
	if err != nil {
		return err
	}
	v.server, err = witness.NewServer(witness.ServerConfig{FS: d.options.FS, Store: d.options.Dir, Key: key, Logs: logs,
		Report: func(err error) { d.log.Warn("witness", "error", err) }})
	return err
}

// witnessedLogs are the logs of a configuration.
func witnessedLogs(c config.Config) (logs []witness.Log, err error) {
	if c.Witness == nil {
		return nil, nil
	}
	for i, l := range c.Witness.Logs {
		origin, key, err := l.Log()
		if err != nil {
			return nil, fmt.Errorf("witness.logs[%d].vkey: %w", i, err)
		}
		logs = append(logs, witness.Log{Origin: origin, Key: key})
	}
	return logs, nil
}

// vouchAnew changes to another configuration. It must be called with one that was validated.
func (d *Daemon) vouchAnew(c config.Config) error {
	logs, err := witnessedLogs(c)
	if err != nil {
		return err
	}
	v := &d.vouching
	v.server.SetLogs(logs)
	v.mu.Lock()
	defer v.mu.Unlock()
	same := reflect.DeepEqual(c.Witnesses, v.config.Witnesses) && reflect.DeepEqual(c.Timestamp, v.config.Timestamp)
	if v.config = c; same {
		return nil
	}
	select {
	case v.changed <- struct{}{}:
	default:
	}
	return nil
}

// vouch has the journals cosigned and stamped until the context ends.
func (d *Daemon) vouch(ctx context.Context) error {
	for ctx.Err() == nil {
		client, stamper, err := d.voucherParts()
		if err != nil {
			return err
		}
		var parts []*running
		if client != nil {
			parts = append(parts, start(ctx, part{"witnesses", client.Run, nil}))
		}
		if stamper != nil {
			parts = append(parts, start(ctx, part{"timestamp", stamper.Run, nil}))
		}
		select {
		case <-ctx.Done():
		case <-d.vouching.changed:
		}
		for _, p := range parts {
			err = errors.Join(err, p.stop())
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// voucherParts makes the client and the stamper of the present configuration.
func (d *Daemon) voucherParts() (*witness.Client, *witness.Stamper, error) {
	v := &d.vouching
	v.mu.Lock()
	defer v.mu.Unlock()
	v.client, v.stamper = nil, nil
	if len(v.config.Witnesses) == 0 && v.config.Timestamp == nil {
		return nil, nil, nil
	}
	reader, err := journal.OpenReader(d.options.FS, d.options.Dir)
	if err != nil {
		return nil, nil, err
	}
	report := func(err error) { d.log.Warn("witness", "error", err) }
	if len(v.config.Witnesses) > 0 {
		targets, err := targetsOf(v.config)
		if err != nil {
			return nil, nil, err
		}
		v.client = witness.NewClient(witness.ClientConfig{FS: d.options.FS, Reader: reader, Targets: targets, Write: d.writeControl, Report: report})
	}
	if t := v.config.Timestamp; t != nil {
		v.stamper = witness.NewStamper(witness.StamperConfig{FS: d.options.FS, Reader: reader, URL: t.URL, Journals: t.JournalNames(),
			Every: time.Duration(t.Every), Write: d.writeControl, Report: report})
	}
	return v.client, v.stamper, nil
}

func targetsOf(c config.Config) (targets []witness.Target, err error) {
	for i, w := range c.Witnesses {
		cosigner, err := w.Cosigner()
		if err != nil {
			return nil, fmt.Errorf("witnesses[%d].vkey: %w", i, err)
		}
		targets = append(targets, witness.Target{Cosigner: cosigner, URL: w.URL, Journals: w.JournalNames(), Every: time.Duration(w.Every)})
	}
	return targets, nil
}

// writeControl appends the store's own entries and returns when they are durable and signed.
func (d *Daemon) writeControl(ctx context.Context, list []entry.Entry) error {
	_, err := d.intake.Commit(ctx, layout.System, list)
	return err
}

// vouched is what the metrics tell of it.
func (d *Daemon) vouched() (list []api.Vouched) {
	v := &d.vouching
	v.mu.Lock()
	client, stamper := v.client, v.stamper
	v.mu.Unlock()
	add := func(kind string, states []witness.State) {
		for _, s := range states {
			list = append(list, api.Vouched{Kind: kind, By: s.Witness, Journal: s.Journal, Size: s.Size, Time: s.Time, Failures: s.Failures, Failing: s.Problem != ""})
		}
	}
	if client != nil {
		add("witness", client.States())
	}
	if stamper != nil {
		add("timestamp", stamper.States())
	}
	return list
}

// witness is the witness that this daemon is for others, if its configuration says so.
func (d *Daemon) witness() api.Witness {
	s := d.vouching.server
	return api.Witness{Handler: s, Counts: func() (uint64, map[int]uint64) { c := s.Counts(); return c.Cosigned, c.Refused }}
}

func witnessName(c config.Config) string {
	if c.Witness == nil {
		return ""
	}
	return c.Witness.Name
}
