package ingest

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"constat/entry"
	"constat/internal/input"
	"constat/internal/parse"
)

// Config says how the intake works. The zero value is the production setting.
type Config struct {
	Journal    string // journal of the messages; "": system
	QueueBytes int64  // memory of the queue; 0: 32 MiB
	Location   *time.Location
	// Rate is how many messages a second a source may send in the long run, Burst how many at once. 0: no limit.
	Rate, Burst float64
	// Report, if set, is told what goes wrong, for people.
	Report func(error)
}

// DefaultQueue is the memory of the queue in octets, unless the configuration says otherwise.
const DefaultQueue = 32 << 20

// Times and sizes of the intake (DESIGN, section 5).
const (
	gatherFor     = 20 * time.Millisecond // messages that arrive together share a frame
	gatherOctets  = 64 << 10              // so much is not waited for
	syncWithin    = time.Second           // when nobody waits
	lossEvery     = time.Second
	retryEvery    = 200 * time.Millisecond // while the disk is full
	diskReserve   = 8 << 20                // for loss entries and seals
	checkFree     = 8 << 20                // octets between two looks at the disk
	urgentLevel   = 2                      // crit
	maxBatch      = 512                    // entries; more than fit into the cache of a core cost more each
	maxHeld       = 4 << 20                // octets of the chunks that a batch points into
	leastChunk    = 1 << 10                // smaller memory of a chunk is let go
	keepChunk     = 512 << 10              // and so is larger
	fullEvery     = time.Minute            // how often people are told that the disk is full
	signEvery     = time.Second
	systemJournal = "system"
)

// Intake takes chunks from the inputs and writes them to the store, in batches. It is the only one to do so.
type Intake struct {
	store  Store
	config Config
	queue  *queue
	losses losses
	chunks sync.Pool
	limits limiter

	received atomic.Uint64 // messages
	durable  atomic.Uint64 // messages

	// Everything below belongs to the goroutine of Run.
	parser     *parse.Parser
	batch      []entry.Entry
	sources    []*input.Source // of the entries of the batch
	held       []*input.Chunk  // chunks that the entries of the batch point into
	heldOctets int64           // what they weigh
	stuck      bool            // the disk is full: what is in the batch waits for room
	tryAt      time.Time       // when to try again
	toldFull   time.Time       // when people were told of that
	ending     bool            // nobody can wait any more
	room       int64           // octets that may be appended before looking at the disk again
	waiting    []func(error)   // to be told when what was appended is durable
	committing []func(error)   // to be told when everything is signed
	appended   uint64          // messages appended and not durable yet
	since      time.Time       // when the oldest of them was appended
	urgent     map[string]time.Time
	hurry      bool // an entry wants to be durable at once
	unsigned   bool // there is something to sign
	signedAt   time.Time
	lossesDue  time.Time
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
	if c.Report == nil {
		c.Report = func(error) {}
	}
	in := &Intake{store: store, config: c, batch: make([]entry.Entry, 0, maxBatch),
		urgent: map[string]time.Time{}}
	in.parser = parse.New(parse.Syslog, parse.Options{Provenance: entry.Claimed, Location: c.Location})
	in.queue = newQueue(c.QueueBytes, in.giveBack)
	in.chunks.New = func() any { return new(input.Chunk) }
	in.SetLimits(c.Rate, c.Burst)
	return in
}

// SetLimits changes how many messages a second a source may send in the long run, and how many at once.
func (in *Intake) SetLimits(rate, burst float64) { in.limits.limit.Store(&limit{rate, burst}) }

// Chunk implements [input.Sink].
func (in *Intake) Chunk() *input.Chunk { return in.chunks.Get().(*input.Chunk) }

// Put implements [input.Sink].
func (in *Intake) Put(ctx context.Context, c *input.Chunk) error {
	n := uint64(len(c.Messages))
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

// IntakeStats is what the intake has done since it began.
type IntakeStats struct {
	Received uint64 // messages taken into the queue
	Durable  uint64
	Queued   int64             // memory of the queue in octets
	Lost     map[string]uint64 // messages by reason
}

// Run writes until the context ends, and then what is still in the queue. It returns nil if everything received is
// durable and signed; another error means that the store cannot be written any more.
func (in *Intake) Run(ctx context.Context) error {
	for ctx.Err() == nil {
		in.wait(ctx)
		if err := in.step(time.Now()); err != nil {
			return in.fail(err)
		}
	}
	in.queue.close()
	if err := in.finish(); err != nil {
		return in.fail(err)
	}
	return nil
}

// wait returns when there is something to do. Messages that come one by one are gathered for a moment, so that they
// share a frame, unless somebody waits for them.
func (in *Intake) wait(ctx context.Context) {
	timer := time.NewTimer(in.idleFor(time.Now()))
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return
	case <-timer.C:
		return
	case <-in.queue.wake:
	}
	timer.Reset(gatherFor)
	select {
	case <-ctx.Done():
	case <-timer.C:
	case <-in.queue.hurry:
	}
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
	earlier(in.appended > 0, in.since.Add(syncWithin))
	earlier(in.unsigned, in.signedAt.Add(signEvery))
	earlier(in.losses.any(), in.lossesDue)
	return max(due.Sub(now), 0)
}

// step takes what is in the queue and does what is due.
func (in *Intake) step(now time.Time) error {
	in.takeCommits()
	if err := in.drain(now); err != nil {
		return err
	}
	if err := in.writeLosses(now); err != nil {
		return err
	}
	return in.makeDurable(now)
}

// finish writes what is left when nothing more comes.
func (in *Intake) finish() error {
	now := time.Now()
	in.tryAt, in.lossesDue = now, time.Time{}
	for more := true; more; more = !in.stuck && in.queue.size() > 0 {
		if err := in.step(now); err != nil {
			return err
		}
	}
	if in.stuck {
		in.giveUp()
		in.lossesDue = time.Time{}
		if err := in.writeLosses(now); err != nil {
			return err
		}
	}
	if err := in.seal(now); err != nil {
		return err
	}
	if in.unsigned || in.losses.any() {
		return errDiskFull
	}
	return nil
}

// giveUp counts what waits for room, because the daemon ends.
func (in *Intake) giveUp() {
	in.ending = true
	in.loseBatch(0)
	for c := in.queue.take(both); c != nil; c = in.queue.take(both) {
		in.loseChunk(c)
	}
	in.stuck = false
	in.waiting = tell(in.waiting, errDiskFull)
}

// fail tells everybody who waits.
func (in *Intake) fail(err error) error {
	in.queue.close()
	in.takeCommits()
	in.waiting, in.committing = tell(in.waiting, err), tell(in.committing, err)
	return err
}
