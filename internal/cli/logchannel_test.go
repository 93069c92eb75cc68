package cli

import (
	"bufio"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"constat/entry"
	"constat/internal/parse/xen"
)

// channelFIFO is a channel that can be read.
func channelFIFO(t *testing.T) (string, *os.File) {
	path := filepath.Join(t.TempDir(), "channel")
	if err := unix.Mkfifo(path, 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := os.OpenFile(path, os.O_RDWR|syscall.O_NONBLOCK, 0)
	if err != nil {
		t.Fatal(err)
	}
	f.SetReadDeadline(time.Now().Add(20 * time.Second))
	t.Cleanup(func() { f.Close() })
	return path, f
}

// TestLogChannel: the message, and standard input line by line, become frames; nothing is written into a store.
func TestLogChannel(t *testing.T) {
	path, f := channelFIFO(t)
	dir := t.TempDir()
	for _, c := range []struct {
		args  []string
		input string
		want  []string
	}{
		{[]string{"-t", "sys-usb", "-p", "daemon.warning", "--field", "disk=KINGSTON 8G", "disk", "mounted"}, "",
			[]string{"4|sys-usb|3|KINGSTON 8G|disk mounted"}},
		{[]string{"-t", "m"}, "one\n\x1b[2J\xff\nlast", []string{"5|m|||one", "5|m|||\x1b[2J\xff", "5|m|||last"}},
	} {
		log := command(t, dir, append([]string{"log", "--channel", path}, c.args...)...)
		log.Stdin = strings.NewReader(c.input)
		if out, err := log.CombinedOutput(); err != nil || len(out) > 0 {
			t.Fatalf("log %q: %v %s", c.args, err, out)
		}
		var got []string
		for lines := bufio.NewReader(f); ; {
			line, err := lines.ReadBytes('\n')
			if err != nil {
				t.Fatal(err)
			}
			frame, ok := xen.CutFrame(line)
			if !ok && len(line) > 1 {
				t.Errorf("no frame: %q", line)
			}
			if frame.Kind == entry.FrameEnd {
				if frame.Number != uint64(len(c.want)) {
					t.Errorf("the end says %d", frame.Number)
				}
				break
			}
			if ok {
				got = append(got, fieldsOf(line, "PRIORITY", "SYSLOG_IDENTIFIER", "SYSLOG_FACILITY", "disk", "MESSAGE"))
			}
		}
		if strings.Join(got, "\n") != strings.Join(c.want, "\n") {
			t.Errorf("got %q, want %q", got, c.want)
		}
	}
	if list, err := os.ReadDir(dir); err != nil || len(list) > 0 {
		t.Errorf("there is a store: %v %v", list, err)
	}
}

func fieldsOf(line []byte, names ...string) string {
	var e entry.Entry
	xen.New(nil).Parse(&e, line, 0)
	var out []string
	for _, name := range names {
		v, _ := e.Get(name)
		out = append(out, string(v))
	}
	return strings.Join(out, "|")
}

// TestLogChannelFull: a channel that takes nothing more costs time within its limit, and is said.
func TestLogChannelFull(t *testing.T) {
	path, _ := channelFIFO(t)
	log := command(t, t.TempDir(), "log", "--channel", path, "--timeout", "5ms")
	log.Stdin = strings.NewReader(strings.Repeat(strings.Repeat("x", 1000)+"\n", 100))
	out, err := log.CombinedOutput()
	var n, of int
	if _, bad := fmt.Sscanf(string(out), "constat: %d of %d messages could not be written", &n, &of); bad != nil || of != 100 || n < 30 || n > 60 {
		t.Errorf("%v: %s", err, out)
	}
	if code := log.ProcessState.ExitCode(); code != 1 {
		t.Errorf("exit %d", code)
	}
	for _, args := range [][]string{{"--channel", path, "--journal", "x"}, {"--channel", path, "--field", "_X=1"}, {"--channel", path, "--timeout", "0s"}, {"--timeout", "1s"}} {
		log := command(t, t.TempDir(), append(append([]string{"log"}, args...), "message")...)
		if out, _ := log.CombinedOutput(); log.ProcessState.ExitCode() != 2 {
			t.Errorf("%q: exit %d: %s", args, log.ProcessState.ExitCode(), out)
		}
	}
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, []byte("precious"), 0o600); err != nil {
		t.Fatal(err)
	}
	spoil := command(t, t.TempDir(), "log", "--channel", file, "message")
	out, _ = spoil.CombinedOutput()
	if content, err := os.ReadFile(file); spoil.ProcessState.ExitCode() != 1 || string(content) != "precious" {
		t.Errorf("a file as channel: %s, holds %q, %v", out, content, err)
	}
	none := command(t, t.TempDir(), "log", "--channel", path+".none", "message")
	if out, _ := none.CombinedOutput(); none.ProcessState.ExitCode() != 1 || !strings.Contains(string(out), path+".none") {
		t.Errorf("no channel: %s", out)
	}
}
