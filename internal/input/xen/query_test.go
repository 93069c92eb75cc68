package xen_test

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"net"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"constat/internal/input/inputtest"
	"constat/internal/input/xen"
	"constat/internal/inquiry"
)

// asker is the end of a query channel in a domain.
type asker struct {
	testing.TB
	net.Conn
	lines *bufio.Reader
}

// queryChannel makes a query channel and waits until the input has connected to it.
func (s *station) queryChannel(domain string) func() *asker {
	s.Helper()
	l, err := net.Listen("unix", filepath.Join(s.dir, domain+"-query.sock"))
	if err != nil {
		s.Fatal(err)
	}
	s.Cleanup(func() { l.Close() })
	return func() *asker {
		s.Helper()
		l.(*net.UnixListener).SetDeadline(time.Now().Add(inputtest.Patience))
		conn, err := l.Accept()
		if err != nil {
			s.Fatal(err)
		}
		s.Cleanup(func() { conn.Close() })
		return &asker{s, conn, bufio.NewReaderSize(conn, inquiry.MaxLine)}
	}
}

func question(id, body string) []byte {
	return (&inquiry.Line{Kind: inquiry.KindQuestion, ID: []byte(id), Body: []byte(body)}).Append(nil)
}

// ask asks and returns the kinds, ids and bodies of the answer.
func (a *asker) ask(before, id, body string) (answer []string) {
	a.Helper()
	a.Write(append([]byte(before), question(id, body)...))
	return a.answer()
}

func (a *asker) answer() (answer []string) {
	a.Helper()
	a.SetReadDeadline(time.Now().Add(inputtest.Patience))
	for {
		line, err := a.lines.ReadSlice('\n')
		if err != nil {
			a.Fatal(err)
		}
		l, ok := inquiry.Parse(line[:len(line)-1])
		if !ok {
			if len(line) > 1 {
				a.Errorf("no line: %.100q", line)
			}
			continue
		}
		answer = append(answer, fmt.Sprintf("%c %s %d %s", l.Kind, l.ID[:2], l.Number, l.Body))
		if l.Kind == inquiry.KindEnd {
			return answer
		}
	}
}

// TestQuery: a domain is answered as itself, and only questions as they were sent are answered.
func TestQuery(t *testing.T) {
	s := newStation(t)
	usb, gui := s.queryChannel("usb"), s.queryChannel("gui")
	in := s.watch(xen.Config{Answer: func(_ context.Context, domain string, q inquiry.Question) ([][]byte, inquiry.End) {
		if q.Text == "wrong" {
			return nil, inquiry.End{Error: strings.Repeat("wrong ", 100)}
		}
		return [][]byte{[]byte(`{"of":"` + domain + `"}`), []byte(`{"limit":` + fmt.Sprint(q.Limit) + `}`)}, inquiry.End{More: true}
	}})
	sink := inputtest.NewSink(t)
	stop := inputtest.Start(t, in, sink)
	a, b := usb(), gui()
	const want = `[a aa 1 {"of":"%s"} a aa 2 {"limit":7} z aa 3 {"entries":2,"more":true}]`
	for _, before := range []string{
		"", "\n", "half a line\n", strings.Repeat("x", 100_000) + "\n", // what is left of before
		string((&inquiry.Line{Kind: inquiry.KindEnd, ID: []byte("00000000000000cc"), Body: []byte(`{}`)}).Append(nil)), // an echo
		string(question("00000000000000cc", `{}`)[1:]), strings.Replace(string(question("00000000000000cc", `{"limit":5}`)), "5", "6", 1),
		string(question("00000000000000cc", `{"text":"`+strings.Repeat("y", inquiry.MaxQuestion)+`"}`)),
	} {
		if got := fmt.Sprint(a.ask(before, "aa00000000000000", `{"limit":7}`)); got != fmt.Sprintf(want, "usb") {
			t.Errorf("after %.20q: %s", before, got)
		}
	}
	if got := fmt.Sprint(b.ask("", "aa00000000000000", `{"limit":7}`)); got != fmt.Sprintf(want, "gui") {
		t.Error(got)
	}
	for _, body := range []string{`{"domain":"usb"}`, `{"limit":-1}`, ``, `nonsense`, `{"text":"wrong"}`} {
		if got := b.ask("", "bb00000000000000", body); len(got) != 1 || !strings.HasPrefix(got[0], `z bb 1 {"entries":0,"error":"`) || len(got[0]) > 200 {
			t.Errorf("%s: %s", body, got)
		}
	}
	a.Close()
	until(t, "the domain is gone", func() bool { return happened(sink, "query disconnected") == 1 })
	for _, n := range sink.Notes() {
		if field(n, xen.Happened) == "query disconnected" && !strings.Contains(field(n, "MESSAGE"), "domain usb disconnected: 8 questions answered, 0 not, 6 other lines") {
			t.Error(field(n, "MESSAGE"))
		}
	}
	if err := stop(); err != nil {
		t.Error(err)
	}
	if len(sink.Messages()) > 0 {
		t.Errorf("taken for a log: %v", sink.Messages())
	}
}

// TestHostileQuery: a domain that asks without end and takes nothing keeps neither others from reading nor itself from
// logging, and the input ends all the same.
func TestHostileQuery(t *testing.T) {
	s := newStation(t)
	hostile, good, slow := s.queryChannel("hostile"), s.queryChannel("good"), s.queryChannel("slow")
	var at, most atomic.Int32
	holding, release := make(chan struct{}, 1), make(chan struct{})
	big := [][]byte{bytes.Repeat([]byte("x"), 250_000), bytes.Repeat([]byte("y"), 250_000)}
	in := s.watch(xen.Config{Answer: func(ctx context.Context, domain string, _ inquiry.Question) ([][]byte, inquiry.End) {
		most.Store(max(most.Load(), at.Add(1)))
		defer at.Add(-1)
		switch domain {
		case "slow":
			holding <- struct{}{}
			select {
			case <-release:
			case <-ctx.Done():
			}
		case "hostile":
			return big, inquiry.End{}
		}
		return nil, inquiry.End{}
	}})
	backend := s.start("hostile")
	sink := inputtest.NewSink(t)
	stop := inputtest.Start(t, in, sink)
	h, g, sl := hostile(), good(), slow()
	go func() { // ends with the connection
		for flood := append(question("cc00000000000000", `{}`), bytes.Repeat([]byte("z"), 50_000)...); ; {
			if _, err := h.Write(flood); err != nil {
				return
			}
		}
	}()
	for range 3 {
		if got := fmt.Sprint(g.ask("", "aa00000000000000", `{}`)); got != `[z aa 1 {"entries":0}]` {
			t.Error(got)
		}
	}
	sl.Write(question("dd00000000000000", `{}`))
	<-holding
	g.Write(question("aa00000000000000", `{}`)) // waits for its turn
	send(t, backend, "2026-11-21 19:41:24,081 INFO     hostile    [m                   ] still logs\n")
	sink.Wait(1)
	close(release)
	if got := fmt.Sprint(g.answer(), sl.answer()); got != `[z aa 1 {"entries":0}] [z dd 1 {"entries":0}]` {
		t.Error(got)
	}
	if most.Load() != 1 {
		t.Errorf("%d questions at once", most.Load())
	}
	if err := stop(); err != nil {
		t.Error(err)
	}
}
