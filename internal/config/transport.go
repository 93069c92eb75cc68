package config

import (
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strings"

	"constat/internal/tlsconf"
)

// TLS is how one side of a connection speaks TLS: see package tlsconf.
type TLS struct {
	// Certificate and Key are files in PEM. Without Key the key stands in the first file too.
	Certificate string `yaml:"certificate"`
	Key         string `yaml:"key"`
	// CA is a file with the authorities that may have signed the certificate of the peer.
	CA string `yaml:"ca"`
	// CRL is a file with what these authorities have revoked.
	CRL string `yaml:"crl"`
	// Names are those of which the certificate must have one.
	Names []string `yaml:"names"`
	// CommonName lets the common name count where the certificate has no dNSName.
	CommonName bool `yaml:"common_name"`
	// Fingerprints are those of peers that are trusted whoever signed their certificates.
	Fingerprints []string `yaml:"fingerprints"`
	// Anonymous lets anybody in.
	Anonymous bool `yaml:"anonymous"`
}

// Settings are those of package tlsconf.
func (t TLS) Settings() tlsconf.Settings {
	return tlsconf.Settings{Certificate: t.Certificate, Key: t.Key, CA: t.CA, CRL: t.CRL, Names: t.Names, CommonName: t.CommonName,
		Fingerprints: t.Fingerprints, Anonymous: t.Anonymous}
}

// validate finds what cannot hold; key is where the settings stand, such as "listen.tls[0].tls".
func (t TLS) validate(key string, server bool) (found []problem) {
	for _, p := range t.Settings().Check(server) {
		at := key
		if p.Key != "" {
			at += "." + p.Key
		}
		found = append(found, problem{at, p.Text})
	}
	return found
}

// Ports of listeners whose address names none.
const (
	PortTLS  = "6514"
	PortRELP = "2514"
)

// TLSListener is a place where syslog comes in over TLS (RFC 5425).
type TLSListener struct {
	// Address is HOST:PORT, or HOST for port 6514.
	Address string `yaml:"address"`
	TLS     TLS    `yaml:"tls"`
	// Allow and Deny are networks, beside those of listen.
	Allow Networks `yaml:"allow"`
	Deny  Networks `yaml:"deny"`
}

// RELPListener is a place where messages come in over RELP.
type RELPListener struct {
	// Address is HOST:PORT, or HOST for port 2514.
	Address string `yaml:"address"`
	// TLS, if set, is spoken from the first octet.
	TLS *TLS `yaml:"tls"`
	// Oversize is what becomes of messages above limits.message: "refuse" (the default) keeps the beginning and does
	// not acknowledge, so that the sender has them still; "cut" acknowledges.
	Oversize string   `yaml:"oversize"`
	Allow    Networks `yaml:"allow"`
	Deny     Networks `yaml:"deny"`
}

// Values of oversize.
const (
	OversizeRefuse = "refuse"
	OversizeCut    = "cut"
)

// Networks are networks such as 192.0.2.0/24, or addresses.
type Networks []string

// Prefixes are the networks; what is none is left out, but validation finds it.
func (n Networks) Prefixes() (list []netip.Prefix) {
	for _, text := range n {
		if p, err := network(text); err == nil {
			list = append(list, p)
		}
	}
	return list
}

// mapped is how many bits stand before an IPv4 address that is written as one of IPv6 (RFC 4291 §2.5.5.2).
const mapped = 96

// ParseNetwork reads a network, or an address, which is a network of one. Addresses of IPv4 that are written as such of IPv6
// (::ffff:192.0.2.0/120) are those of IPv4, as which peers are known. An address has no zone there.
func ParseNetwork(text string) (netip.Prefix, error) {
	if addr, err := netip.ParseAddr(text); err == nil && !strings.Contains(addr.Zone(), "/") {
		addr = addr.Unmap().WithZone("")
		return netip.PrefixFrom(addr, addr.BitLen()), nil
	}
	p, err := netip.ParsePrefix(text)
	if err != nil {
		return p, fmt.Errorf("%q: want a network such as 192.0.2.0/24 or an address", text)
	}
	if p.Addr().Is4In6() && p.Bits() >= mapped {
		p = netip.PrefixFrom(p.Addr().Unmap(), p.Bits()-mapped)
	}
	return p, nil
}

// network is ParseNetwork of one that is written as it should be.
func network(text string) (netip.Prefix, error) {
	p, err := ParseNetwork(text)
	if err != nil {
		return p, err
	}
	if p.Masked() != p {
		return p, fmt.Errorf("%q: the network is written %s", text, p.Masked())
	}
	return p, nil
}

func (n Networks) validate(key string) (found []problem) {
	for i, text := range n {
		if _, err := network(text); err != nil {
			found = append(found, problem{fmt.Sprintf("%s[%d]", key, i), err.Error()})
		}
	}
	return found
}

// Listens is the address with its port.
func (l TLSListener) Listens() string { return withPort(l.Address, PortTLS) }

// Listens is the address with its port.
func (l RELPListener) Listens() string { return withPort(l.Address, PortRELP) }

// withPort adds a port to a host that has none.
func withPort(address, port string) string {
	if _, _, err := net.SplitHostPort(address); err == nil || address == "" {
		return address
	}
	return net.JoinHostPort(strings.Trim(address, "[]"), port)
}

// validateTransports finds what cannot hold about the listeners of the network that are more than an address.
func (l *Listen) validateTransports() (found []problem) {
	found = append(found, l.Allow.validate("listen.allow")...)
	found = append(found, l.Deny.validate("listen.deny")...)
	var taken []string
	check := func(key, listens string, allow, deny Networks) {
		text := address(listens)
		if text == "" && slices.Contains(taken, listens) && !strings.HasSuffix(listens, ":0") {
			text = fmt.Sprintf("%q is named twice", listens)
		}
		if taken = append(taken, listens); text != "" {
			found = append(found, problem{key + ".address", text})
		}
		found = append(found, allow.validate(key+".allow")...)
		found = append(found, deny.validate(key+".deny")...)
	}
	for i, t := range l.TLS {
		key := fmt.Sprintf("listen.tls[%d]", i)
		check(key, t.Listens(), t.Allow, t.Deny)
		found = append(found, t.TLS.validate(key+".tls", true)...)
	}
	for i, r := range l.RELP {
		key := fmt.Sprintf("listen.relp[%d]", i)
		check(key, r.Listens(), r.Allow, r.Deny)
		if r.TLS != nil {
			found = append(found, r.TLS.validate(key+".tls", true)...)
		}
		if !slices.Contains([]string{"", OversizeRefuse, OversizeCut}, r.Oversize) {
			found = append(found, problem{key + ".oversize", fmt.Sprintf("%q: want %s or %s", r.Oversize, OversizeRefuse, OversizeCut)})
		}
	}
	more := l.validateBEEP(check)
	return append(found, more...)
}
