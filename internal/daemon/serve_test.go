package daemon

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestStart: it says where it listens, also where the system chose, and how to send the first event.
func TestStart(t *testing.T) {
	p := newPlace(t, everything)
	d := p.serve()
	said := d.out.String()
	for _, name := range p.endpoints().Inputs {
		if !strings.Contains(said, "listens on "+name+"\n") || strings.HasSuffix(name, ":0") {
			t.Errorf("%q does not say that it listens on %q", said, name)
		}
	}
	if n := len(p.endpoints().Inputs); n != 4 || !strings.Contains(said, "constat log --store "+p.store) {
		t.Errorf("%d inputs; said %q", n, said)
	}
	d.stop()
	if left, err := os.ReadDir(p.store + ".run"); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v %v", left, err)
	}
}

// TestStop: a signal ends it with 0, and everything that was received by then is durable and signed.
func TestStop(t *testing.T) {
	for _, s := range []syscall.Signal{syscall.SIGTERM, syscall.SIGINT} {
		p := newPlace(t, everything)
		d := p.serve()
		const n = 2000
		for _, kind := range []string{"udp", "tcp", "unixgram", "unix"} {
			conn := p.dial(kind)
			for i := range n {
				fmt.Fprintf(conn, "<13>%s message %d\n", kind, i)
			}
		}
		d.signal(s)
		d.wait()
		if d.end != nil {
			t.Errorf("%v: %v", s, d.end)
		}
		p.verify()
		all := p.all("system")
		if kept, lost := len(p.events()), sum(lostIn(t, all)); kept+lost != 4*n || lost > 0 {
			t.Errorf("%v: kept %d, lost %d of %d", s, kept, lost, 4*n)
		}
		if out := p.run("verify", "-o", "json"); !strings.Contains(out, `"unsigned": 0`) {
			t.Errorf("not all is signed: %s", out)
		}
	}
}

// TestSecondSignal: the first waits for messages that the disk has no room for; the second ends it at once.
func TestSecondSignal(t *testing.T) {
	p := newPlace(t, everything)
	disk := smallDisk(t, p, 12)
	d := p.serve()
	disk.fill()
	p.pressOn()
	d.signal(syscall.SIGTERM)
	p.until("stopping", func() bool { _, err := net.Dial("unix", p.dir+"/slog"); return err != nil })
	began := time.Now()
	d.signal(syscall.SIGTERM)
	d.wait()
	status := d.cmd.ProcessState.Sys().(syscall.WaitStatus)
	if took := time.Since(began); took > patience/2 || !status.Signaled() || status.Signal() != syscall.SIGTERM {
		t.Errorf("second signal: %v after %v", d.end, took)
	}
	disk.resize(100)
	p.serve().stop()
	p.verify()
}

// pressOn sends to the stream until the daemon holds it back.
func (p *place) pressOn() (whole int) {
	conn := p.dial("tcp")
	line := []byte("<13>" + strings.Repeat("x", 9995) + "\n")
	for {
		conn.SetWriteDeadline(time.Now().Add(500 * time.Millisecond))
		if n, err := conn.Write(line); err != nil {
			conn.Write(line[n:])
			return whole
		}
		whole++
	}
}

// TestReload: a good change holds, everything else changes nothing.
func TestReload(t *testing.T) {
	p := newPlace(t, everything)
	d := p.serve()
	udp, tcp := p.address("udp"), p.address("tcp")
	reload := func(configuration, say string) {
		t.Helper()
		before := strings.Count(d.errs.String(), "configuration")
		p.configure(configuration)
		d.signal(syscall.SIGHUP)
		p.until("an answer to SIGHUP", func() bool { return strings.Count(d.errs.String(), "configuration") > before })
		if said := d.errs.String(); !strings.Contains(said[strings.LastIndex(said, "level="):], say) {
			t.Errorf("said %q, want %q", said, say)
		}
	}
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	for configuration, say := range map[string]string{
		"lisen: {}\n": "unknown field",
		"listen:\n  udp: ['127.0.0.1:0', 'x']\nhttp: off\n":                                      "line 2",
		"listen:\n  udp: ['127.0.0.2:0']\n  tcp: ['" + taken.Addr().String() + "']\nhttp: off\n": "in use",
		everything + "store: /elsewhere\n":                                                       "store cannot be changed",
		everything + "limits:\n  queue: 1MiB\n":                                                  "limits other than",
		everything + "user: nobody\n":                                                            "user and group",
	} {
		reload(configuration, say)
		if p.address("udp") != udp || p.address("tcp") != tcp {
			t.Errorf("%q changed the inputs: %v", configuration, p.endpoints().Inputs)
		}
		p.send("udp", "<13>after it")
		p.send("tcp", "<13>after it\n")
	}
	p.arrived(12)
	open := p.dial("tcp")
	fmt.Fprint(open, "<13>before the change\n")
	p.arrived(13)
	reload("listen:\n  tcp: ['127.0.0.1:0', '127.0.0.2:0']\nhttp: off\nlimits:\n  rate: 1\n  burst: 5\n", "changed")
	fmt.Fprint(open, "<13>after the change\n")
	p.arrived(14)
	if n := len(p.endpoints().Inputs); n != 2 || p.address("tcp") != tcp {
		t.Errorf("inputs %v", p.endpoints().Inputs)
	}
	if _, err := os.Stat(filepath.Join(p.dir, "log")); err == nil {
		t.Error("the socket that is not wanted any more is still there")
	}
	fmt.Fprint(open, strings.Repeat("<13>too many\n", 50))
	d.stop()
	p.verify()
	kept, lost := len(p.events()), lostIn(t, p.all("system"))["rate limit"]
	if kept+lost != 64 || lost < 40 {
		t.Errorf("kept %d, lost %d", kept, lost)
	}
}

// TestRoutes: messages go to the journal that the configuration says, and to another one after it was changed.
func TestRoutes(t *testing.T) {
	const auth = "rules:\n- journal: auth\n  query: 'facility:in(auth, authpriv)'\n"
	p := newPlace(t, everything+auth+"- journal: debug\n  query: 'level:debug'\n")
	d := p.serve()
	for _, message := range []string{"<86>sshd: one", "<15>app: two", "<13>app: three", "<87>sshd: four"} {
		p.send("tcp", message+"\n")
	}
	p.until("all journals", func() bool {
		_, err := os.Stat(filepath.Join(p.store, "debug", "checkpoint"))
		_, err2 := os.Stat(filepath.Join(p.store, "auth", "checkpoint"))
		return err == nil && err2 == nil
	})
	p.until("four messages", func() bool { return len(p.all("auth"))+len(p.all("debug"))+len(p.events()) == 4 })
	p.configure(everything + auth)
	d.signal(syscall.SIGHUP)
	p.until("the change", func() bool { return strings.Contains(d.errs.String(), "configuration") })
	p.send("tcp", "<15>app: five\n")
	d.stop()
	p.verify()
	for journal, want := range map[string]string{"auth": "four one", "debug": "two", "system": "five three"} {
		var got []string
		for _, e := range p.all(journal) {
			if e.kind == 0 {
				got = append(got, e.fields["MESSAGE"])
			}
		}
		slices.Sort(got) // each came over a connection of its own
		if s := strings.Join(got, " "); s != want {
			t.Errorf("journal %s: %q, want %q", journal, s, want)
		}
	}
}

// TestTwo: a store has one daemon.
func TestTwo(t *testing.T) {
	p := newPlace(t, everything)
	d := p.serve()
	second := p.launch()
	second.wait()
	if exitCode(second.end) != 1 || !strings.Contains(second.errs.String(), "lock") {
		t.Errorf("second daemon: %v, %s", second.end, &second.errs)
	}
	p.send("tcp", "<13>still there\n")
	p.arrived(1)
	d.stop()
}

// TestMistakes: what cannot be bound or read is said, and the exit status is that of a failure or of wrong usage.
func TestMistakes(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	for _, test := range []struct {
		configuration, say string
		code               int
	}{
		{"http: off\nlimits:\n  message: 17MiB\n", "line 3: limits.message", 2},
		{"http: off\nudp: x\n", "[2:1] unknown field \"udp\"", 2},
		{"http: off\nlisten:\n  tcp: ['" + taken.Addr().String() + "']\n", taken.Addr().String(), 1},
		{"http: off\nlisten:\n  stream: [DIR/constat.yaml]\n", "is no socket", 1},
		{"http: off\nuser: nobody-of-that-name\n", "nobody-of-that-name", 1},
	} {
		p := newPlace(t, test.configuration)
		d := p.launch()
		d.wait()
		if exitCode(d.end) != test.code || !strings.Contains(d.errs.String(), test.say) {
			t.Errorf("%q: %v, %s; want %d and %q", test.configuration, d.end, &d.errs, test.code, test.say)
		}
		if _, err := os.Stat(p.store + ".run/daemon.json"); err == nil {
			t.Errorf("%q: daemon.json is there", test.configuration)
		}
	}
}

// TestOutputGone: whoever read what it says may go.
func TestOutputGone(t *testing.T) {
	p := newPlace(t, everything)
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	d := p.serve(func(c *exec.Cmd) { c.Stderr = w })
	w.Close()
	r.Close()
	d.signal(syscall.SIGHUP) // makes it say something
	d.signal(syscall.SIGHUP)
	time.Sleep(100 * time.Millisecond)
	p.send("tcp", "<13>still there\n")
	p.arrived(1)
	d.stop()
}
