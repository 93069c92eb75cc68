package daemon

import (
	"bufio"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"net"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"constat/internal/forward"
	"constat/internal/input/mqtt/mqtttest"
	"constat/internal/relp"
	"constat/internal/tlsconf/tlstest"
)

// outputModes are those of a client that knows its server as localhost.
var outputModes = []mode{
	{name: "ca", settings: "ca: DIR/all.pem", path: true, names: true}, // that of the target
	{name: "names", settings: "ca: DIR/all.pem, names: [server.test]", path: true, names: true},
	{name: "common", settings: "ca: DIR/all.pem, names: [server.test], common_name: true", path: true, names: true, common: true},
	{name: "revoked", settings: "ca: DIR/all.pem, crl: DIR/all.crl, names: [server.test]", path: true, names: true, lists: true},
	{name: "sha-256", settings: "fingerprints: [SHA-256]", prints: true},
	{name: "sha-1", settings: "fingerprints: [SHA-1]", prints: true},
	{name: "either", settings: "ca: DIR/all.pem, names: [server.test], fingerprints: [SHA-256]", path: true, names: true, prints: true},
	{name: "anonymous", settings: "anonymous: true", anonymous: true},
}

// trap is a server with a fault, until it is mended.
type trap struct {
	t    *testing.T
	name string
	relp bool
	why  string // what the output says
	bad  func(conn net.Conn)
	good *tls.Config
	to   string // an address that it passes everything on to, once it is mended, instead of taking messages
	l    net.Listener

	mu     sync.Mutex
	mended bool     // guarded by mu
	leaked int      // guarded by mu; octets that came within TLS before
	got    []string // guarded by mu; messages that came since
}

func (r *trap) listen() {
	var err error
	if r.l, err = net.Listen("tcp", "127.0.0.1:0"); err != nil {
		r.t.Fatal(err)
	}
	r.t.Cleanup(func() { r.l.Close() })
	go func() {
		for {
			conn, err := r.l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer conn.Close()
				r.mu.Lock()
				mended := r.mended
				r.mu.Unlock()
				if mended {
					r.receive(tls.Server(conn, r.good))
					return
				}
				r.bad(conn)
			}()
		}
	}()
}

// greet is a fault of TLS itself: a configuration that no output should take.
func (r *trap) greet(c *tls.Config) func(net.Conn) {
	return func(conn net.Conn) {
		secure := tls.Server(conn, c)
		n, _ := io.Copy(io.Discard, secure)
		r.mu.Lock()
		r.leaked += int(n)
		r.mu.Unlock()
	}
}

func (r *trap) take(message []byte) {
	r.mu.Lock()
	defer r.mu.Unlock()
	_, text, found := strings.Cut(string(message), "entry ")
	if found {
		r.got = append(r.got, text)
	}
}

// receive takes messages in frames that count octets, or over RELP.
func (r *trap) receive(conn net.Conn) {
	if r.relp {
		r.receiveRELP(conn)
		return
	}
	if r.to != "" {
		r.passOn(conn)
		return
	}
	for in := bufio.NewReader(conn); ; {
		count, err := in.ReadString(' ')
		n, _ := strconv.Atoi(strings.TrimSpace(count))
		message := make([]byte, n)
		if _, err2 := io.ReadFull(in, message); err != nil || err2 != nil {
			return
		}
		r.take(message)
	}
}

func (r *trap) passOn(conn net.Conn) {
	next, err := net.Dial("tcp", r.to)
	if err != nil {
		return // the test has ended
	}
	defer next.Close()
	go func() { io.Copy(conn, next); conn.Close() }()
	io.Copy(next, conn)
}

func (r *trap) receiveRELP(conn net.Conn) {
	in, protocol := relp.NewReader(conn), relp.Session{}
	for {
		h, err := in.Next()
		if err != nil {
			return
		}
		data, _, err := in.Data(nil, 1<<16)
		if err != nil {
			return
		}
		step, answer, err := protocol.Take(h, data)
		if step == relp.Message {
			r.take(data)
			answer = relp.AppendOK(nil, h.Number)
		}
		if conn.Write(answer); err != nil || step == relp.End {
			return
		}
	}
}

func (r *trap) mend() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.mended = true
}

// whole reports whether it has the messages from 0 to n in order. Some may have come again, from where they broke off.
func (r *trap) whole(n int) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	next := 0
	for _, text := range r.got {
		k, err := strconv.Atoi(text)
		if err != nil || k > next {
			return false
		}
		next = max(next, k+1)
	}
	return next == n
}

// traps are servers with every fault that an output in a mode has to see; those of the protocol in one mode only.
func (c *town) traps(t *testing.T, m mode, scheme string) (list []*trap) {
	good := &tls.Config{Certificates: []tls.Certificate{c.pair(t, "good")}, ClientAuth: tls.RequireAnyClientCert}
	add := func(name, why string, bad func(r *trap) func(net.Conn)) {
		r := &trap{t: t, name: m.name + "_" + strings.TrimSuffix(scheme, "+tls") + "_" + name, relp: scheme == "relp+tls", why: why, good: good}
		r.bad = bad(r)
		r.listen()
		list = append(list, r)
	}
	with := func(change func(*tls.Config)) func(*trap) func(net.Conn) {
		config := good.Clone()
		change(config)
		return func(r *trap) func(net.Conn) { return r.greet(config) }
	}
	for name := range c.peers {
		why := m.refusal(name)
		if name == "stolen" { // a server proves that it has the key in any mode
			why = "certificate without its key"
		}
		if why != "" && name != "good" {
			add(name, why, with(func(s *tls.Config) { s.Certificates = []tls.Certificate{c.pair(t, name)} }))
		}
	}
	if m.name != "names" { // what follows has nothing to do with whom one trusts
		return list
	}
	add("old", "TLS refused by the peer: remote error: tls: protocol version", with(func(s *tls.Config) { s.MinVersion, s.MaxVersion = tls.VersionTLS10, tls.VersionTLS11 }))
	add("weak", "TLS refused by the peer: remote error: tls: handshake failure", with(func(s *tls.Config) {
		s.MaxVersion, s.CipherSuites = tls.VersionTLS12, []uint16{tls.TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA}
	}))
	strangers := x509.NewCertPool()
	strangers.AddCert(c.peers["foreign"].Leaf)
	for version, name := range map[uint16]string{tls.VersionTLS12: "picky12", tls.VersionTLS13: "picky13"} {
		add(name, "remote error: tls: ", with(func(s *tls.Config) {
			s.MaxVersion, s.ClientAuth, s.ClientCAs = version, tls.RequireAndVerifyClientCert, strangers
		}))
	}
	say := func(octets string, silent bool) func(*trap) func(net.Conn) {
		return func(*trap) func(net.Conn) {
			return func(conn net.Conn) {
				io.WriteString(conn, octets)
				if silent {
					io.Copy(io.Discard, conn)
				}
				conn.Read(make([]byte, 1<<12)) // so that the end is no reset
			}
		}
	}
	add("plain", "no TLS", say("220 hello\r\n", false))
	add("silent", "TLS handshake not in time", say("", true))
	add("broken", "TLS handshake broken off", say("", false))
	add("half", "TLS handshake broken off", say(hello, false))
	return list
}

// TestOutputsRefuse: no server that should not be trusted gets an entry, in no mode and over no way out that takes TLS: the
// entries stay, and the status says why. Then the servers are mended, and get everything, in order and without a restart.
func TestOutputsRefuse(t *testing.T) {
	t.Parallel()
	const before, after = 40, 20
	p := newPlace(t, "")
	code := p.make()
	c := newTown(p, x509.ExtKeyUsageClientAuth, "server.test", "127.0.0.1")
	own := tlstest.Of(t, p.dir, "ca").Issue("own", []string{"own.test"}, nil)
	var list []*trap
	var text strings.Builder
	text.WriteString("http: off\nlisten: {}\noutputs:\n")
	for _, m := range outputModes {
		for _, scheme := range []string{"tls", "relp+tls"} {
			for _, r := range c.traps(t, m, scheme) {
				fmt.Fprintf(&text, "- name: %s\n  to: ['%s://%s']\n  from: start\n  retry: 500ms\n", r.name, scheme, r.l.Addr())
				if strings.HasSuffix(r.name, "silent") {
					text.WriteString("  timeout: 1s\n")
				}
				fmt.Fprintf(&text, "  tls: {%s, certificate: %s, key: %s}\n", c.settings(m), own.Certificate, own.Key)
				list = append(list, r)
			}
		}
	}
	p.configure(text.String())
	began := time.Now()
	d := p.serve()
	last := ""
	t.Cleanup(func() {
		if t.Failed() {
			t.Log(last)
		}
	})
	p.entries(0, before)
	p.until("all say why", func() bool {
		time.Sleep(100 * time.Millisecond) // asking costs
		states := p.outputs()
		i := slices.IndexFunc(list, func(r *trap) bool { return !strings.Contains(states[r.name].Error, r.why) })
		if i >= 0 {
			last = fmt.Sprintf("%s says %q, want %q", list[i].name, states[list[i].name].Error, list[i].why)
		}
		return i < 0
	})
	t.Logf("%d servers refused after %v", len(list), time.Since(began).Round(time.Millisecond))
	for name, s := range p.outputs() {
		if s.Delivered > 0 || len(s.Dropped) > 0 || s.Lag < before {
			t.Errorf("%s: %+v", name, s)
		}
	}
	for _, r := range list {
		if r.mend(); r.leaked > 0 {
			t.Errorf("%s got %d octets", r.name, r.leaked)
		}
	}
	p.entries(before, before+after)
	p.until("all have everything", func() bool {
		return !slices.ContainsFunc(list, func(r *trap) bool { return !r.whole(before + after) })
	})
	d.stop()
	p.verifies(code, p.store, 0)
	t.Logf("all over after %v", time.Since(began).Round(time.Millisecond))
}

// TestBrokersRefused: a broker that should not be trusted gets neither password nor subscription, in no mode, and people are
// told why. Then the brokers are mended, and all are subscribed to.
func TestBrokersRefused(t *testing.T) {
	t.Parallel()
	b := mqtttest.Start(t)
	p := newPlace(t, "")
	code := p.make()
	c := newTown(p, x509.ExtKeyUsageClientAuth, "server.test", "127.0.0.1")
	own := tlstest.Of(t, p.dir, "ca").Issue("own", []string{"own.test"}, nil)
	var list []*trap
	var text strings.Builder
	text.WriteString("http: off\nlisten:\n  mqtt:\n")
	for _, m := range outputModes {
		for _, r := range c.traps(t, m, "mqtt") {
			if strings.HasSuffix(r.name, "_silent") {
				continue // that takes ten seconds
			}
			r.to = b.Address()
			fmt.Fprintf(&text, "  - broker: tls://%s\n    client_id: constat-%s\n", r.l.Addr(), r.name)
			fmt.Fprintf(&text, "    tls: {%s, certificate: %s, key: %s}\n", c.settings(m), own.Certificate, own.Key)
			list = append(list, r)
		}
	}
	p.configure(text.String())
	d := p.serve()
	said := func(r *trap) bool {
		for line := range strings.SplitSeq(d.errs.String(), "\n") {
			if strings.Contains(line, r.l.Addr().String()) && strings.Contains(line, r.why) {
				return true
			}
		}
		return false
	}
	p.until("all say why", func() bool { return !slices.ContainsFunc(list, func(r *trap) bool { return !said(r) }) })
	if n := b.Greeted(); n > 0 {
		t.Errorf("%d were greeted", n)
	}
	for _, r := range list {
		if r.mend(); r.leaked > 0 {
			t.Errorf("%s got %d octets", r.name, r.leaked)
		}
	}
	p.until("all are subscribed to", func() bool { return b.Subscribed() >= len(list) })
	d.stop()
	p.verifies(code, p.store, 0)
	t.Logf("%d brokers", len(list))
}

// TestStatisticSaysWhy: the entry about an output that cannot send has the reason that its status has.
func TestStatisticSaysWhy(t *testing.T) {
	d := &Daemon{}
	for _, why := range []string{"", "tls://log.example:6514: certificate expired"} {
		e := d.statistic(forward.Status{Name: "log", Noted: forward.Noted{Error: why}})
		if said, found := e.Get("_OUTPUT_ERROR"); string(said) != why || found != (why != "") {
			t.Errorf("%q, want %q", said, why)
		}
	}
}

// entries logs entries with these numbers.
func (p *place) entries(from, to int) {
	p.t.Helper()
	var text strings.Builder
	for i := range to - from {
		fmt.Fprintf(&text, "entry %d\n", from+i)
	}
	c := p.command("log", "-t", "app")
	c.Stdin = strings.NewReader(text.String())
	if out, err := c.CombinedOutput(); err != nil {
		p.t.Fatalf("log: %v %s", err, out)
	}
}
