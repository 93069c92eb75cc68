package tlsconf

import (
	"context"
	"crypto/sha1"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"constat/internal/tlsconf/tlstest"
)

// handshake has both sides meet and returns what each says.
func handshake(t *testing.T, server, client *tls.Config) (state tls.ConnectionState, serverErr, clientErr error) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	theirs, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	ours, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	done := make(chan error, 1)
	go func() {
		c := tls.Client(theirs, client)
		err := c.HandshakeContext(ctx)
		if err == nil {
			_, err = c.Read(make([]byte, 1)) // with TLS 1.3 a client learns only then that it is refused
		}
		theirs.Close()
		done <- err
	}()
	s := tls.Server(ours, server)
	serverErr = s.HandshakeContext(ctx)
	if serverErr == nil {
		s.Write([]byte{1})
	}
	state = s.ConnectionState()
	ours.Close()
	return state, serverErr, <-done
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

func sha1Of(c *x509.Certificate) string {
	text := "sha-1"
	for _, octet := range sha1.Sum(c.Raw) {
		text += fmt.Sprintf(":%02X", octet)
	}
	return text
}

// TestPolicies tries each policy, on either side, with a peer that it should let in and with peers that it should not.
func TestPolicies(t *testing.T) {
	dir := t.TempDir()
	ca, other := tlstest.New(t, dir, "ca"), tlstest.New(t, dir, "other")
	good := ca.Issue("good", []string{"good.example.test", "127.0.0.1"}, nil)
	peers := map[string]tlstest.Pair{
		"good":      good,
		"wild":      ca.Issue("wild", []string{"*.example.test"}, nil),
		"common":    ca.Issue("good.example.test", nil, nil),
		"else":      ca.Issue("else", []string{"else.example.test"}, nil),
		"expired":   ca.Issue("expired", []string{"good.example.test"}, tlstest.Expired),
		"early":     ca.Issue("early", []string{"good.example.test"}, func(c *x509.Certificate) { c.NotBefore = time.Now().Add(time.Hour) }),
		"wrong use": ca.Issue("use", []string{"good.example.test"}, func(c *x509.Certificate) { c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageCodeSigning} }),
		"stranger":  other.Issue("stranger", []string{"good.example.test"}, nil),
		"oneself":   ca.Alone("oneself", []string{"good.example.test"}, nil),
		"none":      {},
	}
	refusals := map[string]error{"stranger": ErrUntrusted, "oneself": ErrSelfSigned, "wrong use": ErrUsage, "none": ErrNoCertificate}
	names := []string{"x.test", "GOOD.example.test."}
	tests := []struct {
		name string
		s    Settings
		want map[string]error // those that are not named are refused for what they are
	}{
		{"ca", Settings{CA: ca.File}, map[string]error{"good": nil, "wild": nil, "common": nil, "else": nil, "expired": ErrExpired, "early": ErrNotYet}},
		{"names", Settings{CA: ca.File, Names: names}, map[string]error{"good": nil, "wild": nil, "common": ErrName, "else": ErrName, "expired": ErrExpired, "early": ErrNotYet}},
		{"common name", Settings{CA: ca.File, Names: names, CommonName: true},
			map[string]error{"good": nil, "wild": nil, "common": nil, "else": ErrName, "expired": ErrExpired, "early": ErrNotYet}},
		{"wildcard", Settings{CA: ca.File, Names: []string{"*.example.test"}},
			map[string]error{"good": nil, "wild": nil, "common": ErrName, "else": nil, "expired": ErrExpired, "early": ErrNotYet}},
		{"address", Settings{CA: ca.File, Names: []string{"127.0.0.1"}},
			map[string]error{"good": nil, "wild": ErrName, "common": ErrName, "else": ErrName, "expired": ErrExpired, "early": ErrNotYet}},
		{"sha-256", Settings{Fingerprints: []string{Fingerprint(good.Leaf), Fingerprint(peers["expired"].Leaf)}},
			map[string]error{"good": nil, "expired": ErrExpired, "early": ErrNotYet}},
		{"sha-1", Settings{Fingerprints: []string{sha1Of(peers["stranger"].Leaf)}}, map[string]error{"stranger": nil, "expired": ErrExpired, "early": ErrNotYet}},
		{"either", Settings{CA: ca.File, Names: names, Fingerprints: []string{Fingerprint(peers["stranger"].Leaf)}},
			map[string]error{"good": nil, "wild": nil, "stranger": nil, "common": ErrName, "else": ErrName, "expired": ErrExpired, "early": ErrNotYet}},
		{"anonymous", Settings{Anonymous: true}, map[string]error{"good": nil, "wild": nil, "common": nil, "else": nil, "expired": nil, "early": nil,
			"wrong use": nil, "stranger": nil, "oneself": nil, "none": nil}},
	}
	for _, tt := range tests {
		for name, peer := range peers {
			want, named := tt.want[name]
			if !named {
				want = refusals[name]
				if tt.s.CA == "" && want != ErrNoCertificate {
					want = ErrFingerprint
				}
			}
			s := tt.s
			s.Certificate, s.Key = good.Certificate, good.Key
			client := must(NewClient(Settings{Certificate: peer.Certificate, Key: peer.Key, Anonymous: true}, nil))
			state, got, theirs := handshake(t, must(NewServer(s, nil)).Server(), client.Client("good.example.test"))
			check(t, "server "+tt.name+" "+name, got, want)
			if want != nil && theirs == nil {
				t.Errorf("server %s %s: the client believes that it was let in", tt.name, name)
			}
			if want == nil && state.Version != tls.VersionTLS13 {
				t.Errorf("version %x", state.Version)
			}
			if name == "none" {
				continue // a server has one
			}
			server := must(NewServer(Settings{Certificate: peer.Certificate, Key: peer.Key, Anonymous: true}, nil))
			if tt.name == "ca" && want == nil && name != "good" && name != "wild" {
				want = ErrName // of the host, by default
			}
			_, _, got = handshake(t, server.Server(), must(NewClient(s, nil)).Client("good.example.test"))
			check(t, "client "+tt.name+" "+name, got, want)
		}
	}
}

func check(t *testing.T, what string, got, want error) {
	t.Helper()
	if !errors.Is(got, want) || want != nil && Reason(got) != want.Error() {
		t.Errorf("%s: %v, want %v", what, got, want)
	}
}

// TestReasons: what is no handshake, or none that can succeed, has a reason of its own.
func TestReasons(t *testing.T) {
	ca := tlstest.New(t, t.TempDir(), "ca")
	pair := ca.Issue("a", []string{"a.test"}, nil)
	server := must(NewServer(Settings{Certificate: pair.Certificate, Key: pair.Key, CA: ca.File}, nil)).Server()
	talk := func(octets string, closeIt bool) error {
		ours, theirs := net.Pipe()
		defer theirs.Close()
		go func() {
			theirs.Write([]byte(octets))
			if closeIt {
				theirs.Close()
			} else {
				buf := make([]byte, 100)
				for {
					if _, err := theirs.Read(buf); err != nil {
						return
					}
				}
			}
		}()
		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		defer cancel()
		defer ours.Close()
		return tls.Server(ours, server).HandshakeContext(ctx)
	}
	hello := "\x16\x03\x01\x02\x00\x01" // of 512 octets
	for _, tt := range []struct {
		octets  string
		closeIt bool
		want    string
	}{{"<13>plain text\n", false, "no TLS"}, {"", false, "TLS handshake not in time"}, {hello, false, "TLS handshake not in time"}, {hello, true, "TLS handshake broken off"}} {
		if err := talk(tt.octets, tt.closeIt); Reason(err) != tt.want {
			t.Errorf("%q: %v, which is %q, want %q", tt.octets, err, Reason(err), tt.want)
		}
	}
	for says, c := range map[string]*tls.Config{
		"protocol version not supported": {InsecureSkipVerify: true, MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS11},
		"handshake failure":              {InsecureSkipVerify: true, MaxVersion: tls.VersionTLS12, CipherSuites: []uint16{tls.TLS_RSA_WITH_AES_128_CBC_SHA}},
	} {
		if _, err, told := handshake(t, server, c); !errors.Is(err, ErrVersion) || told == nil || !strings.Contains(told.Error(), says) {
			t.Errorf("an old client: %v; it is told %v, want %q", err, told, says)
		}
	}
	otherKey := &tls.Config{InsecureSkipVerify: true, MaxVersion: tls.VersionTLS12, CipherSuites: []uint16{tls.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256}}
	if _, err, _ := handshake(t, server, otherKey); Reason(err) != ErrVersion.Error() {
		t.Errorf("a client without a cipher for the key of the certificate: %v", err)
	}
	forger := &tls.Config{InsecureSkipVerify: true, GetClientCertificate: func(*tls.CertificateRequestInfo) (*tls.Certificate, error) {
		own, err := tls.LoadX509KeyPair(ca.Issue("c", nil, nil).Certificate, filepath.Join(filepath.Dir(pair.Key), "c.key"))
		own.Certificate = [][]byte{pair.Leaf.Raw}
		return &own, err
	}}
	for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
		forger.MaxVersion = version
		if _, err, _ := handshake(t, server, forger); Reason(err) != "certificate without its key" {
			t.Errorf("TLS %x: a client that shows a certificate whose key it does not have: %v", version, err)
		}
	}
	refusing := must(NewClient(Settings{Fingerprints: []string{sha1Of(ca.Issue("b", nil, nil).Leaf)}}, nil))
	if _, err, _ := handshake(t, server, refusing.Client("a.test")); Reason(err) != "TLS refused by the peer" {
		t.Errorf("a client that refuses: %v", err)
	}
	twelve := &tls.Config{InsecureSkipVerify: true, MaxVersion: tls.VersionTLS12, CipherSuites: []uint16{tls.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256},
		GetClientCertificate: func(*tls.CertificateRequestInfo) (*tls.Certificate, error) {
			c, err := tls.LoadX509KeyPair(pair.Certificate, pair.Key)
			return &c, err
		}}
	if state, err, _ := handshake(t, server, twelve); err != nil || state.Version != tls.VersionTLS12 {
		t.Errorf("TLS 1.2: %v", err)
	}
}

// TestReload: new files are used without a restart, and bad ones are reported once and not used.
func TestReload(t *testing.T) {
	dir := t.TempDir()
	ca := tlstest.New(t, dir, "ca")
	first := ca.Issue("a", []string{"first.test"}, nil)
	var reports []error
	c := must(NewServer(Settings{Certificate: first.Certificate, Key: first.Key, Anonymous: true}, func(err error) { reports = append(reports, err) }))
	shown := func() string {
		t.Helper()
		var name string
		_, _, err := handshake(t, c.Server(), &tls.Config{InsecureSkipVerify: true, VerifyConnection: func(s tls.ConnectionState) error {
			name = s.PeerCertificates[0].DNSNames[0]
			return nil
		}})
		if err != nil {
			t.Errorf("handshake: %v", err)
		}
		return name
	}
	lookAgain := func() { c.mu.Lock(); c.looked = time.Time{}; c.mu.Unlock() }
	second := ca.Issue("a", []string{"second.test"}, func(l *x509.Certificate) { l.NotAfter = time.Now().Add(72 * time.Hour) }) // the same files
	if name := shown(); name != "first.test" {
		t.Errorf("looked at the files within a second: %s", name)
	}
	lookAgain()
	if name := shown(); name != "second.test" {
		t.Errorf("the new certificate is not shown, but %s", name)
	}
	if left := time.Until(c.Expires()); left < 71*time.Hour || left > 73*time.Hour {
		t.Errorf("%v left", left)
	}
	ca.Issue("b", nil, nil)
	if err := os.Rename(filepath.Join(dir, "b.key"), second.Key); err != nil { // not the key of the certificate
		t.Fatal(err)
	}
	for range 3 {
		lookAgain()
		if name := shown(); name != "second.test" {
			t.Errorf("shows %s", name)
		}
	}
	if len(reports) != 1 {
		t.Errorf("reported %v", reports)
	}
	if err := c.Refresh(); err == nil || !strings.Contains(err.Error(), "key") {
		t.Errorf("Refresh: %v", err)
	}
	ca.Issue("a", []string{"third.test"}, nil)
	if err := c.Refresh(); err != nil {
		t.Error(err)
	}
	if name := shown(); name != "third.test" {
		t.Errorf("shows %s", name)
	}
}

func TestNames(t *testing.T) {
	tests := []struct {
		a, b string
		want bool
	}{
		{"a.example.org", "A.EXAMPLE.ORG", true}, {"a.example.org", "b.example.org", false},
		{"*.example.org", "a.example.org", true}, {"*.example.org", "a.b.example.org", false}, {"*.example.org", "example.org", false},
		{"*.example.org", ".example.org", false}, {"*.org", "example.org", false}, {"*", "a", false}, {"a*.example.org", "ab.example.org", false},
		{"*.example.org", "*.example.org", true}, {"", "", false}, {"a.example.org\x00.evil.org", "a.example.org", false},
	}
	for _, tt := range tests {
		if got := sameName(tt.a, tt.b); got != tt.want {
			t.Errorf("%q %q: %v", tt.a, tt.b, got)
		}
		if got := sameName(tt.b, tt.a); got != tt.want {
			t.Errorf("%q %q: %v", tt.b, tt.a, got)
		}
	}
}

func TestSettings(t *testing.T) {
	print := "sha-256:" + strings.Repeat("AB:", 31) + "AB"
	for text, s := range map[string]Settings{
		"certificate":     {Anonymous: true},
		"whom to trust":   {Certificate: "c"},
		"anonymous":       {Certificate: "c", CA: "ca", Anonymous: true},
		"names":           {Certificate: "c", Fingerprints: []string{print}, Names: []string{"a"}},
		"common_name":     {Certificate: "c", Fingerprints: []string{print}, CommonName: true},
		"fingerprints[1]": {Certificate: "c", Fingerprints: []string{print, print + ":00"}},
		"names[0]":        {Certificate: "c", CA: "ca", Names: []string{"a.*.org"}},
		"key":             {Key: "k", CA: "ca"},
	} {
		if _, err := NewServer(s, nil); err == nil || !strings.Contains(err.Error(), text) {
			t.Errorf("%s: %v", text, err)
		}
	}
	if found := (Settings{CA: "ca"}).Check(false); len(found) > 0 {
		t.Errorf("a client without certificate: %v", found)
	}
	for _, same := range []string{print, strings.ToLower(print), "SHA256:" + strings.Repeat("ab", 32)} {
		if _, err := parseFingerprint(same); err != nil {
			t.Error(err)
		}
	}
	bundle := filepath.Join(t.TempDir(), "bundle.pem")
	sound := must(os.ReadFile(tlstest.New(t, t.TempDir(), "ca").File))
	for text, data := range map[string]string{"no certificate in PEM": "nothing", "certificate 2 in " + bundle: string(sound) + "-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n"} {
		if err := os.WriteFile(bundle, []byte(data), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := NewClient(Settings{CA: bundle}, nil); err == nil || !strings.Contains(err.Error(), text) {
			t.Errorf("%s: %v", text, err)
		}
	}
	if _, err := NewServer(Settings{Certificate: "/nowhere/c.pem", Anonymous: true}, nil); err == nil || !strings.Contains(err.Error(), "/nowhere/c.pem") {
		t.Errorf("a file that is missing: %v", err)
	}
}

// TestOpenSSL: fingerprints are printed as openssl prints them.
func TestOpenSSL(t *testing.T) {
	if _, err := exec.LookPath("openssl"); err != nil {
		t.Skip(err)
	}
	pair := tlstest.New(t, t.TempDir(), "ca").Issue("a", nil, nil)
	out, err := exec.Command("openssl", "x509", "-in", pair.Certificate, "-noout", "-fingerprint", "-sha256").Output()
	if err != nil {
		t.Fatal(err)
	}
	_, want, _ := strings.Cut(strings.TrimSpace(string(out)), "=")
	if got := Fingerprint(pair.Leaf); got != "sha-256:"+want {
		t.Errorf("%s, openssl prints %s", got, out)
	}
}

// FuzzFingerprint: what a configuration says is read or refused.
func FuzzFingerprint(f *testing.F) {
	f.Add("sha-256:" + strings.Repeat("AB:", 31) + "AB")
	f.Add("sha-1:")
	f.Add(":")
	f.Fuzz(func(t *testing.T, text string) {
		if fp, err := parseFingerprint(text); err == nil && len(fp.sum) != 32 && len(fp.sum) != 20 {
			t.Errorf("%q: %d octets", text, len(fp.sum))
		}
	})
}
