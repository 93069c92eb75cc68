package witness

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"path/filepath"
	"sort"
	"sync"
	"time"

	"constat/entry"
	"constat/internal/vfs"
	"constat/journal"
	"constat/journal/layout"
	"constat/seal"
)

// DefaultEvery is how often a journal that grows is offered to a witness.
const DefaultEvery = 10 * time.Second

// Times of the client.
const (
	lookEvery  = time.Second      // at the checkpoints
	againEvery = 15 * time.Minute // a checkpoint that stays is cosigned again: that says that the journal still stands there
	firstRetry = time.Second
	maxRetry   = 5 * time.Minute
)

// Target is a witness to be asked.
type Target struct {
	Cosigner seal.Cosigner
	URL      string        // the submission prefix, without a slash at its end
	Journals []string      // offered to it
	Every    time.Duration // the shortest time between two offers of a journal; 0: DefaultEvery
}

// ClientConfig is what the client needs. FS, Reader and Write must be set.
type ClientConfig struct {
	FS      vfs.FS
	Reader  *journal.Reader // of the store, reading from FS
	Targets []Target
	// Write appends entries to the journal "system" and returns when they are durable and signed.
	Write  func(context.Context, []entry.Entry) error
	HTTP   *http.Client     // nil: one that waits 15 s and follows no redirects
	Report func(error)      // gets what goes wrong, once for each change; nil: nobody does
	Now    func() time.Time // nil: time.Now
}

// Client has the journals of a store cosigned.
type Client struct {
	ClientConfig
	pairs []*pair
	notes map[string]*noted // by journal; belongs to the goroutine of Run

	mu sync.Mutex // guards the State of pairs
}

// State is how it stands between a journal and a witness.
type State struct {
	Witness  string // name of its key
	Journal  string
	Size     uint64    // of the newest checkpoint that it cosigned
	Time     time.Time // of its newest cosignature, by its own clock; zero: none
	Failures uint64    // since the start
	Problem  string    // why the last try failed; "" if it did not
}

// pair is a journal and a witness. All but State belongs to the goroutine of Run.
type pair struct {
	State
	target  Target
	held    uint64    // entries that the witness has seen, as far as we know
	text    string    // of the checkpoint that it cosigned last
	due     time.Time // not before
	again   time.Time // when it is asked even if nothing changed
	backoff time.Duration
	refused bool
}

// NewClient returns a client. What was cosigned before it takes from the files.
func NewClient(c ClientConfig) *Client {
	if c.HTTP == nil {
		c.HTTP = newHTTP()
	}
	if c.Report == nil {
		c.Report = func(error) {}
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	w := &Client{ClientConfig: c, notes: map[string]*noted{}}
	for _, t := range c.Targets {
		if t.Every == 0 {
			t.Every = DefaultEvery
		}
		for _, name := range t.Journals {
			w.pairs = append(w.pairs, &pair{State: State{Witness: t.Cosigner.Name, Journal: name}, target: t})
		}
	}
	sort.SliceStable(w.pairs, func(i, j int) bool { return w.pairs[i].Journal < w.pairs[j].Journal })
	return w
}

// States returns how it stands, ordered by journal. It may be called at any time.
func (c *Client) States() []State {
	c.mu.Lock()
	defer c.mu.Unlock()
	list := make([]State, 0, len(c.pairs))
	for _, p := range c.pairs {
		list = append(list, p.State)
	}
	return list
}

// Run offers until the context ends.
func (c *Client) Run(ctx context.Context) error {
	for name := range c.byJournal() {
		c.recall(name)
	}
	for {
		for name, pairs := range c.byJournal() {
			c.round(ctx, name, pairs)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(lookEvery):
		}
	}
}

func (c *Client) byJournal() map[string][]*pair {
	all := map[string][]*pair{}
	for _, p := range c.pairs {
		all[p.Journal] = append(all[p.Journal], p)
	}
	return all
}

// recall takes from the files what a journal's witnesses have seen.
func (c *Client) recall(name string) {
	views, err := c.Reader.Snapshot(name)
	if err != nil {
		return // the round says so
	}
	origin := views[0].Journal.Origin
	journal.CloseViews(views)
	list, err := ReadCosigned(c.FS, filepath.Join(c.Reader.Dir(), name), origin, c.Reader.Certificate().Identity)
	if err != nil {
		c.Report(err)
	}
	c.notes[name] = recallNoted(list)
	for _, p := range c.byJournal()[name] {
		for _, k := range list {
			for _, s := range k.By {
				if p.target.Cosigner.Made(s) && k.Size >= p.held {
					p.held = k.Size
					c.set(p, func(x *State) { x.Size, x.Time = k.Size, time.Unix(s.Time, 0) })
				}
			}
		}
	}
}

func (c *Client) set(p *pair, change func(*State)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	change(&p.State)
}

// round offers a journal to those of its witnesses that are due. They get the same checkpoint, so that one note holds
// all their cosignatures.
func (c *Client) round(ctx context.Context, name string, pairs []*pair) {
	signed, err := c.checkpoint(name)
	if err != nil {
		c.fail(pairs, fmt.Errorf("journal %s: %w", name, err))
		return
	}
	now := c.Now()
	var due []*pair
	for _, p := range pairs {
		if !now.Before(p.due) && (p.text != string(signed) || !now.Before(p.again)) {
			due = append(due, p)
		}
	}
	if len(due) == 0 || ctx.Err() != nil {
		return
	}
	o, err := c.open(name)
	if err == nil {
		defer o.close()
		if o.Size == 0 {
			return // says nothing
		}
		err = c.commit(o)
	}
	if err != nil {
		c.fail(due, err)
		c.note(ctx, contradiction(name, err), due)
		return
	}
	c.collect(ctx, o, due)
}

// collect asks the witnesses side by side and keeps what they say.
func (c *Client) collect(ctx context.Context, o *offer, due []*pair) {
	results, errs := make([]seal.Cosignature, len(due)), make([]error, len(due))
	var asking sync.WaitGroup
	for i, p := range due {
		asking.Go(func() { results[i], errs[i] = c.push(ctx, p.target, p.held, o) })
	}
	asking.Wait()
	if ctx.Err() != nil {
		return
	}
	var good []seal.Cosignature
	for i, p := range due {
		if errs[i] == nil {
			good = append(good, results[i])
			c.succeed(p, o, results[i])
			continue
		}
		c.fail(due[i:i+1], errs[i])
		c.note(ctx, refusedBy(p, errs[i]), due[i:i+1])
	}
	if len(good) == 0 {
		return
	}
	if err := c.store(o, good); err != nil {
		c.Report(err)
	}
	c.tell(ctx, o, good)
}

// store keeps cosignatures beside the checkpoint.
func (c *Client) store(o *offer, good []seal.Cosignature) error {
	list, err := ReadCosigned(c.FS, o.dir, o.Origin, c.Reader.Certificate().Identity)
	if err != nil {
		c.Report(err) // and begin anew: it is not what we wrote
	}
	return writeCosigned(c.FS, o.dir, keep(list, o.Checkpoint, o.signed, good))
}

func (c *Client) succeed(p *pair, o *offer, s seal.Cosignature) {
	now := c.Now()
	p.held, p.text, p.backoff, p.refused = o.Size, string(o.signed), 0, false
	p.due, p.again = now.Truncate(p.target.Every).Add(p.target.Every), now.Add(max(againEvery, p.target.Every))
	c.set(p, func(x *State) {
		if x.Problem != "" {
			c.Report(fmt.Errorf("witness %s cosigns journal %s again", x.Witness, x.Journal))
		}
		x.Size, x.Time, x.Problem = o.Size, time.Unix(s.Time, 0), ""
	})
}

// fail tries again later. What is wrong is told once.
func (c *Client) fail(pairs []*pair, err error) {
	for _, p := range pairs {
		p.backoff = min(max(2*p.backoff, firstRetry), maxRetry)
		p.due = c.Now().Add(p.backoff + time.Duration(rand.Int64N(int64(p.backoff)/4+1)))
		text := err.Error()
		c.set(p, func(x *State) {
			if x.Problem != text {
				c.Report(fmt.Errorf("witness %s, journal %s: %w", x.Witness, x.Journal, err))
			}
			x.Failures, x.Problem = x.Failures+1, text
		})
	}
}

// serious reports whether an error says that the history is not one.
func serious(err error) bool { return errors.Is(err, ErrRefused) || errors.Is(err, ErrContradiction) }

// refusedBy says that a witness refused a journal, if that is what the error says and it was not said before.
func refusedBy(p *pair, err error) *entry.Entry {
	if !serious(err) || p.refused {
		return nil
	}
	return refusedEntry(p.Journal, p.Witness, err)
}

func contradiction(journal string, err error) *entry.Entry {
	if !serious(err) {
		return nil
	}
	return refusedEntry(journal, "", err)
}

func refusedEntry(journal, witness string, err error) *entry.Entry {
	e := layout.NewControl(layout.WitnessRefused, fmt.Sprintf("journal %s: %v", journal, err), layout.JournalName, journal,
		layout.WitnessOf, witness, layout.Reason, err.Error())
	return &e
}

// note writes an entry about a refusal, if there is one that was not written before.
func (c *Client) note(ctx context.Context, e *entry.Entry, pairs []*pair) {
	if e == nil || pairs[0].refused {
		return
	}
	if err := c.Write(ctx, []entry.Entry{*e}); err != nil {
		c.Report(fmt.Errorf("a refusal could not be written down: %w", err))
		return
	}
	for _, p := range pairs {
		p.refused = true
	}
}
