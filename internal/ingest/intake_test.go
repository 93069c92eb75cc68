package ingest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"constat/entry"
	"constat/internal/input"
	"constat/journal"
)

// startIntake runs an intake until the test ends or stop is called, which returns what Run did.
func startIntake(t *testing.T, f *fakeStore, c Config) (*Intake, func() error) {
	t.Helper()
	in := NewIntake(f, c)
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- in.Run(ctx) }()
	stop := sync.OnceValue(func() error { cancel(); return <-ended })
	t.Cleanup(func() { stop() })
	return in, stop
}

func put(t *testing.T, in *Intake, c *input.Chunk) {
	t.Helper()
	if err := in.Put(t.Context(), c); err != nil {
		t.Fatal(err)
	}
}

// TestOrder: each source's messages are kept in its order, in large batches, with what is known of the sender.
func TestOrder(t *testing.T) {
	f := newFake()
	f.slow = time.Millisecond
	in, stop := startIntake(t, f, Config{Journal: "app"})
	const sources, each = 4, 5000
	var sending sync.WaitGroup
	for s := range sources {
		source := &input.Source{Name: fmt.Sprint("tcp ", s), Fields: []entry.Field{{Name: "_SOURCE_ADDR", Value: []byte(fmt.Sprint(s)), Provenance: entry.Observed}}}
		sending.Go(func() {
			for i := range each {
				if err := in.Put(context.Background(), chunkOf(in, source, fmt.Sprintf("<13>%d %d", s, i))); err != nil {
					t.Error(err)
				}
			}
		})
	}
	sending.Wait()
	if err := stop(); err != nil {
		t.Fatal(err)
	}
	var next [sources]int
	for _, k := range f.kept {
		var s, i int
		fmt.Sscan(k.message, &s, &i)
		if k.journal != "app" || k.fields["_SOURCE_ADDR"] != fmt.Sprint(s) || i != next[s] {
			t.Fatalf("%+v, want number %d of source %d", k, next[s], s)
		}
		next[s]++
	}
	if len(f.kept) != sources*each || f.signed != len(f.kept) || len(f.batches) > 2000 {
		t.Errorf("%d kept in %d batches, %d signed", len(f.kept), len(f.batches), f.signed)
	}
	if s := in.Stats(); s.Received != sources*each || s.Durable != s.Received || s.Queued != 0 || len(s.Lost) > 0 {
		t.Errorf("stats %+v", s)
	}
}

// TestTimes: a message is durable within a second if nobody waits and signed soon after, and at once if somebody does.
func TestTimes(t *testing.T) { synctest.Test(t, testTimes) }

func testTimes(t *testing.T) {
	f := newFake()
	in, stop := startIntake(t, f, Config{})
	put(t, in, chunkOf(in, gramSource, "<8>not waited for")) // emergency, but from the network
	took := until(t, "durable", func() bool { _, synced, _ := f.events(); return synced == 1 })
	if took < 700*time.Millisecond || took > 1100*time.Millisecond {
		t.Errorf("durable after %v", took)
	}
	until(t, "signed", func() bool { _, _, signed := f.events(); return signed == 1 })

	done := make(chan error, 1)
	c := chunkOf(in, streamSource, "<13>waited for")
	c.Done = func(err error) { done <- err }
	began := time.Now()
	put(t, in, c)
	if err := <-done; err != nil {
		t.Error(err)
	}
	took = time.Since(began)
	if took > 30*time.Millisecond {
		t.Errorf("told after %v", took)
	}
	began = time.Now()
	if kept, err := in.Commit(t.Context(), "other", []entry.Entry{{}, {}}); kept != 2 || err != nil {
		t.Errorf("%d %v", kept, err)
	}
	if took := time.Since(began); took > 30*time.Millisecond || f.signed != 4 {
		t.Errorf("committed after %v, %d signed", took, f.signed)
	}
	if err := stop(); err != nil {
		t.Error(err)
	}
	if _, err := in.Commit(t.Context(), "other", nil); !errors.Is(err, input.ErrClosed) {
		t.Errorf("after the end: %v", err)
	}
	if err := in.Offer(chunkOf(in, streamSource, "x")); !errors.Is(err, input.ErrClosed) {
		t.Errorf("after the end: %v", err)
	}
}

// TestSoon: where somebody passes on what is signed, that is soon.
func TestSoon(t *testing.T) { synctest.Test(t, testSoon) }

func testSoon(t *testing.T) {
	f := newFake()
	in, stop := startIntake(t, f, Config{})
	in.SetWithin(Soon)
	for n := 1; n <= 3; n++ {
		put(t, in, chunkOf(in, gramSource, "<13>not waited for"))
		took := until(t, "signed", func() bool { _, _, signed := f.events(); return signed == n })
		if took > Soon+30*time.Millisecond {
			t.Errorf("signed after %v", took)
		}
	}
	if err := stop(); err != nil {
		t.Error(err)
	}
}

// TestUrgent: a critical message of a local sender is synced at once, but once a second for each.
func TestUrgent(t *testing.T) { synctest.Test(t, testUrgent) }

func testUrgent(t *testing.T) {
	f := newFake()
	in, stop := startIntake(t, f, Config{})
	other := &input.Source{Name: "unix uid 8", Local: true}
	count := func() int { f.mu.Lock(); defer f.mu.Unlock(); return len(f.syncs) }
	put(t, in, chunkOf(in, localSource, "<10>disk is on fire"))
	if took := until(t, "a sync", func() bool { return count() > 0 }); took > 30*time.Millisecond {
		t.Errorf("after %v", took)
	}
	until(t, "signed", func() bool { _, _, signed := f.events(); return signed == 1 })
	before := count()
	for range 10 {
		put(t, in, chunkOf(in, localSource, "<10>still on fire"))
		time.Sleep(30 * time.Millisecond)
	}
	if n := count() - before; n > 0 {
		t.Errorf("%d more syncs for the same sender", n)
	}
	put(t, in, chunkOf(in, other, "<10>here too"))
	if took := until(t, "a sync", func() bool { return count() > before }); took > 30*time.Millisecond {
		t.Errorf("other sender: after %v", took)
	}
	stop()
}

// TestLosses: they become entries by timer though nothing else happens, and are counted exactly.
func TestLosses(t *testing.T) {
	f := newFake()
	in, stop := startIntake(t, f, Config{})
	in.Lose("udp 192.0.2.9", "kernel", 3, 0)
	until(t, "a loss entry", func() bool { return f.lost(t)["udp 192.0.2.9: kernel"] == 3 })
	for range 1000 {
		in.Lose("udp 192.0.2.9", "kernel", 1, 10)
	}
	in.Lose("tcp 192.0.2.1", "empty", 0, 0)
	until(t, "the rest", func() bool { return f.lost(t)["udp 192.0.2.9: kernel"] == 1003 })
	until(t, "signed", func() bool { _, _, signed := f.events(); return signed == len(f.kept) })
	if n := len(f.kept); n > 3 {
		t.Errorf("%d loss entries", n)
	}
	for i := range 3 * maxSources {
		in.Lose(fmt.Sprint("udp ", i), "kernel", 1, 1)
	}
	stop()
	total := 0
	for _, n := range f.lost(t) {
		total += n
	}
	if total != 1003+3*maxSources || in.Stats().Lost["kernel"] != uint64(total) {
		t.Errorf("%d written, %v counted", total, in.Stats().Lost)
	}
}

// TestRate: what is beyond the limit of a source is counted, and its memory goes back at once.
func TestRate(t *testing.T) {
	f := newFake()
	in, stop := startIntake(t, f, Config{Rate: 1, Burst: 10})
	for range 100 {
		put(t, in, chunkOf(in, streamSource, "<13>a", "<13>b"))
	}
	put(t, in, chunkOf(in, gramSource, "<13>of another"))
	stop()
	messages, _, _ := f.events()
	if lost := f.lost(t)["tcp 192.0.2.1: rate limit"]; len(messages)+lost != 201 || len(messages) > 13 {
		t.Errorf("%d kept, %d lost", len(messages), lost)
	}
	for _, l := range []*lot{in.filling, in.writing} {
		if len(l.held) > 0 || l.heldOctets != 0 {
			t.Errorf("%d chunks held", len(l.held))
		}
	}
}

// TestRateAlone: without a burst a source may send at once what it may send in a second. A read takes in many messages at the
// same time, and all but one of them were lost, however high the rate.
func TestRateAlone(t *testing.T) {
	f := newFake()
	in, stop := startIntake(t, f, Config{Rate: 100})
	put(t, in, chunkOf(in, streamSource, slices.Repeat([]string{"<13>a"}, 100)...))
	stop()
	if messages, _, _ := f.events(); len(messages) != 100 {
		t.Errorf("%d kept, %v lost", len(messages), f.lost(t))
	}
}

// TestInvalid: an entry that no journal can take costs itself and nothing else.
func TestInvalid(t *testing.T) {
	f := newFake()
	in, stop := startIntake(t, f, Config{})
	bad := &input.Source{Name: "udp bad", Fields: []entry.Field{{Name: "", Value: []byte("x")}}}
	put(t, in, chunkOf(in, streamSource, "<13>1", "<13>2"))
	put(t, in, chunkOf(in, bad, "<13>bad"))
	put(t, in, chunkOf(in, streamSource, "<13>3"))
	if err := stop(); err != nil {
		t.Fatal(err)
	}
	messages, _, _ := f.events()
	if !same(messages, []string{"1", "2", "3"}) || f.lost(t)["udp bad: not valid"] != 1 {
		t.Errorf("%q, lost %v", messages, f.lost(t))
	}
}

// TestBroken: while a store cannot be written, streams wait and datagrams are counted. Whoever still waits when the
// daemon ends is told.
func TestBroken(t *testing.T) {
	f := newFake()
	in, stop := startIntake(t, f, Config{})
	f.set(func(f *fakeStore) { f.broken = errSink })
	done := make(chan error, 1)
	c := chunkOf(in, streamSource, "<13>x")
	c.Done = func(err error) { done <- err }
	put(t, in, c)
	until(t, "counted", func() bool {
		put(t, in, chunkOf(in, gramSource, "<13>y"))
		time.Sleep(time.Millisecond)
		return in.Stats().Lost[reasonBroken] > 0
	})
	if !in.Stalled() {
		t.Error("all is well, it says")
	}
	f.set(func(f *fakeStore) { f.broken = nil })
	if err := <-done; err != nil {
		t.Errorf("told %v", err)
	}
	f.set(func(f *fakeStore) { f.broken = errSink })
	c = chunkOf(in, streamSource, "<13>x")
	c.Done = func(err error) { done <- err }
	put(t, in, c)
	if err := stop(); !errors.Is(err, errSink) {
		t.Errorf("ended with %v", err)
	}
	if err := <-done; !errors.Is(err, errSink) {
		t.Errorf("told %v", err)
	}
	if err := in.Put(t.Context(), chunkOf(in, streamSource, "x")); !errors.Is(err, input.ErrClosed) {
		t.Errorf("after the end: %v", err)
	}
}

// TestReopen: a store that broke is opened again. What is gone is counted, whoever waits is told, what waits is kept.
func TestReopen(t *testing.T) {
	f := newFake()
	in, stop := startIntake(t, f, Config{})
	kept := func(n int) func() bool { return func() bool { m, _, _ := f.events(); return len(m) == n } }
	put(t, in, chunkOf(in, streamSource, "<13>1", "<13>2", "<13>3"))
	until(t, "kept", kept(3))
	bulk := in.Bulk()
	if _, err := bulk.Append("imported", []entry.Entry{{}}); err != nil {
		t.Fatal(err)
	}
	broken := fmt.Errorf("%w after: %w", journal.ErrBroken, errSink)
	f.set(func(f *fakeStore) { f.broken, f.gone = broken, 2 })
	if kept, err := in.Commit(t.Context(), "system", []entry.Entry{{}}); kept != 0 || !errors.Is(err, journal.ErrBroken) {
		t.Errorf("commit: %d %v", kept, err)
	}
	put(t, in, chunkOf(in, streamSource, "<13>4", "<13>5"))
	until(t, "opened again", func() bool { f.mu.Lock(); defer f.mu.Unlock(); return f.reopens == 2 })
	if err := bulk.Finish(t.Context()); err == nil {
		t.Error("an import across the break was acknowledged")
	}
	until(t, "kept", kept(4))
	if err := stop(); err != nil {
		t.Error(err)
	}
	messages, _, signed := f.events()
	if !same(messages, []string{"1", "2", "4", "5"}) || f.lost(t)["the store: "+reasonReopened] != 2 || signed != len(f.kept) {
		t.Errorf("%q, lost %v, %d signed", messages, f.lost(t), signed)
	}
	if s := in.Stats(); s.Received != 5 || s.Durable+s.Lost[reasonReopened] != 5 {
		t.Errorf("%+v", s)
	}
}

// TestReopenInBetween: of a batch some is appended and gone when the store breaks, and the rest is kept afterwards. Who
// waits for all of it is not told that it is durable.
func TestReopenInBetween(t *testing.T) {
	f := newFake()
	in, stop := startIntake(t, f, Config{})
	f.set(func(f *fakeStore) { f.room = 2 })
	done := make(chan error, 1)
	c := chunkOf(in, streamSource, "<13>1", "<13>2", "<13>3")
	c.Done = func(err error) { done <- err }
	put(t, in, c)
	until(t, "kept in part", func() bool { m, _, _ := f.events(); return len(m) == 2 && in.Stalled() })
	f.set(func(f *fakeStore) {
		f.room, f.broken, f.gone = -1, fmt.Errorf("%w after: %w", journal.ErrBroken, errSink), 2
	})
	if err := <-done; !errors.Is(err, journal.ErrBroken) {
		t.Errorf("told %v", err)
	}
	until(t, "the rest", func() bool { m, _, _ := f.events(); return same(m, []string{"3"}) })
	if err := stop(); err != nil {
		t.Error(err)
	}
	if lost := f.lost(t)["the store: "+reasonReopened]; lost != 2 {
		t.Errorf("%d counted as lost", lost)
	}
}

// TestQueue: it is bounded in memory, holds streams back, keeps room for datagrams, and wastes none on large buffers.
func TestQueue(t *testing.T) {
	f := newFake()
	in := NewIntake(f, Config{QueueBytes: 1 << 20})
	loose := func(s *input.Source) *input.Chunk {
		c := chunkOf(in, s, "<13>small")
		c.Octets = append(make([]byte, 0, 16<<10), c.Octets...)
		return c
	}
	n := 0
	for ; in.Offer(loose(streamSource)) == nil; n++ {
	}
	if n < 1500 || in.queue.size() > 800<<10 {
		t.Errorf("%d chunks of streams, %d octets", n, in.queue.size())
	}
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if err := in.Put(ctx, loose(streamSource)); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("not held back: %v", err)
	}
	grams := 0
	for ; in.Offer(loose(gramSource)) == nil; grams++ {
	}
	if grams < 400 || in.queue.size() > 1<<20 {
		t.Errorf("%d chunks of datagrams, %d octets", grams, in.queue.size())
	}
	waiting := make(chan error, 1)
	go func() {
		waiting <- in.Put(context.Background(), chunkOf(in, streamSource, "<13>"+strings.Repeat("x", 2<<20)))
	}()
	ctx, cancel = context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- in.Run(ctx) }()
	if err := <-waiting; err != nil {
		t.Error(err)
	}
	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
	if messages, _, signed := f.events(); len(messages) != n+grams+1 || signed != len(messages) {
		t.Errorf("%d kept, %d signed, want %d", len(messages), signed, n+grams+1)
	}
}
