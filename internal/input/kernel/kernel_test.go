package kernel

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"constat/entry"
	"constat/internal/input/inputtest"
	"constat/internal/vfs"
)

// device is a socket that gives one record at each read, as /dev/kmsg does; tell writes one.
func device(t *testing.T) (f *os.File, tell func(string)) {
	t.Helper()
	fds, err := syscall.Socketpair(syscall.AF_UNIX, syscall.SOCK_SEQPACKET|syscall.SOCK_NONBLOCK|syscall.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	ours := os.NewFile(uintptr(fds[1]), "kernel")
	t.Cleanup(func() { ours.Close() })
	return os.NewFile(uintptr(fds[0]), "kmsg"), func(record string) {
		t.Helper()
		if _, err := ours.WriteString(record); err != nil {
			t.Fatal(err)
		}
	}
}

func open(t *testing.T, dir, boot string) (*Input, func(string)) {
	t.Helper()
	f, tell := device(t)
	in, err := newInput(Config{Path: "/dev/kmsg", State: filepath.Join(dir, "kernel.json"), FS: vfs.OS(), Boot: boot,
		Fields: []entry.Field{{Name: "_BOOT_ID", Value: []byte(boot), Provenance: entry.Observed}},
		Report: func(err error) { t.Error(err) }}, f)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { in.Close() })
	return in, tell
}

// TestRecords: the record is kept as it came, and what it says as fields.
func TestRecords(t *testing.T) {
	in, tell := open(t, t.TempDir(), "b1")
	sink := inputtest.NewSink(t)
	stop := inputtest.Start(t, in, sink)
	for _, c := range []struct{ record, text, claims string }{
		{"6,0,0,-;Linux version\n", "Linux version", "PRIORITY=6 SYSLOG_FACILITY=0 SYSLOG_IDENTIFIER=kernel KERNEL_SEQUENCE=0 KERNEL_MICROSECONDS=0"},
		{"3,1,5140900,-,caller=T1;usb 1-1: no\\x0a \\x5c\\xe9\n SUBSYSTEM=usb\n DEVICE=c189:0\n", "usb 1-1: no\n \\\xe9",
			"PRIORITY=3 SYSLOG_FACILITY=0 SYSLOG_IDENTIFIER=kernel KERNEL_SEQUENCE=1 KERNEL_MICROSECONDS=5140900 KERNEL_SUBSYSTEM=usb KERNEL_DEVICE=c189:0"},
		{"30,2,7,-;systemd[1]: Started a: b\n", "Started a: b", "PRIORITY=6 SYSLOG_FACILITY=3 SYSLOG_IDENTIFIER=systemd SYSLOG_PID=1 KERNEL_SEQUENCE=2 KERNEL_MICROSECONDS=7"},
		{"12,3,7,-;two words: x\n", "two words: x", "PRIORITY=4 SYSLOG_FACILITY=1 KERNEL_SEQUENCE=3 KERNEL_MICROSECONDS=7"},
		{"5,4,7,+;\n", "", "PRIORITY=5 SYSLOG_FACILITY=0 SYSLOG_IDENTIFIER=kernel KERNEL_SEQUENCE=4 KERNEL_MICROSECONDS=7"},
	} {
		before := len(sink.Messages())
		tell(c.record)
		sink.Wait(before + 1)
		m := sink.Messages()[before]
		var claims []string
		for _, f := range m.Envelope.Claims {
			claims = append(claims, f.Name+"="+string(f.Value))
		}
		if m.Octets != c.text || m.Envelope.Octets != c.record || strings.Join(claims, " ") != c.claims {
			t.Errorf("%q: %q %q %q", c.record, m.Octets, m.Envelope.Octets, claims)
		}
	}
	tell("what is this\n")
	sink.Wait(6)
	if n := sink.Lost(reasonBroken); n.Messages != 1 {
		t.Errorf("what is no record: %v", sink.Losses())
	}
	if err := stop(); err != nil {
		t.Error(err)
	}
	if _, err := in.file.Stat(); !errors.Is(err, os.ErrClosed) {
		t.Errorf("the device is open after Run: %v", err)
	}
}

// TestAgain: a daemon that is started again reads on; the numbers tell what the kernel threw away; after a boot all is new.
func TestAgain(t *testing.T) {
	dir := t.TempDir()
	numbers := func(boot string, from, to int) (got string, gone uint64) {
		t.Helper()
		in, tell := open(t, dir, boot)
		for n := from; n < to; n++ {
			tell(fmt.Sprintf("6,%d,0,-;%d\n", n, n))
		}
		sink := inputtest.NewSink(t)
		stop := inputtest.Start(t, in, sink)
		tell(fmt.Sprintf("6,%d,0,-;%d\n", to, to))
		last := fmt.Sprint(to)
		for m := sink.Messages(); len(m) == 0 || m[len(m)-1].Octets != last; m = sink.Messages() {
			sink.Wait(len(m) + 1)
		}
		if err := stop(); err != nil {
			t.Error(err)
		}
		in.Close()
		for _, m := range sink.Messages() {
			got += m.Octets + " "
		}
		return got, sink.Lost(reasonKernel).Messages
	}
	for _, c := range []struct {
		boot     string
		from, to int
		want     string
		gone     uint64
	}{{"b1", 0, 3, "0 1 2 3 ", 0}, {"b1", 0, 4, "4 ", 0}, {"b1", 8, 9, "8 9 ", 3}, {"b2", 0, 1, "0 1 ", 0}, {"b1", 5, 6, "5 6 ", 0}} {
		if got, gone := numbers(c.boot, c.from, c.to); got != c.want || gone != c.gone {
			t.Errorf("boot %s, from %d to %d: %q and %d gone, want %q and %d", c.boot, c.from, c.to, got, gone, c.want, c.gone)
		}
	}
}

// TestDevice reads the machine's own messages. Who may not, as in a container without the device, is told what it takes.
func TestDevice(t *testing.T) {
	in, err := Open(Config{Path: "/dev/kmsg", State: filepath.Join(t.TempDir(), "p"), FS: vfs.OS(), Boot: "b"})
	if err != nil {
		if t.Log(err); !strings.Contains(err.Error(), "/dev/kmsg") || !strings.Contains(err.Error(), "CAP_SYSLOG") {
			t.Error("this does not say what it takes")
		}
		return
	}
	defer in.Close()
	sink := inputtest.NewSink(t)
	stop := inputtest.Start(t, in, sink)
	sink.Wait(1)
	if err := stop(); err != nil {
		t.Error(err)
	}
	if len(sink.Losses()) > 0 || !bytes.Contains([]byte(sink.Messages()[0].Envelope.Octets), []byte(";")) {
		t.Errorf("%v %q", sink.Losses(), sink.Messages()[0].Envelope.Octets)
	}
}

// TestClose: an input can be closed before, during and after it runs, and what cannot be opened says what it takes.
func TestClose(t *testing.T) {
	before, _ := open(t, t.TempDir(), "b")
	before.Close()
	if err := inputtest.Start(t, before, inputtest.NewSink(t))(); err != nil {
		t.Errorf("closed before: %v", err)
	}
	during, tell := open(t, t.TempDir(), "b")
	sink := inputtest.NewSink(t)
	stop := inputtest.Start(t, during, sink)
	tell("6,0,0,-;a\n")
	sink.Wait(1)
	during.Close()
	if err := stop(); err != nil {
		t.Errorf("closed during: %v", err)
	}
	if err := during.Close(); err != nil {
		t.Errorf("closed twice: %v", err)
	}
	if _, err := Open(Config{Path: "/nonexistent", FS: vfs.OS()}); err == nil || !strings.Contains(err.Error(), "CAP_SYSLOG") {
		t.Error(err)
	}
}

func FuzzRecord(f *testing.F) {
	for _, seed := range []string{"6,0,0,-;a\n", "3,1,5140900,-,caller=T1;usb: \\x0a\\x\n SUBSYSTEM=usb\n X\n", "30,2,7,c;systemd[1]: x", ";", "1,2,3;\n =\n", "12,3,7,-;[a]: \\xzz\n"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		r, ok := parse(b)
		if !ok {
			return
		}
		claims, text := r.claims()
		for _, c := range claims {
			if strings.HasPrefix(c.Name, "_") || len(c.Value) == 0 || len(c.Value) > len(b)+20 {
				t.Errorf("%q: %s=%q", b, c.Name, c.Value)
			}
		}
		if len(text) > len(r.text) || len(unescape(nil, text)) > len(text) {
			t.Errorf("%q: text %q", b, text)
		}
	})
}
