package syslog

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"constat/internal/input"
	"constat/internal/input/inputtest"
	"constat/internal/relp"
)

func openRELP(t testing.TB) input.Input { return listenRELP(t, TCPConfig{}, RELP{}) }

func listenRELP(t testing.TB, c TCPConfig, r RELP) *Stream {
	c.Address = "127.0.0.1:0"
	s, err := ListenRELP(c, r)
	return must(t, s, err)
}

const opening = "1 open 30 relp_version=0\ncommands=syslog\n"

// frames are messages as a client sends them.
func frames(messages []string) string {
	b := []byte(opening)
	for i, m := range messages {
		b = relp.AppendFrame(b, uint32(i)+2, relp.Syslog, []byte(m))
	}
	return string(b)
}

// TestRELP holds RELP to the contract. Its client sends without waiting, and reads what it is told.
func TestRELP(t *testing.T) {
	inputtest.Run(t, inputtest.Subject{Acknowledged: true, Open: openRELP,
		Send: func(t testing.TB, in input.Input, messages []string) {
			conn, err := net.Dial("tcp", addrOf(in))
			if err != nil {
				t.Error(err)
				return
			}
			if _, err := io.WriteString(conn, frames(messages)); err != nil {
				t.Error(err)
			}
			conn.(*net.TCPConn).CloseWrite()
			t.Cleanup(func() { conn.Close() })
		}})
}

// dialRELP returns a client of an input.
func dialRELP(t *testing.T, in input.Input, c relp.ClientConfig) *relp.Client {
	t.Helper()
	conn, err := net.Dial("tcp", addrOf(in))
	if err != nil {
		t.Fatal(err)
	}
	client, err := relp.NewClient(t.Context(), conn, c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ended, cancel := context.WithCancel(context.Background())
		cancel()
		client.Close(ended)
	})
	return client
}

// slow is a sink that says that messages are durable when it is told to.
type slow struct {
	*inputtest.Sink
	mu   sync.Mutex
	due  []func(error)
	most int // messages that were taken and not durable
	now  int
}

func (s *slow) Put(ctx context.Context, c *input.Chunk) error {
	done, n := c.Done, len(c.Messages)
	c.Done = nil
	s.mu.Lock()
	s.now += n
	s.most = max(s.most, s.now)
	s.due = append(s.due, func(err error) {
		s.mu.Lock()
		s.now -= n
		s.mu.Unlock()
		done(err)
	})
	s.mu.Unlock()
	return s.Sink.Put(ctx, c)
}

// settle says what became of the chunks so far, the last first.
func (s *slow) settle(err error) {
	s.mu.Lock()
	due := s.due
	s.due = nil
	s.mu.Unlock()
	for _, done := range slices.Backward(due) {
		done(err)
	}
}

// TestAnswersWhenDurable: a message is answered when it is durable, not when it is taken, and in the order of the
// messages, whatever the order in which they become durable.
func TestAnswersWhenDurable(t *testing.T) {
	in := openRELP(t)
	sink := &slow{Sink: inputtest.NewSink(t)}
	inputtest.Start(t, in, sink)
	conn, err := net.Dial("tcp", addrOf(in))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	r := relp.NewReader(conn)
	io.WriteString(conn, opening)
	if h, err := r.Next(); err != nil || h.Number != 1 {
		t.Fatalf("open: %v %v", h, err)
	}
	r.Data(nil, 1000)
	for i := range uint32(3) { // each is handed over alone
		conn.Write(relp.AppendFrame(nil, i+2, relp.Syslog, []byte("<13>message")))
		sink.Wait(int(i) + 1)
	}
	conn.SetReadDeadline(time.Now().Add(50 * time.Millisecond))
	if err := r.Await(); err == nil {
		t.Fatal("answered before it was durable")
	}
	conn.SetReadDeadline(time.Now().Add(inputtest.Patience))
	sink.settle(nil)
	for i := range uint32(3) {
		h, err := r.Next()
		data, _, err2 := r.Data(nil, 1000)
		if err != nil || err2 != nil || h.Number != i+2 || string(data) != "200 OK" {
			t.Fatalf("%v %q %v %v, want the answer to %d", h, data, err, err2, i+2)
		}
	}
}

// TestRELPRefusal: what cannot be kept is not acknowledged, and can be sent again over the same connection.
func TestRELPRefusal(t *testing.T) {
	in := openRELP(t)
	sink := &slow{Sink: inputtest.NewSink(t)}
	inputtest.Start(t, in, sink)
	client := dialRELP(t, in, relp.ClientConfig{})
	for i, failure := range []error{errors.New("disk\nfull"), nil} {
		go func() {
			sink.Wait(i + 1)
			sink.settle(failure)
		}()
		n, err := client.Send(t.Context(), [][]byte{[]byte("<13>message")})
		if refused := (*relp.RefusedError)(nil); failure != nil && (n != 0 || !errors.As(err, &refused) || refused.Text != "not kept: disk full") ||
			failure == nil && (n != 1 || err != nil) {
			t.Errorf("%v: %d acknowledged, %v", failure, n, err)
		}
	}
	if err := client.Close(t.Context()); err != nil {
		t.Errorf("Close: %v", err)
	}
}

// TestRELPWindow: however much a client sends, only so many messages of it are under way, and all arrive in order.
func TestRELPWindow(t *testing.T) {
	in := openRELP(t)
	sink := &slow{Sink: inputtest.NewSink(t)}
	inputtest.Start(t, in, sink)
	const total = 3 * maxUnanswered
	messages := inputtest.Lines("w", total)
	client := dialRELP(t, in, relp.ClientConfig{Window: total})
	sent := make(chan error, 1)
	go func() {
		n, err := client.Send(t.Context(), toOctets(messages))
		if n != total {
			err = fmt.Errorf("%d acknowledged: %w", n, err)
		}
		sent <- err
	}()
	for seen := 0; seen < total; seen = len(sink.Messages()) {
		sink.Wait(seen + 1)
		sink.settle(nil)
	}
	for {
		sink.settle(nil)
		select {
		case err := <-sent:
			if err != nil {
				t.Error(err)
			}
			if got := octetsOf(sink.Sink); !slices.Equal(got, messages) {
				t.Error("not in order")
			}
			if sink.most > maxUnanswered {
				t.Errorf("%d messages were under way, at most %d should be", sink.most, maxUnanswered)
			}
			t.Logf("%d messages in %d chunks, at most %d under way", total, sink.Chunks(), sink.most)
			return
		case <-time.After(time.Millisecond):
		}
	}
}

func toOctets(messages []string) (list [][]byte) {
	for _, m := range messages {
		list = append(list, []byte(m))
	}
	return list
}

// TestRELPLong: of a message above the limit the beginning is kept. It is acknowledged only if that is configured.
func TestRELPLong(t *testing.T) {
	for _, cut := range []bool{false, true} {
		in := listenRELP(t, TCPConfig{Limit: 10}, RELP{CutLong: cut})
		sink := inputtest.NewSink(t)
		inputtest.Start(t, in, sink)
		n, err := dialRELP(t, in, relp.ClientConfig{}).Send(t.Context(), [][]byte{[]byte("<13>short"), []byte("<13>far too long"), nil})
		if cut && (n != 3 || err != nil) || !cut && (n != 1 || err == nil || !strings.Contains(err.Error(), reasonTooLong)) {
			t.Errorf("cut %v: %d acknowledged, %v", cut, n, err)
		}
		sink.Wait(3)
		if m := sink.Messages()[1]; m.Octets != "<13>far to" || m.Lost != 6 || m.Flag != FlagOversize {
			t.Errorf("kept %+v", m)
		}
		if n := sink.Lost(reasonEmpty); n.Messages != 1 {
			t.Errorf("empty messages: %+v", n)
		}
	}
}

// TestRELPStrangers: what is no RELP is refused, counted, and closed; what came before is kept.
func TestRELPStrangers(t *testing.T) {
	for stream, kept := range map[string]int{
		"<13>plain syslog\n":                                0,
		"GET / HTTP/1.1\r\n\r\n":                            0,
		"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03":          0,
		frames([]string{"<13>a"}) + "9 syslog 1 a\n":        1,
		frames([]string{"<13>a"}) + "3 syslog 1 ab\n":       1,
		"1 open 99999 " + strings.Repeat("x", 99999) + "\n": 0,
		"1 starttls 0\n":                                    0,
	} {
		in := openRELP(t)
		sink := inputtest.NewSink(t)
		inputtest.Start(t, in, sink)
		conn, err := net.Dial("tcp", addrOf(in))
		if err != nil {
			t.Fatal(err)
		}
		io.WriteString(conn, stream)
		conn.SetReadDeadline(time.Now().Add(inputtest.Patience))
		said, err := io.ReadAll(bufio.NewReader(conn))
		conn.Close()
		if errors.Is(err, context.DeadlineExceeded) || err == nil && !strings.HasSuffix(string(said), "0 serverclose 0\n") {
			t.Errorf("%.40q: answered %q, %v", stream, said, err)
		}
		sink.Wait(kept + 1)
		n := sink.Losses()[inputtest.Loss{Source: "relp 127.0.0.1", Reason: input.Refused + "not RELP"}]
		if got, _ := sink.Total(); int(got) != kept || n.Messages != 1 {
			t.Errorf("%.40q: %d kept, losses %v", stream, got, sink.Losses())
		}
	}
}

// TestRELPTimeout: a frame that has begun must end in time, while a client between two frames may rest.
func TestRELPTimeout(t *testing.T) {
	in := listenRELP(t, TCPConfig{FrameTimeout: 100 * time.Millisecond}, RELP{})
	sink := inputtest.NewSink(t)
	inputtest.Start(t, in, sink)
	conn, err := net.Dial("tcp", addrOf(in))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	io.WriteString(conn, opening)
	conn.SetReadDeadline(time.Now().Add(250 * time.Millisecond))
	if said, err := io.ReadAll(conn); err == nil {
		t.Fatalf("closed while it rests: %q", said)
	}
	io.WriteString(conn, "2 syslog 100 <13>half")
	conn.SetReadDeadline(time.Now().Add(inputtest.Patience))
	if said, err := io.ReadAll(conn); err != nil || string(said) != "0 serverclose 0\n" {
		t.Errorf("%q %v", said, err)
	}
	sink.Wait(1)
	if n := sink.Lost(input.Refused + "frame not in time"); n.Messages != 1 {
		t.Errorf("losses %v", sink.Losses())
	}
}

// TestAnswersNobodyReads: however many messages a client sends without reading answers, so many answers wait for it and no
// more, and it holds nobody else up.
func TestAnswersNobodyReads(t *testing.T) {
	ours, theirs := net.Pipe() // which holds nothing
	defer theirs.Close()
	a := newAnswers(ours, ours)
	put, ended := make(chan int, 1000), make(chan struct{})
	go func() {
		defer close(ended)
		for number := uint32(2); ; number += 100 {
			one := &answer{}
			for i := range uint32(100) {
				one.add(number+i, false)
			}
			if a.put(one, 1000) != nil {
				return
			}
			a.settle(one, 1000, nil)
			put <- 100
		}
	}()
	total := 0
	for waiting := true; waiting; {
		select {
		case n := <-put:
			total += n
		case <-time.After(200 * time.Millisecond):
			waiting = false
		}
	}
	if total < maxUnanswered-100 || total > 2*maxUnanswered {
		t.Errorf("%d answers wait", total)
	}
	a.fail(io.ErrClosedPipe)
	<-ended
	a.end()
}

// FuzzRELPInput: whatever a client sends, in whatever pieces, what is kept is what was sent, and the input goes on.
func FuzzRELPInput(f *testing.F) {
	f.Add([]byte(frames([]string{"<13>a", "", "<13>b\n"})+"5 close 0\n"), byte(7))
	f.Add([]byte(opening+"2 syslog 999999999 x"), byte(1))
	f.Add([]byte("1 syslog 3 abc\n2 open 30 relp_version=0\ncommands=syslog\n"), byte(3))
	f.Add([]byte("0 hint 0\n"+opening+opening), byte(200))
	f.Fuzz(func(t *testing.T, stream []byte, piece byte) {
		in := listenRELP(t, TCPConfig{Limit: 8}, RELP{})
		sink := inputtest.NewSink(t)
		stop := inputtest.Start(t, in, sink)
		inPieces(t, in, stream, piece)
		if err := stop(); err != nil {
			t.Fatal(err)
		}
		for _, m := range sink.Messages() {
			if !strings.Contains(string(stream), m.Octets) || len(m.Octets) > 8 {
				t.Fatalf("kept %q", m.Octets)
			}
		}
	})
}
