package relp

import (
	"bytes"
	"errors"
	"fmt"
	"net"
	"testing"

	"constat/internal/output"
	"constat/internal/output/syslog"
	"constat/internal/relp"
)

// strict is a server that refuses messages of more than so many octets.
func strict(t *testing.T, limit int) (address string, got func() []string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	taken, done := make(chan string, 10_000), make(chan struct{})
	go func() {
		defer close(done)
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			serveStrict(conn, limit, taken)
		}
	}()
	return l.Addr().String(), func() (list []string) {
		l.Close()
		<-done
		close(taken)
		for text := range taken {
			list = append(list, text)
		}
		return list
	}
}

func serveStrict(conn net.Conn, limit int, taken chan<- string) {
	defer conn.Close()
	r, s := relp.NewReader(conn), relp.Session{}
	for {
		h, err := r.Next()
		if err != nil {
			return
		}
		data, _, err := r.Data(nil, 1<<20)
		if err != nil {
			return
		}
		step, answer, _ := s.Take(h, data)
		switch {
		case step == relp.Message && len(data) > limit:
			answer = relp.AppendRefusal(nil, h.Number, "too long")
		case step == relp.Message:
			taken <- string(data)
			answer = relp.AppendOK(nil, h.Number)
		}
		if _, err := conn.Write(answer); err != nil || step == relp.End {
			return
		}
	}
}

// deliver sends messages until they are handled, as an output does, and says how many sessions it took.
func deliver(t *testing.T, s *Session, lost output.Lost, list []string) (sessions int) {
	t.Helper()
	for len(list) > 0 {
		if sessions++; sessions > 2*giveUpAfter {
			t.Fatalf("%d messages are left after %d sessions", len(list), sessions)
		}
		target, err := s.Open(t.Context(), lost)
		if err != nil {
			t.Fatal(err)
		}
		m := new(output.Messages)
		for _, text := range list {
			m.Add([]byte(text))
		}
		refused := (*relp.RefusedError)(nil)
		if err := target.Send(t.Context(), m); err != nil && !errors.As(err, &refused) {
			t.Fatal(err)
		}
		n, _ := target.Confirmed(true)
		list = list[n:]
		target.Close()
	}
	return sessions
}

// TestGivesUp: a message that a server never takes holds the others up for a while, is counted, and the next like it
// holds them up no more. What is behind it comes again when it is refused last, and not before and not when it is given up.
func TestGivesUp(t *testing.T) {
	address, got := strict(t, 100)
	s := &Session{Stream: syslog.Stream{Network: "tcp", Address: address}}
	given := 0
	lost := func(reason string, messages, octets uint64) {
		if given++; reason != GivenUpReason || messages != 1 || octets < 200 {
			t.Errorf("%s: %d messages, %d octets", reason, messages, octets)
		}
	}
	long := string(bytes.Repeat([]byte("x"), 200))
	if n := deliver(t, s, lost, []string{"a", long, "b"}); n != giveUpAfter {
		t.Errorf("%d sessions, want %d", n, giveUpAfter)
	}
	if n := deliver(t, s, lost, []string{"c", long + "y", "d"}); n != 1 {
		t.Errorf("%d sessions for the second", n)
	}
	if list := fmt.Sprint(got()); list != "[a b b c d]" || given != 2 {
		t.Errorf("the server has %s, and %d were given up", list, given)
	}
}

// TestKeepsTrying: a message that nothing stands behind is never given up, nor is one while the server refuses all.
func TestKeepsTrying(t *testing.T) {
	for _, list := range [][]string{{"long"}, {"long", "longer"}} {
		address, got := strict(t, 0)
		s := &Session{Stream: syslog.Stream{Network: "tcp", Address: address}}
		for range giveUpAfter + 5 {
			target, err := s.Open(t.Context(), func(string, uint64, uint64) { t.Error("given up") })
			if err != nil {
				t.Fatal(err)
			}
			m := new(output.Messages)
			for _, text := range list {
				m.Add([]byte(text))
			}
			if err := target.Send(t.Context(), m); err == nil {
				t.Error("refused, and that is no error")
			}
			target.Close()
		}
		if list := got(); len(list) > 0 {
			t.Errorf("the server has %q", list)
		}
	}
}
