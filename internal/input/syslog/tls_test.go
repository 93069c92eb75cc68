package syslog

import (
	"crypto/tls"
	"errors"
	"io"
	"math/rand/v2"
	"net"
	"net/netip"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"constat/internal/input"
	"constat/internal/input/inputtest"
	"constat/internal/relp"
	"constat/internal/tlsconf"
	"constat/internal/tlsconf/tlstest"
)

// city has an authority, its server, and clients good and bad.
type city struct {
	ca     *tlstest.Authority
	server tlstest.Pair
	good   tlstest.Pair
}

func newCity(t testing.TB) *city {
	ca := tlstest.New(t, t.TempDir(), "ca")
	return &city{ca, ca.Issue("server", []string{"server.test"}, nil), ca.Issue("client", []string{"client.test"}, nil)}
}

// config is that of a server with a policy.
func (c *city) config(t testing.TB, s tlsconf.Settings) *tlsconf.Config {
	t.Helper()
	s.Certificate, s.Key = c.server.Certificate, c.server.Key
	config, err := tlsconf.NewServer(s, nil)
	if err != nil {
		t.Fatal(err)
	}
	return config
}

// dial connects with a certificate, or none.
func (c *city) dial(t testing.TB, in input.Input, pair tlstest.Pair) (*tls.Conn, error) {
	t.Helper()
	config, err := tlsconf.NewClient(tlsconf.Settings{CA: c.ca.File, Certificate: pair.Certificate, Key: pair.Key}, nil)
	if err != nil {
		t.Fatal(err)
	}
	return tls.Dial("tcp", addrOf(in), config.Client("server.test"))
}

func (c *city) open(t testing.TB, tc TCPConfig) *Stream {
	if tc.TLS == nil {
		tc.TLS = c.config(t, tlsconf.Settings{CA: c.ca.File, Names: []string{"client.test"}})
	}
	tc.Address = "127.0.0.1:0"
	s, err := ListenTCP(tc)
	return must(t, s, err)
}

// TestTLS holds TLS to the contract of inputs.
func TestTLS(t *testing.T) {
	c := newCity(t)
	inputtest.Run(t, inputtest.Subject{Open: func(t testing.TB) input.Input { return c.open(t, TCPConfig{}) },
		Send: func(t testing.TB, in input.Input, messages []string) {
			conn, err := tls.Dial("tcp", addrOf(in), twelve(t, c))
			if err != nil {
				t.Error(err)
				return
			}
			t.Cleanup(func() { conn.Close() })
			for _, m := range messages {
				if _, err := io.WriteString(conn, strconv.Itoa(len(m))+" "+m); err != nil {
					t.Error(err)
				}
			}
			conn.CloseWrite()
		}})
}

// twelve is a client of TLS 1.2, who knows when he is let in; with 1.3 he learns only of being refused.
func twelve(t testing.TB, c *city) *tls.Config {
	t.Helper()
	config, err := tlsconf.NewClient(tlsconf.Settings{CA: c.ca.File, Certificate: c.good.Certificate, Key: c.good.Key}, nil)
	if err != nil {
		t.Fatal(err)
	}
	twelve := config.Client("server.test")
	twelve.MaxVersion = tls.VersionTLS12
	return twelve
}

// TestTLSPeer: what TLS knows of the peer stands with each message.
func TestTLSPeer(t *testing.T) {
	c := newCity(t)
	in := c.open(t, TCPConfig{})
	sink := inputtest.NewSink(t)
	inputtest.Start(t, in, sink)
	conn, err := c.dial(t, in, c.good)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	message := strings.Repeat("long ", 10000)
	io.WriteString(conn, "50000 "+"<13>"+message[4:]+"6 <13>aa")
	sink.Wait(2)
	fields := fieldsOf(sink.Messages()[1].Source)
	for name, want := range map[string]string{"_TRANSPORT": "syslog-tls", "_SOURCE_ADDR": "127.0.0.1", "_TLS_PEER": "CN=client",
		"_TLS_FINGERPRINT": tlsconf.Fingerprint(c.good.Leaf), "_TLS_VERSION": "TLS 1.3"} {
		if fields[name] != want {
			t.Errorf("%s is %q, want %q", name, fields[name], want)
		}
	}
	if m := sink.Messages()[0]; len(m.Octets) != 50000 || sink.Messages()[1].Octets != "<13>aa" {
		t.Errorf("%d octets, then %q", len(m.Octets), sink.Messages()[1].Octets)
	}
}

// TestTLSRefusals: in each mode of authentication every peer that should not be let in is refused, is counted under its
// address with the reason, and people are told. One that should be is let in behind them.
func TestTLSRefusals(t *testing.T) {
	c := newCity(t)
	stranger := tlstest.New(t, t.TempDir(), "other").Issue("client", []string{"client.test"}, nil)
	expired := c.ca.Issue("expired", []string{"client.test"}, tlstest.Expired)
	misnamed := c.ca.Issue("misnamed", []string{"else.test"}, nil)
	modes := []struct {
		name     string
		settings tlsconf.Settings
		refused  map[string]tlstest.Pair
	}{
		{"names", tlsconf.Settings{CA: c.ca.File, Names: []string{"client.test"}}, map[string]tlstest.Pair{"certificate not trusted": stranger,
			"certificate expired": expired, "wrong name in the certificate": misnamed, "no certificate": {}}},
		{"ca", tlsconf.Settings{CA: c.ca.File}, map[string]tlstest.Pair{"certificate not trusted": stranger, "certificate expired": expired, "no certificate": {}}},
		{"fingerprints", tlsconf.Settings{Fingerprints: []string{tlsconf.Fingerprint(c.good.Leaf), tlsconf.Fingerprint(expired.Leaf)}},
			map[string]tlstest.Pair{"fingerprint of the certificate not listed": misnamed, "certificate expired": expired, "no certificate": {}}},
		{"anonymous", tlsconf.Settings{Anonymous: true}, nil},
	}
	for _, mode := range modes {
		for _, kind := range []string{"tls", "relp-tls"} {
			t.Run(mode.name+" "+kind, func(t *testing.T) {
				t.Parallel() // each waits for a handshake that does not end
				var told atomic.Int32
				tc := TCPConfig{Address: "127.0.0.1:0", TLS: c.config(t, mode.settings), HandshakeTimeout: 2 * time.Second,
					Refused: func(string, error) { told.Add(1) }}
				in, err := ListenTCP(tc)
				if kind == "relp-tls" {
					in, err = ListenRELP(tc, RELP{})
				}
				must(t, in, err)
				sink := inputtest.NewSink(t)
				inputtest.Start(t, in, sink)
				count := 0
				refused := func(reason string) {
					t.Helper()
					count++
					sink.Wait(count)
					if n := sink.Losses()[inputtest.Loss{Source: kind + " 127.0.0.1", Reason: input.Refused + reason}]; n.Messages != 1 {
						t.Errorf("%s: counted %v", reason, sink.Losses())
					}
				}
				for reason, pair := range mode.refused {
					if conn, err := c.dial(t, in, pair); err == nil {
						conn.SetReadDeadline(time.Now().Add(inputtest.Patience))
						if _, err := conn.Read(make([]byte, 1)); err == nil || errors.Is(err, os.ErrDeadlineExceeded) {
							t.Errorf("%s: not closed: %v", reason, err)
						}
						conn.Close()
					}
					refused(reason)
				}
				for reason, octets := range map[string]string{"no TLS": "<13>plain text\n", "TLS handshake not in time": "\x16\x03\x01\x02\x00\x01"} {
					conn, err := net.Dial("tcp", addrOf(in))
					if err != nil {
						t.Fatal(err)
					}
					io.WriteString(conn, octets)
					conn.SetReadDeadline(time.Now().Add(inputtest.Patience))
					if _, err := io.Copy(io.Discard, conn); errors.Is(err, os.ErrDeadlineExceeded) {
						t.Errorf("%s: not closed", reason)
					}
					conn.Close()
					refused(reason)
				}
				c.letIn(t, in, kind, mode.name == "anonymous")
				sink.Wait(count + 1)
				if kept := sink.Messages(); len(kept) != 1 || kept[0].Octets != "<13>hello" || int(told.Load()) != count || int(in.Refused()) != count {
					t.Errorf("kept %+v, told %d, refused %d, of %d", kept, told.Load(), in.Refused(), count)
				}
			})
		}
	}
}

// letIn sends one message as the good client, or without a certificate.
func (c *city) letIn(t *testing.T, in input.Input, kind string, anonymous bool) {
	t.Helper()
	pair := c.good
	if anonymous {
		pair = tlstest.Pair{}
	}
	conn, err := c.dial(t, in, pair)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if kind == "tls" {
		io.WriteString(conn, "9 <13>hello")
		return
	}
	client, err := relp.NewClient(t.Context(), conn, relp.ClientConfig{})
	if err != nil {
		t.Fatal(err)
	}
	if n, err := client.Send(t.Context(), [][]byte{[]byte("<13>hello")}); n != 1 || err != nil {
		t.Errorf("%d acknowledged, %v", n, err)
	}
	client.Close(t.Context())
}

// TestAdmission: networks that are not admitted are refused on UDP, TCP, TLS and RELP, before anything else, and when the
// lists change a sender is let in.
func TestAdmission(t *testing.T) {
	c := newCity(t)
	elsewhere := Admission{Allow: []netip.Prefix{netip.MustParsePrefix("192.0.2.0/24")}}
	shut := Admission{Deny: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}}
	here := Admission{Allow: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("::1/128")}}
	for name, in := range map[string]interface {
		input.Input
		Admit(...Admission)
	}{"udp": openUDP(t).(*Datagram), "tcp": openTCP(t).(*Stream), "tls": c.open(t, TCPConfig{}), "relp": openRELP(t).(*Stream)} {
		sink := inputtest.NewSink(t)
		inputtest.Start(t, in, sink)
		for i, lists := range [][]Admission{{elsewhere}, {shut}, {here, shut}, {here, elsewhere}} {
			in.Admit(lists...)
			network := "tcp"
			if name == "udp" {
				network = "udp"
			}
			send(t, network, addrOf(in), []string{"<13>no"}, withLF)
			sink.Wait(i + 1)
		}
		reason := input.Refused + reasonNotAllowed
		if name == "udp" {
			reason = reasonNotAllowed
		}
		if n := sink.Losses()[inputtest.Loss{Source: name + " 127.0.0.1", Reason: reason}]; n.Messages != 4 {
			t.Errorf("%s: %v", name, sink.Losses())
		}
		in.Admit(here)
		if name == "udp" || name == "tcp" {
			send(t, name, addrOf(in), []string{"<13>yes"}, asIs)
		} else {
			c.letInPlainly(t, in, name)
		}
		sink.Wait(5)
		if kept, lost := sink.Total(); kept != 1 || lost != 4 {
			t.Errorf("%s: %d kept, %d lost", name, kept, lost)
		}
	}
}

func (c *city) letInPlainly(t *testing.T, in input.Input, name string) {
	if name == "tls" {
		c.letIn(t, in, name, false)
		return
	}
	if n, err := dialRELP(t, in, relp.ClientConfig{}).Send(t.Context(), [][]byte{[]byte("<13>yes")}); n != 1 || err != nil {
		t.Errorf("%d acknowledged, %v", n, err)
	}
}

// TestPerAddress: one address has so many connections and no more, and others are not touched by that.
func TestPerAddress(t *testing.T) {
	s, err := ListenTCP(TCPConfig{Address: ":0", MaxPerAddress: 2})
	must(t, s, err)
	sink := inputtest.NewSink(t)
	inputtest.Start(t, s, sink)
	_, port, _ := net.SplitHostPort(s.Addr().String())
	for range 4 {
		conn, err := net.Dial("tcp", "127.0.0.1:"+port)
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
	}
	sink.Wait(2)
	if n := sink.Losses()[inputtest.Loss{Source: "tcp 127.0.0.1", Reason: input.Refused + reasonPerAddress}]; n.Messages != 2 {
		t.Errorf("counted %v", sink.Losses())
	}
	send(t, "tcp", "127.0.0.2:"+port, []string{"<13>x"}, withLF) // from 127.0.0.1 still
	sink.Wait(3)
	d := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.IPv4(127, 0, 0, 9)}}
	conn, err := d.Dial("tcp", "127.0.0.1:"+port)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	io.WriteString(conn, "<13>other\n")
	sink.Wait(4)
	contains(t, sink, "other")
}

// FuzzTLSInput: whatever comes where TLS should, and whatever comes within it, the input goes on.
func FuzzTLSInput(f *testing.F) {
	f.Add([]byte("<13>plain\n"), false)
	f.Add([]byte("\x16\x03\x01\x00\x05\x01\x00\x00\x01\x03"), false)
	f.Add([]byte("9 <13>hello999999999 <13>x"), true)
	f.Add([]byte("<13>line\n0 <13>x\x00"), true)
	c := newCity(f)
	tlsConfig := c.config(f, tlsconf.Settings{Anonymous: true})
	f.Fuzz(func(t *testing.T, octets []byte, inside bool) {
		s, err := ListenTCP(TCPConfig{Address: "127.0.0.1:0", TLS: tlsConfig, Limit: 64, HandshakeTimeout: 100 * time.Millisecond})
		in := must(t, s, err)
		sink := inputtest.NewSink(t)
		stop := inputtest.Start(t, in, sink)
		conn, err := net.Dial("tcp", addrOf(in))
		if err != nil {
			t.Fatal(err)
		}
		w := io.WriteCloser(conn)
		if inside {
			w = tls.Client(conn, &tls.Config{InsecureSkipVerify: true})
		}
		w.Write(octets)
		w.Close()
		conn.Close()
		if err := stop(); err != nil {
			t.Fatal(err)
		}
		for _, m := range sink.Messages() {
			if !inside || !strings.Contains(string(octets), m.Octets) || len(m.Octets) > 64 {
				t.Fatalf("kept %q of %q", m.Octets, octets)
			}
		}
	})
}

// TestTLSPieces: whatever the records in which a stream comes, the messages are the same.
func TestTLSPieces(t *testing.T) {
	c := newCity(t)
	for seed := range uint64(4) {
		rng := rand.New(rand.NewPCG(seed, 1))
		var want []string
		var stream strings.Builder
		for i := range 2000 {
			m := "<13>" + strings.Repeat("x", 1+rng.IntN(1+rng.IntN(2000))) + strconv.Itoa(i)
			want = append(want, m)
			if rng.IntN(2) == 0 {
				stream.WriteString(m + "\n")
			} else {
				stream.WriteString(strconv.Itoa(len(m)) + " " + m)
			}
		}
		in := c.open(t, TCPConfig{})
		sink := inputtest.NewSink(t)
		stop := inputtest.Start(t, in, sink)
		conn, err := c.dial(t, in, c.good)
		if err != nil {
			t.Fatal(err)
		}
		for rest := stream.String(); rest != ""; {
			n := min(len(rest), 1+rng.IntN(1<<(2*seed+8))) // 256 octets at most, 1024, 4096, 16 KiB
			if _, err := io.WriteString(conn, rest[:n]); err != nil {
				t.Fatal(err)
			}
			rest = rest[n:]
		}
		conn.Close()
		sink.Wait(len(want))
		stop()
		if !slices.Equal(octetsOf(sink), want) {
			t.Errorf("seed %d: other messages", seed)
		}
	}
}
