package relp

import (
	"bufio"
	"bytes"
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	"constat/internal/output"
	"constat/internal/output/syslog"
	"constat/internal/relp"
)

// TestSession: messages are confirmed as they are acknowledged, and a server that goes is an
// error.
func TestSession(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	lengths := make(chan int, 10)
	go func() {
		conn, err := l.Accept()
		if err != nil {
			return
		}
		defer conn.Close()
		r := relp.NewReader(bufio.NewReader(conn))
		for i := 0; i < 4; i++ {
			h, err := r.Next()
			if err != nil {
				return
			}
			data, _, err := r.Data(nil, 1<<20)
			if err != nil {
				return
			}
			answer := "200 OK"
			if i == 0 {
				answer += "\nrelp_version=0\ncommands=syslog\n"
			} else {
				lengths <- len(data)
			}
			fmt.Fprintf(conn, "%d rsp %d %s\n", h.Number, len(answer), answer)
		}
	}()
	s := Session{Stream: syslog.Stream{Network: "tcp", Address: l.Addr().String()}}
	target, err := s.Open(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer target.Close()
	m := new(output.Messages)
	m.Add([]byte("one"))
	m.Add(bytes.Repeat([]byte("x"), 200_000))
	m.Add([]byte("three"))
	if err := target.Send(t.Context(), m); err != nil {
		t.Fatal(err)
	}
	if n, _ := target.Confirmed(false); n != 3 {
		t.Errorf("confirmed %d", n)
	}
	for end := time.Now().Add(10 * time.Second); err == nil && time.Now().Before(end); time.Sleep(time.Millisecond) {
		_, err = target.Confirmed(false)
	}
	if err == nil || !strings.Contains(err.Error(), "the server has closed the connection") {
		t.Errorf("the server has gone while nothing is sent: %v", err)
	}
	for _, want := range []int{3, 200_000, 5} {
		if n := <-lengths; n != want {
			t.Errorf("a message of %d octets, want %d", n, want)
		}
	}
	if err := target.Send(t.Context(), m); err == nil {
		t.Error("the server has gone, and that is no error")
	}
	if n, _ := target.Confirmed(true); n != 3 {
		t.Errorf("confirmed %d, want 3", n)
	}
}

// TestBegun: of what a server that goes was to get, only what fits into the window has left.
func TestBegun(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	go func() {
		conn, err := l.Accept()
		if err != nil {
			return
		}
		defer conn.Close()
		r := relp.NewReader(conn)
		for _, answer := range []string{"200 OK\nrelp_version=0\ncommands=syslog\n", "200 OK", "200 OK"} {
			h, err := r.Next()
			if err != nil {
				return
			}
			if _, _, err := r.Data(nil, 1<<20); err != nil {
				return
			}
			fmt.Fprintf(conn, "%d rsp %d %s\n", h.Number, len(answer), answer)
		}
	}()
	s := Session{Stream: syslog.Stream{Network: "tcp", Address: l.Addr().String()}, Window: 4}
	target, err := s.Open(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer target.Close()
	m := new(output.Messages)
	for range 1000 {
		m.Add([]byte("message"))
	}
	if err := target.Send(t.Context(), m); err == nil {
		t.Error("the server has gone, and that is no error")
	}
	confirmed, _ := target.Confirmed(true)
	if begun := target.(output.Partial).Begun(); confirmed > 2 || begun < 3 || begun > confirmed+4 {
		t.Errorf("confirmed %d, begun %d", confirmed, begun)
	}
}
