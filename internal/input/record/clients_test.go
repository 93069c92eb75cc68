package record

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"fmt"
	"io"
	"math/big"
	"net"
	"os/exec"
	"strings"
	"testing"
	"time"

	"constat/internal/input"
	"constat/internal/tlsconf"
)

// program finds a client that people use.
func program(t *testing.T, name string) string {
	path, err := exec.LookPath(name)
	if err != nil {
		t.Skipf("no %s here (.ci/run installs it): %v", name, err)
	}
	return path
}

// netcat is how nc is called: one line and close, with and without its end, over both families.
func TestNetcat(t *testing.T) {
	nc := program(t, "nc")
	r := start(t, Config{Addresses: []string{"127.0.0.1:0"}, Optional: []string{"[::1]:0"}}, FileConfig{})
	want := ""
	for _, a := range r.Addrs() {
		host, port, _ := net.SplitHostPort(a.String())
		for _, text := range []string{"with an end " + host + "\n", "without " + host} {
			c := exec.Command(nc, "-N", host, port)
			c.Stdin = strings.NewReader(text)
			if out, err := c.CombinedOutput(); err != nil {
				t.Fatalf("nc: %v %s", err, out)
			}
			want += strings.TrimSuffix(text, "\n") + "\n"
			r.untilContent(want)
		}
	}
}

// Telnet sends CR LF, and closes when it is told to.
func TestTelnet(t *testing.T) {
	telnet := program(t, "telnet")
	r := start(t, Config{}, FileConfig{})
	host, port, _ := net.SplitHostPort(r.Addrs()[0].String())
	c := exec.Command(telnet, host, port)
	in, err := c.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	until(t, "the connection", func() bool { return r.Stats().Clients == 1 })
	io.WriteString(in, "hello from telnet\nagain\n")
	r.untilContent("hello from telnet\nagain\n")
	in.Close()
	c.Wait()
}

// certificate makes a certificate that is its own authority.
func certificate(t *testing.T, name string) (tls.Certificate, *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name}, IsCA: true,
		BasicConstraintsValid: true, NotAfter: time.Now().Add(time.Hour), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AddCert(parsed)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, pool
}

func TestTLS(t *testing.T) {
	server, serverPool := certificate(t, "server")
	client, clientPool := certificate(t, "client")
	leaf, err := x509.ParseCertificate(client.Certificate[0])
	if err != nil {
		t.Fatal(err)
	}
	r := start(t, Config{TLS: &tls.Config{Certificates: []tls.Certificate{server}, ClientCAs: clientPool,
		ClientAuth: tls.RequireAndVerifyClientCert}}, FileConfig{})
	conn, err := tls.Dial("tcp", r.Addrs()[0].String(), &tls.Config{RootCAs: serverPool, Certificates: []tls.Certificate{client}})
	if err != nil {
		t.Fatal(err)
	}
	fmt.Fprint(conn, "secret\nhalf")
	r.untilContent("secret\n")
	conn.Close()
	r.untilContent("secret\nhalf\n")
	r.sink.Wait(1)
	if f := r.sink.Messages()[0].Source.Fields; string(f[len(f)-2].Value) != "CN=client" || string(f[len(f)-1].Value) != tlsconf.Fingerprint(leaf) {
		t.Errorf("fields %v", f)
	}
	r.say("plain\n")
	until(t, "the refusal", func() bool { return r.Stats().Refused == 1 })
	if n := r.sink.Lost(input.Refused + "no TLS"); n.Messages != 1 {
		t.Errorf("%d counted", n.Messages)
	}
	if strings.Contains(r.content(), "plain") {
		t.Error("plain text where TLS is asked for")
	}
}
