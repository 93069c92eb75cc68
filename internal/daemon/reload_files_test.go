package daemon

import (
	"fmt"
	"os"
	"strings"
	"syscall"
	"testing"
)

// TestReloadLeavesNothingOpen: inputs of all kinds come and go by SIGHUP, and no file or socket of theirs stays.
func TestReloadLeavesNothingOpen(t *testing.T) {
	few := "http: off\nlisten:\n  udp: ['127.0.0.1:0']\n"
	p := newPlace(t, few)
	p.add("app.log", "a line\n")
	d := p.serve()
	open := func() int {
		t.Helper()
		list, err := os.ReadDir(fmt.Sprintf("/proc/%d/fd", d.cmd.Process.Pid))
		if err != nil {
			t.Fatal(err)
		}
		return len(list)
	}
	reload := func(text string) {
		t.Helper()
		before := len(d.errs.String())
		p.configure(text)
		d.signal(syscall.SIGHUP)
		p.until("reloaded", func() bool { return strings.Contains(d.errs.String()[before:], "configuration ") })
	}
	reload(few)
	most := open()
	for range 3 {
		reload(few + "  tcp: ['127.0.0.1:0']\n  datagram: [DIR/l]\n  stream: [DIR/s]\n  pipes: [{path: DIR/pipe}]\n  files: [{path: DIR/app.log}]\n" +
			"  relp: [{address: '127.0.0.1:0'}]\n  beep: [{address: '127.0.0.1:0'}]\n  kernel: /dev/null\n  xen: [DIR]\n")
		if n := open(); n < most+6 {
			t.Fatalf("%d files are open, before %d: %s", n, most, &d.errs)
		}
		reload(few)
	}
	p.until("all are closed", func() bool { return open() <= most })
	d.stop()
	p.verify()
}
