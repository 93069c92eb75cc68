package tlsconf

import (
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"constat/internal/tlsconf/tlstest"
)

// joined makes one file of several.
func joined(t *testing.T, name string, files ...string) string {
	t.Helper()
	var all []byte
	for _, f := range files {
		all = append(all, must(os.ReadFile(f))...)
	}
	if err := os.WriteFile(name, all, 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

// TestRevoked: who was let in before is refused, on either side, when its authority has revoked it or an authority in between;
// so is whoever cannot be looked up.
func TestRevoked(t *testing.T) {
	dir := t.TempDir()
	in := func(name string) string { return filepath.Join(dir, name) }
	ca := tlstest.New(t, dir, "ca")
	middle, other := ca.Delegate("middle"), tlstest.New(t, dir, "other")
	names := []string{"a.test"}
	good, gone := ca.Issue("good", names, nil), ca.Issue("gone", names, nil)
	below, belowGone := middle.Issue("below", names, nil), middle.Issue("belowgone", names, nil)
	for _, p := range []tlstest.Pair{below, belowGone} {
		joined(t, p.Certificate, p.Certificate, middle.File)
	}
	twin := tlstest.New(t, t.TempDir(), "ca") // of the same name, with another key
	empty, lists := middle.Revoke("middle.empty", nil), ca.Revoke("ca.crl", nil, gone)
	old := ca.Revoke("ca.old", func(l *x509.RevocationList) {
		l.ThisUpdate, l.NextUpdate = time.Now().Add(-3*time.Hour), time.Now().Add(-2*time.Hour)
	}, good)
	der := must(os.ReadFile(ca.Revoke("forever.crl", nil, gone)))
	if err := os.WriteFile(in("der.crl"), decoded(t, der), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		what, crl                    string
		good, gone, below, belowGone error
	}{
		{"both", joined(t, in("both"), lists, middle.Revoke("middle.crl", nil, belowGone)), nil, ErrRevoked, nil, ErrRevoked},
		{"one in DER", in("der.crl"), nil, ErrRevoked, ErrNoList, ErrNoList},
		{"the middle revoked", joined(t, in("middle"), empty, ca.Revoke("ca2.crl", nil, middle.Pair())), nil, nil, ErrRevoked, ErrRevoked},
		{"an old one before", joined(t, in("before"), old, lists, empty), nil, ErrRevoked, nil, nil},
		{"an old one behind", joined(t, in("behind"), lists, empty, old), nil, ErrRevoked, nil, nil},
		{"old", joined(t, in("old"), old, empty), ErrOldList, ErrOldList, ErrOldList, ErrOldList},
		{"of another", other.Revoke("other.crl", nil), ErrNoList, ErrNoList, ErrNoList, ErrNoList},
		{"of a namesake", twin.Revoke("ca.crl", nil), ErrNoList, ErrNoList, ErrNoList, ErrNoList},
	} {
		for shown, want := range map[tlstest.Pair]error{good: tt.good, gone: tt.gone, below: tt.below, belowGone: tt.belowGone} {
			s := Settings{Certificate: good.Certificate, Key: good.Key, CA: ca.File, CRL: tt.crl}
			peer := Settings{Certificate: shown.Certificate, Key: shown.Key, Anonymous: true}
			_, got, _ := handshake(t, must(NewServer(s, nil)).Server(), must(NewClient(peer, nil)).Client("a.test"))
			check(t, "server, "+tt.what+", "+shown.Certificate, got, want)
			_, _, got = handshake(t, must(NewServer(peer, nil)).Server(), must(NewClient(s, nil)).Client("a.test"))
			check(t, "client, "+tt.what+", "+shown.Certificate, got, want)
			s.Fingerprints = []string{Fingerprint(shown.Leaf)}
			_, got, _ = handshake(t, must(NewServer(s, nil)).Server(), must(NewClient(peer, nil)).Client("a.test"))
			check(t, "listed, "+tt.what+", "+shown.Certificate, got, nil)
		}
	}
}

func decoded(t *testing.T, text []byte) []byte {
	t.Helper()
	list, err := revocation(nil).add(text)
	if err == nil || list != nil {
		t.Fatal("PEM was taken for DER")
	}
	name := filepath.Join(t.TempDir(), "l")
	if err := os.WriteFile(name, text, 0o600); err != nil {
		t.Fatal(err)
	}
	return must(revocations(name))[0].Raw
}

// TestRevocationLists: files that are no lists, or whose lists are of some certificates only, are refused by name.
func TestRevocationLists(t *testing.T) {
	dir := t.TempDir()
	ca := tlstest.New(t, dir, "ca")
	pair := ca.Issue("a", nil, nil)
	critical := func(id ...int) pkix.Extension {
		return pkix.Extension{Id: asn1.ObjectIdentifier(id), Critical: true, Value: []byte{0x30, 0}}
	}
	in := func(l ...pkix.Extension) func(*x509.RevocationList) {
		return func(c *x509.RevocationList) { c.ExtraExtensions = l }
	}
	within := func(c *x509.RevocationList) {
		c.RevokedCertificateEntries[0].ExtraExtensions = []pkix.Extension{critical(2, 5, 29, 29)}
	}
	for text, file := range map[string]string{
		"no such file":      filepath.Join(dir, "none"),
		"in PEM or DER":     ca.File,
		"2.5.29.28":         ca.Revoke("scope.crl", in(critical(2, 5, 29, 28))),
		"2.5.29.27":         ca.Revoke("delta.crl", in(critical(2, 5, 29, 27))),
		"an entry with the": ca.Revoke("indirect.crl", within, pair),
	} {
		_, err := NewServer(Settings{Certificate: pair.Certificate, Key: pair.Key, CA: ca.File, CRL: file}, nil)
		if err == nil || !strings.Contains(err.Error(), text) || !strings.Contains(err.Error(), "crl: ") || !strings.Contains(err.Error(), filepath.Base(file)) {
			t.Errorf("%s: %v", text, err)
		}
	}
	if _, err := NewServer(Settings{Certificate: pair.Certificate, Anonymous: true, CRL: "x"}, nil); err == nil || !strings.Contains(err.Error(), "crl: says nothing without ca") {
		t.Error(err)
	}
}

// TestOpenSSLRevokes: what openssl revokes is refused with the next connection, without a restart.
func TestOpenSSLRevokes(t *testing.T) {
	if _, err := exec.LookPath("openssl"); err != nil {
		t.Skip("no openssl: apt-get install openssl")
	}
	dir := t.TempDir()
	ca := tlstest.New(t, dir, "ca")
	pair := ca.Issue("a", []string{"a.test"}, nil)
	config := "[ca]\ndefault_ca=d\n[d]\ndatabase=index\ncrlnumber=number\ndefault_md=sha256\ndefault_crl_days=1\n"
	for name, text := range map[string]string{"c.cnf": config, "index": "", "number": "01\n"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	openssl := func(args ...string) {
		t.Helper()
		x := exec.Command("openssl", append([]string{"ca", "-config", "c.cnf", "-cert", "ca.pem", "-keyfile", "ca.key"}, args...)...)
		x.Dir = dir
		if out, err := x.CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
	}
	openssl("-gencrl", "-out", "crl.pem")
	server := must(NewServer(Settings{Certificate: pair.Certificate, Key: pair.Key, CA: ca.File, CRL: filepath.Join(dir, "crl.pem")}, nil))
	client := must(NewClient(Settings{Certificate: pair.Certificate, Key: pair.Key, Anonymous: true}, nil))
	try := func() error {
		_, err, _ := handshake(t, server.Server(), client.Client("a.test"))
		return err
	}
	check(t, "before", try(), nil)
	openssl("-revoke", pair.Certificate)
	openssl("-gencrl", "-out", "crl.pem")
	if err := server.Refresh(); err != nil {
		t.Fatal(err)
	}
	check(t, "revoked", try(), ErrRevoked)
}
