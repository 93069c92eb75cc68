package mqtt

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"net/url"
	"strings"
	"time"

	"constat/internal/tlsconf"
)

// DefaultLimit is how many octets of a payload are kept, unless the configuration says otherwise.
const DefaultLimit = 64 << 10

// address is where a broker is.
type address struct {
	network, at string
	host        string // for its certificate
	secure      bool
}

// ports by scheme.
var ports = map[string]string{"tcp": "1883", "mqtt": "1883", "tls": "8883", "mqtts": "8883"}

// CheckURL says what is wrong with the address of a broker, and whether TLS is spoken to it.
func CheckURL(broker string) (secure bool, err error) {
	a, err := parseURL(broker)
	return a.secure, err
}

// parseURL reads tcp://HOST[:PORT], tls://HOST[:PORT] or unix:///PATH.
func parseURL(broker string) (a address, err error) {
	u, err := url.Parse(broker)
	if err != nil {
		return a, fmt.Errorf("%q: %w", broker, err)
	}
	if u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		return a, fmt.Errorf("%q: want no user and no query; the user has a key of its own", broker)
	}
	if u.Scheme == "unix" && u.Host == "" && strings.HasPrefix(u.Path, "/") {
		return address{network: "unix", at: u.Path}, nil
	}
	port, known := ports[u.Scheme]
	if !known || u.Hostname() == "" || strings.Trim(u.Path, "/") != "" {
		return a, fmt.Errorf("%q: want tcp://HOST:PORT, tls://HOST:PORT or unix:///PATH", broker)
	}
	if u.Port() != "" {
		port = u.Port()
	}
	return address{"tcp", net.JoinHostPort(u.Hostname(), port), u.Hostname(), ports[u.Scheme] == "8883"}, nil
}

// connectTime is how long a connection may take, and each step of greeting the broker.
const connectTime = 10 * time.Second

// dial connects to a broker.
func (in *Input) dial(ctx context.Context) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, connectTime)
	defer cancel()
	var d net.Dialer
	conn, err := d.DialContext(ctx, in.address.network, in.address.at)
	if err != nil || !in.address.secure {
		return conn, err
	}
	secure := tls.Client(conn, in.config.TLS(in.address.host))
	if err := secure.HandshakeContext(ctx); err != nil {
		conn.Close()
		return nil, tlsconf.Explain(err)
	}
	return secure, nil
}
