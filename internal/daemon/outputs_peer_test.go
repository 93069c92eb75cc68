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
	root := filepath.Join(peers(), "rsyslog")
	program := filepath.Join(root, "usr/sbin/rsyslogd")
	modules, _ := filepath.Glob(filepath.Join(root, "usr/lib/*/rsyslog"))
	if _, err := os.Stat(program); err != nil || len(modules) != 1 {
		missing(t, fmt.Sprintf("rsyslog is not there (.ci/peers unpacks it): %v", err))
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
	r.start = func() *exec.Cmd {
		c := exec.Command(program, "-n", "-i", filepath.Join(r.dir, "pid"), "-f", conf, "-M", modules[0])
		c.Env = append(os.Environ(), "LD_LIBRARY_PATH="+filepath.Dir(modules[0]))
		return c
	}
	t.Cleanup(r.stop)
	return r
}

// newSyslogNG makes a syslog-ng that takes messages over TCP and TLS.
func newSyslogNG(t *testing.T, p *place, a *tlstest.Authority) *receiver {
	t.Helper()
	root, more := filepath.Join(peers(), "syslog-ng"), filepath.Join(peers(), "syslog-ng-libraries")
	modules, _ := filepath.Glob(root + "/usr/lib/syslog-ng/[0-9]*")
	libraries, _ := filepath.Glob(more + "/usr/lib/*-linux-gnu")
	if len(modules) != 1 || len(libraries) != 1 {
		missing(t, "no syslog-ng in "+root+": .ci/peers unpacks it")
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

// sender connects to the daemon over TCP and returns what sends numbered messages.
func (p *place) sender() func(from, to int) {
	p.t.Helper()
	w := bufio.NewWriterSize(p.dial("tcp"), 64<<10)
	return func(from, to int) {
		p.t.Helper()
		for i := from; i < to; i++ {
			message := fmt.Sprintf("<13>1 2026-10-11T22:14:15.003Z web%d app 7 - - seq=%09d and a text of the usual length behind it", i%9, i)
			fmt.Fprintf(w, "%d %s", len(message), message)
		}
		if err := w.Flush(); err != nil {
			p.t.Fatal(err)
		}
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
	p.sender()(0, n)
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

// sameConf is a configuration for rsyslogd and for constat. PORT is for rsyslogd alone.
const sameConf = `module(load="imptcp")
input(type="imptcp" address="127.0.0.1" port="PORT")
main_queue(queue.workerThreads="1")
$ActionFileDefaultTemplate RSYSLOG_TraditionalFileFormat
*.*;auth,authpriv.none		-DIR/out/syslog
auth,authpriv.*			DIR/out/auth.log
kern.*;mail.=info		-DIR/out/mixed
*.info;mail.none;news.none	-DIR/out/messages
:msg, contains, "needle"	DIR/out/needle
& stop
:programname, isequal, "cron"	DIR/out/cron
:programname, isequal, "postfix"	DIR/out/postfix
if $programname == 'postfix' then { action(type="omfile" file="DIR/out/block") action(type="omfile" file="DIR/out/block2") }
:syslogtag, isequal, "app[17]:"	DIR/out/tag
:syslogtag, contains, "[18]:"	DIR/out/tag
:fromhost-ip, isequal, "127.0.0.1"	DIR/out/address
:procid, isequal, "23"	DIR/out/procid
:syslogfacility-text, isequal, "mail"	DIR/out/facility
:syslogseverity, isequal, "3"	DIR/out/severity
if $syslogseverity-text == 'debug' then DIR/out/level
if $syslogseverity <= 2 and ($programname == 'app' or $syslogfacility == 9) then DIR/out/both
if not ($syslogseverity > 1 or $msg contains 'message' and $syslogfacility-text == 'user') then DIR/out/either
:msg, ereregex, "^ message of .*7$"	DIR/out/expression
:msg, contains, " message of priority 5"	DIR/out/blank
*.=debug;auth,authpriv.none;\
	news.none;mail.none	-DIR/out/debug
$template ByHost,"DIR/out/host-%HOSTNAME%-%PROGRAMNAME%.log"
$template OfApp,"DIR/out/app-%HOSTNAME%-%PROGRAMNAME%.log"
$template Line,"%TIMESTAMP% %HOSTNAME:::uppercase% %syslogtag:1:6%|%msg:::sp-if-no-1st-sp%%msg:::drop-last-lf% \"%syslogfacility-text%.%syslogseverity-text%\" %pri% 100\%\n"
template(name="ByDay" type="string" string="DIR/out/day-%timereported:::date-year%%timereported:::date-month%")
template(name="ByPri" type="list") {
  constant(value="DIR/out/pri-") property(name="syslogseverity-text")
  property(name="hostname" position.from="4" position.to="4" securePath="replace")   # a comment
}
template(name="List" type="list") {
    property(name="timereported" dateFormat="rfc3339") constant(value=" ")
    property(name="programname" caseConversion="upper") constant(value="\t#\\ ")
    property(name="syslogtag" field.delimiter="91" field.number="2")
    property(name="msg" spIfNo1stSp="on") property(name="msg" dropLastLf="on") property(name="procid") constant(value="\n")
}
*.info				?ByHost
:programname, isequal, "app"	-?OfApp;Line
*.err action(type="omfile" dynaFile="ByPri" template="List")
mail.* action(type="omfile" file="DIR/out/list" template="List")
news.*				DIR/out/iso;RSYSLOG_FileFormat
news.*				DIR/out/named;RSYSLOG_TraditionalFileFormat
lpr.*				DIR/out/protocol;Line
$ActionFileDefaultTemplate RSYSLOG_FileFormat
cron.*				DIR/out/cronned
cron.* action(type="omfile" file="DIR/out/cronned2")
$ActionFileDefaultTemplate Line
uucp.*				DIR/out/uucp
$ActionFileDefaultTemplate RSYSLOG_TraditionalFileFormat
*.emerg				DIR/out/emerg
local7.*			~
*.*				-DIR/out/rest
`

// TestInPlaceOfRsyslog: rsyslogd and constat write the same files, octet for octet, from the same configuration and messages.
func TestInPlaceOfRsyslog(t *testing.T) {
	p := newPlace(t, "http: off\nlisten:\n  tcp: ['127.0.0.1:0']\nsyslog_conf:\n  file: DIR/same.conf\n")
	root := filepath.Join(peers(), "rsyslog")
	modules, _ := filepath.Glob(filepath.Join(root, "usr/lib/*/rsyslog"))
	if len(modules) != 1 {
		missing(t, "rsyslog is not there (.ci/peers unpacks it)")
	}
	r := &receiver{t: t, dir: p.dir, ports: map[string]int{"tcp": freePort(t)}}
	conf := filepath.Join(p.dir, "same.conf")
	text := strings.NewReplacer("PORT", fmt.Sprint(r.ports["tcp"]), "DIR", p.dir).Replace(sameConf)
	if err := os.WriteFile(conf, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(filepath.Join(p.dir, "out"), 0o755); err != nil {
		t.Fatal(err)
	}
	r.start = func() *exec.Cmd {
		c := exec.Command(filepath.Join(root, "usr/sbin/rsyslogd"), "-n", "-i", filepath.Join(p.dir, "pid"), "-f", conf, "-M", modules[0])
		c.Env = append(os.Environ(), "TZ=UTC", "LD_LIBRARY_PATH="+filepath.Dir(modules[0]))
		return c
	}
	t.Cleanup(r.stop)
	var b strings.Builder
	for pri := range 192 {
		fmt.Fprintf(&b, "<%d>Oct 11 22:14:%02d web%d app[%d]: message of priority %d\n", pri, pri%60, pri%9, pri, pri)
		fmt.Fprintf(&b, "<%d>Oct  1 02:04:%02d web1 cron: a\ttab and a %s #%d\n", pri, pri%60, []string{"needle", "nail"}[pri%2], pri)
	}
	b.WriteString("<22>Oct 11 22:14:15 web1 postfix/smtpd[7]: connect from unknown\n")
	b.WriteString("<13>Oct 11 22:14:15 web1 end: the last one\n")
	send := func(address string) {
		t.Helper()
		conn, err := net.Dial("tcp", address)
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		if _, err := conn.Write([]byte(b.String())); err != nil {
			t.Fatal(err)
		}
	}
	out := func() map[string]string {
		all := map[string]string{}
		names, _ := filepath.Glob(filepath.Join(p.dir, "out", "*"))
		for _, name := range names {
			data, _ := os.ReadFile(name)
			all[filepath.Base(name)] = string(data)
		}
		return all
	}
	ended := func() bool { return strings.Contains(out()["rest"], "the last one") }
	r.run()
	send(fmt.Sprintf("127.0.0.1:%d", r.ports["tcp"]))
	p.until("rsyslog has written", ended)
	r.stop()
	want := out()
	if err := os.RemoveAll(filepath.Join(p.dir, "out")); err != nil {
		t.Fatal(err)
	}
	d := p.serve()
	send(p.address("tcp"))
	p.until("constat has written", ended)
	d.stop()
	got := out()
	if len(want) < 9 {
		t.Errorf("rsyslog wrote %d files", len(want))
	}
	for name, text := range want {
		var theirs strings.Builder // without what rsyslogd says of itself
		for line := range strings.Lines(text) {
			if !strings.Contains(line, " rsyslogd: ") && !strings.Contains(line, " rsyslogd[") {
				theirs.WriteString(line)
			}
		}
		if got[name] != theirs.String() {
			t.Errorf("%s: %s", name, firstDifference(got[name], theirs.String()))
		}
		delete(got, name)
	}
	for name, text := range got {
		t.Errorf("%s: only constat wrote it: %q", name, text)
	}
	p.verify()
}

// firstDifference tells where two texts differ.
func firstDifference(got, want string) string {
	g, w := strings.Split(got, "\n"), strings.Split(want, "\n")
	for i := range min(len(g), len(w)) {
		if g[i] != w[i] {
			return fmt.Sprintf("line %d is %q, rsyslog has %q", i+1, g[i], w[i])
		}
	}
	return fmt.Sprintf("%d lines, rsyslog has %d", len(g), len(w))
}
