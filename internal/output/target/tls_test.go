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

// late listens for clients over TLS, and does with a connection what it is told.
func late(t *testing.T, server *tls.Config, do func(*tls.Conn)) (a Address) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			time.Sleep(50 * time.Millisecond) // it is slow, so that something can be sent
			do(tls.Server(conn, server))
			conn.Close()
		}
	}()
	if a, err = Parse("tls://" + l.Addr().String()); err != nil {
		t.Fatal(err)
	}
	return a
}

// TestRefusedBehindTheHandshake: with TLS 1.3 a server refuses our certificate, or that we have none, when we may have sent
// already. That is found out before anything is.
func TestRefusedBehindTheHandshake(t *testing.T) {
	ours, theirs := tlstest.New(t, t.TempDir(), "ours"), tlstest.New(t, t.TempDir(), "theirs")
	server, client := ours.Issue("log", []string{"127.0.0.1"}, nil), ours.Issue("client", nil, nil)
	for _, c := range []struct {
		what     string
		settings tlsconf.Settings
		ca       string // of clients
		ok       bool
	}{
		{"another authority", tlsconf.Settings{CA: ours.File, Certificate: client.Certificate, Key: client.Key}, theirs.File, false},
		{"no certificate", tlsconf.Settings{CA: ours.File}, ours.File, false},
		{"a good one", tlsconf.Settings{CA: ours.File, Certificate: client.Certificate, Key: client.Key}, ours.File, true},
	} {
		picky, err := tlsconf.NewServer(tlsconf.Settings{Certificate: server.Certificate, Key: server.Key, CA: c.ca}, nil)
		if err != nil {
			t.Fatal(err)
		}
		got := make(chan string, 4)
		a := late(t, picky.Server(), func(conn *tls.Conn) {
			all, _ := io.ReadAll(conn)
			got <- string(all)
		})
		settings, err := tlsconf.NewClient(c.settings, nil)
		if err != nil {
			t.Fatal(err)
		}
		d, err := a.Dialer(Options{TLS: settings, Timeout: 10 * time.Second})
		if err != nil {
			t.Fatal(err)
		}
		target, err := d.Open(t.Context(), nil)
		if text := <-got; text != "" {
			t.Errorf("%s: the server got %q", c.what, text)
		}
		if c.ok != (err == nil) || err != nil && !strings.Contains(err.Error(), "remote error: tls: ") {
			t.Errorf("%s: %v", c.what, err)
		}
		if err != nil {
			continue
		}
		m := new(output.Messages)
		m.Add([]byte("secret"))
		err = target.Send(t.Context(), m)
		target.Close()
		if text := <-got; text != "6 secret" || err != nil {
			t.Errorf("%s: the server got %q, %v", c.what, text, err)
		}
	}
}

// TestClosedBehindTheHandshake: a server whose program looks at who we are when TLS is there, and closes, has confirmed nothing,
// whenever it is asked.
func TestClosedBehindTheHandshake(t *testing.T) {
	ours := tlstest.New(t, t.TempDir(), "ours")
	server := ours.Issue("log", []string{"127.0.0.1"}, nil)
	config, err := tlsconf.NewServer(tlsconf.Settings{Certificate: server.Certificate, Key: server.Key, Anonymous: true}, nil)
	if err != nil {
		t.Fatal(err)
	}
	closed := make(chan struct{}, 2)
	a := late(t, config.Server(), func(conn *tls.Conn) {
		conn.Handshake()
		time.Sleep(50 * time.Millisecond) // of looking
		conn.Close()
		closed <- struct{}{}
	})
	settings, err := tlsconf.NewClient(tlsconf.Settings{CA: ours.File}, nil)
	if err != nil {
		t.Fatal(err)
	}
	d, err := a.Dialer(Options{TLS: settings, Timeout: time.Second}) // half of it is what it has to hold
	if err != nil {
		t.Fatal(err)
	}
	for _, later := range []time.Duration{0, 600 * time.Millisecond} {
		target, err := d.Open(t.Context(), nil)
		if err != nil {
			t.Fatal(err)
		}
		m := new(output.Messages)
		m.Add([]byte("secret"))
		err = target.Send(t.Context(), m)
		<-closed
		time.Sleep(later)
		for n := uint64(0); err == nil; time.Sleep(time.Millisecond) {
			if n, err = target.Confirmed(true); n > 0 {
				t.Fatalf("%v later %d are confirmed", later, n)
			}
		}
		target.Close()
	}
}
