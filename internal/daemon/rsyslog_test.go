package daemon

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"constat/entry"
	"constat/internal/tlsconf/tlstest"
	"constat/internal/vfs"
	"constat/journal"
)

// sender is Debian's rsyslogd, sending what stands in a file.
type sender struct {
	t    *testing.T
	dir  string
	said output
	stop func()
}

// rsyslog starts one with an action; ADDRESS and PORT in it are those of the receiver, DIR is a directory of its own.
// Its queue has one worker: two would send what they have side by side, in any order.
func rsyslog(t *testing.T, dir, address, action string) *sender {
	t.Helper()
	root := filepath.Join(peers(), "rsyslog")
	program := filepath.Join(root, "usr/sbin/rsyslogd")
	libraries, err := filepath.Glob(filepath.Join(root, "usr/lib/*/rsyslog"))
	if _, missed := os.Stat(program); missed != nil || err != nil || len(libraries) != 1 {
		missing(t, fmt.Sprintf("rsyslog is not there (.ci/peers unpacks it): %v %v", missed, err))
	}
	s := &sender{t: t, dir: dir}
	host, port, _ := net.SplitHostPort(address)
	text := strings.NewReplacer("DIR", dir, "ADDRESS", host, "PORT", port).Replace(`global(workDirectory="DIR")
main_queue(queue.type="LinkedList" queue.workerThreads="1")
module(load="imfile")
input(type="imfile" file="DIR/messages" tag="test")
template(name="test" type="string" string="<13>1 2026-11-30T00:00:00Z host app - - - %msg%")
` + action + "\n")
	conf := filepath.Join(dir, "rsyslog.conf")
	if err := os.WriteFile(conf, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	c := exec.Command(program, "-n", "-i", filepath.Join(dir, "pid"), "-f", conf, "-M", libraries[0])
	c.Env = append(os.Environ(), "TZ=UTC", "LD_LIBRARY_PATH="+filepath.Dir(libraries[0]))
	c.Stdout, c.Stderr = &s.said, &s.said
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	s.stop = sync.OnceFunc(func() {
		c.Process.Signal(syscall.SIGTERM)
		ended := time.AfterFunc(patience, func() { c.Process.Kill() })
		c.Wait()
		ended.Stop()
		if t.Failed() {
			t.Logf("rsyslogd said:\n%s", &s.said)
		}
	})
	t.Cleanup(s.stop)
	return s
}

// lines writes a file with n numbered messages.
func lines(t *testing.T, name, of string, n int) {
	t.Helper()
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "%s message %d of a sender that numbers what it sends\n", of, i)
	}
	if err := os.WriteFile(name, []byte(b.String()), 0o600); err != nil {
		t.Fatal(err)
	}
}

// received is what is kept of the numbered messages of a sender.
type received struct {
	kept, duplicates int
	disordered       int // a message that came before one that was sent before it, or 0
	first            map[string]string
	times            []int
}

// numbered reads what is kept, by sender.
func (p *place) numbered(total int) map[string]*received {
	p.t.Helper()
	all := map[string]*received{}
	p.each("system", func(e *entry.Entry) {
		of, n := "", 0
		text, _ := e.Get("MESSAGE")
		if _, err := fmt.Sscanf(strings.TrimSpace(string(text)), "%s message %d", &of, &n); err != nil || e.Kind != entry.Event {
			return
		}
		r := all[of]
		if r == nil {
			r = &received{times: make([]int, total), first: map[string]string{}}
			for _, f := range e.Fields {
				r.first[f.Name] = string(f.Value)
			}
			all[of] = r
		}
		if n >= total {
			p.t.Fatalf("message %d of %s was never sent", n, of)
		}
		if r.times[n]++; r.times[n] > 1 {
			r.duplicates++
			return
		}
		r.kept++
		if n > 0 && r.times[n-1] == 0 {
			r.disordered = n
		}
	})
	return all
}

// grown waits until the journal has so many entries, which is cheaper to see than what they are.
func (p *place) grown(entries int) {
	p.t.Helper()
	p.untilWithin(6*patience, fmt.Sprint(entries, " entries"), func() bool {
		r, err := journal.OpenReader(vfs.OS(), p.store)
		if err != nil {
			p.t.Fatal(err)
		}
		views, err := r.Snapshot("system")
		if err != nil {
			p.t.Fatal(err)
		}
		defer journal.CloseViews(views)
		return views[0].Size >= uint64(entries)
	})
}

// complete waits until all messages of senders are there, and wants them in order. It returns what is there.
func (p *place) complete(total int, senders ...string) (all map[string]*received) {
	p.t.Helper()
	p.untilWithin(4*patience, "all messages of all senders", func() bool {
		all = p.numbered(total)
		return !slices.ContainsFunc(senders, func(of string) bool { return all[of] == nil || all[of].kept < total })
	})
	for _, of := range senders {
		if n := all[of].disordered; n > 0 {
			p.t.Errorf("%s: message %d came too early", of, n)
		}
	}
	return all
}

// untilWithin is until for what takes long.
func (p *place) untilWithin(limit time.Duration, what string, ok func() bool) {
	p.t.Helper()
	for end := time.Now().Add(limit); !ok(); time.Sleep(100 * time.Millisecond) {
		if time.Now().After(end) {
			p.t.Fatalf("not in time: %s", what)
		}
	}
}

// pki makes the certificates of a place: its own, and a client's.
func (p *place) pki() {
	p.t.Helper()
	ca := tlstest.New(p.t, p.dir, "ca")
	ca.Issue("server", []string{"server.test"}, nil)
	ca.Issue("client", []string{"client.test"}, nil)
}

const secured = "{certificate: DIR/server.pem, key: DIR/server.key, ca: DIR/ca.pem, names: [client.test]}"

// transports listens in every way that rsyslog can send.
const transports = `http: off
listen:
  udp: ['127.0.0.1:0']
  tcp: ['127.0.0.1:0']
  tls:
  - address: 127.0.0.1:0
    tls: ` + secured + `
  relp:
  - address: 127.0.0.1:0
  - address: 127.0.0.2:0
    tls: ` + secured + "\n"

// rsyslogActions are how rsyslog sends; what stands before the slash is the kind of the input.
var rsyslogActions = map[string]string{
	"udp":      `action(type="omfwd" target="ADDRESS" port="PORT" protocol="udp" template="test")`,
	"tcp":      `action(type="omfwd" target="ADDRESS" port="PORT" protocol="tcp" TCP_Framing="octet-counted" template="test" action.resumeRetryCount="-1")`,
	"tls/gtls": rsyslogTLS("gtls"),
	"tls/ossl": rsyslogTLS("ossl"),
	"relp": `module(load="omrelp")
action(type="omrelp" target="ADDRESS" port="PORT" template="test" action.resumeRetryCount="-1" action.resumeInterval="1")`,
	"relp-tls/gnutls":  rsyslogRELP("gnutls"),
	"relp-tls/openssl": rsyslogRELP("openssl"),
}

func rsyslogTLS(driver string) string {
	return `global(defaultNetstreamDriverCAFile="PKI/ca.pem" defaultNetstreamDriverCertFile="PKI/client.pem" defaultNetstreamDriverKeyFile="PKI/client.key")
action(type="omfwd" target="ADDRESS" port="PORT" protocol="tcp" TCP_Framing="octet-counted" StreamDriver="` + driver + `" StreamDriverMode="1"
 StreamDriverAuthMode="x509/name" StreamDriverPermittedPeers="server.test" template="test" action.resumeRetryCount="-1")`
}

func rsyslogRELP(library string) string {
	return `module(load="omrelp" tls.tlslib="` + library + `")
action(type="omrelp" target="ADDRESS" port="PORT" template="test" action.resumeRetryCount="-1" action.resumeInterval="1" tls="on" tls.authMode="name"
 tls.caCert="PKI/ca.pem" tls.myCert="PKI/client.pem" tls.myPrivKey="PKI/client.key" tls.permittedPeer=["server.test"])`
}

// TestRsyslog: what rsyslog sends in each way, in all at once, is there completely and in order. Of UDP what is missing is
// counted. 20,000 messages each, 200,000 with CONSTAT_LONG=1.
func TestRsyslog(t *testing.T) {
	total := 20_000
	if long() {
		total = 200_000
	}
	p := newPlace(t, transports)
	p.pki()
	d := p.serve()
	began := time.Now()
	kinds := map[string]string{}
	var reliable []string // of UDP something may be lost
	for name, action := range rsyslogActions {
		dir := t.TempDir()
		lines(t, filepath.Join(dir, "messages"), name, total)
		kind, _, _ := strings.Cut(name, "/")
		rsyslog(t, dir, d.address(kind), strings.ReplaceAll(action, "PKI", p.dir))
		if kinds[name] = kind; kind != "udp" {
			reliable = append(reliable, name)
		}
	}
	p.grown(len(reliable) * total)
	all := p.complete(total, reliable...)
	t.Logf("%d messages each of %q after at most %v", total, reliable, time.Since(began).Round(time.Millisecond))
	for _, name := range reliable {
		kind, r := kinds[name], all[name]
		if k := r.first; r.duplicates > 0 || k["_TRANSPORT"] != "syslog-"+kind || k["_SOURCE_ADDR"] == "" || strings.Contains(kind, "tls") && k["_TLS_PEER"] != "CN=client" {
			t.Errorf("%s: %d duplicates, fields %v", name, r.duplicates, k)
		}
	}
	p.untilWithin(patience, "all of UDP", func() bool {
		_, lost := p.balance()
		r := p.numbered(total)["udp"]
		return r != nil && r.kept+sum(lost) == total
	})
	d.stop()
	p.verify()
}

// TestLoggenTLS: syslog-ng's generator shows no certificate, so that it is let in where anybody is, and nowhere else.
func TestLoggenTLS(t *testing.T) {
	run := loggen(t)
	p := newPlace(t, "http: off\nlisten:\n  tls:\n  - address: 127.0.0.1:0\n    tls: {certificate: DIR/server.pem, key: DIR/server.key, anonymous: true}\n")
	p.pki()
	d := p.serve()
	host, port, _ := net.SplitHostPort(d.address("tls"))
	run(t, "-U", "-n", "50", "-r", "1000", "-s", "200", "-Q", host, port)
	for _, k := range p.arrived(50) {
		want{"_TRANSPORT": "syslog-tls", "_TLS_PEER": "", "_TLS_VERSION": "TLS 1.3", "_FRAMING": "", "SYSLOG_IDENTIFIER": "prg00000", "MESSAGE": "*"}.check(t, k)
	}
	d.stop()
	p.verify()
}
