package syslog

import (
	"net"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"constat/internal/input"
	"constat/internal/input/inputtest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// subject is an input with a client that writes what frame makes of each message.
func subject(datagram bool, open func(t testing.TB) input.Input, network string, frame func(string) string) inputtest.Subject {
	return inputtest.Subject{Datagram: datagram, Open: open,
		Send: func(t testing.TB, in input.Input, messages []string) {
			send(t, network, addrOf(in), messages, frame)
		}}
}

// send writes each message by one call, and closes.
func send(t testing.TB, network, addr string, messages []string, frame func(string) string) {
	t.Helper()
	conn, err := net.Dial(network, addr)
	if err != nil {
		t.Error(err)
		return
	}
	defer conn.Close()
	for _, m := range messages {
		if _, err := conn.Write([]byte(frame(m))); err != nil {
			t.Error(err)
			return
		}
	}
}

func asIs(m string) string    { return m }
func withLF(m string) string  { return m + "\n" }
func withNUL(m string) string { return m + "\x00" }

// must takes the error of an open.
func must[T input.Input](t testing.TB, in T, err error) T {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { in.Close() })
	return in
}

func openUDP(t testing.TB) input.Input {
	d, err := ListenUDP(UDPConfig{Address: "127.0.0.1:0"})
	return must(t, d, err)
}

func openTCP(t testing.TB) input.Input {
	s, err := ListenTCP(TCPConfig{Address: "127.0.0.1:0"})
	return must(t, s, err)
}

func openUnixgram(t testing.TB) input.Input {
	d, err := ListenUnixgram(UnixConfig{Path: filepath.Join(t.TempDir(), "log")})
	return must(t, d, err)
}

func openUnix(t testing.TB) input.Input {
	s, err := ListenUnix(UnixConfig{Path: filepath.Join(t.TempDir(), "log")})
	return must(t, s, err)
}

func TestInputs(t *testing.T) {
	octetCounted := func(m string) string { return strconv.Itoa(len(m)) + " " + m }
	t.Run("udp", func(t *testing.T) { inputtest.Run(t, subject(true, openUDP, "udp", asIs)) })
	t.Run("unixgram", func(t *testing.T) { inputtest.Run(t, subject(true, openUnixgram, "unixgram", asIs)) })
	t.Run("tcp LF", func(t *testing.T) { inputtest.Run(t, subject(false, openTCP, "tcp", withLF)) })
	t.Run("tcp counted", func(t *testing.T) { inputtest.Run(t, subject(false, openTCP, "tcp", octetCounted)) })
	t.Run("unix NUL", func(t *testing.T) { inputtest.Run(t, subject(false, openUnix, "unix", withNUL)) })
}

// fieldsOf are the fields of a source by name.
func fieldsOf(s *input.Source) map[string]string {
	out := map[string]string{}
	for _, f := range s.Fields {
		out[f.Name] = string(f.Value)
	}
	return out
}

// octetsOf are the messages of a sink.
func octetsOf(sink *inputtest.Sink) []string {
	var out []string
	for _, m := range sink.Messages() {
		out = append(out, m.Octets)
	}
	return out
}

func contains(t *testing.T, sink *inputtest.Sink, part string) inputtest.Message {
	t.Helper()
	for _, m := range sink.Messages() {
		if strings.Contains(m.Octets, part) {
			return m
		}
	}
	t.Fatalf("no message with %q in %q", part, octetsOf(sink))
	return inputtest.Message{}
}
