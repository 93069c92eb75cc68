package daemon

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// outage is the target that is down for a while. Its long form: a minute of 10,000 messages a second.
var outage = struct{ rate, seconds int }{2000, 1}

// TestOutage: a target is down while messages come and the daemon is restarted. Intake does not notice, memory stays as
// it is, another target gets everything meanwhile, and when it is back it gets everything in order.
func TestOutage(t *testing.T) {
	if long() {
		outage.rate, outage.seconds = 10_000, 60
	}
	for _, scheme := range []string{"relp", "tcp"} {
		t.Run(scheme, func(t *testing.T) { isAway(t, newCollector(t, scheme), newCollector(t, scheme)) })
	}
}

// isAway takes a target away.
func isAway(t *testing.T, down, up *collector) {
	down.close()
	p := newPlace(t, "")
	p.configure(outputsTo(freePort(t), down, up))
	d := p.serve()
	const slices = 20 // a second
	sent, before := 0, 0
	send := p.sender()
	for i := range outage.seconds * slices {
		began := time.Now()
		send(sent, sent+outage.rate/slices)
		sent += outage.rate / slices
		if i == outage.seconds*slices/2 {
			p.until("the other target is as far", func() bool { return up.last() == sent-1 })
			before = d.most()
			d.stop()
			d = p.serve()
			send = p.sender()
		}
		time.Sleep(time.Until(began.Add(time.Second / slices))) // the pace
	}
	p.until("the other target has everything", func() bool { return up.last() == sent-1 })
	if kept, lost := p.balance(); kept != sent || len(lost) > 0 {
		t.Errorf("kept %d of %d, lost %v", kept, sent, lost)
	}
	if n := len(down.numbers()); n > 0 {
		t.Fatalf("%d messages came before it was up", n)
	}
	down.listen()
	p.until("the target that is back has everything", func() bool { return down.last() == sent-1 })
	after := d.most()
	if t.Logf("%d messages, at most %d MB before and %d MB after", sent, before>>20, after>>20); after > before+before/2 {
		t.Errorf("memory was %d MB at most in the first half, and %d MB in the second and while what had waited was sent", before>>20, after>>20)
	}
	d.stop()
	for i, c := range []*collector{down, up} {
		if again := inOrder(t, "out"+strconv.Itoa(i), c.numbers(), sent); i == 0 && again > 0 || again > 2048 {
			t.Errorf("out%d: %d came again", i, again)
		}
	}
	p.verify()
}

// most is how much memory the daemon had at most, in bytes.
func (d *process) most() int {
	d.t.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", d.cmd.Process.Pid))
	if err != nil {
		d.t.Fatal(err)
	}
	_, line, _ := strings.Cut(string(text), "VmHWM:")
	var kilobytes int
	if _, err := fmt.Sscan(line, &kilobytes); err != nil {
		d.t.Fatalf("no VmHWM in %s: %v", text, err)
	}
	return kilobytes << 10
}

// TestKilledWhileSending: a daemon that is killed at any moment between sending and noting how far it came sends nothing
// too few, and of what it sends again no more than it sends within about a tenth of a second, and over TCP within its trial.
func TestKilledWhileSending(t *testing.T) {
	for scheme, most := range map[string]int{"tcp": 4000, "relp": 1000} { // in each round
		t.Run(scheme, func(t *testing.T) { isKilled(t, newCollector(t, scheme), most) })
	}
}

func isKilled(t *testing.T, c *collector, most int) {
	rounds := 2
	if long() {
		rounds = 30
	}
	p := newPlace(t, "")
	p.configure(outputsTo(freePort(t), c))
	sent := 0
	for range rounds {
		d := p.serve()
		send := p.sender()
		half := func() {
			for range 5 {
				send(sent, sent+200)
				sent += 200
				p.run("log", "sync") // returns when everything before is durable
			}
		}
		noted := p.outputs()["out0"].Delivered
		half()
		p.until("something is noted", func() bool { return p.outputs()["out0"].Delivered > noted })
		half()
		time.Sleep(time.Duration(rand.N(300)) * time.Millisecond) // the moment is random on purpose
		d.kill()
	}
	d := p.serve()
	p.until("everything is there", func() bool { return c.last() == sent-1 })
	p.until("it is noted", func() bool { return p.outputs()["out0"].Lag == 0 })
	d.stop()
	again := inOrder(t, "out0", c.numbers(), sent)
	if t.Logf("%d of %d came again after %d kills", again, sent, rounds); again > rounds*most {
		t.Errorf("%d came again", again)
	}
	p.verify()
}

// outputState is what "status -o json" says of an output.
type outputState struct {
	State, Error, Target string
	Delivered, Lag       uint64
	Dropped              map[string]uint64
}

func (p *place) outputs() map[string]outputState {
	p.t.Helper()
	var s struct{ Outputs map[string]outputState }
	if err := json.Unmarshal([]byte(p.run("status", "-o", "json")), &s); err != nil {
		p.t.Fatal(err)
	}
	return s.Outputs
}

// TestSyslogConf: the actions of a syslog.conf are carried out, also after it was changed; one that is wrong changes
// nothing.
func TestSyslogConf(t *testing.T) {
	c := newCollector(t, "tcp")
	p := newPlace(t, "http: 127.0.0.1:0\nlisten:\n  tcp: ['127.0.0.1:0']\n  datagram: [DIR/log]\nsyslog_conf:\n  file: DIR/syslog.conf\nstatistics: 1s\n")
	conf := func(text string) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(p.dir, "syslog.conf"), []byte(strings.ReplaceAll(text, "DIR", p.dir)), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	fifo := filepath.Join(p.dir, "fifo")
	if err := syscall.Mkfifo(fifo, 0o600); err != nil {
		t.Fatal(err)
	}
	r, err := os.OpenFile(fifo, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	standard := "*.*;auth,authpriv.none\t-DIR/var/syslog\nauth,authpriv.*\tDIR/var/auth.log\nkern.*\t|DIR/fifo\nmail.* stop\n*.info\t@@(o)" + c.address + "\n*.emerg\t:omusrmsg:*\n"
	conf(standard)
	d := p.serve()
	content := func(name string) string { data, _ := os.ReadFile(filepath.Join(p.dir, name)); return string(data) }
	has := func(name, text string) {
		t.Helper()
		p.until(name+" has "+text, func() bool { return strings.Contains(content(name), text) })
	}
	p.send("tcp", "<38>Oct 11 22:14:15 web1 sshd[7]: auth seq=000000001\n", "<6>Oct 11 22:14:15 web1 kernel: oops\n",
		"<22>Oct 11 22:14:15 web1 postfix: mail seq=000000002\n", "<14>Oct 11 22:14:15 web1 app: user seq=000000003\n")
	has("var/syslog", "web1 app: user")
	p.send("unixgram", "<37>su: local seq=000000004")
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("auth.log %q\nsyslog %q\n%s", content("var/auth.log"), content("var/syslog"), p.run("show"))
		}
	})
	has("var/auth.log", "su: local")
	if a, s := content("var/auth.log"), content("var/syslog"); !strings.HasPrefix(a, "Oct 11 22:14:15 web1 sshd[7]: auth seq=000000001\n") || strings.Contains(s, "auth seq") || !strings.Contains(s, "postfix: mail") {
		t.Errorf("auth.log %q, syslog %q", a, s)
	}
	if line, err := bufio.NewReader(r).ReadString('\n'); err != nil || line != "Oct 11 22:14:15 web1 kernel: oops\n" {
		t.Errorf("fifo %q %v", line, err)
	}
	p.until("forwarded", func() bool { return fmt.Sprint(c.numbers()) == "[1 3 4]" || c.last() == 4 })
	if got := fmt.Sprint(c.numbers()); got != "[1 3 4]" { // mail was discarded before
		t.Errorf("forwarded %s", got)
	}
	hup := func(say string) {
		t.Helper()
		before := len(d.errs.String())
		d.signal(syscall.SIGHUP)
		p.until(say, func() bool { return strings.Contains(d.errs.String()[before:], say) })
	}
	conf("mail.foo DIR/var/wrong\n")
	hup("configuration not changed")
	if err := os.Rename(filepath.Join(p.dir, "var/syslog"), filepath.Join(p.dir, "var/syslog.1")); err != nil {
		t.Fatal(err)
	}
	conf(standard + "user.* DIR/var/user.log\n")
	hup("configuration changed")
	p.send("tcp", "<14>Oct 11 22:14:16 web1 app: after it seq=000000005\n")
	has("var/user.log", "after it")
	has("var/syslog", "after it")
	if s := content("var/syslog") + content("var/user.log"); strings.Contains(s, "seq=000000003") {
		t.Errorf("sent again: %q", s)
	}
	has("var/syslog", "output syslog_conf "+p.dir+"/var/auth.log: up, delivered 2")
	response, err := http.Get(p.endpoints().HTTP + "/metrics")
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	if text, err := io.ReadAll(response.Body); err != nil || !strings.Contains(string(text), `constat_output_delivered_total{output="syslog_conf `+p.dir+`/var/auth.log"} 2`) {
		t.Errorf("metrics %s %v", text, err)
	}
	d.stop()
	p.verify()
}

// TestPrivateStaysHere: private values are sent to the output that asks for them, and to no other.
func TestPrivateStaysHere(t *testing.T) {
	p := newPlace(t, "http: off\nlisten: {}\noutputs:\n- {name: plain, to: ['file://DIR/plain'], format: json, from: start}\n"+
		"- {name: secret, to: ['file://DIR/secret'], format: json, from: start, private: yes}\n"+
		"- {name: relay, to: ['file://DIR/relay'], format: received, from: start}\n")
	d := p.serve()
	p.run("log", "--private", "EMAIL=anna@example.org", "order shipped")
	content := func(name string) string { data, _ := os.ReadFile(filepath.Join(p.dir, name)); return string(data) }
	p.until("sent", func() bool {
		return strings.Contains(content("plain"), "order shipped") && strings.Contains(content("secret"), "order shipped") && strings.Contains(content("relay"), "order shipped")
	})
	if strings.Contains(content("plain")+content("relay"), "anna") || !strings.Contains(content("secret"), "anna@example.org") {
		t.Errorf("plain %s, relay %s, secret %s", content("plain"), content("relay"), content("secret"))
	}
	d.stop()
	p.verify()
}

// TestSyslogConfFlag: the command line beats the configuration, also after SIGHUP.
func TestSyslogConfFlag(t *testing.T) {
	p := newPlace(t, "http: off\nlisten:\n  tcp: ['127.0.0.1:0']\n")
	conf := filepath.Join(p.dir, "given.conf")
	if err := os.WriteFile(conf, []byte("*.* "+p.dir+"/all\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	d := p.serve(func(c *exec.Cmd) { c.Args = append(c.Args, "--syslog-conf", conf) })
	for _, text := range []string{"before", "after"} {
		p.send("tcp", "<13>app: "+text+"\n")
		p.until(text, func() bool {
			data, _ := os.ReadFile(filepath.Join(p.dir, "all"))
			return strings.Contains(string(data), text)
		})
		d.signal(syscall.SIGHUP)
		p.until("reloaded", func() bool { return strings.Contains(d.errs.String(), "configuration changed") })
	}
	d.stop()
	p.verify()
}

// TestRelayLosesNothing: two daemons with RELP between them, either killed at any moment: what was durable at the first
// one arrives at the second, in order.
func TestRelayLosesNothing(t *testing.T) {
	rounds := 2
	if long() {
		rounds = 30
	}
	port := freePort(t)
	second := newPlace(t, fmt.Sprintf("http: off\nlisten:\n  relp: [{address: '127.0.0.1:%d'}]\n", port))
	first := newPlace(t, fmt.Sprintf("http: off\nlisten: {}\noutputs:\n- name: next\n  to: ['relp://127.0.0.1:%d']\n  from: start\n  retry: 100ms\n", port))
	a, b := first.serve(), second.serve()
	sent := 0
	for range rounds {
		var text strings.Builder
		for i := range 300 {
			fmt.Fprintf(&text, "seq=%09d\n", sent+i)
		}
		c := first.command("log", "-t", "app")
		c.Stdin = strings.NewReader(text.String())
		if out, err := c.CombinedOutput(); err != nil {
			t.Fatalf("log: %v %s", err, out)
		}
		sent += 300
		time.Sleep(time.Duration(rand.N(200)) * time.Millisecond) // the moment is random on purpose
		if rand.N(2) == 0 {
			a.kill()
			a = first.serve()
		} else {
			b.kill()
			b = second.serve()
		}
	}
	first.until("everything is confirmed", func() bool { s := first.outputs()["next"]; return s.Lag == 0 && s.Delivered > 0 && s.State == "up" })
	a.stop()
	b.stop()
	var list []int
	for _, e := range second.all("system") {
		var n int
		if _, err := fmt.Sscanf(e.fields["MESSAGE"], "seq=%d", &n); err == nil {
			list = append(list, n)
		}
	}
	again := inOrder(t, "second", list, sent)
	if t.Logf("%d of %d came again after %d kills", again, sent, rounds); again > rounds*sent { // all that was sent, at each kill
		t.Errorf("%d came again", again)
	}
	first.verify()
	second.verify()
}
