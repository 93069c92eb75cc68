package target

import (
	"crypto/tls"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"constat/internal/output"
	"constat/internal/tlsconf"
	"constat/internal/tlsconf/tlstest"
)

// TestRefusedClient: a server of TLS 1.3 that wants a certificate says so when messages have been sent already. None of
// them counts, also where few are sent.
func TestRefusedClient(t *testing.T) {
	ours := tlstest.New(t, t.TempDir(), "ours")
	good := ours.Issue("log.example.test", []string{"log.example.test"}, nil)
	pair, err := tls.LoadX509KeyPair(good.Certificate, good.Key)
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			secured := tls.Server(conn, &tls.Config{Certificates: []tls.Certificate{pair}, ClientAuth: tls.RequireAnyClientCert, MinVersion: tls.VersionTLS13})
			io.Copy(io.Discard, secured) // it fails
			secured.Close()
		}
	}()
	settings, err := tlsconf.NewClient(tlsconf.Settings{CA: ours.File, Names: []string{"log.example.test"}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	a, err := Parse("tls://" + l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	for _, brief := range []bool{false, true} {
		d, err := a.Dialer(Options{TLS: settings, Timeout: 10 * time.Second, Brief: brief})
		if err != nil {
			t.Fatal(err)
		}
		target, err := d.Open(t.Context(), nil)
		if err != nil && strings.Contains(err.Error(), "certificate required") {
			continue // the server had time to say so
		}
		if err != nil {
			t.Fatal(err)
		}
		m := new(output.Messages)
		m.Add([]byte("secret"))
		err = target.Send(t.Context(), m)
		n := uint64(0)
		for end := time.Now().Add(10 * time.Second); n == 0 && err == nil && time.Now().Before(end); time.Sleep(time.Millisecond) {
			n, err = target.Confirmed(true)
		}
		if err == nil || n != 0 {
			t.Errorf("brief %v: confirmed %d, %v", brief, n, err)
		}
		target.Close()
	}
}
