package config

import (
	"net"
	"os"
	"testing"

	"constat/internal/output/target"
)

// TestReturns: what plainly comes back is found, and what goes elsewhere is not.
func TestReturns(t *testing.T) {
	all := &Config{Listen: &Listen{UDP: []string{":514"}, TCP: []string{"192.0.2.1:601", "[::]:514"}, Datagram: []string{"/dev/log"}, Stream: []string{"/run/s"},
		TLS: []TLSListener{{Address: "0.0.0.0"}}, RELP: []RELPListener{{Address: "127.0.0.1"}}, Files: []File{{Path: "/var/log/a"}}, Pipes: []Pipe{{Path: "/run/p"}}}}
	type example struct {
		config *Config
		to     string
		want   bool
	}
	list := []example{
		{all, "udp://127.0.0.1", true}, {all, "udp://LOCALHOST:514", true}, {all, "udp://[::1]:514", true}, {all, "udp://127.0.0.1:515", false},
		{all, "udp://198.51.100.9", false}, {all, "tcp://192.0.2.1:601", true}, {all, "tcp://localhost:601", false}, {all, "tcp://127.0.0.2:514", true},
		{all, "tls://localhost", true}, {all, "tls://log.example", false}, {all, "relp://localhost:2514", true}, {all, "relp+tls://127.0.0.1:2514", true},
		{all, "relp://127.0.0.1:2515", false}, {all, "relp://127.0.0.2:2514", false}, {all, "unixgram:///dev/log", true}, {all, "unix:///dev/log", false}, {all, "unix:///run/s", true},
		{all, "file:///var/log/a", true}, {all, "file:///var/log/b", false}, {all, "fifo:///run/p", true}, {all, "program:///run/p", false},
		{&Config{}, "udp://localhost:5514", true}, {&Config{}, "tcp://127.0.0.1:5514", true}, {&Config{}, "tcp://127.0.0.1:514", false},
	}
	for _, address := range ownAddresses() { // where nothing listens on it but what listens on all
		host := net.JoinHostPort(address.String(), "514")
		list = append(list, example{all, "udp://" + host, true}, example{all, "tcp://" + host, true})
	}
	if own, err := os.Hostname(); err == nil && len(ownAddresses()) > 0 {
		list = append(list, example{all, "udp://" + own, true}, example{all, "udp://" + own + ":515", false})
	} else {
		t.Error("this machine has no address or no name")
	}
	for _, c := range list {
		a, err := target.Parse(c.to)
		if err != nil {
			t.Fatal(err)
		}
		if got := c.config.Returns(a); got != c.want || (c.config.CheckReturns(a) != nil) != c.want {
			t.Errorf("%s: %v", c.to, got)
		}
	}
}
