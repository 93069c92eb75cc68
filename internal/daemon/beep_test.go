package daemon

import (
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
	"syscall"
	"testing"

	"constat/internal/beep/beeptest"
)

const beepOnly = "listen:\n  beep:\n  - address: 127.0.0.1:0\nhttp: off\n"

// dialBEEP begins a session with the daemon of a place.
func (p *place) dialBEEP(profile string) *beeptest.Client {
	p.t.Helper()
	c, err := beeptest.Dial(p.address("beep"), profile, patience)
	if err != nil {
		p.t.Fatal(err)
	}
	p.t.Cleanup(c.HangUp)
	return c
}

// TestBEEP: both profiles, sent to the built daemon. An element is given back as it came, and says what the message does
// not; a message without element is given back as RFC 3195 §3 frames it.
func TestBEEP(t *testing.T) {
	p := newPlace(t, beepOnly)
	d := p.serve()
	cooked := []string{"no priority of its own", "<165>Nov 30 00:00:00 host app[7]: <\"&'> as XML escapes it"}
	c := p.dialBEEP(beeptest.COOKED)
	if n, err := c.SendCooked(cooked); n != len(cooked) || err != nil {
		t.Fatalf("%d acknowledged: %v", n, err)
	}
	if kept := p.events(); len(kept) != 2 { // acknowledged is durable, and to be read
		t.Fatalf("%d events", len(kept))
	}
	if err := c.Release(); err != nil {
		t.Error(err)
	}
	raw := []string{"<13>Nov 30 00:00:00 host app: first", "<14>Nov 30 00:00:01 host app: second", "<15>1 2026-11-30T00:00:02Z host app - - - third"}
	c = p.dialBEEP(beeptest.RAW)
	if err := errors.Join(c.SendRaw(raw, 2), c.End()); err != nil {
		t.Fatal(err)
	}
	kept := p.events() // closed is durable
	if err := c.Release(); err != nil {
		t.Error(err)
	}
	if len(kept) != 5 {
		t.Fatalf("%d events", len(kept))
	}
	for i, k := range kept {
		profile, octets := "RAW", ""
		if i < 2 {
			profile = "COOKED"
			_, element, _ := strings.Cut(string(beeptest.Entry(cooked[i])), "\r\n\r\n")
			octets = strings.TrimSpace(element)
		} else {
			octets = raw[i-2]
		}
		if k.octets != octets {
			t.Errorf("received %q, want %q", k.octets, octets)
		}
		for name, want := range map[string]string{"_TRANSPORT": "syslog-beep", "_SOURCE_ADDR": "127.0.0.1", "_BEEP_PROFILE": profile} {
			if k.fields[name] != want {
				t.Errorf("%d: %s=%q, want %q", i, name, k.fields[name], want)
			}
		}
	}
	own, said := kept[1].fields, kept[0].fields
	if said["MESSAGE"] != cooked[0] || said["PRIORITY"] != "6" || said["SYSLOG_FACILITY"] != "1" || said["BEEP_FACILITY"] != "8" {
		t.Errorf("what the entry says: %v", said)
	}
	if own["MESSAGE"] != `<"&'> as XML escapes it` || own["PRIORITY"] != "5" || own["SYSLOG_FACILITY"] != "20" || own["BEEP_SEVERITY"] != "6" {
		t.Errorf("what the message says: %v", own)
	}
	if out := p.run("show", "-p", "info", "-o", "cat", "_BEEP_PROFILE=COOKED"); strings.Count(out, "\n") != 2 {
		t.Errorf("shown: %q", out)
	}
	d.stop()
	p.verify()
}

// TestKillAfterBEEPAnswer: the daemon is killed as soon as it has answered entries, or has closed a channel of RAW. Nothing that
// it has answered is missing. 20 rounds, 200 with CONSTAT_LONG=1; in every fourth it is killed in the middle of more.
func TestKillAfterBEEPAnswer(t *testing.T) {
	rounds := 20
	if long() {
		rounds = 200
	}
	p := newPlace(t, beepOnly)
	code := p.make()
	var told []string
	for n := range rounds {
		d := p.serve()
		list := texts(n, 1+40*(n%10))
		sent := slices.Clone(list)
		for i := range sent {
			sent[i] = "<13>" + sent[i]
		}
		if n%2 == 0 {
			if k, err := p.dialBEEP(beeptest.COOKED).SendCooked(sent); k != len(list) {
				t.Fatalf("%d of %d answered: %v", k, len(list), err)
			}
		} else {
			c := p.dialBEEP(beeptest.RAW)
			if err := errors.Join(c.SendRaw(sent, 9), c.End()); err != nil {
				t.Fatal(err)
			}
		}
		told = append(told, list...)
		if n%4 < 3 {
			d.kill()
		} else {
			told = append(told, p.killWhileAnswering(d, n, len(p.events()))...)
		}
		holds(t, p.all("system"), told)
		if t.Failed() {
			t.Fatalf("round %d", n)
		}
	}
	p.serve().stop()
	p.verifies(code, p.store, 0)
	holds(t, p.all("system"), told)
	t.Log(fmt.Sprint(len(told), " messages were answered in ", rounds, " rounds"))
}

// killWhileAnswering kills the daemon while it answers entries of COOKED, and returns those that were answered. There are
// more events by then.
func (p *place) killWhileAnswering(d *process, n, events int) []string {
	p.t.Helper()
	answered := make(chan int, 1)
	rest := texts(1000+n, 3000)
	c := p.dialBEEP(beeptest.COOKED)
	go func() {
		k, _ := c.SendCooked(rest)
		answered <- k
	}()
	p.until("some of the rest", func() bool { return len(p.events()) > events })
	d.kill()
	return rest[:<-answered]
}

// TestBEEPStartTLS: the built daemon negotiates TLS, and only then takes entries. Where it is negotiated is not changed by
// SIGHUP.
func TestBEEPStartTLS(t *testing.T) {
	const configuration = "http: off\nlisten:\n  beep:\n  - address: 127.0.0.1:0\n    tls: " + secured + "\n"
	p := newPlace(t, configuration+"    starttls: true\n")
	code := p.make()
	p.pki()
	d := p.serve()
	pair, err := tls.LoadX509KeyPair(p.dir+"/client.pem", p.dir+"/client.key")
	if err != nil {
		t.Fatal(err)
	}
	dial := func() *beeptest.Client {
		t.Helper()
		conn, err := net.Dial("tcp", p.address("beep-tls"))
		if err != nil {
			t.Fatal(err)
		}
		if err := beeptest.Negotiate(conn); err != nil {
			t.Fatal(err)
		}
		secure := tls.Client(conn, &tls.Config{InsecureSkipVerify: true, Certificates: []tls.Certificate{pair}})
		c, err := beeptest.New(secure, beeptest.COOKED, patience)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(c.HangUp)
		return c
	}
	if n, err := dial().SendCooked([]string{"<13>first"}); n != 1 || err != nil {
		t.Fatalf("%d acknowledged: %v", n, err)
	}
	p.configure(configuration)
	d.signal(syscall.SIGHUP)
	p.until("refused", func() bool { return strings.Contains(d.errs.String(), "starttls of beep-tls") })
	if n, err := dial().SendCooked([]string{"<13>second"}); n != 1 || err != nil {
		t.Fatalf("%d acknowledged: %v", n, err)
	}
	if plain, err := beeptest.Dial(p.address("beep-tls"), beeptest.COOKED, patience); err == nil || !strings.Contains(err.Error(), "not before TLS") {
		t.Errorf("in the clear: %v %v", plain, err)
	}
	p.until("people are told", func() bool { return strings.Contains(d.errs.String(), "no TLS") })
	d.stop()
	holds(t, p.all("system"), []string{"first", "second"})
	if lost := lostIn(t, p.all("system")); lost["refused: no TLS"] != 1 || len(lost) != 1 {
		t.Errorf("lost %v", lost)
	}
	for _, k := range p.events() {
		if k.fields["_TRANSPORT"] != "syslog-beep-tls" || k.fields["_TLS_PEER"] != "CN=client" {
			t.Errorf("%v", k.fields)
		}
	}
	p.verifies(code, p.store, 0)
}
