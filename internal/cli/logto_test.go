package cli

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"testing"

	"constat/internal/parse"
	"constat/internal/relp"
)

// sendTo runs "log --to" and returns its exit status and what it says.
func sendTo(t *testing.T, in string, args ...string) (status int, said string) {
	t.Helper()
	var errs bytes.Buffer
	status = Run(t.Context(), append([]string{"log", "--to"}, args...), strings.NewReader(in), io.Discard, &errs, nil)
	return status, errs.String()
}

// TestLogTo: the arguments, or standard input, straight to a target.
func TestLogTo(t *testing.T) {
	t.Setenv("CONSTAT_STORE", t.TempDir()+"/none")
	u, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer u.Close()
	if status, said := sendTo(t, "", "udp://"+u.LocalAddr().String(), "-t", "app", "-p", "mail.crit", "--field", "A=1", "hello", "there"); status != 0 {
		t.Fatal(status, said)
	}
	b := make([]byte, 2000)
	n, _, err := u.ReadFrom(b)
	if got := string(b[:n]); err != nil || !strings.HasPrefix(got, "<18>1 20") || !strings.Contains(got, " app ") || !strings.Contains(got, `[constat@32473 A="1" `) || !strings.HasSuffix(got, "] hello there") {
		t.Errorf("%q %v", got, err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	got := make(chan string, 1)
	go func() {
		conn, err := l.Accept()
		if err != nil {
			return
		}
		defer conn.Close()
		all, _ := io.ReadAll(conn)
		got <- string(all)
	}()
	lines := strings.Repeat("one\ntwo\n", 1000)
	if status, said := sendTo(t, lines, "tcp://"+l.Addr().String(), "--framing", "lf", "--format", "{message}"); status != 0 {
		t.Fatal(status, said)
	}
	if all := <-got; all != lines {
		t.Errorf("%d octets, want %d", len(all), len(lines))
	}
}

// TestLogToRefused: it fails and says how many were accepted.
func TestLogToRefused(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	closed := l.Addr().String()
	l.Close()
	for _, c := range []struct {
		status int
		say    string
		args   []string
	}{
		{1, "accepted 0 of ", []string{"tcp://" + closed}},
		{1, "accepted 0 of ", []string{"unix:///nowhere/socket"}},
		{2, "want udp://", []string{"log.example"}},
		{2, "whom to trust", []string{"tls://" + closed}},
		{2, "is in the clear", []string{"tcp://" + closed, "--ca", "ca.pem"}},
		{2, "is in the clear", []string{"relp://" + closed, "--insecure"}},
		{2, "want octets or lf", []string{"tcp://" + closed, "--framing", "x"}},
		{2, "cannot be erased", []string{"tcp://" + closed, "--private", "A=b"}},
		{2, "--format", []string{"tcp://" + closed, "--format", "x"}},
		{2, "--journal: says nothing", []string{"tcp://" + closed, "--journal", "x"}},
		{2, "--timeout 0s", []string{"tcp://" + closed, "--timeout", "0s"}},
		{2, "stand in brackets", []string{"udp://2001:db8::1"}},
	} {
		if status, said := sendTo(t, "one\ntwo\n", c.args...); status != c.status || !strings.Contains(said, c.say) {
			t.Errorf("%q: %d %q", c.args, status, said)
		}
	}
}

// TestLogToRELP: what the server has not acknowledged is not accepted.
func TestLogToRELP(t *testing.T) {
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
		r := relp.NewReader(bufio.NewReader(conn))
		for i := 0; ; i++ {
			h, err := r.Next()
			if err != nil || i == 4 {
				return // after three messages
			}
			if _, _, err := r.Data(nil, 1<<20); err != nil {
				return
			}
			answer := "200 OK"
			if i == 0 {
				answer += "\nrelp_version=0\ncommands=syslog\n"
			}
			fmt.Fprintf(conn, "%d rsp %d %s\n", h.Number, len(answer), answer)
		}
	}()
	if status, said := sendTo(t, strings.Repeat("x\n", 10), "relp://"+l.Addr().String()); status != 1 || !strings.Contains(said, "accepted 3 of ") {
		t.Errorf("%d %q", status, said)
	}
}

// TestLogToEndless: a target that has gone ends it, though standard input goes on.
func TestLogToEndless(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	closed := l.Addr().String()
	l.Close()
	in, more := io.Pipe()
	defer more.Close()
	go fmt.Fprintln(more, "one")
	var errs bytes.Buffer
	status := Run(t.Context(), []string{"log", "--to", "tcp://" + closed}, in, io.Discard, &errs, nil)
	if want := "accepted 0 of the first 1 messages"; status != 1 || !strings.Contains(errs.String(), want) {
		t.Errorf("%d %q, want %q", status, errs.String(), want)
	}
}

// TestLogToCut: a line that is longer than a message may be is sent with what was cut off, and does not count as whole.
func TestLogToCut(t *testing.T) {
	name := t.TempDir() + "/file"
	status, said := sendTo(t, "short\n"+strings.Repeat("x", parse.DefaultLimit+7)+"\n", "file://"+name)
	text, err := os.ReadFile(name)
	if err != nil || status != 1 || !strings.Contains(said, "accepted 1 of 2 messages") || !strings.Contains(string(text), `_TRUNCATED_BYTES="7"`) {
		t.Errorf("%d %q %v", status, said, err)
	}
}

// TestLogWithoutTo: what is for a target alone is refused without one.
func TestLogWithoutTo(t *testing.T) {
	for _, name := range toOnly {
		if status, said := sendTo(t, "", "", "--"+name+"=true", "x"); status != 2 || !strings.Contains(said, "--"+name+": says nothing without --to") {
			t.Errorf("--%s: %d %q", name, status, said)
		}
	}
}
