package ingest

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"constat/entry"
	"constat/internal/input"
	"constat/internal/rule"
)

// Config says how the intake works. The zero value is the production setting.
type Config struct {
	Journal    string // journal of the messages; "": system
	QueueBytes int64  // memory of the queue; 0: 32 MiB
	Location   *time.Location
	// Rate is how many messages a second a source may send in the long run, 0: no limit; Burst how many at once, 0: as many as Rate.
	Rate, Burst float64
	// Critical, if set, is told the user by whose process something critical was said that is appended by now; "" if
	// the user is not known. What comes from the network is never told. It must not block.
	Critical func(uid string)
	// Report, if set, is told what goes wrong, for people.
	Report func(error)
}

// DefaultQueue is the memory of the queue in octets, unless the configuration says otherwise.
const DefaultQueue = 32 << 20

// Times and sizes of the intake (DESIGN, section 5).
const (
	gatherFor     = 20 * time.Millisecond // messages that arrive together share a frame
	gatherOctets  = 64 << 10              // so much is not waited for
	lossEvery     = time.Second
	retryEvery    = 200 * time.Millisecond // while the disk is full
	diskReserve   = 8 << 20                // for loss entries and seals
	checkFree     = 8 << 20                // octets between two looks at the disk
	urgentLevel   = 2                      // crit
	maxBatch      = 512                    // entries; more than fit into the cache of a core cost more each
	maxHeld       = 4 << 20                // octets of the chunks that a batch points into
	leastChunk    = 1 << 10                // smaller memory of a chunk is let go
	keepChunk     = 512 << 10              // and so is larger
	systemJournal = "system"
)

// Times after which what was appended is made durable and signed at the latest when nobody waits for it.
const (
	Within = time.Second
	Soon   = 100 * time.Millisecond // for those who pass on what is signed
)

// Intake takes chunks from the inputs and writes them to the store, in batches. It is the only one to do so.
type Intake struct {
	store  Store
	config Config
	queue  *queue
	losses losses
	chunks sync.Pool
	limits limiter // of those who do not wait
	paces  paces   // of those who do
	rules  atomic.Pointer[rule.Set]
	within atomic.Int64 // see [Within]

	received atomic.Uint64 // messages
	durable  atomic.Uint64 // messages
	stalled  atomic.Bool
	era      atomic.Uint64         // how often the store broke
	sick     atomic.Pointer[error] // what others found wrong with the store

	// Everything below belongs to the goroutine of Run.
	filling   *lot
	writing   *lot       // is being appended, or waits for room
	appending bool       // an Append of it runs
	appended  chan error // its result
	stuck     bool       // the store cannot be written: what is left of writing waits
	reason    string     // why, as losses are counted
	tryAt     time.Time  // when to try again
	backoff   time.Duration
	toldAt    time.Time // when people were told of that
	failed    error     // why, if it is not a full disk
	broken    error     // why the store must be opened again
	finishing bool      // nothing more comes
	ending    bool      // nobody can wait any more
	room      int64     // octets that may be appended before looking at the disk again

	pending    flush         // what was appended since the last sync began
	committing []func(error) // to be told when everything is signed
	syncing    *flush        // a sync or checkpoint of it runs
	synced     chan error    // its result
	unsigned   bool          // something durable is to be signed
	signedAt   time.Time

	urgent    map[string]time.Time
	lossesDue time.Time
}

var _ input.Sink = (*Intake)(nil)

// NewIntake returns an intake that writes to store.
func NewIntake(store Store, c Config) *Intake {
	if c.Journal == "" {
		c.Journal = systemJournal
	}
	if c.QueueBytes <= 0 {
		c.QueueBytes = DefaultQueue
	}
	if c.Critical == nil {
		c.Critical = func(string) {}
	}
	if c.Report == nil {
		c.Report = func(error) {}
	}
	in := &Intake{store: store, config: c, urgent: map[string]time.Time{},
		filling: newLot(c.Location), writing: newLot(c.Location),
		appended: make(chan error, 1), synced: make(chan error, 1)}
	in.queue = newQueue(c.QueueBytes, in.giveBack)
	in.chunks.New = func() any { return new(input.Chunk) }
	in.SetLimits(c.Rate, c.Burst)
	in.SetWithin(Within)
	return in
}

// SetWithin changes after which time everything is durable and signed: [Within] at first.
func (in *Intake) SetWithin(d time.Duration) { in.within.Store(int64(d)) }

// due is when what was done at that time is to be durable or signed.
func (in *Intake) due(since time.Time) time.Time { return since.Add(time.Duration(in.within.Load())) }

// SetLimits changes how many messages a second a source may send in the long run, and how many at once.
func (in *Intake) SetLimits(rate, burst float64) { in.limits.limit.Store(&limit{rate, burst}) }

// Chunk implements [input.Sink].
func (in *Intake) Chunk() *input.Chunk { return in.chunks.Get().(*input.Chunk) }

// Put implements [input.Sink].
func (in *Intake) Put(ctx context.Context, c *input.Chunk) error {
	n := uint64(len(c.Messages))
	if c.Done != nil {
		if err := in.paces.wait(ctx, in.limits.limit.Load(), c.Source.Name, len(c.Messages)); err != nil {
			return err
		}
	}
	err := in.queue.put(ctx, c)
	if err == nil {
		in.received.Add(n)
	}
	return err
}

// Offer implements [input.Sink].
func (in *Intake) Offer(c *input.Chunk) error {
	n := uint64(len(c.Messages))
	err := in.queue.offer(c)
	if err == nil {
		in.received.Add(n)
	}
	return err
}

// Lose implements [input.Sink].
func (in *Intake) Lose(source, reason string, messages, octets uint64) {
	in.losses.add(source, reason, messages, octets)
	signal(in.queue.wake)
}

// Refuse implements [input.Sink].
func (in *Intake) Refuse(source, reason string, shown []entry.Field) {
	in.losses.refuse(source, input.Refused+reason, shown)
	signal(in.queue.wake)
}

// IntakeStats is what the intake has done since it began.
type IntakeStats struct {
	Received uint64 // messages taken into the queue
	Durable  uint64
	Queued   int64             // memory of the queue in octets
	Lost     map[string]uint64 // messages by reason
}

// Run writes until the context ends, and then what is still in the queue. While the store cannot be written it holds
// back and counts, and tries again. It returns nil if everything received is durable and signed.
func (in *Intake) Run(ctx context.Context) error {
	for ctx.Err() == nil {
		in.wait(ctx)
		in.step(time.Now())
	}
	in.queue.close()
	err := in.finish()
	if err != nil {
		in.fail(err)
	}
	return err
}

// wait returns when there is something to do. Messages that come one by one are gathered for a moment, so that they
// share a frame, unless somebody waits for them.
func (in *Intake) wait(ctx context.Context) {
	timer := time.NewTimer(in.idleFor(time.Now()))
	defer timer.Stop()
	if in.waitFor(ctx, timer, in.queue.wake) {
		timer.Reset(gatherFor)
		in.waitFor(ctx, timer, in.queue.hurry)
	}
}

// waitFor waits for a signal, in vain if something else happens first. It takes the results of what runs beside.
func (in *Intake) waitFor(ctx context.Context, timer *time.Timer, signal <-chan struct{}) bool {
	select {
	case <-ctx.Done():
	case <-timer.C:
	case err := <-in.appended:
		in.settle(err, time.Now())
	case err := <-in.synced:
		in.endSync(err, time.Now())
	case <-signal:
		return true
	}
	return false
}

// idleFor is how long nothing is due.
func (in *Intake) idleFor(now time.Time) time.Duration {
	due := now.Add(time.Hour)
	earlier := func(is bool, at time.Time) {
		if is && at.Before(due) {
			due = at
		}
	}
	earlier(in.stuck, in.tryAt)
	if in.syncing == nil && in.broken == nil {
		earlier(in.pending.any, in.due(in.pending.since))
		earlier(in.unsigned, in.due(in.signedAt))
	}
	earlier(in.broken == nil && in.losses.any(), in.lossesDue)
	return max(due.Sub(now), 0)
}

// step takes what is in the queue and does what is due.
func (in *Intake) step(now time.Time) {
	in.takeNotice(now)
	in.takeCommits()
	in.drain(now)
	in.writeLosses(now)
	in.makeDurable(now)
	in.stalled.Store(in.stuck)
}

// Stalled reports whether the store cannot be written now. It may be called at any time.
func (in *Intake) Stalled() bool { return in.stalled.Load() }

// lastTries is how often a store that cannot be written is tried when the daemon ends.
const lastTries = 2

// finish writes what is left when nothing more comes.
func (in *Intake) finish() error {
	now := time.Now()
	in.finishing, in.tryAt = true, now
	for tries := 0; ; {
		in.step(now)
		if in.stuck && in.failed != nil && tries < lastTries {
			tries++
			in.tryAt = now
		} else if in.stuck || !in.appending && in.queue.size() == 0 {
			break
		}
	}
	if in.stuck && in.failed == nil {
		in.giveUp()
	}
	in.lossesDue = time.Time{}
	in.writeLosses(now)
	in.seal(now)
	if in.failed == nil && (in.unsigned || in.losses.any()) {
		return errDiskFull
	}
	return in.failed
}

// giveUp counts what waits for room, because the daemon ends.
func (in *Intake) giveUp() {
	in.ending = true
	for _, l := range []*lot{in.writing, in.filling} {
		tell(l.waiting, errDiskFull)
		l.waiting = nil
		in.loseLot(l, 0)
		in.empty(l)
	}
	for c := in.queue.take(both); c != nil; c = in.queue.take(both) {
		in.loseChunk(c)
	}
	in.stuck = false
}

// fail tells everybody who waits, when nothing runs beside any more.
func (in *Intake) fail(err error) {
	for c := in.queue.take(both); c != nil; c = in.queue.take(both) {
		if c.Done != nil {
			c.Done(err)
		}
	}
	in.takeCommits()
	for _, list := range [][]func(error){in.writing.waiting, in.filling.waiting, in.pending.waiting, in.committing} {
		tell(list, err)
	}
}
