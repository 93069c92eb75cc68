package ingest

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"constat/internal/input"
)

// TestPace: who waits for its messages to be durable is held back to the rate, and loses nothing to it.
func TestPace(t *testing.T) { synctest.Test(t, testPace) }

func testPace(t *testing.T) {
	f := newFake()
	in, stop := startIntake(t, f, Config{Rate: 200, Burst: 10})
	began := time.Now()
	for range 20 {
		c := chunkOf(in, streamSource, "<13>a", "<13>b")
		c.Done = func(err error) {
			if err != nil {
				t.Error(err)
			}
		}
		put(t, in, c)
	}
	if took := time.Since(began); took < 140*time.Millisecond { // 30 messages above the burst, at 200 a second
		t.Errorf("not held back: %v", took)
	}
	if err := stop(); err != nil {
		t.Error(err)
	}
	if messages, _, _ := f.events(); len(messages) != 40 || len(f.lost(t)) > 0 {
		t.Errorf("%d kept, lost %v", len(messages), f.lost(t))
	}
}

// TestPaceOfOne: sources are held back each alone, a batch above the burst goes through, and the end of the context
// ends the waiting.
func TestPaceOfOne(t *testing.T) { synctest.Test(t, testPaceOfOne) }

func testPaceOfOne(t *testing.T) {
	var p paces
	l := &limit{rate: 0.001, burst: 5}
	if err := p.wait(t.Context(), l, "a", 100); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Millisecond)
	defer cancel()
	if err := p.wait(ctx, l, "a", 1); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("in debt: %v", err)
	}
	if err := p.wait(t.Context(), l, "b", 5); err != nil {
		t.Error(err)
	}
	if err := p.wait(t.Context(), &limit{}, "a", 1); err != nil {
		t.Errorf("without a limit: %v", err)
	}
}

// TestText: what looks like syslog in a source of plain lines is text.
func TestText(t *testing.T) {
	f := newFake()
	in, stop := startIntake(t, f, Config{})
	put(t, in, chunkOf(in, &input.Source{Name: "file /a", Format: input.Text}, "<13>app: a", "b"))
	put(t, in, chunkOf(in, streamSource, "<13>app: c"))
	if err := stop(); err != nil {
		t.Error(err)
	}
	if messages, _, _ := f.events(); !same(messages, []string{"<13>app: a", "b", "c"}) {
		t.Errorf("%q", messages)
	}
}
