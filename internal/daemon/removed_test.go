package daemon

import (
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// TestSocketRemoved: SIGHUP makes the files of local sockets anew that somebody has removed.
func TestSocketRemoved(t *testing.T) {
	p := newPlace(t, "http: off\nlisten:\n  datagram: [DIR/log]\n  stream: [DIR/slog]\n")
	code := p.make()
	d := p.serve()
	say := func(text string) {
		t.Helper()
		for network, name := range map[string]string{"unixgram": "log", "unix": "slog"} {
			conn, err := net.Dial(network, filepath.Join(p.dir, name))
			if err != nil {
				t.Fatal(err)
			}
			if _, err := conn.Write([]byte("<13>" + text + " " + name + "\n")); err != nil {
				t.Error(err)
			}
			conn.Close()
		}
	}
	say("before")
	for _, name := range []string{"log", "slog"} {
		if err := os.Remove(filepath.Join(p.dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	d.signal(syscall.SIGHUP)
	p.until("an answer to SIGHUP", func() bool { return strings.Contains(d.errs.String(), "configuration changed") })
	say("behind")
	d.stop()
	if got := len(p.events()); got != 4 {
		t.Errorf("%d messages, said %s", got, &d.errs)
	}
	p.verifies(code, p.store, 0)
}
