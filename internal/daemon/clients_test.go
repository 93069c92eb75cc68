package daemon

import (
	"log/syslog"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// want are fields of an entry; "*" is any value but none, "" is no such field.
type want map[string]string

func (w want) check(t *testing.T, k kept) {
	t.Helper()
	for name, value := range w {
		if got := k.fields[name]; got != value && (value != "*" || got == "") {
			t.Errorf("%s is %q, want %q, in %q", name, got, value, k.octets)
		}
	}
}

func (w want) with(more want) want {
	all := want{}
	for _, m := range []want{w, more} {
		for k, v := range m {
			all[k] = v
		}
	}
	return all
}

// missing skips a test for want of a client, or fails where there must be one.
func missing(t *testing.T, why any) {
	t.Helper()
	if ci := os.Getenv("CI"); ci != "" && ci != "false" {
		t.Fatal(why)
	}
	t.Skip(why)
}

func client(t *testing.T, name string, args ...string) {
	t.Helper()
	c := exec.Command(name, args...)
	c.Env = append(os.Environ(), "TZ=UTC")
	if out, err := c.CombinedOutput(); err != nil {
		t.Fatalf("%s %q: %v\n%s", name, args, err, out)
	}
}

func need(t *testing.T, program string) string {
	t.Helper()
	path, err := exec.LookPath(program)
	if err != nil {
		missing(t, err)
	}
	return path
}

func hostname(t *testing.T) string {
	t.Helper()
	host, err := os.Hostname()
	if err != nil {
		t.Fatal(err)
	}
	return host
}

// TestLogger: util-linux logger in its modes.
func TestLogger(t *testing.T) {
	need(t, "logger")
	short, _, _ := strings.Cut(hostname(t), ".")
	network := want{"PRIORITY": "3", "SYSLOG_FACILITY": "2", "SYSLOG_IDENTIFIER": "tagg", "SYSLOG_PID": "4711", "MESSAGE": "hello wörld",
		"HOSTNAME": short, "_SOURCE_ADDR": "127.0.0.1", "_FRAMING": ""}
	local := network.with(want{"_SOURCE_ADDR": "", "_UID": "*", "_PID": "*", "_BOOT_ID": "*", "_TRANSPORT": "syslog"})
	structured := want{"SYSLOG_MSGID": "M1", "ex@32473.a": "1"}
	for name, test := range map[string]struct {
		kind string
		args []string
		want want
	}{
		"u":            {"unixgram", nil, local.with(want{"HOSTNAME": ""})},
		"u stream":     {"unix", nil, local.with(want{"HOSTNAME": ""})},
		"u rfc3164":    {"unixgram", []string{"--rfc3164"}, local},
		"u rfc5424":    {"unixgram", []string{"--rfc5424"}, local.with(want{"HOSTNAME": hostname(t)})},
		"udp":          {"udp", nil, network.with(want{"HOSTNAME": hostname(t), "timeQuality.tzKnown": "1"})},
		"udp rfc3164":  {"udp", []string{"--rfc3164"}, network},
		"udp rfc5424":  {"udp", []string{"--rfc5424", "--msgid", "M1", "--sd-id", "ex@32473", "--sd-param", `a="1"`}, network.with(structured).with(want{"HOSTNAME": hostname(t)})},
		"tcp":          {"tcp", nil, network.with(want{"HOSTNAME": hostname(t), "_TRANSPORT": "syslog-tcp"})},
		"tcp rfc3164":  {"tcp", []string{"--rfc3164"}, network},
		"octet-count":  {"tcp", []string{"--octet-count"}, network.with(want{"HOSTNAME": hostname(t)})},
		"octet-count2": {"tcp", []string{"--octet-count", "--rfc3164"}, network},
		"octet-count3": {"tcp", []string{"--octet-count", "--rfc5424", "--msgid", "M1", "--sd-id", "ex@32473", "--sd-param", `a="1"`}, network.with(structured).with(want{"HOSTNAME": hostname(t)})},
	} {
		t.Run(name, func(t *testing.T) {
			d := newPlace(t, everything).serve()
			args := append([]string{"-t", "tagg", "--id=4711", "-p", "mail.err"}, test.args...)
			if addr := d.address(test.kind); strings.HasPrefix(test.kind, "unix") {
				args = append(args, "-u", addr)
			} else {
				host, port, _ := net.SplitHostPort(addr)
				args = append(args, "-n", host, "-P", port, "--"+test.kind)
			}
			client(t, "logger", append(args, "hello wörld")...)
			test.want.check(t, d.arrived(1)[0])
			d.stop()
			d.verify()
		})
	}
}

const pythonHandler = `
import logging, logging.handlers, socket, sys
kind, address = sys.argv[1:]
if kind in ("udp", "tcp"):
    host, port = address.rsplit(":", 1)
    h = logging.handlers.SysLogHandler((host, int(port)), facility="local3", socktype=socket.SOCK_DGRAM if kind == "udp" else socket.SOCK_STREAM)
else:
    h = logging.handlers.SysLogHandler(address, facility="local3", socktype=socket.SOCK_DGRAM if kind == "unixgram" else socket.SOCK_STREAM)
h.ident = "pyapp[%d]: " % 815
log = logging.getLogger()
log.addHandler(h)
for i in range(3):
    log.warning("message %d", i)
`

// TestPython: SysLogHandler, which ends messages with NUL, over TCP too.
func TestPython(t *testing.T) {
	need(t, "python3")
	for _, kind := range []string{"udp", "tcp", "unixgram", "unix"} {
		t.Run(kind, func(t *testing.T) {
			d := newPlace(t, everything).serve()
			client(t, "python3", "-c", pythonHandler, kind, d.address(kind))
			for i, k := range d.arrived(3) {
				want{"PRIORITY": "4", "SYSLOG_FACILITY": "19", "SYSLOG_IDENTIFIER": "pyapp", "SYSLOG_PID": "815", "HOSTNAME": "",
					"MESSAGE": "message " + string(rune('0'+i)), "_FRAMING": ""}.check(t, k)
			}
		})
	}
}

// TestGo: log/syslog.
func TestGo(t *testing.T) {
	for _, kind := range []string{"udp", "tcp", "unixgram", "unix"} {
		t.Run(kind, func(t *testing.T) {
			d := newPlace(t, everything).serve()
			w, err := syslog.Dial(kind, d.address(kind), syslog.LOG_LOCAL2, "goapp")
			if err != nil {
				t.Fatal(err)
			}
			for range 3 {
				if err := w.Crit("text of go"); err != nil {
					t.Fatal(err)
				}
			}
			w.Close()
			host := hostname(t)
			if strings.HasPrefix(kind, "unix") {
				host = "" // it sends the local form
			}
			for _, k := range d.arrived(3) {
				want{"PRIORITY": "2", "SYSLOG_FACILITY": "18", "SYSLOG_IDENTIFIER": "goapp", "SYSLOG_PID": strconv.Itoa(os.Getpid()),
					"HOSTNAME": host, "MESSAGE": "text of go", "_FRAMING": ""}.check(t, k)
			}
		})
	}
}

// peers is where .ci/peers unpacks programs of others.
func peers() string {
	if dir := os.Getenv("CONSTAT_PEERS"); dir != "" {
		return dir
	}
	return filepath.Join(os.Getenv("HOME"), ".cache", "constat-peers")
}

// loggen is syslog-ng's generator, or the test is skipped.
func loggen(t *testing.T) func(t *testing.T, args ...string) {
	t.Helper()
	root := filepath.Join(peers(), "syslog-ng")
	program := filepath.Join(root, "usr/bin/loggen")
	if _, err := os.Stat(program); err != nil {
		missing(t, "syslog-ng's loggen is not there (.ci/peers unpacks it): "+err.Error())
	}
	return func(t *testing.T, args ...string) {
		t.Helper()
		c := exec.Command(program, args...)
		c.Env = append(os.Environ(), "TZ=UTC", "SYSLOGNG_PREFIX="+filepath.Join(root, "usr"), "LD_LIBRARY_PATH="+filepath.Join(root, "usr/lib/syslog-ng"))
		if out, err := c.CombinedOutput(); err != nil {
			t.Fatalf("loggen %q: %v\n%s", args, err, out)
		}
	}
}

// TestLoggen: in each way that it can write.
func TestLoggen(t *testing.T) {
	run := loggen(t)
	for name, test := range map[string]struct {
		kind string
		args []string
		want want
	}{
		"udp":      {"udp", []string{"-i", "-D"}, want{"_TRANSPORT": "syslog-udp"}},
		"tcp":      {"tcp", []string{"-i", "-S"}, want{"_TRANSPORT": "syslog-tcp"}},
		"rfc5424":  {"tcp", []string{"-i", "-S", "-P"}, want{"_TRANSPORT": "syslog-tcp", "SYSLOG_MSGID": ""}},
		"lines":    {"tcp", []string{"-i", "-S", "-P", "-F"}, want{"SYSLOG_MSGID": ""}},
		"unix":     {"unix", []string{"-x", "-S"}, want{"_TRANSPORT": "syslog", "_UID": "*"}},
		"unixgram": {"unixgram", []string{"-x", "-D"}, want{"_TRANSPORT": "syslog", "_UID": "*"}},
		"sd":       {"tcp", []string{"-i", "-S", "-P", "-p", `[x@1 a="b"]`}, want{"x@1.a": "b"}},
	} {
		t.Run(name, func(t *testing.T) {
			d := newPlace(t, everything).serve()
			args := append(test.args, "-n", "20", "-r", "1000", "-s", "200", "-Q")
			if addr := d.address(test.kind); strings.HasPrefix(test.kind, "unix") {
				args = append(args, addr)
			} else {
				host, port, _ := net.SplitHostPort(addr)
				args = append(args, host, port)
			}
			run(t, args...)
			for _, k := range d.arrived(20) {
				test.want.with(want{"SYSLOG_IDENTIFIER": "prg00000", "SYSLOG_PID": "1234", "HOSTNAME": "localhost", "PRIORITY": "6",
					"SYSLOG_FACILITY": "4", "MESSAGE": "*", "_FRAMING": ""}).check(t, k)
			}
		})
	}
}
