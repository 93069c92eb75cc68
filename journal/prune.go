package journal

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"constat/entry"
	"constat/journal/layout"
)

// Retention says how much of a journal is kept. A limit of 0 is none.
type Retention struct {
	MaxAge   time.Duration // a segment or complete head goes when its newest entry is older
	MaxBytes int64         // of all files of the journal: the oldest go until it fits
	// Floor is the age below which nothing goes, whatever the limits say; 0 means that of [layout.DefaultFloor]. A
	// change holds for entries that arrive after it.
	Floor time.Duration
}

// Policy is the retention of a store.
type Policy struct {
	Journals map[string]Retention // by name
	Others   Retention            // of all other journals
	KeepFree int64                // bytes of the file system: the oldest segments and heads of all journals go until so much is free
	DryRun   bool                 // say what would go, and change nothing
	// KeepFloors leaves the floors as they are in force, whatever the retention of a journal says.
	KeepFloors bool
}

// of is the retention of a journal.
func (p *Policy) of(journal string) Retention {
	if r, ok := p.Journals[journal]; ok {
		return r
	}
	return p.Others
}

// Reason is why something is pruned.
type Reason string

// The reasons.
const (
	ByAge   Reason = "age"
	BySize  Reason = "size"
	BySpace Reason = "space"
)

// Pruning is entries that were pruned. Some of First to Last may stay: see [Writer.Prune].
type Pruning struct {
	Journal     string
	First, Last uint64 // indexes
	Bytes       int64  // of the files that went
	Reason      Reason
}

// Held is a limit of a journal that retention does not reach, because what would have to go is younger than the floor.
type Held struct {
	Journal string
	Reason  Reason
	Floor   time.Duration
}

// HeldFor is how long a control entry that says that the floor holds speaks for the present: as long as it does, there
// is one each day.
const HeldFor = 24 * time.Hour

// PruneReport is what a pruning did.
type PruneReport struct {
	Pruned []Pruning
	Held   []Held
}

// Total is how many entries were pruned at most, and how many bytes that has freed.
func (r PruneReport) Total() (entries uint64, bytes int64) {
	for _, p := range r.Pruned {
		entries, bytes = entries+p.Last-p.First+1, bytes+p.Bytes
	}
	return entries, bytes
}

// Limit is the policy of somebody who wants one journal, or all if it has no name, held to limits at once. Floors stay
// as they are.
func Limit(journal string, r Retention) Policy {
	if journal == "" {
		return Policy{Others: r, KeepFloors: true}
	}
	return Policy{Journals: map[string]Retention{journal: r}, KeepFloors: true}
}

// Prune removes whole segments, and complete heads of which none was made, oldest first, as far as the policy says and the
// floor allows. Seals and control entries stay, and so do the hashes of what goes, so that every root can still be
// computed. What is pruned stands in a signed control entry of the system journal before a file goes.
//
// The floors of the policy hold from then on, also those of journals that are made later.
//
// What cannot be read whole, or does not fit the tree, is never pruned: the error says so, and the rest goes on. It
// runs beside appending and converting, which it does not hold up: a head that somebody makes a segment of is left for the
// next run, with what came in after it, and of one that goes nobody makes a segment. A second call waits for the first.
func (w *Writer) Prune(ctx context.Context, policy Policy) (PruneReport, error) {
	if err := w.beginConverting(); err != nil {
		return PruneReport{}, err
	}
	defer w.converting.Done()
	w.pruning.Lock()
	defer w.pruning.Unlock()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(w.open, cancel)()
	p := &pruner{w: w, ctx: ctx, policy: policy}
	if err := p.begin(); err != nil {
		return p.report, err
	}
	p.plan()
	for _, q := range p.queues {
		p.journal(q)
	}
	return p.report, errors.Join(append(p.errs, p.tellHeld())...)
}

// pruner is one run of retention.
type pruner struct {
	w      *Writer
	ctx    context.Context
	policy Policy
	now    layout.Moment
	clock  layout.Timeline // as it was at the beginning
	queues []*queue
	report PruneReport
	signed bool // everything was signed
	errs   []error
}

// begin records floors that have changed, and looks at the clock and at the files.
func (p *pruner) begin() error {
	w := p.w
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.broken != nil {
		return w.broken
	}
	if !p.policy.DryRun && !p.policy.KeepFloors {
		if err := w.recordFloors(&p.policy); err != nil {
			return err
		}
	}
	received, err := w.receivedLocked()
	if err != nil {
		return err
	}
	p.now, p.clock = layout.Moment{Epoch: w.clock.epoch, Received: received}, w.timeline.Clone()
	for _, l := range w.sortedLogs() {
		q, err := newQueue(w.fsys, l)
		if err != nil {
			return err
		}
		p.queues = append(p.queues, q)
	}
	return nil
}

// recordFloors writes the floors that are to be into the system journal, where they are not in force already.
func (w *Writer) recordFloors(policy *Policy) error {
	names := make([]string, 0, len(w.logs)+len(policy.Journals))
	for name := range w.logs {
		names = append(names, name)
	}
	for name := range policy.Journals {
		names = append(names, name)
	}
	slices.Sort(names)
	w.floors = policy
	changed := false
	for _, name := range slices.Compact(names) {
		done, err := w.recordFloor(name)
		if err != nil {
			return err
		}
		changed = changed || done
	}
	if changed {
		return w.syncSystem()
	}
	return nil
}

// recordFloor writes the floor that a journal is to have, if that is known and another one is in force. It is not
// durable then.
func (w *Writer) recordFloor(name string) (done bool, err error) {
	c, ok := w.floorOf(name)
	if !ok {
		return false, nil
	}
	return true, w.control(c)
}

// floorOf is the control entry for the floor that a journal is to have; ok is false if that is in force, or not known.
func (w *Writer) floorOf(name string) (c entry.Entry, ok bool) {
	if w.floors == nil {
		return c, false
	}
	floor := w.floors.of(name).Floor
	if floor == 0 {
		floor = layout.DefaultFloor(name)
	}
	floor = floor.Truncate(time.Second)
	if w.timeline.NewestFloor(name) == floor {
		return c, false
	}
	return layout.NewControl(layout.FloorSet, fmt.Sprintf("from now on no entry of journal %s is pruned that is younger than %v", name, floor),
		layout.JournalName, name, layout.Floor, fmt.Sprint(int64(floor/time.Second))), true
}

// tellHeld writes into the system journal which limits the floor does not let retention reach, each once a day.
func (p *pruner) tellHeld() error {
	w := p.w
	w.mu.Lock()
	defer w.mu.Unlock()
	told := map[Held]int64{}
	for _, h := range p.report.Held {
		before, known := w.held[h]
		told[h] = before
		if known && p.now.Received-before < HeldFor.Microseconds() || p.policy.DryRun {
			continue
		}
		told[h] = p.now.Received
		text := fmt.Sprintf("retention by %s wants more of journal %s removed than its floor of %v lets go", h.Reason, h.Journal, h.Floor)
		c := layout.NewControl(layout.FloorHolds, text, layout.JournalName, h.Journal, layout.Reason, string(h.Reason),
			layout.Floor, fmt.Sprint(int64(h.Floor/time.Second)))
		if err := w.control(c); err != nil {
			return err
		}
	}
	if !p.policy.DryRun {
		w.held = told
	}
	return nil
}

// control entry that says that a batch is pruned.
func (p *pruner) say(b *batch) entry.Entry {
	l, r := b.queue.log, p.policy.of(b.queue.name)
	first, last, newest := b.first(), b.last(), b.newest()
	e := layout.NewControl(layout.Pruned, fmt.Sprintf("entries %d to %d of journal %s are pruned by %s", first, last, b.queue.name, b.reason),
		layout.JournalName, b.queue.name, layout.JournalIDOf, fmt.Sprintf("%x", l.desc.ID[:]),
		layout.FirstIndex, fmt.Sprint(first), layout.LastIndex, fmt.Sprint(last),
		layout.NewestEpoch, fmt.Sprint(newest.Epoch), layout.NewestTime, fmt.Sprint(newest.Received),
		layout.Reason, string(b.reason), layout.RuleOf, r.rule(b.reason, p.policy.KeepFree))
	return e
}

// rule is the limit that is the reason, in words.
func (r Retention) rule(why Reason, free int64) string {
	switch why {
	case ByAge:
		return fmt.Sprintf("max-age %v", r.MaxAge)
	case BySize:
		return fmt.Sprintf("max-size %d bytes", r.MaxBytes)
	}
	return fmt.Sprintf("keep-free %d bytes", free)
}
