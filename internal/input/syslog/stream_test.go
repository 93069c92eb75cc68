package syslog

import (
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"constat/internal/input"
	"constat/internal/input/inputtest"
)

// openStream starts a TCP input with a sink.
func openStream(t testing.TB, c TCPConfig) (*Stream, *inputtest.Sink, func() error) {
	c.Address = "127.0.0.1:0"
	s, err := ListenTCP(c)
	must(t, s, err)
	sink := inputtest.NewSink(t)
	return s, sink, inputtest.Start(t, s, sink)
}

func dial(t testing.TB, s *Stream) net.Conn {
	t.Helper()
	conn, err := net.Dial(s.Addr().Network(), s.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return conn
}

// TestStreamContent sends long and short messages in all framings over several connections at once, and wants each
// connection's messages back, in order.
func TestStreamContent(t *testing.T) {
	s, sink, _ := openStream(t, TCPConfig{})
	const connections, each = 4, 3000
	want := make([][]string, connections)
	var sending sync.WaitGroup
	for i := range connections {
		var stream strings.Builder
		for k := range each {
			m := fmt.Sprintf("<13>connection %d message %d %s", i, k, strings.Repeat("x", (k*k*7)%(1+k%5*997)))
			want[i] = append(want[i], m)
			switch (k + i) % 3 {
			case 0:
				stream.WriteString(strconv.Itoa(len(m)) + " " + m)
			case 1:
				stream.WriteString(m + "\n")
			default:
				stream.WriteString(m + "\x00")
			}
		}
		conn := dial(t, s)
		sending.Go(func() {
			io.Copy(conn, strings.NewReader(stream.String()))
			conn.Close()
		})
	}
	sending.Wait()
	sink.Wait(connections * each)
	got := make([][]string, connections)
	for _, m := range sink.Messages() {
		if m.Flag != "" || m.Lost != 0 {
			t.Errorf("%+v", m)
		}
		i := int(m.Octets[len("<13>connection ")] - '0')
		got[i] = append(got[i], m.Octets)
	}
	for i := range want {
		if !slices.Equal(got[i], want[i]) {
			t.Errorf("connection %d: other messages", i)
		}
	}
	t.Logf("%d chunks", sink.Chunks())
}

// TestStreamLimit: a message that is far longer than the limit and than any chunk.
func TestStreamLimit(t *testing.T) {
	s, sink, _ := openStream(t, TCPConfig{Limit: 100})
	conn := dial(t, s)
	big := "<13>" + strings.Repeat("y", 3_000_000-4)
	for _, m := range []string{"3000000 " + big, "<13>between\n", big + "\n", "11 <13>counted"} {
		if _, err := io.WriteString(conn, m); err != nil {
			t.Fatal(err)
		}
	}
	sink.Wait(4)
	want := []inputtest.Message{
		{Octets: big[:100], Lost: 3_000_000 - 100, Flag: FlagOversize}, {Octets: "<13>between"},
		{Octets: big[:100], Lost: 3_000_000 - 100, Flag: FlagOversize}, {Octets: "<13>counted"},
	}
	for i, m := range sink.Messages() {
		if m.Source = nil; m != want[i] {
			t.Errorf("got %+v, want %+v", m, want[i])
		}
	}
}

// TestStreamOneByOne: each message is handed over at once, though the connection stays open.
func TestStreamOneByOne(t *testing.T) {
	s, sink, _ := openStream(t, TCPConfig{})
	conn := dial(t, s)
	for i := range 20 {
		fmt.Fprintf(conn, "<13>message %d\n", i)
		sink.Wait(i + 1)
	}
	fields := fieldsOf(sink.Messages()[0].Source)
	if fields["_SOURCE_ADDR"] != "127.0.0.1" || fields["_TRANSPORT"] != "syslog-tcp" || len(fields) != 2 {
		t.Errorf("fields %v", fields)
	}
	if s.Connections() != 1 {
		t.Errorf("%d connections", s.Connections())
	}
}

func TestStreamTruncated(t *testing.T) {
	s, sink, stop := openStream(t, TCPConfig{})
	conn := dial(t, s)
	io.WriteString(conn, "<13>whole\n20 <13>half")
	conn.Close()
	sink.Wait(2)
	if m := sink.Messages()[1]; m.Octets != "<13>half" || m.Flag != FlagTruncated {
		t.Errorf("%+v", m)
	}
	open := dial(t, s)
	io.WriteString(open, "<13>whole\n<13>half")
	sink.Wait(3)
	stop()
	if m := contains(t, sink, "<13>half"); m.Flag != FlagTruncated || len(sink.Messages()) != 4 {
		t.Errorf("%q", octetsOf(sink))
	}
}

// TestStreamDribble: a message that takes too long ends the connection; a connection without one stays.
func TestStreamDribble(t *testing.T) {
	s, sink, _ := openStream(t, TCPConfig{FrameTimeout: 600 * time.Millisecond})
	idle, dribbling := dial(t, s), dial(t, s)
	io.WriteString(idle, "<13>idle\n")
	sink.Wait(1)
	began := time.Now()
	for _, octet := range "<13>a message that comes slowly, one octet after the other, and would never end" {
		if _, err := dribbling.Write([]byte(string(octet))); err != nil {
			break
		}
		time.Sleep(20 * time.Millisecond)
	}
	if _, err := dribbling.Read(make([]byte, 1)); err == nil {
		t.Error("not cut off")
	}
	if d := time.Since(began); d < 600*time.Millisecond {
		t.Errorf("cut off after %v", d)
	}
	sink.Wait(2)
	if m := sink.Messages()[1]; m.Flag != FlagTimeout || !strings.HasPrefix(m.Octets, "<") {
		t.Errorf("%+v", m)
	}
	// a message that begins after a long silence has its own time
	io.WriteString(idle, "<13>still ")
	time.Sleep(50 * time.Millisecond)
	io.WriteString(idle, "there\n")
	sink.Wait(3)
	if m := contains(t, sink, "still"); m.Octets != "<13>still there" || m.Flag != "" {
		t.Errorf("%+v", m)
	}
}

// TestStreamHoldsBack: while the sink is full the sender waits, and the time does not count against it.
func TestStreamHoldsBack(t *testing.T) {
	s, sink, _ := openStream(t, TCPConfig{FrameTimeout: 500 * time.Millisecond})
	sink.SetFull(true)
	conn := dial(t, s)
	const n = 50_000
	sent := make(chan error, 1)
	go func() {
		_, err := io.WriteString(conn, strings.Repeat("<13>"+strings.Repeat("z", 995)+"\n", n))
		sent <- err
	}()
	select {
	case err := <-sent:
		t.Fatalf("not held back: %v", err)
	case <-time.After(800 * time.Millisecond):
	}
	sink.SetFull(false)
	if err := <-sent; err != nil {
		t.Fatal(err)
	}
	sink.Wait(n)
	if kept, lost := sink.Total(); kept != n || lost != 0 {
		t.Errorf("kept %d, lost %d", kept, lost)
	}
}

func TestTooManyConnections(t *testing.T) {
	s, sink, _ := openStream(t, TCPConfig{MaxConnections: 2})
	first, second := dial(t, s), dial(t, s)
	io.WriteString(first, "<13>1\n")
	io.WriteString(second, "<13>2\n")
	sink.Wait(2)
	third := dial(t, s)
	if _, err := third.Read(make([]byte, 1)); err == nil {
		t.Error("not closed")
	}
	if n := sink.Losses()[inputtest.Loss{Source: s.Name(), Reason: input.Refused + reasonConnections}]; n.Messages != 1 {
		t.Errorf("losses %+v", sink.Losses())
	}
	first.Close()
	for end := time.Now().Add(inputtest.Patience); s.Connections() == 2 && time.Now().Before(end); {
		time.Sleep(time.Millisecond)
	}
	io.WriteString(dial(t, s), "<13>4\n")
	sink.Wait(4)
}

// TestPassedTCP: connections that were made before somebody runs are served.
func TestPassedTCP(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	file, err := l.(*net.TCPListener).File()
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	s, err := ListenTCP(TCPConfig{File: file})
	must(t, s, err)
	send(t, "tcp", l.Addr().String(), []string{"<13>early"}, withLF)
	sink := inputtest.NewSink(t)
	inputtest.Start(t, s, sink)
	sink.Wait(1)
	s.Close()
	if _, err := net.Dial("tcp", l.Addr().String()); err != nil {
		t.Errorf("the socket is gone: %v", err)
	}
}

// TestIdleConnections: an idle connection costs little, also one that has spoken before.
func TestIdleConnections(t *testing.T) {
	if info, ok := debug.ReadBuildInfo(); testing.Short() || ok && slices.Contains(info.Settings, debug.BuildSetting{Key: "-race", Value: "true"}) {
		t.Skip("many files; and the race detector takes memory of its own")
	}
	const n = 4000
	s, sink, _ := openStream(t, TCPConfig{})
	debug.FreeOSMemory()
	before := resident(t)
	conns := make([]net.Conn, n)
	for i := range conns {
		conn, err := net.Dial("tcp", s.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		conns[i] = conn
	}
	for i, conn := range conns {
		fmt.Fprintf(conn, "<13>%d %s\n<13>part", i, strings.Repeat("x", 200))
	}
	sink.Wait(n)
	debug.FreeOSMemory()
	each := (resident(t) - before) / n
	t.Logf("%d octets each, both ends", each)
	if each > 25_000 {
		t.Errorf("%d octets for each of %d connections", each, n)
	}
}

// resident is VmRSS in octets.
func resident(t testing.TB) int {
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(status), "VmRSS:")
	var kB int
	if _, err := fmt.Sscan(rest, &kB); err != nil {
		t.Fatal(err)
	}
	return kB << 10
}

// BenchmarkTCP sends over a real connection; the CPU time is that of both ends, and of the kernel.
func BenchmarkTCP(b *testing.B) {
	for _, counted := range []bool{false, true} {
		b.Run(map[bool]string{false: "LF", true: "counted"}[counted], func(b *testing.B) { benchmarkTCP(b, counted) })
	}
}

func benchmarkTCP(b *testing.B, counted bool) {
	s := openTCP(b).(*Stream)
	blocks := (b.N + 255) / 256
	sink := &nullSink{all: int64(256 * blocks), came: make(chan struct{})}
	ctx, cancel := context.WithCancel(b.Context())
	ended := make(chan struct{})
	go func() { defer close(ended); s.Run(ctx, sink) }()
	message := "<13>" + strings.Repeat("x", 251)
	frame := message + "\n"
	if counted {
		frame = "255 " + message
	}
	block := []byte(strings.Repeat(frame, 256))
	conn := dial(b, s)
	b.SetBytes(256)
	b.ReportAllocs()
	began := cpuTime()
	b.ResetTimer()
	for range blocks {
		conn.Write(block)
	}
	<-sink.came
	b.StopTimer()
	b.ReportMetric(float64(cpuTime()-began)/float64(256*blocks), "cpu-ns/message")
	cancel()
	<-ended
}

// BenchmarkFramer is the cutting alone.
func BenchmarkFramer(b *testing.B) {
	message := "<13>" + strings.Repeat("x", 251)
	for name, frame := range map[string]string{"LF": message + "\n", "NUL": message + "\x00", "counted": "255 " + message} {
		b.Run(name, func(b *testing.B) {
			stream := []byte(strings.Repeat(frame, 1024))
			b.SetBytes(int64(len(frame)))
			for n := 0; n < b.N; {
				f := framer{limit: DefaultLimit, lineNUL: true}
				for _, found := f.next(stream); found; _, found = f.next(stream) {
					n++
				}
			}
		})
	}
}
