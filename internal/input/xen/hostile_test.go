package xen_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"runtime"
	"strings"
	"testing"
	"time"

	"constat/internal/input"
	"constat/internal/input/inputtest"
	"constat/internal/input/xen"
)

// hostile writes into a channel whatever it likes, and as fast as it is read.
func (s *station) hostile(domain string, write func(w io.Writer)) {
	s.Helper()
	l, err := net.Listen("unix", s.path(domain))
	if err != nil {
		s.Fatal(err)
	}
	s.Cleanup(func() { l.Close() })
	go func() {
		if conn, err := l.Accept(); err == nil {
			write(conn)
			conn.Close()
		}
	}()
}

// thrifty is a sink that keeps nothing of one domain but numbers.
type thrifty struct {
	*inputtest.Sink
	octets, lost, longest int64
	most                  uint64 // octets of the heap
	over                  chan struct{}
}

func (s *thrifty) Put(ctx context.Context, c *input.Chunk) error {
	if c.Source.Name != "xen bad" {
		return s.Sink.Put(ctx, c)
	}
	for _, m := range c.Messages {
		if m.Note != nil && field(inputtest.Note{Note: *m.Note}, xen.Happened) == "disconnected" && s.lost > 0 {
			close(s.over)
		}
		s.octets += int64(m.End - m.Start)
		s.lost += m.Lost
		s.longest = max(s.longest, int64(m.End-m.Start))
	}
	var mem runtime.MemStats
	runtime.ReadMemStats(&mem)
	s.most = max(s.most, mem.HeapAlloc)
	return nil
}

// TestEndless: 100 MB without a newline cost no memory, and nobody else's lines.
func TestEndless(t *testing.T) {
	const size = 100 << 20
	s := newStation(t)
	sink := &thrifty{Sink: inputtest.NewSink(t), over: make(chan struct{})}
	good := s.start("good")
	s.hostile("bad", func(w io.Writer) {
		piece := bytes.Repeat([]byte{'x', 0, '\r', 0xff}, 1<<16)
		for range size / len(piece) {
			w.Write(piece)
		}
		io.WriteString(w, "\nlast\n")
	})
	stop := inputtest.Start(t, s.watch(xen.Config{}), sink)
	for n := uint64(1); n <= 2000; n++ {
		good.Write([]byte(frames(runA, n)))
	}
	flush(t, good)
	sink.Wait(2000)
	select {
	case <-sink.over:
	case <-time.After(inputtest.Patience):
		t.Error("the end does not come")
	}
	stop()
	if sink.octets != xen.DefaultLimit+int64(len("last")) || sink.lost != size-xen.DefaultLimit || sink.longest != xen.DefaultLimit {
		t.Errorf("%d octets kept, %d lost, the longest message has %d", sink.octets, sink.lost, sink.longest)
	}
	if sink.most > 48<<20 {
		t.Errorf("%d octets of memory", sink.most)
	}
	if n := numbersOf(t, sink.Sink, runA); len(n.kept) != 2000 {
		t.Errorf("%d good frames", len(n.kept))
	}
}

// TestHostile: octets without sense, torn and forged frames, and frames that claim another domain harm nobody else, and
// come back as they were.
func TestHostile(t *testing.T) {
	s, sink := newStation(t), inputtest.NewSink(t)
	good := s.start("good")
	var sent bytes.Buffer
	random := rand.New(rand.NewPCG(1, 2))
	parts := []string{"\r", "\x1b[2J\x1b]0;x\a", "\x00", "\xff\xc0\x80", "\u009b", header, frames(runA, 1<<63-1), frames(runA, 1<<62), frames(runB, 7), heartbeat(runA, 1<<63-1),
		ending(runA, 1<<40), frames(runA, 5)[:40], "%c1 ", "%c1 m \n", strings.Repeat("z", 70000), "\n", "\n\n"}
	for range 3000 {
		part := parts[random.IntN(len(parts))]
		if strings.HasPrefix(part, "z") && random.IntN(20) > 0 {
			part = frames(fmt.Sprintf("%016x", random.Uint64()), random.Uint64()>>1|1)
		}
		sent.WriteString(part)
	}
	s.hostile("bad", func(w io.Writer) { w.Write(sent.Bytes()) })
	inputtest.Start(t, s.watch(xen.Config{}), sink)
	for n := uint64(1); n <= 500; n++ {
		good.Write([]byte(frames(runA, n)))
	}
	send(t, good, ending(runA, 500))
	until(t, "the end", func() bool { return happened(sink, "disconnected") == 1 })
	until(t, "the good frames", func() bool { return len(goodOnes(sink)) == 500 })
	for i, m := range goodOnes(sink) {
		if m.Flag != "" || m.Octets+"\n" != frames(runA, uint64(i+1)) {
			t.Errorf("%d: %q %q", i+1, m.Flag, m.Octets)
		}
	}
	var octets int64
	for _, m := range sink.Messages() {
		if m.Source.Name == "xen bad" {
			octets += int64(len(m.Octets)) + m.Lost
		}
		if len(m.Octets) > xen.DefaultLimit+1 {
			t.Errorf("a message of %d octets", len(m.Octets))
		}
	}
	lines := int64(bytes.Count(sent.Bytes(), []byte("\n")))
	if octets > int64(sent.Len()) || octets < int64(sent.Len())-2*lines-int64(strings.Count(sent.String(), "%c1 h")+strings.Count(sent.String(), "%c1 e"))*100 {
		t.Errorf("%d octets of %d in %d lines", octets, sent.Len(), lines)
	}
	for _, n := range sink.Notes() {
		if n.Reason == xen.ReasonMissing && n.Source.Name != "xen bad" {
			t.Errorf("a loss of somebody else: %+v", n)
		}
	}
}

func goodOnes(sink *inputtest.Sink) (list []inputtest.Message) {
	for _, m := range sink.Messages() {
		if m.Source.Name == "xen good" {
			list = append(list, m)
		}
	}
	return list
}
