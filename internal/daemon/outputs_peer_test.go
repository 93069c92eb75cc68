package daemon

import (
	"bufio"
	"bytes"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"constat/internal/tlsconf/tlstest"
)

// receiver is a syslog daemon of others, with a file for each kind of input.
type receiver struct {
	t     *testing.T
	dir   string
	ports map[string]int // by kind
	cmd   *exec.Cmd
	start func() *exec.Cmd
	said  output
}

func freePort(t *testing.T) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}

// file is where a kind of input goes.
func (r *receiver) file(kind string) string { return filepath.Join(r.dir, kind) }

// run starts the daemon and waits until it listens.
func (r *receiver) run() {
	r.t.Helper()
	r.cmd = r.start()
	r.cmd.Stdout, r.cmd.Stderr = &r.said, &r.said
	if err := r.cmd.Start(); err != nil {
		r.t.Fatal(err)
	}
	for kind, port := range r.ports {
		for end := time.Now().Add(patience); kind != "udp"; time.Sleep(5 * time.Millisecond) {
			conn, err := net.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", port))
			if err == nil {
				conn.Close()
				break
			}
			if time.Now().After(end) {
				r.t.Fatalf("%s does not listen: %s", r.cmd.Path, &r.said)
			}
		}
	}
}

func (r *receiver) stop() {
	if r.cmd != nil {
		r.cmd.Process.Signal(syscall.SIGTERM)
		r.cmd.Wait()
		r.cmd = nil
	}
}

// lines are those of a file, by number; wrong ones fail the test.
func (r *receiver) numbers(kind string) (list []int) {
	r.t.Helper()
	f, err := os.Open(r.file(kind))
	if os.IsNotExist(err) {
		return nil
	}
	if err != nil {
		r.t.Fatal(err)
	}
	defer f.Close()
	for s := bufio.NewScanner(f); s.Scan(); {
		var n int
		if _, err := fmt.Sscanf(strings.TrimSpace(s.Text()), "seq=%d", &n); err != nil {
			continue // said by the receiver itself, or not whole yet
		}
		list = append(list, n)
	}
	return list
}

// inOrder wants the numbers from 0 to n-1, each at least once and for the first time in order; again is how many came again.
func inOrder(t *testing.T, what string, list []int, n int) (again int) {
	t.Helper()
	next := 0
	for _, x := range list {
		switch {
		case x == next:
			next++
		case x < next:
			again++
		default:
			t.Errorf("%s: %d came when %d was due", what, x, next)
			return again
		}
	}
	if next != n {
		t.Errorf("%s: %d messages, want %d", what, next, n)
	}
	return again
}

// newRsyslog makes an rsyslogd that takes messages over everything that it speaks.
func newRsyslog(t *testing.T, p *place, a *tlstest.Authority) *receiver {
	t.Helper()
	program := need(t, "rsyslogd")
	for _, module := range []string{"omrelp", "imrelp", "lmnsd_gtls"} {
		if found, _ := filepath.Glob("/usr/lib/*/rsyslog/" + module + ".so"); len(found) == 0 {
			missing(t, "rsyslog has no "+module)
		}
	}
	r := &receiver{t: t, dir: filepath.Join(p.dir, "rsyslog"), ports: map[string]int{}}
	for _, kind := range []string{"udp", "tcp", "tls", "relp", "relptls"} {
		r.ports[kind] = freePort(t)
	}
	own := a.Issue("srv.example.test", []string{"srv.example.test"}, nil)
	var b bytes.Buffer
	fmt.Fprintf(&b, "global(workDirectory=%q maxMessageSize=\"64k\" defaultNetstreamDriverCAFile=%q defaultNetstreamDriverCertFile=%q defaultNetstreamDriverKeyFile=%q)\n",
		r.dir, a.File, own.Certificate, own.Key)
	b.WriteString("main_queue(queue.workerThreads=\"1\")\n") // two of them change the order
	b.WriteString("module(load=\"imudp\")\nmodule(load=\"imptcp\")\nmodule(load=\"imrelp\")\n")
	b.WriteString("module(load=\"imtcp\" streamDriver.name=\"gtls\" streamDriver.mode=\"1\" streamDriver.authMode=\"x509/name\" permittedPeer=[\"cli.example.test\"])\n")
	b.WriteString("template(name=\"m\" type=\"string\" string=\"%msg%\\n\")\n")
	for kind := range r.ports {
		fmt.Fprintf(&b, "ruleset(name=%q) { action(type=\"omfile\" file=%q template=\"m\") }\n", kind, r.file(kind))
	}
	input := func(module, kind, more string) {
		fmt.Fprintf(&b, "input(type=%q address=\"127.0.0.1\" port=\"%d\" ruleset=%q %s)\n", module, r.ports[kind], kind, more)
	}
	input("imudp", "udp", `rcvbufSize="4m"`)
	input("imptcp", "tcp", "")
	input("imtcp", "tls", "")
	input("imrelp", "relp", `maxDataSize="64k"`)
	input("imrelp", "relptls", fmt.Sprintf("tls=\"on\" tls.caCert=%q tls.myCert=%q tls.myPrivKey=%q tls.authMode=\"name\" tls.permittedPeer=[\"cli.example.test\"]",
		a.File, own.Certificate, own.Key))
	if err := os.MkdirAll(r.dir, 0o755); err != nil {
		t.Fatal(err)
	}
	conf := filepath.Join(r.dir, "conf")
	if err := os.WriteFile(conf, b.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
	r.start = func() *exec.Cmd { return exec.Command(program, "-n", "-i", filepath.Join(r.dir, "pid"), "-f", conf) }
	t.Cleanup(r.stop)
	return r
}

// newSyslogNG makes a syslog-ng that takes messages over TCP and TLS.
func newSyslogNG(t *testing.T, p *place, a *tlstest.Authority) *receiver {
	t.Helper()
	root := os.Getenv("CONSTAT_PEERS")
	if root == "" {
		home, _ := os.UserHomeDir()
		root = filepath.Join(home, ".cache", "constat-peers")
	}
	root = filepath.Join(root, "syslog-ng")
	modules, _ := filepath.Glob(root + "/usr/lib/syslog-ng/[0-9]*")
	libraries, _ := filepath.Glob(root + "/usr/lib/*-linux-gnu")
	if len(modules) != 1 || len(libraries) != 1 {
		missing(t, "no syslog-ng in "+root+": run .ci/peers")
	}
	r := &receiver{t: t, dir: filepath.Join(p.dir, "syslog-ng"), ports: map[string]int{"tcp": freePort(t), "tls": freePort(t)}}
	own := a.Issue("ng.example.test", []string{"ng.example.test"}, nil)
	text := fmt.Sprintf(`@version: 3.38
options { keep-hostname(yes); use-dns(no); stats-freq(0); };
source s_tcp { network(transport("tcp") ip("127.0.0.1") port(%d) flags(syslog-protocol)); };
source s_tls { syslog(transport("tls") ip("127.0.0.1") port(%d) tls(key-file(%q) cert-file(%q) ca-file(%q) peer-verify(required-trusted))); };
destination d_tcp { file(%q template("$MSG\n")); };
destination d_tls { file(%q template("$MSG\n")); };
log { source(s_tcp); destination(d_tcp); flags(flow-control); };
log { source(s_tls); destination(d_tls); flags(flow-control); };
`, r.ports["tcp"], r.ports["tls"], own.Key, own.Certificate, a.File, r.file("tcp"), r.file("tls"))
	if err := os.MkdirAll(r.dir, 0o755); err != nil {
		t.Fatal(err)
	}
	conf := filepath.Join(r.dir, "conf")
	if err := os.WriteFile(conf, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	r.start = func() *exec.Cmd {
		c := exec.Command(root+"/usr/sbin/syslog-ng", "-F", "--no-caps", "-f", conf, "-R", r.file("persist"), "-p", r.file("pid"), "-c", r.file("ctl"),
			"--module-path", modules[0])
		c.Env = append(os.Environ(), "LD_LIBRARY_PATH="+root+"/usr/lib/syslog-ng:"+libraries[0]+":"+strings.Replace(libraries[0], "/usr/lib/", "/lib/", 1))
		return c
	}
	t.Cleanup(r.stop)
	return r
}

// sendNumbers sends numbered messages over TCP to the daemon.
func (p *place) sendNumbers(from, to int) {
	p.t.Helper()
	w := bufio.NewWriterSize(p.dial("tcp"), 64<<10)
	for i := from; i < to; i++ {
		message := fmt.Sprintf("<13>1 2026-10-11T22:14:15.003Z web%d app 7 - - seq=%09d and a text of the usual length behind it", i%9, i)
		fmt.Fprintf(w, "%d %s", len(message), message)
	}
	if err := w.Flush(); err != nil {
		p.t.Fatal(err)
	}
}

// TestPeers: rsyslog and syslog-ng get everything, in order, over each way that they understand.
func TestPeers(t *testing.T) {
	n := 2500
	if long() {
		n = 200_000
	}
	p := newPlace(t, "")
	a := tlstest.New(t, t.TempDir(), "authority")
	rs, ng := newRsyslog(t, p, a), newSyslogNG(t, p, a)
	rs.run()
	ng.run()
	own := a.Issue("cli.example.test", []string{"cli.example.test"}, nil)
	secure := func(name string) string {
		return fmt.Sprintf("  tls: {ca: %s, certificate: %s, key: %s, names: [%s]}\n", a.File, own.Certificate, own.Key, name)
	}
	configuration := "http: off\nlisten:\n  tcp: ['127.0.0.1:0']\noutputs:\n"
	output := func(name, to, more string) { configuration += "- name: " + name + "\n  to: ['" + to + "']\n" + more }
	to := func(scheme string, port int) string { return fmt.Sprintf("%s://127.0.0.1:%d", scheme, port) }
	output("udp", to("udp", rs.ports["udp"]), "  rate: 20000\n")
	output("tcp", to("tcp", rs.ports["tcp"]), "")
	output("tls", to("tls", rs.ports["tls"]), secure("srv.example.test"))
	output("relp", to("relp", rs.ports["relp"]), "")
	output("relptls", to("relp+tls", rs.ports["relptls"]), secure("srv.example.test"))
	output("ng-tcp", to("tcp", ng.ports["tcp"]), "  framing: lf\n")
	output("ng-tls", to("tls", ng.ports["tls"]), secure("ng.example.test"))
	p.configure(configuration)
	d := p.serve()
	p.sendNumbers(0, n)
	ways := map[string]func() []int{"ng-tcp": func() []int { return ng.numbers("tcp") }, "ng-tls": func() []int { return ng.numbers("tls") }}
	for kind := range rs.ports {
		ways[kind] = func() []int { return rs.numbers(kind) }
	}
	for end := time.Now().Add(4 * patience); time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
		whole := 0
		for _, numbers := range ways {
			if len(numbers()) >= n {
				whole++
			}
		}
		if whole == len(ways) {
			break
		}
	}
	d.stop()
	for name, numbers := range ways {
		if again := inOrder(t, name, numbers(), n); again > 0 {
			t.Errorf("%s: %d came again", name, again)
		}
	}
	if t.Failed() {
		t.Logf("rsyslog said:\n%s\nsyslog-ng said:\n%s", &rs.said, &ng.said)
	}
	p.verify()
}
