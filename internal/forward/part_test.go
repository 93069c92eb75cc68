package forward

import (
	"context"
	"fmt"
	"os"
	"testing"
	"time"

	"constat/internal/output"
	"constat/internal/vfs"
)

// picky is a target that takes so many messages of what it is sent at once, and fails then.
type picky struct {
	connection
	takes int
}

func (p *picky) Send(ctx context.Context, m *output.Messages) error {
	if m.Len() <= p.takes {
		return p.connection.Send(ctx, m)
	}
	part := new(output.Messages)
	for i := range p.takes {
		part.Add(m.At(i))
	}
	if err := p.connection.Send(ctx, part); err != nil {
		return err
	}
	return errDown
}

// TestPartConfirmed: what a target has confirmed of a batch that it breaks off is not sent again, also if the batch comes
// from several journals, and a target that takes less than a batch each time gets on.
func TestPartConfirmed(t *testing.T) {
	b := newBench(t)
	for range 20 {
		b.write("system", 13)
		b.write("other", 7)
	}
	r := &receiver{}
	d := output.Dialer{Name: "picky", Open: func(context.Context, output.Lost) (output.Target, error) {
		return &picky{connection{r: r}, 9}, nil
	}}
	o, stop := b.start(Config{Targets: []output.Dialer{d}, Journals: []string{"other", "system"}, FromStart: true, Batch: 200,
		Retry: time.Millisecond})
	b.until("all", func() bool { return o.Status().Delivered == uint64(b.n) })
	stop()
	if again := b.whole(r.all(), 0, b.n); again > 0 {
		t.Errorf("%d came again", again)
	}
	read, err := ReadLedger(vfs.OS(), b.store)
	if n := read["test"]; err != nil || n.Delivered != uint64(b.n) || n.Retried == 0 {
		t.Errorf("noted %+v, %v", n, err)
	}
}

// partial is a picky target that knows what has left.
type partial struct{ picky }

func (p *partial) Begun() uint64 { return p.sent }

// TestRetried: what never left is not counted as sent again.
func TestRetried(t *testing.T) {
	b := newBench(t)
	b.write("system", 200)
	r := &receiver{}
	d := output.Dialer{Name: "partial", Open: func(context.Context, output.Lost) (output.Target, error) {
		return &partial{picky{connection{r: r}, 9}}, nil
	}}
	o, stop := b.start(Config{Targets: []output.Dialer{d}, FromStart: true, Retry: time.Millisecond})
	b.until("all", func() bool { return o.Status().Delivered == uint64(b.n) })
	stop()
	if again := b.whole(r.all(), 0, b.n); again != 0 || o.Status().Retried != 0 {
		t.Errorf("%d came again, %d counted", again, o.Status().Retried)
	}
}

// TestFailsWhenSentTo: a target that can be opened and takes nothing is left for the next one.
func TestFailsWhenSentTo(t *testing.T) {
	b := newBench(t)
	b.write("system", 10)
	second, refuses := &receiver{}, &receiver{}
	first := output.Dialer{Name: "refuses", Open: func(context.Context, output.Lost) (output.Target, error) {
		return &picky{connection{r: refuses}, 0}, nil
	}}
	_, stop := b.start(Config{Targets: []output.Dialer{first, second.dialer("second")}, FromStart: true, Retry: time.Millisecond})
	b.until("all", func() bool { return len(second.all()) == b.n })
	stop()
	b.whole(second.all(), 0, b.n)
}

// TestStalls: a target that can be opened, takes some and confirms nothing more is left for the next one, though it has
// confirmed what it took first: a receiver that hangs has room in its kernel.
func TestStalls(t *testing.T) {
	b := newBench(t)
	b.write("system", 10)
	second := &receiver{}
	hangs := &receiver{confirm: func(n uint64) uint64 { return min(n, 3) }}
	_, stop := b.start(Config{Targets: []output.Dialer{hangs.dialer("hangs"), second.dialer("second")}, FromStart: true,
		Retry: time.Millisecond, Timeout: 20 * time.Millisecond})
	b.until("all", func() bool { return len(second.all()) == b.n-3 })
	stop()
	b.whole(second.all(), 3, b.n)
}

// TestHangsAgain: a first target that hangs each time is tried ever less often, and as before once it has lasted.
func TestHangsAgain(t *testing.T) {
	b := newBench(t)
	o := New(b.feed, b.ledger, Config{Name: "hangs", Return: time.Second, Timeout: time.Minute})
	for i, c := range []struct {
		lasted time.Duration
		err    error
		want   time.Duration
	}{
		{time.Minute, errDown, time.Second}, {time.Minute, os.ErrDeadlineExceeded, time.Second},
		{time.Minute, fmt.Errorf("write: %w", os.ErrDeadlineExceeded), 2 * time.Second}, {time.Minute, os.ErrDeadlineExceeded, 4 * time.Second},
		{time.Minute, errDown, 4 * time.Second}, {time.Hour, os.ErrDeadlineExceeded, time.Second}, {time.Hour, nil, time.Second},
	} {
		if o.used(c.lasted, c.err); o.untilReturn() != c.want {
			t.Errorf("%d: %v, want %v", i, o.untilReturn(), c.want)
		}
	}
	for range 100 {
		o.used(0, os.ErrDeadlineExceeded)
	}
	if o.untilReturn() != 64*time.Second {
		t.Errorf("at most %v", o.untilReturn())
	}
}

// TestToldStays: a place that is confirmed later than it was counted what cannot be sent does not undo that.
func TestToldStays(t *testing.T) {
	n := Noted{Places: map[string]Place{"system": {"00", 5, 100}}}
	n.move("system", Place{"00", 10, 0})
	if p := n.Places["system"]; p != (Place{"00", 10, 100}) {
		t.Errorf("%+v", p)
	}
	n.move("system", Place{"01", 3, 0}) // a successor
	if p := n.Places["system"]; p != (Place{"01", 3, 0}) {
		t.Errorf("%+v", p)
	}
}

// TestCertDays: how long a certificate is valid is as of now, though nothing was sent since.
func TestCertDays(t *testing.T) {
	b := newBench(t)
	days := 10
	r := &receiver{}
	o := New(b.feed, b.ledger, Config{Name: "days", Targets: []output.Dialer{r.dialer("r")}, Journals: []string{"system"}, Render: messageOf,
		CertDays: func() int { return days }})
	o.Begin()
	for ; days > 7; days-- {
		if s := o.Status(); s.CertDays == nil || *s.CertDays != days {
			t.Errorf("%+v, want %d days", s, days)
		}
	}
}

// TestFit: a slow target gets smaller batches, down to one message, and a fast one larger ones again.
func TestFit(t *testing.T) {
	b := newBench(t)
	o := New(b.feed, b.ledger, Config{Name: "fit"})
	for _, c := range []struct {
		messages int
		took     time.Duration
		want     int
	}{{1024, time.Millisecond, 1024}, {1024, 50 * time.Second, 20}, {20, 900 * time.Millisecond, 20}, {20, time.Minute, 1}, {1, 10 * time.Second, 1},
		{1, time.Millisecond, 2}, {2, time.Millisecond, 4}, {4, time.Hour, 1}} {
		if o.fit(c.messages, c.took); o.most != c.want {
			t.Errorf("%d in %v: %d, want %d", c.messages, c.took, o.most, c.want)
		}
	}
}
