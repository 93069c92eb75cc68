package daemon

import (
	"context"
	"errors"
	"fmt"
	"os/user"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"constat/internal/config"
	"constat/internal/forward"
	"constat/internal/ingest"
	"constat/internal/vfs"
	"constat/journal"
)

// forwarding is what sends entries elsewhere.
type forwarding struct {
	ledger   *forward.Ledger
	plain    *forward.Feed // without private values
	revealed *forward.Feed // with them; nil: no output may have them

	statistics atomic.Int64  // time between two entries about each output, in ns; 0: none
	retimed    chan struct{} // has a value when that has changed

	mu      sync.Mutex // guards everything below
	wanted  []*forward.Output
	running []*running // outputs, also those that were told to end
	shared  []*running // what they read from and note in
	begun   bool       // outputs may run
	ended   bool
}

// openOutputs makes the outputs of a configuration, and the places that they are kept in. Nothing is sent yet.
func (d *Daemon) openOutputs(c config.Config) error {
	f := &d.outputs
	list, err := d.outputsOf(c)
	if err != nil {
		return err
	}
	if err := f.beginOutputs(list); err != nil {
		d.log.Warn("outputs", "error", err)
	}
	f.wanted = list
	d.hasten(len(list))
	f.retimed = make(chan struct{}, 1)
	f.statistics.Store(int64(c.Statistics))
	d.store.signed = f.wake
	return nil
}

// hasten has entries signed sooner where there are outputs, which send what is signed.
func (d *Daemon) hasten(outputs int) {
	within := ingest.Within
	if outputs > 0 {
		within = ingest.Soon
	}
	d.intake.SetWithin(within)
}

// prepare opens the journals and the ledger, once there is an output.
func (d *Daemon) prepare(private bool) error {
	f := &d.outputs
	if f.ledger == nil {
		l, err := forward.OpenLedger(d.options.FS, d.options.Dir)
		if err != nil {
			return err
		}
		r, err := journal.OpenReader(vfs.OS(), d.options.Dir)
		if err != nil {
			return err
		}
		f.mu.Lock()
		f.ledger, f.plain = l, forward.NewFeed(r)
		f.mu.Unlock()
	}
	if !private || f.revealed != nil {
		return nil
	}
	r, err := journal.OpenReader(vfs.OS(), d.options.Dir)
	if err != nil {
		return err
	}
	if err := r.Reveal(); err != nil {
		return err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.revealed = forward.NewFeed(r)
	return nil
}

// retime changes how often statistics are written.
func (f *forwarding) retime(every time.Duration) {
	if f.statistics.Swap(int64(every)) == int64(every) {
		return
	}
	select {
	case f.retimed <- struct{}{}:
	default:
	}
}

// wake says that something was signed.
func (f *forwarding) wake() {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, feed := range []*forward.Feed{f.plain, f.revealed} {
		if feed != nil {
			feed.Wake()
		}
	}
}

// beginOutputs finds the places where outputs begin, before anything new is received.
func (f *forwarding) beginOutputs(list []*forward.Output) error {
	err := f.look()
	for _, o := range list {
		o.Begin()
	}
	return err
}

// forward runs the outputs until the context ends; then they get what was signed last.
func (d *Daemon) forward(ctx context.Context) error {
	f := &d.outputs
	f.mu.Lock()
	f.begun = true
	f.startLocked(d)
	f.mu.Unlock()
	for ctx.Err() == nil {
		var due <-chan time.Time
		if every := time.Duration(f.statistics.Load()); every > 0 {
			due = time.After(every)
		}
		select {
		case <-ctx.Done():
		case <-f.retimed:
		case <-due:
			d.writeStatistics(ctx)
		}
	}
	return f.stop()
}

// startLocked runs the wanted outputs, and what they read from and note in. One that takes the place of another begins
// when that has ended.
func (f *forwarding) startLocked(d *Daemon) {
	if !f.begun || f.ended || len(f.wanted) == 0 {
		return
	}
	f.shareLocked(func(err error) { d.log.Warn("outputs", "error", err) })
	f.running = slices.DeleteFunc(f.running, (*running).hasEnded)
	before := map[string]*running{} // the last of each name
	for _, r := range f.running {
		before[r.name] = r
	}
	for _, o := range f.wanted {
		run := o.Run
		if old := before[outputPart(o)]; old != nil {
			run = func(ctx context.Context) error {
				<-old.done
				return o.Run(ctx)
			}
		}
		f.running = append(f.running, start(context.Background(), part{outputPart(o), run, nil}))
	}
}

// shareLocked runs what the outputs read from and note in, unless it does. The ledger comes first, and ends last.
func (f *forwarding) shareLocked(tell func(error)) {
	run := func(name string, run func(context.Context) error) {
		if !slices.ContainsFunc(f.shared, func(r *running) bool { return r.name == name }) {
			f.shared = append(f.shared, start(context.Background(), part{name, run, nil}))
		}
	}
	run("ledger of outputs", func(ctx context.Context) error { return f.ledger.Run(ctx, tell) })
	for name, feed := range map[string]*forward.Feed{"feed of outputs": f.plain, "feed of outputs with private values": f.revealed} {
		if feed != nil {
			run(name, func(ctx context.Context) error { return feed.Run(ctx, tell) })
		}
	}
}

func outputPart(o *forward.Output) string { return "output " + o.Name() }

// stop ends the outputs: they read what is signed by now, all at once, and what they read from ends last.
func (f *forwarding) stop() error {
	f.mu.Lock()
	f.ended = true
	f.mu.Unlock()
	_, err := f.tellEnd()
	errs := []error{err}
	f.mu.Lock()
	outputs, shared := f.running, f.shared
	f.running, f.shared = nil, nil
	f.mu.Unlock()
	for _, list := range [][]*running{outputs, shared} {
		for i := len(list) - 1; i >= 0; i-- {
			errs = append(errs, list[i].stop())
		}
	}
	return errors.Join(errs...)
}

// tellEnd tells the outputs that run to end, and returns their names.
func (f *forwarding) tellEnd() (names []string, err error) {
	f.mu.Lock()
	list := slices.Clone(f.running)
	f.mu.Unlock()
	err = f.look()
	for _, r := range list {
		r.told.Store(true)
		r.cancel()
		names = append(names, r.name)
	}
	return names, err
}

// look has the feeds find out what is signed.
func (f *forwarding) look() error {
	f.mu.Lock()
	feeds := []*forward.Feed{f.plain, f.revealed}
	f.mu.Unlock()
	var errs []error
	for _, feed := range feeds {
		if feed != nil {
			errs = append(errs, feed.Look())
		}
	}
	return errors.Join(errs...)
}

// replaceOutputs ends the outputs that run and runs others. Files are opened anew. It does not wait for those that end:
// one whose target is stuck holds up its successor alone.
func (d *Daemon) replaceOutputs(list []*forward.Output) {
	f := &d.outputs
	names, err := f.tellEnd()
	if err != nil {
		d.log.Warn("outputs", "error", err)
	}
	fresh := slices.DeleteFunc(slices.Clone(list), func(o *forward.Output) bool { return slices.Contains(names, outputPart(o)) })
	if err := f.beginOutputs(fresh); err != nil {
		d.log.Warn("outputs", "error", err)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.wanted = list
	f.startLocked(d)
}

// status is what has become of the outputs.
func (f *forwarding) status() []forward.Status {
	f.mu.Lock()
	list := f.wanted
	f.mu.Unlock()
	var all []forward.Status
	for _, o := range list {
		all = append(all, o.Status())
	}
	return all
}

// owner is the user and group of files, -1 where none is named.
func owner(f config.FileOptions) (uid, gid int, err error) {
	uid, gid = -1, -1
	if f.Owner != "" {
		u, err := user.Lookup(f.Owner)
		if err != nil {
			return uid, gid, fmt.Errorf("file.owner: %w", err)
		}
		if uid, err = strconv.Atoi(u.Uid); err != nil {
			return uid, gid, err
		}
	}
	if f.Group != "" {
		g, err := user.LookupGroup(f.Group)
		if err != nil {
			return uid, gid, fmt.Errorf("file.group: %w", err)
		}
		if gid, err = strconv.Atoi(g.Gid); err != nil {
			return uid, gid, err
		}
	}
	return uid, gid, nil
}
