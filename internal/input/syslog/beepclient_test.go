package syslog

import (
	"errors"
	"io"
	"net"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"constat/internal/beep"
	"constat/internal/beep/beeptest"
	"constat/internal/input"
	"constat/internal/input/inputtest"
	"constat/internal/tlsconf"
)

func openBEEP(t testing.TB) input.Input { return listenBEEP(t, TCPConfig{}) }

// dialBEEP returns a client of an input.
func dialBEEP(t testing.TB, in input.Input, profile string) *beeptest.Client {
	t.Helper()
	c, err := beeptest.Dial(addrOf(in), profile, inputtest.Patience)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.HangUp)
	return c
}

// TestBEEP holds both profiles to the contract. The clients send without waiting for answers, within the first window.
func TestBEEP(t *testing.T) {
	const greeting = "RPY 0 0 . 0 52\r\nContent-Type: application/beep+xml\r\n\r\n<greeting />\r\nEND\r\n"
	for _, profile := range []string{"COOKED", "RAW"} {
		t.Run(profile, func(t *testing.T) {
			inputtest.Run(t, inputtest.Subject{Acknowledged: profile == "COOKED", Open: openBEEP,
				Send: func(t testing.TB, in input.Input, messages []string) {
					conn, err := net.Dial("tcp", addrOf(in))
					if err != nil {
						t.Error(err)
						return
					}
					start := beep.XML("<start number='1'><profile uri='http://xml.resource.org/profiles/syslog/" + profile + "' /></start>")
					b := beep.AppendFrame([]byte(greeting), beep.Header{Kind: beep.MSG, Number: 1, Seq: 52}, start)
					h := beep.Header{Kind: beep.MSG, Channel: 1}
					payloads := [][]byte{beep.Binary([]byte(strings.Join(messages, "\r\n")))}
					if h.Kind = beep.ANS; profile == "COOKED" {
						h.Kind = beep.MSG
						payloads = payloads[:0]
						for _, m := range messages {
							payloads = append(payloads, append([]byte("\r\n"), beep.Body(beeptest.Entry(m))...))
						}
					}
					for _, payload := range payloads {
						b = beep.AppendFrame(b, h, payload)
						h.Number++
						h.Seq += uint32(len(payload))
					}
					if _, err := conn.Write(b); err != nil {
						t.Error(err)
					}
					conn.(*net.TCPConn).CloseWrite()
					t.Cleanup(func() { conn.Close() })
				}})
		})
	}
}

// TestBEEPWindows: however much a client sends, only a window of it is under way on a channel, in either direction, and all
// arrives in order.
func TestBEEPWindows(t *testing.T) {
	in := openBEEP(t)
	sink := &slow{Sink: inputtest.NewSink(t)}
	inputtest.Start(t, in, sink)
	settled := make(chan struct{})
	defer close(settled)
	go func() {
		for {
			select {
			case <-settled:
				return
			case <-time.After(time.Millisecond):
				sink.settle(nil)
			}
		}
	}()
	cooked, raw := inputtest.Lines("cooked", 3000), inputtest.Lines("raw", 9000)
	raw[500], cooked[500] = "<13>"+strings.Repeat("long ", 8000), "<13>"+strings.Repeat("long ", 8000)
	if n, err := dialBEEP(t, in, beeptest.COOKED).SendCooked(cooked); n != len(cooked) || err != nil {
		t.Fatalf("%d of %d acknowledged: %v", n, len(cooked), err)
	}
	sink.mu.Lock()
	if least := len(beeptest.Entry("")); sink.most*least > beepWindow {
		t.Errorf("%d entries were under way in a window of %d octets", sink.most, beepWindow)
	}
	sink.mu.Unlock()
	c := dialBEEP(t, in, beeptest.RAW)
	if err := errors.Join(c.SendRaw(raw, 7), c.End(), c.Release()); err != nil {
		t.Fatal(err)
	}
	if got := octetsOf(sink.Sink); !slices.Equal(got, append(cooked, raw...)) {
		t.Errorf("%d messages, or not in order", len(got))
	}
	for _, m := range sink.Messages() {
		fields := fieldsOf(m.Source)
		if fields["_TRANSPORT"] != "syslog-beep" || fields["_SOURCE_ADDR"] != "127.0.0.1" || (fields["_BEEP_PROFILE"] == "COOKED") != (m.Envelope != nil) {
			t.Fatalf("%v", fields)
		}
	}
}

// TestBEEPOverTLS: TLS begins with the first octet, and what it knows of the sender is kept.
func TestBEEPOverTLS(t *testing.T) {
	city := newCity(t)
	in := listenBEEP(t, TCPConfig{TLS: city.config(t, tlsconf.Settings{CA: city.ca.File, Names: []string{"client.test"}})})
	sink := inputtest.NewSink(t)
	inputtest.Start(t, in, sink)
	conn, err := city.dial(t, in, city.good)
	if err != nil {
		t.Fatal(err)
	}
	c, err := beeptest.New(conn, beeptest.COOKED, inputtest.Patience)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.HangUp)
	messages := inputtest.Lines("tls", 1000)
	if n, err := c.SendCooked(messages); n != len(messages) || err != nil {
		t.Fatalf("%d acknowledged: %v", n, err)
	}
	if err := c.Release(); err != nil {
		t.Error(err)
	}
	if got := octetsOf(sink); !slices.Equal(got, messages) {
		t.Errorf("%d messages, or not in order", len(got))
	}
	fields := fieldsOf(sink.Messages()[0].Source)
	if fields["_TRANSPORT"] != "syslog-beep-tls" || fields["_TLS_PEER"] == "" || fields["_TLS_VERSION"] == "" || fields["_BEEP_PROFILE"] != "COOKED" || len(fields) != 6 {
		t.Errorf("%v", fields)
	}
}

// TestBEEPStops: a listener that ends answers what it kept, and says that it ends.
func TestBEEPStops(t *testing.T) {
	in := openBEEP(t)
	sink := inputtest.NewSink(t)
	stop := inputtest.Start(t, in, sink)
	conn, err := net.Dial("tcp", addrOf(in))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	conn.SetDeadline(time.Now().Add(inputtest.Patience))
	r := beep.NewReader(conn)
	if h, err := r.Next(); err != nil || h.Kind != beep.RPY {
		t.Fatalf("%+v %v", h, err)
	}
	r.Payload(nil)
	if err := stop(); err != nil {
		t.Error(err)
	}
	h, err := r.Next()
	payload, err2 := r.Payload(nil)
	if err != nil || err2 != nil || h.Kind != beep.MSG || !strings.Contains(string(payload), "<close number='0' code='421' />") {
		t.Errorf("%+v %q %v %v", h, payload, err, err2)
	}
	if rest, err := io.ReadAll(conn); len(rest) > 0 || err != nil {
		t.Errorf("then %q %v", rest, err)
	}
}

// TestBEEPRests: a session that has greeted may rest for longer than a message may take.
func TestBEEPRests(t *testing.T) {
	in := listenBEEP(t, TCPConfig{FrameTimeout: 50 * time.Millisecond})
	inputtest.Start(t, in, inputtest.NewSink(t))
	conn, err := net.Dial("tcp", addrOf(in))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	conn.Write(beep.AppendFrame(nil, beep.Header{Kind: beep.RPY}, beep.XML("<greeting />")))
	r := beep.NewReader(conn)
	conn.SetReadDeadline(time.Now().Add(inputtest.Patience))
	if _, err := r.Next(); err != nil {
		t.Fatal(err)
	}
	if _, err := r.Payload(nil); err != nil {
		t.Fatal(err)
	}
	conn.SetReadDeadline(time.Now().Add(200 * time.Millisecond))
	if err := r.Await(); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("%v while the session rests", err)
	}
}

// TestBEEPUnavailable: one connection too many is told so instead of being greeted, and counted.
func TestBEEPUnavailable(t *testing.T) {
	in := listenBEEP(t, TCPConfig{MaxConnections: 1})
	sink := inputtest.NewSink(t)
	inputtest.Start(t, in, sink)
	dialBEEP(t, in, beeptest.RAW)
	conn, err := net.Dial("tcp", addrOf(in))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	conn.SetDeadline(time.Now().Add(inputtest.Patience))
	const want = "ERR 0 0 . 0 86\r\nContent-Type: application/beep+xml\r\n\r\n<error code='421'>too many connections</error>\r\nEND\r\n"
	if said, err := io.ReadAll(conn); string(said) != want || err != nil {
		t.Errorf("%q %v, want %q", said, err, want)
	}
	sink.Wait(1)
	if n := sink.Lost(input.Refused + reasonConnections); n.Messages != 1 {
		t.Errorf("%v", sink.Losses())
	}
}

// FuzzBEEPInput: whatever a client sends, in whatever pieces, the input goes on, and what it kept is in what was sent.
func FuzzBEEPInput(f *testing.F) {
	const greeting = "RPY 0 0 . 0 14\r\n\r\n<greeting />END\r\n"
	const cooked = "MSG 0 1 . 14 93\r\n\r\n<start number='1'><profile uri='http://iana.org/beep/SYSLOG/COOKED' /></start>          END\r\n"
	raw := strings.Replace(cooked, "COOKED' />", "RAW' />   ", 1)
	f.Add([]byte(greeting+cooked+"MSG 1 0 . 0 44\r\n\r\n<entry facility='8' severity='1'>a</entry>END\r\n"), byte(7))
	f.Add([]byte(greeting+raw+"ANS 1 0 . 0 12 0\r\n\r\n<13>a\r\n<1END\r\nNUL 1 0 . 12 0\r\nEND\r\n"), byte(200))
	f.Add([]byte(greeting+raw+"ANS 1 0 * 0 6 0\r\n<13>abEND\r\nSEQ 1 0 4096\r\n"), byte(1))
	f.Add([]byte("MSG 1 1 . 1 2147483647\r\n"), byte(3))
	f.Fuzz(func(t *testing.T, stream []byte, piece byte) {
		in := listenBEEP(t, TCPConfig{Limit: 8})
		sink := inputtest.NewSink(t)
		stop := inputtest.Start(t, in, sink)
		inPieces(t, in, stream, piece)
		if err := stop(); err != nil {
			t.Fatal(err)
		}
		for _, m := range sink.Messages() {
			if len(m.Octets) > 8 || m.Envelope == nil && !strings.Contains(string(stream), m.Octets) {
				t.Fatalf("kept %q", m.Octets)
			}
		}
	})
}
