package daemon

import (
	"crypto/tls"
	"io"
	"os"
	"os/exec"
	"strings"
	"testing"
)

// block is the first block of a kind in a page.
func block(t *testing.T, page, kind string) string {
	t.Helper()
	_, rest, found := strings.Cut(page, "```"+kind+"\n")
	text, _, ended := strings.Cut(rest, "```")
	if !found || !ended {
		t.Fatalf("no block %s", kind)
	}
	return text
}

// TestTLSPage does what docs/inputs/tls.md says: its commands make certificates that its configuration takes.
func TestTLSPage(t *testing.T) {
	need(t, "openssl")
	page, err := os.ReadFile("../../docs/inputs/tls.md")
	if err != nil {
		t.Fatal(err)
	}
	p := newPlace(t, "")
	make := exec.Command("sh", "-ec", block(t, string(page), "sh"))
	make.Dir = p.dir
	if out, err := make.CombinedOutput(); err != nil || !strings.Contains(string(out), "Fingerprint=") {
		t.Fatalf("%v\n%s", err, out)
	}
	p.configure("http: off\n" + strings.NewReplacer("/etc/constat", "DIR", "0.0.0.0 ", "127.0.0.1:0 ", "192.0.2.0/24", "127.0.0.0/8").Replace(block(t, string(page), "yaml")))
	d := p.serve()
	cert, err := tls.LoadX509KeyPair(p.dir+"/client.pem", p.dir+"/client.key")
	if err != nil {
		t.Fatal(err)
	}
	conn, err := tls.Dial("tcp", p.address("tls"), &tls.Config{InsecureSkipVerify: true, Certificates: []tls.Certificate{cert}})
	if err != nil {
		t.Fatal(err)
	}
	io.WriteString(conn, "14 <13>app: hello")
	conn.Close()
	if k := p.arrived(1)[0]; k.fields["_TLS_PEER"] != "CN=client" || k.fields["MESSAGE"] != "hello" {
		t.Errorf("%v", k.fields)
	}
	d.stop()
	p.verify()
}
