package forward

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"constat/entry"
	"constat/internal/output"
	"constat/internal/vfs"
	"constat/journal"
	"constat/journal/check"
)

// bench is a store, its feed and its ledger.
type bench struct {
	t      *testing.T
	store  string
	clock  journal.Reading
	w      *journal.Writer
	feed   *Feed
	ledger *Ledger
	n      int // entries written
}

func newBench(t *testing.T) *bench {
	t.Helper()
	b := &bench{t: t, store: filepath.Join(t.TempDir(), "store"), clock: journal.SystemClock()}
	if _, err := journal.CreateWith(vfs.OS(), b.store, journal.New{Origin: "forward.example", Keys: 16}); err != nil {
		t.Fatal(err)
	}
	var err error
	b.w, err = journal.OpenWriter(vfs.OS(), b.store, journal.Options{Clock: func() journal.Reading {
		b.clock.Wall++
		b.clock.Boot++
		return b.clock
	}})
	b.must(err)
	t.Cleanup(func() {
		b.feed.close()
		b.must(b.w.Close())
		report := check.Store(vfs.OS(), b.store, check.Options{})
		if len(report.Findings) > 0 {
			t.Errorf("check: %v", report.Findings)
		}
	})
	r, err := journal.OpenReader(vfs.OS(), b.store)
	b.must(err)
	b.feed = NewFeed(r)
	b.must(b.feed.Look())
	b.ledger, err = OpenLedger(vfs.OS(), b.store)
	b.must(err)
	return b
}

func (b *bench) must(err error) {
	b.t.Helper()
	if err != nil {
		b.t.Fatal(err)
	}
}

// write appends numbered entries and signs them.
func (b *bench) write(name string, n int) {
	b.t.Helper()
	var list []entry.Entry
	for range n {
		e := entry.Entry{Renderer: entry.RenderText}
		e.AddString("MESSAGE", strconv.Itoa(b.n), entry.Claimed)
		e.AddString("PRIORITY", strconv.Itoa(b.n%8), entry.Claimed)
		list = append(list, e)
		b.n++
	}
	b.append(name, list...)
}

func (b *bench) append(name string, list ...entry.Entry) {
	b.t.Helper()
	_, err := b.w.Append(name, list)
	b.must(err)
	b.must(b.w.Checkpoint())
	b.must(b.feed.Look())
}

// messageOf renders the text alone.
func messageOf(dst []byte, x *output.Record) []byte {
	text, _ := x.Entry.Message()
	return append(dst, text...)
}

// start runs an output, until stop is called.
func (b *bench) start(c Config) (o *Output, stop func()) {
	b.t.Helper()
	if c.Name == "" {
		c.Name = "test"
	}
	if c.Render == nil {
		c.Render = messageOf
	}
	if c.Journals == nil {
		c.Journals = []string{"system"}
	}
	o = New(b.feed, b.ledger, c)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- o.Run(ctx) }()
	return o, sync.OnceFunc(func() {
		b.must(b.feed.Look())
		cancel()
		b.must(<-done)
		b.must(b.ledger.Write())
	})
}

func (b *bench) until(what string, ok func() bool) {
	b.t.Helper()
	for end := time.Now().Add(20 * time.Second); !ok(); time.Sleep(2 * time.Millisecond) {
		if time.Now().After(end) {
			b.t.Fatalf("not in time: %s", what)
		}
	}
}

// receiver is what stands behind targets.
type receiver struct {
	mu   sync.Mutex
	got  []string
	down bool
	open int // targets
	// fail and confirm, if set, say whether a Send fails in the middle, and how much of n is confirmed.
	fail    func() bool
	confirm func(n uint64) uint64
}

var errDown = errors.New("down")

func (r *receiver) dialer(name string) output.Dialer {
	return output.Dialer{Name: name, Open: func(context.Context, output.Lost) (output.Target, error) {
		r.mu.Lock()
		defer r.mu.Unlock()
		if r.down {
			return nil, errDown
		}
		r.open++
		return &connection{r: r}, nil
	}}
}

func (r *receiver) set(down bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.down = down
}

func (r *receiver) all() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]string(nil), r.got...)
}

type connection struct {
	r      *receiver
	sent   uint64
	closed bool
}

func (c *connection) Send(ctx context.Context, m *output.Messages) error {
	c.r.mu.Lock()
	defer c.r.mu.Unlock()
	n := m.Len()
	failing := c.r.down || c.r.fail != nil && c.r.fail()
	if failing {
		n = rand.N(n + 1)
	}
	for i := range n {
		c.r.got = append(c.r.got, string(m.At(i)))
	}
	c.sent += uint64(n)
	if failing {
		return errDown
	}
	return nil
}

func (c *connection) Confirmed(settle bool) (uint64, error) {
	c.r.mu.Lock()
	defer c.r.mu.Unlock()
	if c.r.confirm != nil && !settle {
		return c.r.confirm(c.sent), nil
	}
	return c.sent, nil
}

func (c *connection) Close() error {
	c.r.mu.Lock()
	defer c.r.mu.Unlock()
	if !c.closed {
		c.closed = true
		c.r.open--
	}
	return nil
}

// whole wants the numbers from first to end-1 to have arrived in order; again is how many came again.
func (b *bench) whole(list []string, first, end int) (again int) {
	b.t.Helper()
	next := first
	for i, text := range list {
		n, err := strconv.Atoi(text)
		switch {
		case err != nil:
			b.t.Fatalf("message %d: %q", i, text)
		case n > next:
			b.t.Fatalf("message %d is %d, want %d", i, n, next)
		case n < next:
			again++
		default:
			next++
		}
	}
	if next != end {
		b.t.Fatalf("got up to %d, want %d", next, end)
	}
	return again
}

// TestDelivers: everything in order, from now or from the start, and on from there after a restart.
func TestDelivers(t *testing.T) {
	b := newBench(t)
	b.write("system", 10)
	now, all := &receiver{}, &receiver{}
	targets := func(r *receiver) []output.Dialer { return []output.Dialer{r.dialer("r")} }
	_, stop1 := b.start(Config{Name: "now", Targets: targets(now)})
	o, stop2 := b.start(Config{Name: "all", Targets: targets(all), FromStart: true})
	b.until("ten", func() bool { return len(all.all()) == 10 })
	b.until("begun", func() bool { _, known := b.ledger.get("now"); return known })
	for range 20 {
		b.write("system", 300)
	}
	b.until("all", func() bool { return len(all.all()) == b.n && len(now.all()) == b.n-10 })
	b.until("confirmed", func() bool { return o.Status().LagEntries == 0 })
	stop1()
	stop2()
	b.write("system", 100)
	_, stop1 = b.start(Config{Name: "now", Targets: targets(now)})
	_, stop2 = b.start(Config{Name: "all", Targets: targets(all), FromStart: true})
	b.until("the rest", func() bool { return len(all.all()) == b.n && len(now.all()) == b.n-10 })
	stop1()
	stop2()
	if again := b.whole(all.all(), 0, b.n) + b.whole(now.all(), 10, b.n); again > 0 {
		t.Errorf("%d came again", again)
	}
	read, err := ReadLedger(vfs.OS(), b.store)
	if n := read["all"]; err != nil || n.Delivered != uint64(b.n) || n.State != StateStopped || n.Places["system"].Next < uint64(b.n) {
		t.Errorf("noted %+v, %v", n, err)
	}
}

// TestBreaks: a target that fails at any time, and confirms late, gets everything in order; what came again is bounded.
func TestBreaks(t *testing.T) {
	b := newBench(t)
	r := &receiver{fail: func() bool { return rand.N(10) == 0 }, confirm: func(n uint64) uint64 { return n - n%7 }}
	for range 5 {
		_, stop := b.start(Config{Targets: []output.Dialer{r.dialer("r")}, FromStart: true, Batch: 50, Retry: 2 * time.Millisecond})
		for range 4 {
			b.write("system", 500)
		}
		b.until("all", func() bool { l := r.all(); return len(l) > 0 && l[len(l)-1] == strconv.Itoa(b.n-1) })
		stop()
	}
	again := b.whole(r.all(), 0, b.n)
	read, err := ReadLedger(vfs.OS(), b.store)
	if n := read["test"]; err != nil || uint64(again) > n.Retried+50*1000 {
		t.Errorf("%d came again, noted %+v %v", again, n, err)
	}
	if r.open > 0 {
		t.Errorf("%d targets are still open", r.open)
	}
}

// TestDeadTarget: while one target is away another gets everything; what was missed arrives later, though the head has
// become a segment by then.
func TestDeadTarget(t *testing.T) {
	b := newBench(t)
	dead, alive := &receiver{down: true}, &receiver{}
	var told []string
	o, stop1 := b.start(Config{Name: "dead", Targets: []output.Dialer{dead.dialer("d")}, FromStart: true, Retry: 20 * time.Millisecond,
		Report: func(err error) { told = append(told, err.Error()) }})
	_, stop2 := b.start(Config{Name: "alive", Targets: []output.Dialer{alive.dialer("a")}, FromStart: true})
	for range 10 {
		b.write("system", 1000)
		b.until("alive", func() bool { return len(alive.all()) == b.n })
	}
	b.must(b.w.Rotate())
	_, err := b.w.Convert(t.Context())
	b.must(err)
	b.write("system", 500)
	b.until("the lag is seen", func() bool {
		s := o.Status()
		return s.LagEntries >= uint64(b.n) && s.State == StateRetrying && s.Error != ""
	})
	dead.set(false)
	b.until("dead", func() bool { return len(dead.all()) == b.n })
	b.until("up", func() bool {
		s := o.Status()
		return s.State == StateUp && s.Error == "" && s.LagEntries == 0 && s.Lag == 0
	})
	stop1()
	stop2()
	if again := b.whole(dead.all(), 0, b.n) + b.whole(alive.all(), 0, b.n); again > 0 {
		t.Errorf("%d came again", again)
	}
	if len(told) != 1 || !strings.Contains(told[0], "output dead") {
		t.Errorf("told %q", told)
	}
}

// TestFailover: another target stands in for the first, until that is back.
func TestFailover(t *testing.T) {
	b := newBench(t)
	first, second := &receiver{down: true}, &receiver{}
	o, stop := b.start(Config{Targets: []output.Dialer{first.dialer("1"), second.dialer("2")}, FromStart: true, Return: 10 * time.Millisecond})
	b.write("system", 100)
	b.until("second", func() bool { return len(second.all()) == 100 })
	first.set(false)
	b.until("back", func() bool { return o.Status().Target == "1" })
	b.write("system", 100)
	b.until("first", func() bool { return len(first.all()) == 100 })
	stop()
	if again := b.whole(second.all(), 0, 100) + b.whole(first.all(), 100, 200); again > 0 || first.open+second.open > 0 {
		t.Errorf("%d came again; %d and %d are open", again, first.open, second.open)
	}
}

// TestRetention: what was pruned before it was sent is counted once, for the journal and for the target, whether it stood in
// segments or in heads.
func TestRetention(t *testing.T) {
	t.Run("segments", func(t *testing.T) { isOvertaken(t, true) })
	t.Run("heads", func(t *testing.T) { isOvertaken(t, false) })
}

func isOvertaken(t *testing.T, converts bool) {
	b := newBench(t)
	overtake := func(n int) {
		t.Helper()
		b.write("app", n)
		b.must(b.w.Rotate())
		if converts {
			_, err := b.w.Convert(t.Context())
			b.must(err)
		}
		b.clock.Wall += (40 * 24 * time.Hour).Microseconds()
		b.clock.Boot += (40 * 24 * time.Hour).Microseconds()
		b.write("app", 10)
		if _, err := b.w.Prune(t.Context(), journal.Limit("app", journal.Retention{MaxAge: time.Hour})); err != nil {
			t.Fatal(err)
		}
		b.must(b.w.Checkpoint())
		b.must(b.feed.Look())
	}
	overtake(3000)
	var mu sync.Mutex
	lost := map[string]uint64{}
	count := func(source, reason string, n, _ uint64) { mu.Lock(); lost[source+": "+reason] += n; mu.Unlock() }
	for range 3 { // it takes nothing yet, and the output begins again
		none := &receiver{}
		refuses := output.Dialer{Name: "refuses", Open: func(context.Context, output.Lost) (output.Target, error) {
			return &picky{connection{r: none}, 0}, nil
		}}
		o, stop := b.start(Config{Journals: []string{"app"}, Targets: []output.Dialer{refuses}, FromStart: true, Retry: time.Millisecond, Lost: count})
		b.until("an attempt", func() bool { return o.Status().State == StateRetrying })
		stop()
	}
	b.feed.close() // what it has read is there yet
	overtake(1990)
	r := &receiver{fail: func() bool { return rand.N(2) == 0 }}
	o, stop := b.start(Config{Journals: []string{"app"}, Targets: []output.Dialer{r.dialer("r")}, FromStart: true, Batch: 1, Retry: time.Millisecond, Lost: count})
	b.until("all", func() bool { return o.Status().LagEntries == 0 && len(r.all()) > 10 })
	stop()
	mu.Lock()
	defer mu.Unlock()
	if n := lost["output test: "+reasonPruned]; n != 5000 || len(lost) != 1 {
		t.Errorf("lost %v", lost)
	}
	if n := o.Status().Dropped[reasonPruned]; n != 5000 {
		t.Errorf("dropped %d", n)
	}
	if got := r.all(); !strings.Contains(got[0], "5000 entries of journal app, from 0 to 4999") {
		t.Errorf("first message %q", got[0])
	}
}

// TestOwnDiagnostics: an output never gets what it caused; another one does. Seals and control entries are not sent.
func TestOwnDiagnostics(t *testing.T) {
	b := newBench(t)
	own := entry.Entry{Kind: entry.Loss}
	own.AddString("MESSAGE", "lost", entry.Observed)
	own.AddString("LOSS_SOURCE", Source("one"), entry.Observed)
	statistics := entry.Entry{}
	statistics.AddString("MESSAGE", "statistics", entry.Observed)
	statistics.AddString(OutputField, "one", entry.Observed)
	b.append("system", own, statistics, entry.Entry{Kind: entry.Control})
	machine := []entry.Field{{Name: "_HOSTNAME", Value: []byte("relay"), Provenance: entry.Observed}}
	hostOf := func(dst []byte, x *output.Record) []byte {
		host, _ := x.Entry.Host()
		return append(append(messageOf(dst, x), '@'), host...)
	}
	three := &receiver{}
	_, stop3 := b.start(Config{Name: "three", Targets: []output.Dialer{three.dialer("3")}, FromStart: true, Machine: machine, Render: hostOf})
	b.until("what was lost", func() bool { return len(three.all()) == 2 })
	stop3()
	if got := fmt.Sprint(three.all()); got != "[lost@relay statistics@]" {
		t.Errorf("where they are from: %s", got)
	}
	one, two := &receiver{}, &receiver{}
	_, stop1 := b.start(Config{Name: "one", Targets: []output.Dialer{one.dialer("1")}, FromStart: true})
	_, stop2 := b.start(Config{Name: "two", Targets: []output.Dialer{two.dialer("2")}, FromStart: true})
	b.write("system", 1)
	b.until("both", func() bool { return len(one.all()) > 0 && len(two.all()) > 2 })
	stop1()
	stop2()
	if got := fmt.Sprint(one.all(), two.all()); got != "[0] [lost statistics 0]" {
		t.Error(got)
	}
}

// TestMerge: several journals are one order, that of receiving; one that comes later is read from its beginning.
func TestMerge(t *testing.T) {
	b := newBench(t)
	r := &receiver{}
	_, stop := b.start(Config{Journals: []string{"app", "web", "later"}, Targets: []output.Dialer{r.dialer("r")}})
	b.until("begun", func() bool { _, known := b.ledger.get("test"); return known })
	for i := range 100 {
		b.write([]string{"app", "web"}[i*7%3%2], 1+i%3)
	}
	b.write("later", 5)
	b.until("all", func() bool { return len(r.all()) == b.n })
	stop()
	r2 := &receiver{}
	_, stop = b.start(Config{Name: "whole", Journals: []string{"later", "web", "app"}, FromStart: true, Targets: []output.Dialer{r2.dialer("r")}})
	b.until("all at once", func() bool { return len(r2.all()) == b.n })
	stop()
	if again := b.whole(r.all(), 0, b.n) + b.whole(r2.all(), 0, b.n); again > 0 {
		t.Errorf("%d came again", again)
	}
}

// TestSelection: only what is wanted, at most so fast.
func TestSelection(t *testing.T) {
	b := newBench(t)
	r := &receiver{}
	b.write("system", 800)
	began := time.Now()
	_, stop := b.start(Config{Targets: []output.Dialer{r.dialer("r")}, FromStart: true, Rate: 400,
		Wants: func(_ string, e *entry.Entry) bool { level, _ := e.Level(); return level == 3 }})
	b.until("selected", func() bool { return len(r.all()) == 100 })
	took := time.Since(began)
	stop()
	for i, text := range r.all() {
		if text != strconv.Itoa(i*8+3) {
			t.Fatalf("message %d is %s", i, text)
		}
	}
	if took < 150*time.Millisecond {
		t.Errorf("100 messages at 400 a second took %v", took)
	}
}

// TestLedger: what cannot be read is an error that says what to do, and another program's places are not touched.
func TestLedger(t *testing.T) {
	b := newBench(t)
	b.ledger.set("gone", Noted{Places: map[string]Place{"system": {ID: "00", Next: 7}}})
	b.must(b.ledger.Write())
	l, err := OpenLedger(vfs.OS(), b.store)
	b.must(err)
	if n, known := l.get("gone"); !known || n.Places["system"].Next != 7 {
		t.Errorf("%+v", n)
	}
	for _, text := range []string{"{", `{"format": 1}`} {
		b.must(vfsWrite(filepath.Join(LedgerDir(b.store), LedgerFile), text))
		if _, err := OpenLedger(vfs.OS(), b.store); err == nil || !strings.Contains(err.Error(), "remove the file") {
			t.Errorf("%q: %v", text, err)
		}
	}
}
