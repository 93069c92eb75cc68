package record

import (
	"crypto/tls"
	"net/netip"
	"time"
)

// Config says who may record, and how.
type Config struct {
	// Addresses are host:port each; an empty host is all addresses, IPv4 and IPv6. With port 0 the first gets any free
	// port and the others get the same.
	Addresses []string
	// Optional addresses are those that may not exist on this machine, such as "[::1]:55514".
	Optional []string
	// Socket is the path of a Unix socket, the end of a tunnel; "" is none. Only this user may connect.
	Socket string
	// Via says whose tunnel ends there: the value of _VIA.
	Via string
	// File gets the lines; nil is none.
	File *File
	// Raw gives the file the octets as they come.
	Raw bool
	// Limit is how many octets of a line stay together; 0 is [DefaultLimit].
	Limit int
	// MaxClients is how many connections there may be, 0 is [DefaultClients]; MaxPerAddress from one address, 0 is half
	// of them, so that nobody can keep the others out alone.
	MaxClients, MaxPerAddress int
	// Allow are the networks that may connect; nil is all.
	Allow []netip.Prefix
	// Idle is how long a connection may say nothing; 0 is forever.
	Idle time.Duration
	// TLS, if set, is what TCP connections must speak: that of package tlsconf.
	TLS *tls.Config
}

// Defaults. The product of the two bounds the memory for lines that never end: 64 MiB.
const (
	DefaultLimit   = 256 << 10
	DefaultClients = 256
)

// handshakeTime is how long the beginning of TLS may take, unless Idle is shorter.
const handshakeTime = 10 * time.Second

func (c Config) withDefaults() Config {
	if c.Limit <= 0 {
		c.Limit = DefaultLimit
	}
	if c.MaxClients <= 0 {
		c.MaxClients = DefaultClients
	}
	if c.MaxPerAddress <= 0 {
		c.MaxPerAddress = max(1, c.MaxClients/2)
	}
	return c
}
