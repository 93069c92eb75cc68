package syslog

import (
	"crypto/tls"
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

// openStartTLS listens where TLS is negotiated.
func (c *city) openStartTLS(t testing.TB, tc TCPConfig, s tlsconf.Settings) *Stream {
	t.Helper()
	tc.Address, tc.TLS = "127.0.0.1:0", c.config(t, s)
	in, err := ListenBEEP(tc, BEEP{Software: "constat", StartTLS: true})
	return must(t, in, err)
}

// negotiate connects and speaks TLS when the listener proceeds.
func (c *city) negotiate(t testing.TB, in input.Input) *tls.Conn {
	t.Helper()
	conn, err := net.Dial("tcp", addrOf(in))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	conn.SetDeadline(time.Now().Add(inputtest.Patience))
	if err := beeptest.Negotiate(conn); err != nil {
		t.Fatal(err)
	}
	settings := tlsconf.Settings{CA: c.ca.File, Certificate: c.good.Certificate, Key: c.good.Key}
	config, err := tlsconf.NewClient(settings, nil)
	if err != nil {
		t.Fatal(err)
	}
	return tls.Client(conn, config.Client("server.test"))
}

// TestBEEPStartTLS: both profiles are spoken when TLS has been negotiated, and what that knows of the sender is kept.
func TestBEEPStartTLS(t *testing.T) {
	c := newCity(t)
	in := c.openStartTLS(t, TCPConfig{}, tlsconf.Settings{CA: c.ca.File, Names: []string{"client.test"}})
	sink := inputtest.NewSink(t)
	inputtest.Start(t, in, sink)
	cooked, raw := inputtest.Lines("cooked", 500), inputtest.Lines("raw", 500)
	one, err := beeptest.New(c.negotiate(t, in), beeptest.COOKED, inputtest.Patience)
	if err != nil {
		t.Fatal(err)
	}
	if n, err := one.SendCooked(cooked); n != len(cooked) || err != nil {
		t.Fatalf("%d acknowledged: %v", n, err)
	}
	two, err := beeptest.New(c.negotiate(t, in), beeptest.RAW, inputtest.Patience)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(two.SendRaw(raw, 7), two.End(), two.Release(), one.Release()); err != nil {
		t.Fatal(err)
	}
	if got := octetsOf(sink); !slices.Equal(got, append(cooked, raw...)) {
		t.Errorf("%d messages, or not in order", len(got))
	}
	for _, m := range sink.Messages() {
		fields := fieldsOf(m.Source)
		if fields["_TRANSPORT"] != "syslog-beep-tls" || fields["_TLS_PEER"] != "CN=client" || fields["_TLS_VERSION"] == "" || len(fields) != 6 {
			t.Fatalf("%v", fields)
		}
	}
	if kept, lost := sink.Total(); kept != 1000 || lost != 0 {
		t.Errorf("kept %d, lost %d", kept, lost)
	}
}

// TestBEEPPlainBehindProceed: octets in the clear that come when the listener awaits TLS are no TLS; nothing is made of them.
func TestBEEPPlainBehindProceed(t *testing.T) {
	c := newCity(t)
	in := c.openStartTLS(t, TCPConfig{}, tlsconf.Settings{Anonymous: true})
	sink := inputtest.NewSink(t)
	inputtest.Start(t, in, sink)
	conn, err := net.Dial("tcp", addrOf(in))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	conn.SetDeadline(time.Now().Add(inputtest.Patience))
	if err := beeptest.Negotiate(conn); err != nil {
		t.Fatal(err)
	}
	start := beep.XML("<start number='1'><profile uri='" + beeptest.COOKED + "' /></start>")
	b := beep.AppendFrame(beeptest.Greeting(), beep.Header{Kind: beep.MSG, Number: 1, Seq: 52}, start)
	conn.Write(beep.AppendFrame(b, beep.Header{Kind: beep.MSG, Channel: 1}, beeptest.Entry("<13>in the clear")))
	if said, err := io.ReadAll(conn); errors.Is(err, os.ErrDeadlineExceeded) || strings.Contains(string(said), "greeting") {
		t.Errorf("%q %v", said, err)
	}
	sink.Wait(1)
	if n := sink.Losses()[inputtest.Loss{Source: "beep-tls 127.0.0.1", Reason: input.Refused + "no TLS"}]; n.Messages != 1 || len(sink.Messages()) > 0 {
		t.Errorf("counted %v, kept %v", sink.Losses(), sink.Messages())
	}
}

// TestBEEPNoRoomToProceed: a client whose window is full cannot be told to proceed, and must not say anything else: that is
// its end.
func TestBEEPNoRoomToProceed(t *testing.T) {
	c := newCity(t)
	in := c.openStartTLS(t, TCPConfig{}, tlsconf.Settings{Anonymous: true})
	sink := inputtest.NewSink(t)
	inputtest.Start(t, in, sink)
	conn, err := net.Dial("tcp", addrOf(in))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	conn.SetDeadline(time.Now().Add(inputtest.Patience))
	b := beeptest.Greeting()
	seq, number := uint32(len(beep.XML("<greeting />"))), uint32(1)
	ask := func(element string) {
		payload := beep.XML(element)
		b = beep.AppendFrame(b, beep.Header{Kind: beep.MSG, Number: number, Seq: seq}, payload)
		seq, number = seq+uint32(len(payload)), number+1
	}
	for range 46 { // of which each is answered by 86 octets
		ask("<x />")
	}
	conn.Write(b)
	for told, buf := "", make([]byte, 4096); !strings.Contains(told, "ERR 0 46 "); {
		n, err := conn.Read(buf)
		if told += string(buf[:n]); err != nil {
			t.Fatalf("%v after %q", err, told)
		}
	}
	b = nil
	ask("<start number='1'><profile uri='" + beeptest.TLS + "'>&lt;ready /&gt;</profile></start>")
	conn.Write(b)
	if said, err := io.ReadAll(conn); errors.Is(err, os.ErrDeadlineExceeded) || strings.Contains(string(said), "proceed") {
		t.Errorf("%q %v", said, err)
	}
	sink.Wait(1)
	if n := sink.Lost(input.Refused + reasonNoBEEP); n.Messages != 1 {
		t.Errorf("%v", sink.Losses())
	}
}

// TestBEEPStopsBeforeTLS: a session that has not come to TLS does not hold up a listener that ends, and is not counted.
func TestBEEPStopsBeforeTLS(t *testing.T) {
	c := newCity(t)
	in := c.openStartTLS(t, TCPConfig{MaxConnections: 1}, tlsconf.Settings{Anonymous: true})
	sink := inputtest.NewSink(t)
	stop := inputtest.Start(t, in, sink)
	conn, err := net.Dial("tcp", addrOf(in))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	conn.SetDeadline(time.Now().Add(inputtest.Patience))
	if _, err := conn.Read(make([]byte, 16)); err != nil {
		t.Fatal(err)
	}
	more, err := net.Dial("tcp", addrOf(in))
	if err != nil {
		t.Fatal(err)
	}
	defer more.Close()
	more.SetDeadline(time.Now().Add(inputtest.Patience))
	if said, err := io.ReadAll(more); !strings.Contains(string(said), "<error code='421'>") {
		t.Errorf("one too many is told %q %v", said, err)
	}
	sink.Wait(1)
	if err := stop(); err != nil {
		t.Error(err)
	}
	if _, err := io.Copy(io.Discard, conn); errors.Is(err, os.ErrDeadlineExceeded) {
		t.Error(err)
	}
	if n := sink.Lost(input.Refused + reasonConnections); n.Messages != 1 || len(sink.Losses()) != 1 {
		t.Errorf("%v", sink.Losses())
	}
}

// FuzzBEEPStartTLS: whatever comes in the clear where TLS is negotiated, in whatever pieces, nothing of it is kept, and the
// client is counted, once.
func FuzzBEEPStartTLS(f *testing.F) {
	greeting := string(beeptest.Greeting())
	ready := string(beeptest.Ready())
	f.Add([]byte(greeting+ready), byte(255))
	f.Add([]byte(greeting+ready+"RPY 0 0 . 0 14\r\n\r\n<greeting />END\r\n"), byte(255))
	f.Add([]byte(greeting+strings.Replace(ready, "<ready />", "<reads />", 1)+"MSG 1 0 . 0 11\r\n\r\n<ready />END\r\n"), byte(30))
	f.Add([]byte(greeting+strings.Replace(ready, beeptest.TLS, "http://iana.org/beep/TLS ", 1)), byte(3))
	f.Add([]byte("\x16\x03\x01\x00\x05"), byte(0))
	f.Add([]byte(greeting+"MSG 0 1 . 52 38\r\n\r\n<close number='0' code='200' /> \r\n \r\nEND\r\n"), byte(9))
	c := newCity(f)
	config := c.config(f, tlsconf.Settings{Anonymous: true})
	f.Fuzz(func(t *testing.T, stream []byte, piece byte) {
		s, err := ListenBEEP(TCPConfig{Address: "127.0.0.1:0", TLS: config, HandshakeTimeout: time.Second}, BEEP{StartTLS: true})
		in := must(t, s, err)
		sink := inputtest.NewSink(t)
		stop := inputtest.Start(t, in, sink)
		inPieces(t, in, stream, piece)
		sink.Wait(1)
		if err := stop(); err != nil {
			t.Fatal(err)
		}
		if kept, lost := sink.Total(); kept != 0 || lost != 1 {
			t.Fatalf("kept %d, lost %d of %q", kept, lost, stream)
		}
	})
}
