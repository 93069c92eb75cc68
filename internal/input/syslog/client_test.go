package syslog

import (
	"log/syslog"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"constat/internal/input"
	"constat/internal/input/inputtest"
)

// TestLogger sends with util-linux logger in its modes.
func TestLogger(t *testing.T) {
	if _, err := exec.LookPath("logger"); err != nil {
		t.Skip(err)
	}
	all := openAll(t)
	tests := []struct {
		to   string
		args []string
		want string // what the message ends with
	}{
		{"udp", []string{"-d"}, "hello world"},
		{"udp", []string{"-d", "--rfc3164", "-i", "-p", "mail.err"}, "]: hello world"},
		{"udp", []string{"-d", "--rfc5424", "--msgid", "M", "--sd-id", "ex@32473", "--sd-param", `a="1"`}, "hello world"},
		{"udp", []string{"-d", "--rfc5424=notime,notq,nohost"}, "hello world"},
		{"tcp", []string{"-T"}, "hello world"},
		{"tcp", []string{"-T", "--octet-count"}, "hello world"},
		{"tcp", []string{"-T", "--octet-count", "--rfc3164"}, ": hello world"},
		{"unixgram", []string{"-u"}, ": hello world"},
		{"unixgram", []string{"-u", "--rfc5424"}, "hello world"},
		{"unix", []string{"-u"}, ": hello world"},
	}
	for _, tt := range tests {
		t.Run(tt.to+strings.Join(tt.args, " "), func(t *testing.T) {
			in := all[tt.to](t)
			sink := inputtest.NewSink(t)
			inputtest.Start(t, in, sink)
			args := append([]string{"-t", "tagg"}, tt.args[1:]...)
			if addr := addrOf(in); tt.args[0] == "-u" {
				args = append(args, "-u", addr)
			} else {
				host, port, _ := net.SplitHostPort(addr)
				args = append(args, tt.args[0], "-n", host, "-P", port)
			}
			if out, err := exec.Command("logger", append(args, "hello world")...).CombinedOutput(); err != nil {
				t.Fatalf("%v: %s", err, out)
			}
			sink.Wait(1)
			m := sink.Messages()[0]
			if !strings.HasPrefix(m.Octets, "<") || !strings.HasSuffix(m.Octets, tt.want) || m.Flag != "" || len(sink.Messages()) != 1 {
				t.Errorf("%q flag %q", m.Octets, m.Flag)
			}
		})
	}
}

const pythonClient = `
import logging, logging.handlers, socket, sys
kind, address = sys.argv[1:]
if kind in ("udp", "tcp"):
    host, port = address.rsplit(":", 1)
    h = logging.handlers.SysLogHandler((host, int(port)), socktype=socket.SOCK_DGRAM if kind == "udp" else socket.SOCK_STREAM)
else:
    h = logging.handlers.SysLogHandler(address, socktype=None)
log = logging.getLogger()
log.addHandler(h)
for i in range(3):
    log.warning("message %d", i)
`

// TestPython sends with SysLogHandler, which ends messages with NUL also over UDP.
func TestPython(t *testing.T) {
	if out, err := exec.Command("python3", "-c", "import logging.handlers").CombinedOutput(); err != nil {
		t.Skipf("%v: %s", err, out)
	}
	for network, open := range openAll(t) {
		t.Run(network, func(t *testing.T) {
			in := open(t)
			sink := inputtest.NewSink(t)
			inputtest.Start(t, in, sink)
			addr := addrOf(in)
			if out, err := exec.Command("python3", "-c", pythonClient, network, addr).CombinedOutput(); err != nil {
				t.Fatalf("%v: %s", err, out)
			}
			sink.Wait(3)
			for i, m := range sink.Messages() {
				want := "<12>message " + string(rune('0'+i))
				if strings.HasSuffix(network, "gram") || network == "udp" {
					want += "\x00"
				}
				if m.Octets != want || m.Flag != "" {
					t.Errorf("%q flag %q, want %q", m.Octets, m.Flag, want)
				}
			}
		})
	}
}

// TestGo sends with log/syslog.
func TestGo(t *testing.T) {
	for network, open := range openAll(t) {
		t.Run(network, func(t *testing.T) {
			in := open(t)
			sink := inputtest.NewSink(t)
			inputtest.Start(t, in, sink)
			addr := addrOf(in)
			w, err := syslog.Dial(network, addr, syslog.LOG_LOCAL2|syslog.LOG_INFO, "goapp")
			if err != nil {
				t.Fatal(err)
			}
			defer w.Close()
			for range 3 {
				if err := w.Info("text"); err != nil {
					t.Fatal(err)
				}
			}
			sink.Wait(3)
			for _, m := range sink.Messages() {
				if !strings.HasPrefix(m.Octets, "<150>") || !strings.Contains(m.Octets, ": text") || m.Flag != "" {
					t.Errorf("%q flag %q", m.Octets, m.Flag)
				}
			}
		})
	}
}

const cClient = `
#include <syslog.h>
int main(void) {
	openlog("capp", LOG_PID, LOG_DAEMON);
	syslog(LOG_ERR, "first %d", 1);
	syslog(LOG_ERR, "second\n");
	syslog(LOG_ERR, "third");
	return 0;
}`

// TestGlibc sends with syslog(3), into a file system of its own where /dev/log is ours.
func TestGlibc(t *testing.T) {
	dir := t.TempDir()
	program := filepath.Join(dir, "capp")
	os.WriteFile(program+".c", []byte(cClient), 0o600)
	if out, err := exec.Command("cc", "-o", program, program+".c").CombinedOutput(); err != nil {
		t.Skipf("%v: %s", err, out)
	}
	for _, network := range []string{"unixgram", "unix"} {
		t.Run(network, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "log")
			in := openLocal(t, network, UnixConfig{Path: path})
			sink := inputtest.NewSink(t)
			inputtest.Start(t, in, sink)
			script := `mount -t tmpfs tmpfs /dev && ln -s "$1" /dev/log && exec "$2"`
			if out, err := exec.Command("unshare", "-m", "sh", "-c", script, "sh", path, program).CombinedOutput(); err != nil {
				t.Skipf("%v: %s", err, out)
			}
			sink.Wait(3)
			for i, text := range []string{"first 1", "second", "third"} {
				m := sink.Messages()[i]
				octets := strings.TrimRight(m.Octets, "\n\x00")
				if !strings.HasPrefix(octets, "<27>") || !strings.HasSuffix(octets, "]: "+text) || m.Flag != "" {
					t.Errorf("%q flag %q", m.Octets, m.Flag)
				}
				t.Logf("%q", m.Octets)
			}
			if n := len(sink.Losses()); n != 0 {
				t.Errorf("losses %+v", sink.Losses())
			}
		})
	}
}

// openAll are the inputs by network.
func openAll(testing.TB) map[string]func(testing.TB) input.Input {
	return map[string]func(testing.TB) input.Input{"udp": openUDP, "tcp": openTCP, "unixgram": openUnixgram, "unix": openUnix}
}

func addrOf(in input.Input) string { return in.(interface{ Addr() net.Addr }).Addr().String() }
