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

// TestTLS: only a server that is trusted gets anything: by an authority and a name, or by its fingerprint.
func TestTLS(t *testing.T) {
	ours, theirs := tlstest.New(t, t.TempDir(), "ours"), tlstest.New(t, t.TempDir(), "theirs")
	good := ours.Issue("log.example.test", []string{"log.example.test"}, nil)
	expired := ours.Issue("expired.example.test", []string{"log.example.test"}, tlstest.Expired)
	foreign := theirs.Issue("log.example.test", []string{"log.example.test"}, nil)
	for _, c := range []struct {
		what     string
		server   tlstest.Pair
		settings tlsconf.Settings
		ok       bool
	}{
		{"authority and name", good, tlsconf.Settings{CA: ours.File, Names: []string{"log.example.test"}}, true},
		{"another name", good, tlsconf.Settings{CA: ours.File, Names: []string{"other.example.test"}}, false},
		{"no name, and the target is an address", good, tlsconf.Settings{CA: ours.File}, false},
		{"another authority", foreign, tlsconf.Settings{CA: ours.File, Names: []string{"log.example.test"}}, false},
		{"expired", expired, tlsconf.Settings{CA: ours.File, Names: []string{"log.example.test"}}, false},
		{"another fingerprint", good, tlsconf.Settings{Fingerprints: []string{"sha-1:00:11:22:33:44:55:66:77:88:99:AA:BB:CC:DD:EE:FF:00:11:22:33"}}, false},
		{"anybody", foreign, tlsconf.Settings{Anonymous: true}, true},
	} {
		pair, err := tls.LoadX509KeyPair(c.server.Certificate, c.server.Key)
		if err != nil {
			t.Fatal(err)
		}
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		got := make(chan string, 1)
		go func() {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			secured := tls.Server(conn, &tls.Config{Certificates: []tls.Certificate{pair}})
			all, _ := io.ReadAll(secured)
			secured.Close()
			got <- string(all)
		}()
		settings, err := tlsconf.NewClient(c.settings, nil)
		if err != nil {
			t.Fatal(err)
		}
		a, err := Parse("tls://" + l.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		d, err := a.Dialer(Options{TLS: settings, Timeout: time.Second})
		if err != nil {
			t.Fatal(err)
		}
		target, err := d.Open(t.Context(), nil)
		if (err == nil) != c.ok {
			t.Errorf("%s: opened %t, %v", c.what, err == nil, err)
		}
		want := ""
		if err == nil {
			want = "6 secret"
			m := new(output.Messages)
			m.Add([]byte("secret"))
			if err := target.Send(t.Context(), m); err != nil {
				t.Error(err)
			}
			for n := uint64(0); n < 1; time.Sleep(time.Millisecond) {
				if n, err = target.Confirmed(true); err != nil {
					t.Fatal(err)
				}
			}
			target.Close()
		}
		if text := <-got; text != want {
			t.Errorf("%s: the server got %q, want %q", c.what, text, want)
		}
		l.Close()
	}
}

// TestRefusedBehindTheHandshake: with TLS 1.3 a server refuses our certificate when we have sent already. Nothing of that counts
// as confirmed, whenever it is asked for, and the error says why.
func TestRefusedBehindTheHandshake(t *testing.T) {
	ours, theirs := tlstest.New(t, t.TempDir(), "ours"), tlstest.New(t, t.TempDir(), "theirs")
	server := ours.Issue("log.example.test", []string{"127.0.0.1"}, nil)
	client := ours.Issue("client", nil, nil)
	picky, err := tlsconf.NewServer(tlsconf.Settings{Certificate: server.Certificate, Key: server.Key, CA: theirs.File}, nil)
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	refused := make(chan struct{}, 2)
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			time.Sleep(50 * time.Millisecond) // it is slow, so that something was sent
			io.Copy(io.Discard, tls.Server(conn, picky.Server()))
			conn.Close()
			refused <- struct{}{}
		}
	}()
	settings, err := tlsconf.NewClient(tlsconf.Settings{CA: ours.File, Certificate: client.Certificate, Key: client.Key}, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, later := range []time.Duration{0, 300 * time.Millisecond} {
		a, err := Parse("tls://" + l.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		d, err := a.Dialer(Options{TLS: settings, Timeout: 400 * time.Millisecond}) // 200 ms are what it has to hold
		if err != nil {
			t.Fatal(err)
		}
		target, err := d.Open(t.Context(), nil)
		if err != nil {
			t.Fatal(err)
		}
		m := new(output.Messages)
		m.Add([]byte("secret"))
		err = target.Send(t.Context(), m)
		<-refused
		time.Sleep(later)
		for n := uint64(0); err == nil; time.Sleep(time.Millisecond) {
			if n, err = target.Confirmed(true); n > 0 {
				t.Fatalf("%v later %d are confirmed", later, n)
			}
		}
		if !strings.Contains(err.Error(), "remote error: tls: ") {
			t.Errorf("%v later: %v", later, err)
		}
		target.Close()
	}
}
