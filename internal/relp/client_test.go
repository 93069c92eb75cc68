package relp

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// server is the other side of a client. Each message is given to take, whose answers are sent as they are.
type server struct {
	t    *testing.T
	conn net.Conn
	take func(number uint32, data string) (answer []byte, goOn bool)
	got  []string
	done sync.WaitGroup
}

// connect returns a client of a server.
func connect(t *testing.T, c ClientConfig, take func(number uint32, data string) ([]byte, bool)) (*Client, *server) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	s := &server{t: t, take: take}
	s.done.Go(func() {
		conn, err := l.Accept()
		if err != nil {
			t.Error(err)
			return
		}
		s.conn = conn
		s.serve()
	})
	conn, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	client, err := NewClient(t.Context(), conn, c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ended, cancel := context.WithCancel(context.Background())
		cancel()
		client.Close(ended)
		s.done.Wait()
	})
	return client, s
}

func (s *server) serve() {
	defer s.conn.Close()
	session := Session{Software: "test"}
	r := NewReader(s.conn)
	for {
		h, err := r.Next()
		if err != nil {
			return
		}
		data, _, err := r.Data(nil, 1<<20)
		if err != nil {
			return
		}
		step, answer, err := session.Take(h, data)
		if err != nil {
			s.t.Errorf("server: %v", err)
		}
		goOn := step != End
		if step == Message {
			s.got = append(s.got, string(data))
			answer, goOn = s.take(h.Number, string(data))
		}
		if _, err := s.conn.Write(answer); err != nil || !goOn {
			return
		}
	}
}

func messages(n int) (list [][]byte) {
	for i := range n {
		list = append(list, fmt.Appendf(nil, "<13>message %d", i))
	}
	return list
}

func TestSend(t *testing.T) {
	client, s := connect(t, ClientConfig{Window: 4, Software: "us"}, func(number uint32, _ string) ([]byte, bool) { return AppendOK(nil, number), true })
	if client.PeerSoftware() != "test" {
		t.Errorf("the server is %q", client.PeerSoftware())
	}
	for range 3 {
		if n, err := client.Send(t.Context(), messages(100)); n != 100 || err != nil {
			t.Fatalf("%d acknowledged, %v", n, err)
		}
	}
	if n, err := client.Send(t.Context(), nil); n != 0 || err != nil {
		t.Errorf("nothing: %d, %v", n, err)
	}
	if err := client.Close(t.Context()); err != nil {
		t.Errorf("Close: %v", err)
	}
	s.done.Wait()
	if len(s.got) != 300 || s.got[0] != "<13>message 0" || s.got[299] != "<13>message 99" {
		t.Errorf("the server has %d messages, the last is %q", len(s.got), s.got[len(s.got)-1])
	}
	if n, err := client.Send(t.Context(), messages(1)); n != 0 || !errors.Is(err, ErrEnded) {
		t.Errorf("after Close: %d, %v", n, err)
	}
}

// TestWindow: the client sends as many as the window allows, and no more, until one is answered. Answers may come in
// any order.
func TestWindow(t *testing.T) {
	const window = 5
	var due []uint32
	rng := rand.New(rand.NewPCG(1, 2))
	client, s := connect(t, ClientConfig{Window: window}, func(number uint32, _ string) (answer []byte, goOn bool) {
		if due = append(due, number); len(due) < window {
			return nil, true
		}
		rng.Shuffle(len(due), func(i, j int) { due[i], due[j] = due[j], due[i] })
		for _, n := range due {
			answer = AppendOK(answer, n)
		}
		due = due[:0]
		return answer, true
	})
	if n, err := client.Send(t.Context(), messages(20*window)); n != 20*window || err != nil {
		t.Fatalf("%d acknowledged, %v", n, err)
	}
	client.Close(t.Context())
	s.done.Wait()
	for i, m := range s.got {
		if m != fmt.Sprintf("<13>message %d", i) {
			t.Fatalf("message %d is %q", i, m)
		}
	}
}

// TestRefused: what was acknowledged before the refusal counts, and the session goes on.
func TestRefused(t *testing.T) {
	refuse := true
	client, _ := connect(t, ClientConfig{}, func(number uint32, data string) ([]byte, bool) {
		if refuse && strings.HasSuffix(data, " 7") {
			refuse = false
			return AppendRefusal(nil, number, "disk full"), true
		}
		return AppendOK(nil, number), true
	})
	n, err := client.Send(t.Context(), messages(20))
	refused := (*RefusedError)(nil)
	if n != 7 || !errors.As(err, &refused) || refused.Text != "disk full" || refused.Code != Refused {
		t.Fatalf("%d acknowledged, %v", n, err)
	}
	if n, err := client.Send(t.Context(), messages(20)[7:]); n != 13 || err != nil {
		t.Errorf("again: %d acknowledged, %v", n, err)
	}
}

// TestServerGoes: however the session ends, what was acknowledged before is known.
func TestServerGoes(t *testing.T) {
	tests := []struct {
		name   string
		answer string
		goOn   bool
		config ClientConfig
		want   error
	}{
		{"closes", "", false, ClientConfig{}, ErrEnded},
		{"says so", "0 serverclose 0\n", false, ClientConfig{}, ErrEnded},
		{"answers what was not asked", "99 rsp 6 200 OK\n", true, ClientConfig{}, ErrProtocol},
		{"answers twice", "2 rsp 6 200 OK\n", true, ClientConfig{}, ErrProtocol},
		{"answers nonsense", "hello", true, ClientConfig{}, ErrProtocol},
		{"answers without code", "12 rsp 2 OK\n", true, ClientConfig{}, ErrProtocol},
		{"commands", "12 syslog 0\n", true, ClientConfig{}, ErrProtocol},
		{"is silent", "", true, ClientConfig{Timeout: 50 * time.Millisecond}, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			client, _ := connect(t, tt.config, func(number uint32, data string) ([]byte, bool) {
				if number == 12 { // the first was open
					return []byte(tt.answer), tt.goOn
				}
				return AppendOK(nil, number), true
			})
			n, err := client.Send(t.Context(), messages(11))
			if n != 10 || err == nil || tt.want != nil && !errors.Is(err, tt.want) {
				t.Errorf("%d acknowledged, %v; want 10, %v", n, err, tt.want)
			}
			if n, again := client.Send(t.Context(), messages(1)); n != 0 || again == nil {
				t.Errorf("afterwards: %d acknowledged, %v", n, again)
			}
		})
	}
}

func TestCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	var client *Client
	client, _ = connect(t, ClientConfig{}, func(number uint32, _ string) ([]byte, bool) {
		if number == 5 {
			client.awaitOthers(7) // of the ten
			cancel()
		}
		if number >= 5 {
			return nil, true
		}
		return AppendOK(nil, number), true
	})
	if n, err := client.Send(ctx, messages(10)); n != 3 || !errors.Is(err, context.Canceled) {
		t.Errorf("%d acknowledged, %v", n, err)
	}
}

// TestNoServer: what answers, but not with RELP, is not taken for a server.
func TestNoServer(t *testing.T) {
	for _, answer := range []string{"", "HTTP/1.1 400 Bad Request\r\n\r\n", "1 rsp 6 200 OK\n", "1 rsp 6 500 no\n", "2 rsp 38 200 OK\nrelp_version=0\ncommands=syslog\n\n",
		"1 rsp 40 200 OK\nrelp_version=0\ncommands=eventlog\n\n", "1 syslog 0\n"} {
		ours, theirs := net.Pipe()
		go func() {
			defer theirs.Close()
			io.ReadFull(theirs, make([]byte, 20))
			go io.Copy(io.Discard, theirs)
			io.WriteString(theirs, answer)
		}()
		if c, err := NewClient(t.Context(), ours, ClientConfig{}); err == nil {
			c.Close(t.Context())
			t.Errorf("%q was taken for a server", answer)
		}
	}
	ours, theirs := net.Pipe()
	defer theirs.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if _, err := NewClient(ctx, ours, ClientConfig{}); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("a server that is silent: %v", err)
	}
}

// awaitOthers waits until so many messages are under way.
func (c *Client) awaitOthers(n int) {
	for {
		c.mu.Lock()
		waiting := len(c.waiting)
		c.mu.Unlock()
		if waiting == n {
			return
		}
		time.Sleep(time.Millisecond)
	}
}
