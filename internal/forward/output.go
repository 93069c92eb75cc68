package forward

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"sync"
	"time"

	"constat/internal/output"
)

// States of an output.
const (
	StateStarting = "starting"
	StateUp       = "up"       // it has a target
	StateRetrying = "retrying" // no target can be had
	StateStopped  = "stopped"
)

// mark is how far the journals were read when so many messages had been sent.
type mark struct {
	sent   uint64
	places []Place // of the sources, in their order
	steps  []step  // behind each message since the mark before
	at     time.Time
}

// step is where a source stands behind a message: its number, and the next index.
type step struct {
	source int
	next   uint64
}

// Output reads journals and sends what is wanted to a target.
type Output struct {
	config Config
	source string // see [Source]
	feed   *Feed
	ledger *Ledger
	now    func() time.Time

	// Everything down to noted belongs to the goroutine of Run.
	sources   []*source
	messages  output.Messages
	steps     []step // behind each of messages
	record    output.Record
	marks     []mark
	sent      uint64    // messages given to the target since it was opened
	confirmed uint64    // of them
	movedAt   time.Time // when the last of them was
	next      int       // target to try first
	hung      int       // times that the first target has hung, one after the other
	most      int       // messages of the next batch
	dueAt     time.Time
	waiting   time.Duration // for the next confirmation
	toldAt    time.Time     // when people were told last that no target can be had

	mu    sync.Mutex // guards noted and what follows
	noted Noted
	peek  peeked
}

// New returns an output. Its places are those of the ledger.
func New(f *Feed, l *Ledger, c Config) *Output {
	c = c.withDefaults()
	return &Output{config: c, source: Source(c.Name), feed: f, ledger: l, now: time.Now, most: c.Batch}
}

// Name is that of the configuration.
func (o *Output) Name() string { return o.config.Name }

// Run sends until the context ends, then for a moment what is left and signed.
func (o *Output) Run(ctx context.Context) error {
	hard, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()
	defer context.AfterFunc(ctx, func() { time.AfterFunc(grace, cancel) })()
	if err := o.begin(ctx); err != nil {
		return nil // told to end before the journals could be read
	}
	defer o.end()
	for attempt := 0; ; {
		before := o.delivered()
		err := o.connectAndSend(ctx, hard)
		if err == nil {
			return nil
		}
		if o.delivered() != before {
			attempt = 0
		}
		o.failed(err)
		if ctx.Err() != nil {
			return nil
		}
		o.pause(ctx, o.backoff(attempt))
		attempt++
	}
}

// begin finds the places to begin at; it waits until the journals can be looked at.
func (o *Output) begin(ctx context.Context) error {
	for {
		_, changed := o.feed.state()
		if o.Begin(); o.sources != nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-changed:
		}
	}
}

// Begin finds the places to begin at: what is signed afterwards is sent. Run calls it too; a second call does nothing.
func (o *Output) Begin() {
	if o.sources != nil {
		return
	}
	if err := o.feed.want(o.config.Name, o.config.Journals); err != nil {
		o.config.Report(fmt.Errorf("output %s: %w", o.config.Name, err))
	}
	extents, _ := o.feed.state()
	if extents == nil {
		return
	}
	noted, _ := o.ledger.get(o.config.Name)
	if noted.Places == nil {
		noted.Places = map[string]Place{}
	}
	if noted.Dropped == nil {
		noted.Dropped = map[string]uint64{}
	}
	noted.State = StateStarting
	for _, name := range o.config.Journals {
		place, known := noted.Places[name]
		if x, there := extents[name]; !known && there {
			place.ID = idText(x.id)
			if !o.config.FromStart {
				place.Next = x.size
			}
		}
		noted.Places[name] = place
		o.sources = append(o.sources, &source{name: name, number: len(o.sources), place: place})
	}
	o.mu.Lock()
	o.noted = noted
	o.mu.Unlock()
	o.note()
}

// end notes the last places.
func (o *Output) end() {
	o.rewind(0)
	o.change(func(n *Noted) { n.State = StateStopped })
}

// backoff is a time that doubles with each attempt, half of it by chance.
func (o *Output) backoff(attempt int) time.Duration {
	d := min(o.config.Retry, firstRetry<<min(attempt, 20))
	return d/2 + rand.N(d/2+1)
}

// pause waits, or until the context ends.
func (o *Output) pause(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	}
}

// connectAndSend opens a target and sends to it until that fails; nil: told to end.
func (o *Output) connectAndSend(ctx, hard context.Context) error {
	t, i, err := o.open(ctx)
	for err == nil {
		o.next = 0
		var better output.Target
		began := o.now()
		better, err = o.sendTo(ctx, hard, t, i)
		if i == 0 {
			o.used(o.now().Sub(began), err)
		}
		closed := t.Close()
		if err == nil && better == nil {
			return o.ended(closed)
		}
		if better != nil {
			err = nil // of the other one
		} else if o.sent > 0 && o.confirmed == 0 || errors.Is(err, os.ErrDeadlineExceeded) { // it can be opened, and is of no use
			o.next = (i + 1) % len(o.config.Targets)
		}
		o.rewind(begun(t, o.sent))
		t, i = better, 0
	}
	if ctx.Err() != nil && errors.Is(err, ctx.Err()) {
		return nil
	}
	return err
}

// ended tells of a target that could not be closed in order, when everything is over.
func (o *Output) ended(err error) error {
	if err != nil {
		o.config.Report(fmt.Errorf("output %s: %w", o.config.Name, err))
	}
	return nil
}

// open opens the first target that can be.
func (o *Output) open(ctx context.Context) (t output.Target, i int, err error) {
	var errs []error
	for n := range o.config.Targets {
		i = (o.next + n) % len(o.config.Targets)
		d := o.config.Targets[i]
		if t, err = d.Open(ctx, o.Lost); err == nil {
			return t, i, nil
		}
		errs = append(errs, fmt.Errorf("%s: %w", d.Name, err))
	}
	o.next = 0
	return nil, 0, errors.Join(errs...)
}

// begun is how many messages may have left, of those that a target was given.
func begun(t output.Target, given uint64) uint64 {
	if p, ok := t.(output.Partial); ok {
		return min(given, p.Begun())
	}
	return given
}

// rewind goes back to what is confirmed. Of the others those that have begun to leave come again.
func (o *Output) rewind(begun uint64) {
	o.mu.Lock()
	o.noted.Retried += max(begun, o.confirmed) - o.confirmed
	for _, s := range o.sources {
		s.drop()
		s.place = o.noted.Places[s.name]
	}
	o.mu.Unlock()
	o.marks, o.sent, o.confirmed = o.marks[:0], 0, 0
}

// tellEvery is how often it is told at most that no target can be had: one over UDP is there and gone all the time.
const tellEvery = time.Minute

// failed tells that no target can be had now, once for each reason.
func (o *Output) failed(err error) {
	o.mu.Lock()
	again := o.noted.State == StateRetrying && o.noted.Error == err.Error() || o.now().Sub(o.toldAt) < tellEvery
	o.mu.Unlock()
	o.change(func(n *Noted) { n.State, n.Error = StateRetrying, err.Error() })
	if again {
		return
	}
	o.toldAt = o.now()
	o.config.Report(fmt.Errorf("output %s: entries stay in the journal and are sent later: %w", o.config.Name, err))
}

// Lost counts messages that are never sent.
func (o *Output) Lost(reason string, messages, octets uint64) {
	o.change(func(n *Noted) { n.Dropped[reason] += messages })
	o.config.Lost(o.source, reason, messages, octets)
}

func (o *Output) delivered() uint64 {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.noted.Delivered
}

// change changes what is noted.
func (o *Output) change(how func(*Noted)) {
	o.mu.Lock()
	how(&o.noted)
	o.mu.Unlock()
	o.note()
}

// note hands what is noted to the ledger.
func (o *Output) note() {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.config.CertDays != nil {
		days := o.config.CertDays()
		o.noted.CertDays = &days
	}
	n := o.noted
	n.Places, n.Dropped = maps.Clone(n.Places), maps.Clone(n.Dropped)
	o.ledger.set(o.config.Name, n)
}
