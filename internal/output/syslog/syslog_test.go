package syslog

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"constat/internal/output"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func messages(list ...string) *output.Messages {
	m := new(output.Messages)
	for _, text := range list {
		m.Add([]byte(text))
	}
	return m
}

// confirmed waits until the target has confirmed so many.
func confirmed(t *testing.T, target output.Target, n uint64) {
	t.Helper()
	got, err := uint64(0), error(nil)
	for end := time.Now().Add(10 * time.Second); got < n && err == nil && time.Now().Before(end); time.Sleep(time.Millisecond) {
		got, err = target.Confirmed(false)
	}
	if got != n || err != nil {
		t.Errorf("confirmed %d of %d, %v", got, n, err)
	}
}

// TestStream: both framings, over TCP and a Unix socket.
func TestStream(t *testing.T) {
	for _, c := range []struct {
		network, address string
		framing          Framing
		want             string
	}{
		{"tcp", "127.0.0.1:0", Octets, "3 one8 two\nline0 "},
		{"tcp", "127.0.0.1:0", LF, "one\ntwo#012line\n\n"},
		{"unix", filepath.Join(t.TempDir(), "s"), Octets, "3 one8 two\nline0 "},
	} {
		l, err := net.Listen(c.network, c.address)
		if err != nil {
			t.Fatal(err)
		}
		target, err := Stream{Network: c.network, Address: l.Addr().String(), Framing: c.framing}.Open(t.Context(), nil)
		if err != nil {
			t.Fatal(err)
		}
		conn, err := l.Accept()
		if err != nil {
			t.Fatal(err)
		}
		if err := target.Send(t.Context(), messages("one", "two\nline", "")); err != nil {
			t.Fatal(err)
		}
		confirmed(t, target, 3)
		target.Close()
		if got, err := io.ReadAll(conn); string(got) != c.want || err != nil {
			t.Errorf("%s %v: %q %v", c.network, c.framing, got, err)
		}
		conn.Close()
		l.Close()
	}
}

// TestStreamStalls: what the other machine has no room for is not confirmed; a receiver that stalls is an error after
// the timeout, and one that has gone is found before more is sent.
func TestStreamStalls(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	s := Stream{Network: "tcp", Address: l.Addr().String(), Timeout: 100 * time.Millisecond}
	target, err := s.Open(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	conn, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	sent, big := 0, strings.Repeat("x", 5_000)
	for err == nil {
		if err = target.Send(t.Context(), messages(big, big)); err == nil {
			sent += 2
		}
	}
	n, _ := target.Confirmed(false)
	if netErr, ok := err.(net.Error); ok && !netErr.Timeout() || n >= uint64(sent) || n == 0 {
		t.Errorf("sent %d, confirmed %d, %v", sent, n, err)
	}
	target.Close()
	whole, in := 0, bufio.NewReader(conn)
	for { // the receiver has everything that is confirmed
		var size int
		if _, err := fmt.Fscanf(in, "%d ", &size); err != nil {
			break
		}
		if _, err := io.CopyN(io.Discard, in, int64(size)); err != nil {
			break
		}
		whole++
	}
	if uint64(whole) < n {
		t.Errorf("%d of %d confirmed messages can be read", whole, n)
	}
	conn.Close()

	target, err = s.Open(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer target.Close()
	if conn, err = l.Accept(); err != nil {
		t.Fatal(err)
	}
	conn.Close()
	<-target.(*stream).gone
	if err := target.Send(t.Context(), messages("into the void")); err == nil || !strings.Contains(err.Error(), "closed") {
		t.Errorf("sent to one that has gone: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := s.Open(ctx, nil); err == nil {
		t.Error("opened though told to end")
	}
}

// TestDatagram: cut at a character, and one that nobody takes is an error.
func TestDatagram(t *testing.T) {
	u, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	lost := map[string]uint64{}
	note := func(reason string, messages, octets uint64) { lost[reason] += octets }
	target, err := Datagram{Network: "udp", Address: u.LocalAddr().String(), Size: 5}.Open(t.Context(), note)
	if err != nil {
		t.Fatal(err)
	}
	defer target.Close()
	if err := target.Send(t.Context(), messages("one", "abcdéf", "abcdefgh")); err != nil {
		t.Fatal(err)
	}
	confirmed(t, target, 3)
	buffer := make([]byte, 100)
	for _, want := range []string{"one", "abcd", "abcde"} {
		n, _, err := u.ReadFrom(buffer)
		if string(buffer[:n]) != want || err != nil {
			t.Errorf("%q %v, want %q", buffer[:n], err, want)
		}
	}
	if lost[CutReason] != 6 {
		t.Errorf("lost %v", lost)
	}
	u.Close()
	for end := time.Now().Add(10 * time.Second); err == nil && time.Now().Before(end); time.Sleep(time.Millisecond) {
		err = target.Send(t.Context(), messages("x"))
	}
	if err == nil {
		t.Error("nobody listens, and that is no error")
	}
	long, err := Datagram{Network: "unixgram", Address: filepath.Join(t.TempDir(), "none")}.Open(t.Context(), note)
	if err == nil {
		long.Close()
		t.Error("a socket that is not there was opened")
	}
}

// FuzzFramed: what is framed comes apart into the same messages.
func FuzzFramed(f *testing.F) {
	f.Add([]byte("one"), []byte("two\n\nlines\n"))
	f.Fuzz(func(t *testing.T, a, b []byte) {
		m := messages(string(a), string(b))
		rest := appendFramed(appendFramed(nil, a, Octets), b, Octets)
		for i := range m.Ends {
			count, after, _ := bytes.Cut(rest, []byte{' '})
			n, err := strconv.Atoi(string(count))
			if err != nil || n != len(m.At(i)) || !bytes.HasPrefix(after, m.At(i)) {
				t.Fatalf("%q %v", rest, err)
			}
			rest = after[n:]
		}
		if lines := appendFramed(appendFramed(nil, a, LF), b, LF); bytes.Count(lines, []byte{'\n'}) != 2 {
			t.Fatalf("%q", lines)
		}
		for limit := 1; limit < 20; limit++ {
			if c := cut(a, limit); len(c) > limit || len(a) > limit && len(c) < limit-4 || !bytes.HasPrefix(a, c) {
				t.Fatalf("%q cut to %d: %q", a, limit, c)
			}
		}
	})
}

func BenchmarkFrame(b *testing.B) {
	message := bytes.Repeat([]byte("x"), 200)
	var out []byte
	b.ReportAllocs()
	for b.Loop() {
		out = out[:0]
		for range 1024 {
			out = appendFramed(out, message, Octets)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/1024, "ns/message")
}
