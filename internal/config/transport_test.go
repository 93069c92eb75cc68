package config

import (
	"net/netip"
	"strings"
	"testing"
)

const transports = `listen:
  allow: [192.0.2.0/24, 127.0.0.1]
  deny: ["2001:db8::/32"]
  tls:
  - address: 0.0.0.0
    tls: {certificate: /c.pem, key: /c.key, ca: /ca.pem, names: ["*.example.org"], common_name: true}
    deny: [192.0.2.7]
  - address: "[::1]:6515"
    tls: {certificate: /c.pem, anonymous: true}
  relp:
  - address: "::1"
    oversize: cut
  - address: localhost:2515
    tls: {certificate: /c.pem, fingerprints: ["sha-1:00:11:22:33:44:55:66:77:88:99:AA:BB:CC:DD:EE:FF:00:11:22:33"]}
  files:
  - {path: /var/log/app.log, format: syslog, from: end}
  pipes:
  - path: /run/pipe
limits:
  connections_per_address: 10
`

func TestTransports(t *testing.T) {
	c, err := Read(write(t, transports))
	if err != nil {
		t.Fatal(err)
	}
	l := c.Listen
	for i, want := range []string{"0.0.0.0:6514", "[::1]:6515"} {
		if got := l.TLS[i].Listens(); got != want {
			t.Errorf("TLS listens on %s, want %s", got, want)
		}
	}
	for i, want := range []string{"[::1]:2514", "localhost:2515"} {
		if got := l.RELP[i].Listens(); got != want {
			t.Errorf("RELP listens on %s, want %s", got, want)
		}
	}
	if s := l.TLS[0].TLS.Settings(); s.Names[0] != "*.example.org" || !s.CommonName || s.CA != "/ca.pem" || s.Anonymous {
		t.Errorf("%+v", s)
	}
	if l.RELP[0].TLS != nil || l.RELP[1].TLS == nil {
		t.Error("TLS of RELP")
	}
	want := []netip.Prefix{netip.MustParsePrefix("192.0.2.0/24"), netip.MustParsePrefix("127.0.0.1/32")}
	if got := l.Allow.Prefixes(); len(got) != 2 || got[0] != want[0] || got[1] != want[1] {
		t.Errorf("allowed: %v", got)
	}
}

// TestTransportMistakes: each change of a sound configuration is refused, and the message names line and key.
func TestTransportMistakes(t *testing.T) {
	for _, change := range [][3]string{
		{"192.0.2.0/24", "192.0.2.1/24", "line 2: listen.allow[0]: |192.0.2.0/24"},
		{"192.0.2.0/24", "example.org", "line 2: listen.allow[0]: |want a network"},
		{"deny: [192.0.2.7]", "deny: [x]", "line 7: listen.tls[0].deny[0]: "},
		{"address: 0.0.0.0", "address: ''", "line 5: listen.tls[0].address: |HOST:PORT"},
		{"[::1]:6515", "0.0.0.0:6514", "line 8: listen.tls[1].address: |twice"},
		{", anonymous: true", "", "line 9: listen.tls[1].tls: |whom to trust"},
		{"certificate: /c.pem, anonymous", "anonymous", "listen.tls[1].tls.certificate: "},
		{"*.example.org", "*", "line 6: listen.tls[0].tls.names[0]: "},
		{"sha-1:00", "sha-1:", "line 14: listen.relp[1].tls.fingerprints[0]: |openssl"},
		{"oversize: cut", "oversize: drop", "line 12: listen.relp[0].oversize: |refuse or cut"},
		{"/var/log/app.log", "app.log", "line 16: listen.files[0].path: |absolute"},
		{"{path: /var/log/app.log", "{path: '/var/log/app-[0-9.log'", "line 16: listen.files[0].path: |is no pattern: a bracket is not closed|write \\["},
		{"/run/pipe", "/var/log/app.log", "line 18: listen.pipes[0].path: |twice"},
		{"format: syslog", "format: json", "line 16: listen.files[0].format: |text or syslog"},
		{"from: end", "from: middle", "line 16: listen.files[0].from: |start or end"},
		{"connections_per_address: 10", "connections_per_address: -1", "line 20: limits.connections_per_address: "},
		{"common_name", "cn", "unknown field|common_name"},
	} {
		text := strings.Replace(transports, change[0], change[1], 1)
		if text == transports {
			t.Errorf("%q is not there", change[0])
		}
		_, err := Read(write(t, text))
		for _, part := range strings.Split(change[2], "|") {
			if err == nil || !strings.Contains(err.Error(), part) {
				t.Errorf("%s: %v; want an error with %q", change[1], err, part)
			}
		}
	}
}

// TestMappedNetworks: a network of IPv4 addresses is the same however it is written.
func TestMappedNetworks(t *testing.T) {
	for text, want := range map[string]string{
		"::ffff:192.0.2.0/120": "192.0.2.0/24", "::ffff:0:0/96": "0.0.0.0/0", "::ffff:192.0.2.1": "192.0.2.1/32", "::/0": "::/0",
		"2001:db8::/32": "2001:db8::/32",
	} {
		got := Networks{text}.Prefixes()
		if len(got) != 1 || got[0].String() != want {
			t.Errorf("%s: %v, want %s", text, got, want)
		}
	}
	for _, text := range []string{"::ffff:192.0.2.1/120", "::ffff:0:0/95", "192.0.2.0/33", "fe80::1%lo/64"} {
		if err := (Networks{text}).validate("deny"); len(err) != 1 {
			t.Errorf("%s: %v", text, err)
		}
	}
}
