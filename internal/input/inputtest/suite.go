package inputtest

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"testing"
	"time"

	"constat/internal/input"
)

// Subject is an input to be tested.
type Subject struct {
	// Open returns an input that is bound.
	Open func(t testing.TB) input.Input
	// Send sends messages in their order, as one sender, and returns when they are on their way: what it sent must
	// arrive even if it never sends again. It may be called more than once.
	Send func(t testing.TB, in input.Input, messages []string)
	// Datagram is true if the input never holds its senders back.
	Datagram bool
	// Acknowledged is true if senders are told what is kept, and keep the rest themselves: what an input that ends has
	// not handed over is then not lost.
	Acknowledged bool
}

// Run holds an input to the contract.
func Run(t *testing.T, s Subject) {
	t.Run("delivers", s.delivers)
	t.Run("ends", s.ends)
	t.Run("hands over what it received", s.handsOver)
	t.Run("is closed before", s.closedBefore)
	t.Run("is closed during", s.closedDuring)
	t.Run("is closed while idle and at once", s.closedAtOnce)
	t.Run("full", s.full)
	t.Run("full to the end", s.fullToTheEnd)
	t.Run("sink closed", s.sinkClosed)
	t.Run("leaves nothing behind", s.leavesNothing)
}

// Start runs an input until the test ends, or until stop is called, which returns what Run returned.
func Start(t testing.TB, in input.Input, sink input.Sink) (stop func() error) {
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	var err error
	go func() {
		defer close(ended)
		err = in.Run(ctx, sink)
	}()
	stop = func() error {
		cancel()
		select {
		case <-ended:
		case <-time.After(Patience):
			t.Errorf("%s: Run does not end", in.Name())
			return errors.New("does not end")
		}
		return err
	}
	t.Cleanup(func() {
		stop()
		in.Close()
	})
	return stop
}

// Lines returns n messages that are all different.
func Lines(prefix string, n int) []string {
	out := make([]string, n)
	for i := range out {
		out[i] = fmt.Sprintf("<%d>%s %d", i%192, prefix, i)
	}
	return out
}

func (s Subject) delivers(t *testing.T) {
	in, sink := s.Open(t), NewSink(t)
	if in.Name() == "" {
		t.Error("no name")
	}
	stop := Start(t, in, sink)
	want := Lines("a", 50)
	s.Send(t, in, want)
	sink.Wait(len(want))
	expect(t, sink, want)
	s.Send(t, in, []string{"<13>alone"})
	sink.Wait(len(want) + 1)
	expect(t, sink, append(want, "<13>alone"))
	if err := stop(); err != nil {
		t.Errorf("Run: %v", err)
	}
	for _, m := range sink.Messages() {
		if m.Source.Datagram != s.Datagram {
			t.Fatalf("source %s: Datagram is %v", m.Source.Name, m.Source.Datagram)
		}
	}
}

func (s Subject) ends(t *testing.T) {
	in := s.Open(t)
	stop := Start(t, in, NewSink(t))
	if err := stop(); err != nil {
		t.Errorf("Run: %v", err)
	}
	for range 2 {
		if err := in.Close(); err != nil {
			t.Errorf("Close after Run: %v", err)
		}
	}
}

// handsOver ends the context as soon as the first message is there.
func (s Subject) handsOver(t *testing.T) {
	in, sink := s.Open(t), NewSink(t)
	stop := Start(t, in, sink)
	want := Lines("b", 40)
	s.Send(t, in, want)
	sink.Wait(1)
	if err := stop(); err != nil {
		t.Errorf("Run: %v", err)
	}
	if s.Acknowledged {
		want = want[:min(len(want), len(sink.Messages()))]
	}
	expect(t, sink, want)
}

func (s Subject) closedBefore(t *testing.T) {
	in := s.Open(t)
	for range 2 {
		if err := in.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
	}
	if err := in.Run(t.Context(), NewSink(t)); err == nil {
		t.Error("Run after Close: no error")
	}
}

func (s Subject) closedDuring(t *testing.T) {
	in, sink := s.Open(t), NewSink(t)
	stop := Start(t, in, sink)
	s.Send(t, in, []string{"<13>before"})
	sink.Wait(1)
	if err := in.Close(); err != nil {
		t.Errorf("Close: %v", err)
	}
	if err := stop(); err != nil {
		t.Errorf("Run: %v", err)
	}
}

func (s Subject) closedAtOnce(t *testing.T) {
	for range 20 {
		in := s.Open(t)
		ended := make(chan struct{})
		go func() {
			defer close(ended)
			in.Run(t.Context(), NewSink(t))
		}()
		in.Close()
		<-ended
		in.Close()
	}
}

// full takes the room away: what is sent meanwhile is counted, or waits.
func (s Subject) full(t *testing.T) {
	in, sink := s.Open(t), NewSink(t)
	Start(t, in, sink)
	s.Send(t, in, []string{"<13>first"})
	sink.Wait(1)
	sink.SetFull(true)
	want := Lines("c", 20)
	s.Send(t, in, want)
	if s.Datagram {
		sink.Wait(1 + len(want))
	}
	sink.SetFull(false)
	s.Send(t, in, []string{"<13>last"})
	sink.Wait(2 + len(want))
	if !s.Datagram {
		expectSorted(t, sink, append(want, "<13>first", "<13>last"))
		return
	}
	octets := 0
	for _, m := range want {
		octets += len(m)
	}
	if n := sink.Lost("queue full"); n != (Count{uint64(len(want)), uint64(octets)}) {
		t.Errorf("counted %+v, want %d messages with %d octets", n, len(want), octets)
	}
	expect(t, sink, []string{"<13>first", "<13>last"})
}

// fullToTheEnd ends the context while there is no room: Run must end, and count.
func (s Subject) fullToTheEnd(t *testing.T) {
	in, sink := s.Open(t), NewSink(t)
	stop := Start(t, in, sink)
	s.Send(t, in, []string{"<13>first"})
	sink.Wait(1)
	sink.SetFull(true)
	s.Send(t, in, Lines("d", 10))
	if err := stop(); err != nil {
		t.Errorf("Run: %v", err)
	}
	want := uint64(10)
	if s.Acknowledged {
		want = 0
	}
	if kept, lost := sink.Total(); kept != 1 || lost != want {
		t.Errorf("kept %d, lost %d; want 1 and %d", kept, lost, want)
	}
}

// sinkClosed checks that nothing vanishes when the sink ends before the input does.
func (s Subject) sinkClosed(t *testing.T) {
	in, sink := s.Open(t), NewSink(t)
	Start(t, in, sink)
	s.Send(t, in, []string{"<13>first"})
	sink.Wait(1)
	sink.Close()
	s.Send(t, in, []string{"<13>second"})
	if !s.Acknowledged {
		sink.Wait(2)
	}
}

func (s Subject) leavesNothing(t *testing.T) {
	before := runtime.NumGoroutine()
	in, sink := s.Open(t), NewSink(t)
	stop := Start(t, in, sink)
	s.Send(t, in, Lines("e", 5))
	sink.Wait(5)
	stop()
	for end := time.Now().Add(Patience); runtime.NumGoroutine() > before; time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			stacks := make([]byte, 1<<16)
			t.Fatalf("%d goroutines, %d before:\n%s", runtime.NumGoroutine(), before, stacks[:runtime.Stack(stacks, true)])
		}
	}
}

func octets(sink *Sink) []string {
	var out []string
	for _, m := range sink.Messages() {
		out = append(out, m.Octets)
	}
	return out
}

func expect(t *testing.T, sink *Sink, want []string) {
	t.Helper()
	if got := octets(sink); !slices.Equal(got, want) {
		t.Errorf("got %q\nwant %q", got, want)
	}
}

func expectSorted(t *testing.T, sink *Sink, want []string) {
	t.Helper()
	got := octets(sink)
	slices.Sort(got)
	want = slices.Sorted(slices.Values(want))
	if !slices.Equal(got, want) {
		t.Errorf("got %q\nwant %q", got, want)
	}
}
