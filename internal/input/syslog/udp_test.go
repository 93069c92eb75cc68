package syslog

import (
	"context"
	"net"
	"strings"
	"syscall"
	"testing"
	"time"

	"constat/entry"
	"constat/internal/input"
	"constat/internal/input/inputtest"
)

// TestUDPFlood: what was sent is what was kept and what was counted, also when the buffer is far too small and the
// sender never speaks again.
func TestUDPFlood(t *testing.T) {
	const sent = 100_000
	for _, buffer := range []int{32 << 10, 8 << 20} {
		d, err := ListenUDP(UDPConfig{Address: "127.0.0.1:0", ReceiveBuffer: buffer})
		must(t, d, err)
		sink := inputtest.NewSink(t)
		stop := inputtest.Start(t, d, sink)
		flood(t, d.Addr().String(), sent)
		sink.Wait(sent)
		kept, lost := sink.Total()
		if kept+lost != sent || lost != sink.Losses()[inputtest.Loss{Source: d.Name(), Reason: reasonKernel}].Messages {
			t.Errorf("kept %d, lost %d: %+v", kept, lost, sink.Losses())
		}
		if err := stop(); err != nil {
			t.Error(err)
		}
		if k, l := sink.Total(); k != kept || l != lost {
			t.Errorf("kept %d, lost %d at the end", k, l)
		}
		t.Logf("buffer %d (granted %d): kept %d, lost %d", buffer, d.ReceiveBuffer(), kept, lost)
	}
}

// TestUDPStop: also when the input ends while they wait in the socket.
func TestUDPStop(t *testing.T) {
	const sent = 5000
	d, err := ListenUDP(UDPConfig{Address: "127.0.0.1:0", ReceiveBuffer: 256 << 10})
	must(t, d, err)
	sink := inputtest.NewSink(t)
	stop := inputtest.Start(t, d, sink)
	flood(t, d.Addr().String(), sent)
	if err := stop(); err != nil {
		t.Error(err)
	}
	if kept, lost := sink.Total(); kept+lost != sent {
		t.Errorf("kept %d, lost %d", kept, lost)
	}
}

func flood(t testing.TB, addr string, n int) {
	conn, err := net.Dial("udp", addr)
	if err != nil {
		t.Error(err)
		return
	}
	defer conn.Close()
	message := []byte("<13>" + strings.Repeat("x", 252))
	for range n {
		conn.Write(message) // refused once the input has ended
	}
}

// TestUDPBeforeRun: what comes between the constructor and Run is counted too.
func TestUDPBeforeRun(t *testing.T) {
	d, err := ListenUDP(UDPConfig{Address: "127.0.0.1:0", ReceiveBuffer: 16 << 10})
	must(t, d, err)
	flood(t, d.Addr().String(), 1000)
	sink := inputtest.NewSink(t)
	inputtest.Start(t, d, sink)
	sink.Wait(1000)
	if kept, lost := sink.Total(); kept+lost != 1000 || kept == 0 || lost == 0 {
		t.Errorf("kept %d, lost %d", kept, lost)
	}
}

func TestUDPMessages(t *testing.T) {
	d, err := ListenUDP(UDPConfig{Address: "127.0.0.1:0", Limit: 10})
	must(t, d, err)
	sink := inputtest.NewSink(t)
	inputtest.Start(t, d, sink)
	want := []inputtest.Message{{Octets: "<1>a\n"}, {Octets: "<2>bcdefgh", Lost: 90, Flag: FlagOversize}, {Octets: "\x00"}}
	send(t, "udp", d.Addr().String(), []string{"<1>a\n", "<2>bcdefgh" + strings.Repeat("i", 90), "", "\x00"}, asIs)
	sink.Wait(4)
	for i, m := range sink.Messages() {
		if m.Octets != want[i].Octets || m.Lost != want[i].Lost || m.Flag != want[i].Flag {
			t.Errorf("got %+v, want %+v", m, want[i])
		}
	}
	if n := sink.Losses()[inputtest.Loss{Source: "udp 127.0.0.1", Reason: reasonEmpty}]; n.Messages != 1 {
		t.Errorf("losses %+v", sink.Losses())
	}
}

func TestUDPPeers(t *testing.T) {
	d, err := ListenUDP(UDPConfig{Address: ":0"})
	must(t, d, err)
	sink := inputtest.NewSink(t)
	inputtest.Start(t, d, sink)
	_, port, _ := net.SplitHostPort(d.Addr().String())
	peers := []string{"127.0.0.1", "::1"}
	for i, host := range []string{"127.0.0.1", "::1", "127.0.0.1"} {
		if host == "::1" && !hasIPv6() {
			t.Skip("no IPv6")
		}
		send(t, "udp", net.JoinHostPort(host, port), []string{"<13>" + host}, asIs)
		sink.Wait(i + 1)
	}
	got := sink.Messages()
	for i, m := range got {
		fields := fieldsOf(m.Source)
		if want := peers[i%2]; fields["_SOURCE_ADDR"] != want || fields["_TRANSPORT"] != "syslog-udp" || m.Source.Name != "udp "+want {
			t.Errorf("source %s: %v", m.Source.Name, fields)
		}
	}
	if got[0].Source != got[2].Source || !got[0].Source.Datagram {
		t.Error("one peer, two sources")
	}
}

func hasIPv6() bool {
	conn, err := net.ListenPacket("udp", "[::1]:0")
	if err == nil {
		conn.Close()
	}
	return err == nil
}

// TestPassedUDP: a socket that was passed to us is used as it is, and keeps working when we end.
func TestPassedUDP(t *testing.T) {
	conn, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	file, err := conn.(*net.UDPConn).File()
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	for i := range 2 {
		d, err := ListenUDP(UDPConfig{File: file})
		must(t, d, err)
		send(t, "udp", conn.LocalAddr().String(), []string{"<13>x"}, asIs)
		sink := inputtest.NewSink(t)
		stop := inputtest.Start(t, d, sink)
		sink.Wait(1)
		if err := stop(); err != nil {
			t.Error(err)
		}
		if want := 4 << 20; i == 0 && d.ReceiveBuffer() < want {
			t.Logf("buffer %d, less than %d", d.ReceiveBuffer(), want)
		}
	}
	if _, err := ListenTCP(TCPConfig{File: file}); err == nil {
		t.Error("a UDP socket is not a TCP socket")
	}
}

func TestListenErrors(t *testing.T) {
	d := openUDP(t).(*Datagram)
	_, err := ListenUDP(UDPConfig{Address: d.Addr().String()})
	if err == nil || !strings.Contains(err.Error(), d.Addr().String()) {
		t.Errorf("error %v does not name %s", err, d.Addr())
	}
	s := openTCP(t).(*Stream)
	_, err = ListenTCP(TCPConfig{Address: s.Addr().String()})
	if err == nil || !strings.Contains(err.Error(), s.Addr().String()) {
		t.Errorf("error %v does not name %s", err, s.Addr())
	}
}

// TestUDPAllocates: nothing, once the peer is known.
func TestUDPAllocates(t *testing.T) {
	d := openUDP(t).(*Datagram)
	sink := &nullSink{}
	to, done := newHandover(context.Background(), sink)
	defer done()
	r := &reading{Datagram: d, to: to, batch: newBatch(batchSize, d.limit, false)}
	conn, err := net.Dial("udp", d.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	message := []byte("<13>some message or other")
	take := func(fd uintptr) { r.failed = r.batch.receive(fd) }
	step := func() {
		for range 10 {
			conn.Write(message)
		}
		if d.raw.Control(take); r.batch.received != 10 {
			t.Fatalf("received %d: %v", r.batch.received, r.failed)
		}
		if err := r.handOver(); err != nil {
			t.Fatal(err)
		}
	}
	step()
	if n := testing.AllocsPerRun(100, step); n > 0 {
		t.Errorf("%v allocations for 10 datagrams", n)
	}
}

// nullSink takes everything.
type nullSink struct {
	messages int64
	octets   int64
	lost     uint64
	spare    *input.Chunk
	all      int64 // messages; came is closed when they have come
	came     chan struct{}
}

func (s *nullSink) Chunk() *input.Chunk {
	if c := s.spare; c != nil {
		s.spare = nil
		return c
	}
	return new(input.Chunk)
}

func (s *nullSink) Put(_ context.Context, c *input.Chunk) error { return s.Offer(c) }

func (s *nullSink) Offer(c *input.Chunk) error {
	s.messages += int64(len(c.Messages))
	s.octets += int64(len(c.Octets))
	c.Reset()
	s.spare = c
	if s.messages == s.all {
		close(s.came)
	}
	return nil
}

func (s *nullSink) Lose(_, _ string, n, _ uint64)        { s.lost += n }
func (s *nullSink) Refuse(string, string, []entry.Field) { s.lost++ }

// BenchmarkUDP is the receiving side alone: the datagrams are in the socket already.
func BenchmarkUDP(b *testing.B) {
	d := openUDP(b).(*Datagram)
	sink := &nullSink{}
	to, done := newHandover(b.Context(), sink)
	defer done()
	r := &reading{Datagram: d, to: to, batch: newBatch(batchSize, d.limit, false)}
	conn, err := net.Dial("udp", d.Addr().String())
	if err != nil {
		b.Fatal(err)
	}
	defer conn.Close()
	message := []byte("<13>" + strings.Repeat("x", 252))
	var used time.Duration
	b.ReportAllocs()
	for n := 0; n < b.N; {
		for range 1000 {
			conn.Write(message)
		}
		began := cpuTime()
		for {
			var failed error
			d.raw.Control(func(fd uintptr) { failed = r.batch.receive(fd) })
			if failed != nil {
				break
			}
			n += r.batch.received
			if err := r.handOver(); err != nil {
				b.Fatal(err)
			}
		}
		used += cpuTime() - began
	}
	b.ReportMetric(float64(used)/float64(sink.messages), "cpu-ns/message")
}

// cpuTime is what this process has used.
func cpuTime() time.Duration {
	var u syscall.Rusage
	syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
