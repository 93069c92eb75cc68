package daemon

import (
	"crypto/sha1"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"constat/entry"
	"constat/internal/beep"
	"constat/internal/beep/beeptest"
	"constat/internal/ingest"
	"constat/internal/tlsconf"
	"constat/internal/tlsconf/tlstest"
)

// hostile is the name of a peer that aims at the terminal and the memory of whoever reads who was refused.
var hostile = "a\x1b]0;owned\x07\nb\u202ec\x00" + strings.Repeat("é", 4000)

// town has certificates for peers of a place, good and bad, by the names of their files: of the authority of the place, of
// another one, and of one that is trusted and whose own certificate has expired. Names of hosts are those given but for "misnamed" and "common"; uses are both but for "usage".
type town struct{ peers map[string]tlstest.Pair }

func newTown(p *place, wrongUse x509.ExtKeyUsage, names ...string) *town {
	p.pki()
	ca, other, old := tlstest.Of(p.t, p.dir, "ca"), tlstest.New(p.t, p.dir, "other"), tlstest.New(p.t, p.dir, "old", tlstest.Expired)
	p.trust(ca, old)
	gone := ca.Issue("gone", names, nil)
	ca.Revoke("all.crl", nil, gone)
	early := func(c *x509.Certificate) { c.NotBefore = time.Now().Add(time.Hour) }
	usage := func(c *x509.Certificate) { c.ExtKeyUsage = []x509.ExtKeyUsage{wrongUse} }
	c := &town{map[string]tlstest.Pair{
		"good":     ca.Issue("good", names, nil),
		"foreign":  other.Issue("foreign", names, nil),
		"alone":    ca.Alone("alone", names, nil),
		"expired":  ca.Issue("expired", names, tlstest.Expired),
		"early":    ca.Issue("early", names, early),
		"misnamed": ca.Issue("misnamed", []string{"else.test"}, nil),
		"common":   ca.Issue(names[0], nil, nil),
		"unlisted": ca.Issue("unlisted", names, nil),
		"usage":    ca.Issue("usage", names, usage),
		"outlived": old.Issue("outlived", names, nil),
		"stolen":   ca.Issue("thief", names, nil),
		"revoked":  gone,
		"hostile":  other.Issue("hostile", names, func(c *x509.Certificate) { c.Subject.CommonName = hostile }),
	}}
	stolen := c.peers["stolen"]
	stolen.Leaf = c.peers["good"].Leaf // and the key of the thief
	c.peers["stolen"] = stolen
	return c
}

// trust makes a file "all.pem" of the certificates of authorities.
func (p *place) trust(list ...*tlstest.Authority) {
	p.t.Helper()
	for _, a := range list {
		text, err := os.ReadFile(a.File)
		if err != nil {
			p.t.Fatal(err)
		}
		p.add("all.pem", string(text))
	}
}

// pair is what a peer shows, and the key that it has.
func (c *town) pair(t testing.TB, name string) tls.Certificate {
	t.Helper()
	pair, err := tls.LoadX509KeyPair(c.peers[name].Certificate, c.peers[name].Key)
	if err != nil {
		t.Fatal(err)
	}
	pair.Certificate[0] = c.peers[name].Leaf.Raw
	return pair
}

// mode is a way of saying who is trusted.
type mode struct {
	name                string
	settings            string // of tls, beside certificate and key; of "record" its arguments. SHA-256 and SHA-1 stand for fingerprints
	path, names, prints bool
	common, anonymous   bool
	lists               bool // of what is revoked
}

// modes are all there are.
var modes = []mode{
	{name: "ca", settings: "ca: DIR/all.pem", path: true},
	{name: "names", settings: "ca: DIR/all.pem, names: [client.test]", path: true, names: true},
	{name: "common name", settings: "ca: DIR/all.pem, names: [client.test], common_name: true", path: true, names: true, common: true},
	{name: "revoked", settings: "ca: DIR/all.pem, crl: DIR/all.crl, names: [client.test]", path: true, names: true, lists: true},
	{name: "sha-256", settings: "fingerprints: [SHA-256]", prints: true},
	{name: "sha-1", settings: "fingerprints: [SHA-1]", prints: true},
	{name: "either", settings: "ca: DIR/all.pem, names: [client.test], fingerprints: [SHA-256]", path: true, names: true, prints: true},
	{name: "anonymous", settings: "anonymous: true", anonymous: true},
}

// recordModes are those of "constat record".
var recordModes = []mode{{name: "record", anonymous: true}, {name: "record ca", settings: "--tls-client-ca DIR/all.pem", path: true}}

// settings are what a configuration says of a mode. Listed are the good peer, and two that are refused though they are.
func (c *town) settings(m mode) string {
	var long, short []string
	for _, name := range []string{"good", "expired", "early"} {
		raw := c.peers[name].Leaf.Raw
		long, short = append(long, fmt.Sprintf("'sha-256:%X'", sha256.Sum256(raw))), append(short, fmt.Sprintf("'sha-1:%X'", sha1.Sum(raw)))
	}
	return strings.NewReplacer("SHA-256", strings.Join(long, ", "), "SHA-1", strings.Join(short, ", ")).Replace(m.settings)
}

// refusal is why a peer that shows a certificate is not let in; "" if it is.
func (m mode) refusal(shown string) string {
	always := map[string]string{"": "no certificate", "expired": "certificate expired", "early": "certificate not valid yet", "stolen": "certificate without its key"}
	byPath := map[string]string{"foreign": "certificate not trusted", "hostile": "certificate not trusted", "alone": "certificate signed by itself", "usage": "certificate not for this use",
		"outlived": "certificate expired"}
	switch why := always[shown]; {
	case m.anonymous:
		return ""
	case why != "":
		return why
	case !m.path && shown != "good":
		return "fingerprint of the certificate not listed"
	case m.names && (shown == "misnamed" || shown == "common" && !m.common):
		return "wrong name in the certificate"
	case m.lists && shown == "revoked":
		return "certificate revoked"
	}
	return byPath[shown]
}

// entrance is a way in, and what a client says there to have a text kept.
type entrance struct {
	kind string
	host string // where it listens
	say  func(text string) string
	told string // what is said to a client whose text is kept; "" is nothing

	begin func(net.Conn) error // what is spoken before TLS, if there is something
}

// entrances are those of the daemon.
var entrances = []entrance{
	{kind: "tls", host: "127.0.0.1", say: func(text string) string { return fmt.Sprintf("%d <13>%s", len(text)+4, text) }},
	{kind: "relp-tls", host: "127.0.0.1", say: sayRELP, told: "\n2 rsp 6 200 OK\n"},
	{kind: "beep-tls", host: "127.0.0.1", say: sayBEEP, told: beep.OK},
	{kind: "beep-tls", host: "127.0.0.2", say: sayBEEP, told: beep.OK, begin: beeptest.Negotiate},
}

func sayRELP(text string) string {
	return fmt.Sprintf("1 open 30 relp_version=0\ncommands=syslog\n2 syslog %d <13>%s\n", len(text)+4, text)
}

func sayBEEP(text string) string {
	start := beep.XML("<start number='1'><profile uri='" + beeptest.COOKED + "' /></start>")
	b := beep.AppendFrame(beeptest.Greeting(), beep.Header{Kind: beep.MSG, Number: 1, Seq: uint32(len(beep.XML("<greeting />")))}, start)
	return string(beep.AppendFrame(b, beep.Header{Kind: beep.MSG, Channel: 1}, beeptest.Entry("<13>"+text)))
}

// recorder is the entrance of "constat record".
var recorder = entrance{kind: "record", say: func(text string) string { return text + "\n" }}

// visitor is a client that is let in or refused, always from an address of its own.
type visitor struct {
	name   string
	shown  string            // the certificate, among those of the town
	change func(*tls.Config) // of its TLS
	bare   bool              // it does not speak TLS
	octets string            // but says this; "plainly" is what it would say within TLS
	silent bool              // and then says nothing more, instead of closing
	why    string            // the refusal, if it does not depend on the mode
}

// hello is the beginning of one, whose record promises more.
const hello = "\x16\x03\x01\x02\x00\x01"

func visitors() (list []visitor) {
	for _, shown := range []string{"", "foreign", "alone", "expired", "early", "misnamed", "common", "unlisted", "usage", "outlived", "stolen", "revoked", "hostile"} {
		list = append(list, visitor{name: "shows " + shown, shown: shown})
	}
	old := func(c *tls.Config) { c.MinVersion, c.MaxVersion = tls.VersionTLS10, tls.VersionTLS11 }
	weak := func(c *tls.Config) {
		c.MaxVersion, c.CipherSuites = tls.VersionTLS12, []uint16{tls.TLS_RSA_WITH_AES_128_CBC_SHA}
	}
	strict := func(c *tls.Config) { c.InsecureSkipVerify, c.ServerName = false, "other.test" }
	twelve := func(c *tls.Config) { c.MaxVersion = tls.VersionTLS12 }
	const noCommon, noTLS, late, broken = "no common TLS version or cipher", "no TLS", "TLS handshake not in time", "TLS handshake broken off"
	return append(list,
		visitor{name: "shows expired over TLS 1.2", shown: "expired", change: twelve},
		visitor{name: "speaks TLS 1.1", shown: "good", change: old, why: noCommon},
		visitor{name: "has an old cipher", shown: "good", change: weak, why: noCommon},
		visitor{name: "wants another server", shown: "good", change: strict, why: "TLS refused by the peer"},
		visitor{name: "speaks plainly", bare: true, octets: "plainly", why: noTLS},
		visitor{name: "says a line", bare: true, octets: "<13>a line\n", why: noTLS},
		visitor{name: "says garbage", bare: true, octets: strings.Repeat("\xa5\x00\xff", 100), why: noTLS},
		visitor{name: "says garbage in a record", bare: true, octets: "\x16\x03\x01\x00\x08\x07\x00\x00\x04abcd", why: "TLS handshake failed"},
		visitor{name: "says nothing", bare: true, silent: true, why: late},
		visitor{name: "says half of a hello", bare: true, octets: hello, silent: true, why: late},
		visitor{name: "closes at once", bare: true, why: broken},
		visitor{name: "closes within the hello", bare: true, octets: hello, why: broken},
	)
}

// visit does what the visitor does, from an address of its own, and reports what should not be.
func (c *town) visit(t testing.TB, v visitor, e entrance, address, from, text, why string) error {
	d := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(from)}}
	conn, err := d.Dial("tcp", address)
	if err != nil {
		return err
	}
	defer conn.Close()
	conn.SetDeadline(time.Now().Add(patience))
	if e.begin != nil {
		if err := e.begin(conn); err != nil {
			return err
		}
	}
	if v.bare {
		return v.scrawl(conn, e.say(text))
	}
	config := &tls.Config{InsecureSkipVerify: true}
	if v.shown != "" {
		pair := c.pair(t, v.shown)
		config.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return &pair, nil }
	}
	if v.change != nil {
		v.change(config)
	}
	secure := tls.Client(conn, config)
	if err := secure.Handshake(); err != nil && why != "" {
		return nil
	}
	_, err = io.WriteString(secure, e.say(text))
	if err == nil && why == "" && e.told == "" {
		err = secure.CloseWrite()
	}
	var said strings.Builder
	for buf := make([]byte, 1024); err == nil && (e.told == "" || !strings.Contains(said.String(), e.told)); {
		var n int
		n, err = secure.Read(buf)
		said.Write(buf[:n])
	}
	switch {
	case errors.Is(err, os.ErrDeadlineExceeded):
		return fmt.Errorf("not closed, and said %q", &said)
	case why != "" && said.Len() > 0:
		return fmt.Errorf("answered: %q", &said)
	case why == "" && e.told != "" && !strings.Contains(said.String(), e.told):
		return fmt.Errorf("not let in: %w; said %q", err, &said)
	}
	return nil
}

// scrawl says what is no TLS.
func (v visitor) scrawl(conn net.Conn, plainly string) error {
	octets := v.octets
	if octets == "plainly" {
		octets = plainly
	}
	io.WriteString(conn, octets) // a listener that closes meanwhile says so when read
	if !v.silent {
		conn.(*net.TCPConn).CloseWrite()
	}
	said, err := io.ReadAll(conn)
	if errors.Is(err, os.ErrDeadlineExceeded) || len(said) > 7 { // an alert of TLS has 7 octets
		return fmt.Errorf("%w; said %q", err, said)
	}
	return nil
}

// visited has all visitors come through some ways in, then the good client, and checks what the journal says when done
// has been called, which ends whatever serves.
func (c *town) visited(p *place, m mode, list []entrance, address func(entrance) string, done func()) {
	t := p.t
	refused, kept := map[string]string{}, map[string]int{} // entries by source, messages
	presented := map[string]*x509.Certificate{}            // by source, to those who refused it
	var visiting sync.WaitGroup
	room := make(chan struct{}, 16)
	for k, e := range list {
		at := address(e)
		for i, v := range visitors() {
			from := fmt.Sprintf("127.9.%d.%d", k, i+1)
			text := fmt.Sprintf("%s over %s %d", v.name, e.kind, k)
			why := v.why
			if why == "" {
				why = m.refusal(v.shown)
			}
			if source := e.kind + " " + from; why != "" {
				refused[source] = fmt.Sprintf("1 connections of %s refused: %s", source, why)
				if v.why == "" && v.shown != "" {
					presented[source] = c.peers[v.shown].Leaf
				}
			} else {
				kept[text]++
			}
			room <- struct{}{}
			visiting.Go(func() {
				defer func() { <-room }()
				if err := c.visit(t, v, e, at, from, text, why); err != nil {
					t.Errorf("%s, %s, which should be refused for %q: %v", m.name, text, why, err)
				}
			})
		}
	}
	visiting.Wait()
	for k, e := range list {
		good := visitor{shown: "good"}
		if m.anonymous {
			good.shown = ""
		}
		text := fmt.Sprintf("the good client over %s %d", e.kind, k)
		kept[text]++
		if err := c.visit(t, good, e, address(e), fmt.Sprintf("127.9.%d.200", k), text, ""); err != nil {
			t.Errorf("%s, %s: %v", m.name, text, err)
		}
	}
	done()
	for _, k := range p.all("system") {
		source, message := k.fields[ingest.LossSource], k.fields["MESSAGE"]
		switch {
		case k.kind == entry.Loss && message == refused[source]:
			delete(refused, source)
			if wrong := k.names(presented[source]); wrong != "" {
				t.Errorf("%s: %q %s", m.name, message, wrong)
			}
		case k.kind == entry.Loss:
			t.Errorf("%s: an entry %q, want %q once", m.name, message, refused[source])
		case k.kind == entry.Event && kept[message] == 1:
			delete(kept, message)
		case k.kind == entry.Event:
			t.Errorf("%s: kept %q", m.name, message)
		}
	}
	if len(refused) > 0 || len(kept) > 0 {
		t.Errorf("%s: no entries %q, not kept %v", m.name, refused, kept)
	}
}

// names says what is wrong with what an entry says of a certificate that was presented; nil is none.
func (k kept) names(c *x509.Certificate) string {
	subject, hasSubject := k.fields["_TLS_PEER"]
	print, hasPrint := k.fields["_TLS_FINGERPRINT"]
	if c == nil {
		if hasSubject || hasPrint {
			return fmt.Sprintf("names %q %q, and nothing was presented", subject, print)
		}
		return ""
	}
	want := "CN=" + c.Subject.CommonName
	if c.Subject.CommonName == hostile {
		want = `CN=a\1B]0\;owned\07\0Ab\E2\80\AEc\00` + strings.Repeat("é", 600)
		want, subject = want[:509], strings.TrimSuffix(subject, "…") // of 512 octets
	}
	if subject != want && subject != want[:len(want)-1] || print != tlsconf.Fingerprint(c) {
		return fmt.Sprintf("names %q %q, want %q %q", subject, print, want, tlsconf.Fingerprint(c))
	}
	return ""
}

// TestEveryRefusal goes over every mode of authentication, every way in that takes TLS and everything that may be wrong with
// a client. Who should not be let in is not: nothing that it says is kept or answered, and one entry says why and names
// its address and what it presented. Who should be is, behind all of them.
func TestEveryRefusal(t *testing.T) {
	for _, m := range modes {
		t.Run(m.name, func(t *testing.T) {
			t.Parallel()
			p := newPlace(t, "")
			code := p.make()
			c := newTown(p, x509.ExtKeyUsageServerAuth, "client.test")
			secured := "\n  - address: 127.0.0.1:0\n    tls: {certificate: DIR/server.pem, key: DIR/server.key, " + c.settings(m) + "}\n"
			p.configure("http: off\nlimits:\n  handshake_timeout: 3s\nlisten:\n  tls:" + secured + "  relp:" + secured + "  beep:" + secured + strings.Replace(secured, "127.0.0.1", "127.0.0.2", 1) + "    starttls: true\n")
			d := p.serve()
			c.visited(p, m, entrances, p.entrance, d.stop)
			p.verifies(code, p.store, 0)
		})
	}
	for _, m := range recordModes {
		t.Run(m.name, func(t *testing.T) {
			t.Parallel()
			p := newPlace(t, "")
			code := p.make()
			c := newTown(p, x509.ExtKeyUsageServerAuth, "client.test")
			args := strings.Fields(strings.ReplaceAll("record --idle 1500ms --tls DIR/server.pem,DIR/server.key "+m.settings+" 0 DIR/lines", "DIR", p.dir))
			d := p.launchCommand(args)
			address := regexp.MustCompile(`recording (127\.0\.0\.1:\d+) `)
			p.until("recording", func() bool { return d.ended() || address.MatchString(d.errs.String()) })
			found := address.FindStringSubmatch(d.errs.String())
			if found == nil {
				t.Fatalf("it said %s", &d.errs)
			}
			c.visited(p, m, []entrance{recorder}, func(entrance) string { return found[1] }, d.stop)
			p.verifies(code, p.store, 0)
		})
	}
}

// entrance is the address of one.
func (p *place) entrance(e entrance) string {
	p.t.Helper()
	for _, name := range p.endpoints().Inputs {
		if kind, address, _ := strings.Cut(name, " "); kind == e.kind && strings.HasPrefix(address, e.host+":") {
			return address
		}
	}
	p.t.Fatalf("no input %s %s among %q", e.kind, e.host, p.endpoints().Inputs)
	return ""
}
