package tlsconf

import (
	"crypto/tls"
	"fmt"
	"net"
	"slices"
	"sync"
	"time"
)

// Config is settings with what is in their files. All methods may be called concurrently.
type Config struct {
	settings Settings
	server   bool
	report   func(error)

	mu     sync.Mutex
	loaded *loaded   // guarded by mu; never nil
	looked time.Time // guarded by mu; when the files were last looked at
	failed string    // guarded by mu; the error that was reported last
}

// lookEvery is how often the files are looked at, if somebody connects.
const lookEvery = time.Second

// NewServer reads the files of a server. report is told when files that have changed cannot be used, once for each
// reason; nil is nobody.
func NewServer(s Settings, report func(error)) (*Config, error) { return newConfig(s, true, report) }

// NewClient reads the files of a client.
func NewClient(s Settings, report func(error)) (*Config, error) { return newConfig(s, false, report) }

func newConfig(s Settings, server bool, report func(error)) (*Config, error) {
	if err := s.problems(server); err != nil {
		return nil, err
	}
	l, err := s.load(server)
	if err != nil {
		return nil, err
	}
	if report == nil {
		report = func(error) {}
	}
	return &Config{settings: s, server: server, report: report, loaded: l, looked: time.Now()}, nil
}

// Server returns the configuration for a listener. It takes the newest files for each connection.
func (c *Config) Server() *tls.Config {
	base := c.base()
	base.GetConfigForClient = func(hello *tls.ClientHelloInfo) (*tls.Config, error) {
		if !common(hello) {
			refuse(hello)
			return nil, ErrVersion
		}
		l := c.current()
		own := base.Clone()
		own.GetConfigForClient = nil
		own.Certificates = []tls.Certificate{*l.own}
		own.VerifyConnection = l.trust.verify
		if !l.trust.anonymous {
			own.ClientAuth = tls.RequestClientCert // verify wants one, and has a better word for it
		}
		return own, nil
	}
	return base
}

// Client returns the configuration for a connection to a host, a name or an address, with the newest files.
func (c *Config) Client(host string) *tls.Config {
	l := c.current()
	config := c.base()
	if l.own != nil {
		config.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return l.own, nil }
	}
	wanted := l.trust
	if len(wanted.names) == 0 {
		wanted.names = []string{host}
	}
	config.ServerName = serverName(host)
	config.InsecureSkipVerify = true // verify does it
	config.VerifyConnection = wanted.verify
	return config
}

// serverName is what a client asks for; addresses are not asked for (RFC 6066 §3).
func serverName(host string) string {
	if net.ParseIP(host) != nil {
		return ""
	}
	return host
}

// base is what all configurations have. Connections of syslog stay, so that sessions are not worth resuming; and who
// was trusted once would have to be looked at again.
func (c *Config) base() *tls.Config {
	return &tls.Config{MinVersion: tls.VersionTLS12, CipherSuites: suites(), SessionTicketsDisabled: true}
}

// suites are those of TLS 1.2.
func suites() []uint16 {
	return []uint16{
		tls.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256, tls.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,
		tls.TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384, tls.TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384,
		tls.TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256, tls.TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256,
	}
}

// common reports whether a client speaks a version that we speak, and of 1.2 a suite.
func common(hello *tls.ClientHelloInfo) bool {
	for _, v := range hello.SupportedVersions {
		if v == tls.VersionTLS13 {
			return true
		}
		if v != tls.VersionTLS12 {
			continue
		}
		for _, theirs := range hello.CipherSuites {
			for _, ours := range suites() {
				if theirs == ours {
					return true
				}
			}
		}
	}
	return false
}

// refuse tells a client what is wrong: version or cipher. Go would say "internal error". What cannot be written is not worth an
// error: the connection ends.
func refuse(hello *tls.ClientHelloInfo) {
	const protocolVersion, handshakeFailure = 70, 40 // RFC 8446, section 6.2
	alert := byte(protocolVersion)
	if slices.Contains(hello.SupportedVersions, tls.VersionTLS12) {
		alert = handshakeFailure
	}
	hello.Conn.Write([]byte{21, 3, 1, 0, 2, 2, alert}) // section 5.1: an alert, two octets, fatal
}

// Refresh reads the files again if they have changed. An error says that they cannot be used; what was read before
// goes on.
func (c *Config) Refresh() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.refreshLocked()
}

func (c *Config) refreshLocked() error {
	c.looked = time.Now()
	if c.settings.stamps() == c.loaded.stamps {
		c.failed = ""
		return nil
	}
	l, err := c.settings.load(c.server)
	if err != nil {
		return fmt.Errorf("TLS files have changed and cannot be used, the former ones go on: %w", err)
	}
	c.loaded, c.failed = l, ""
	return nil
}

// current is what is in the files, as of a second ago.
func (c *Config) current() *loaded {
	c.mu.Lock()
	defer c.mu.Unlock()
	if time.Since(c.looked) < lookEvery {
		return c.loaded
	}
	if err := c.refreshLocked(); err != nil && err.Error() != c.failed {
		c.failed = err.Error()
		c.report(err)
	}
	return c.loaded
}

// Expires says until when the certificate of this side is valid; the zero time if it has none.
func (c *Config) Expires() time.Time {
	l := c.current()
	if l.own == nil {
		return time.Time{}
	}
	return l.own.Leaf.NotAfter
}

// Settings are what the configuration was made of.
func (c *Config) Settings() Settings { return c.settings }
