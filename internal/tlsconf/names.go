package tlsconf

import (
	"crypto/x509"
	"net/netip"
	"strings"
)

// hasName reports whether a certificate has one of the names that are expected.
func hasName(c *x509.Certificate, names []string, commonName bool) bool {
	has := c.DNSNames
	if commonName && len(has) == 0 && c.Subject.CommonName != "" {
		has = []string{c.Subject.CommonName}
	}
	for _, want := range names {
		if addr, err := netip.ParseAddr(want); err == nil {
			if hasAddress(c, addr) {
				return true
			}
			continue
		}
		for _, name := range has {
			if sameName(want, name) {
				return true
			}
		}
	}
	return false
}

func hasAddress(c *x509.Certificate, want netip.Addr) bool {
	for _, ip := range c.IPAddresses {
		if addr, ok := netip.AddrFromSlice(ip); ok && addr.Unmap() == want.Unmap() {
			return true
		}
	}
	return false
}

// sameName compares two host names, of which one may have a "*" for its leftmost label (RFC 6125 §6.4.3). It stands for
// one label, whole, and never for one of a name that has only one more.
func sameName(a, b string) bool {
	a, b = plain(a), plain(b)
	if a == "" || b == "" {
		return false
	}
	if a == b {
		return true
	}
	return covers(a, b) || covers(b, a)
}

func plain(name string) string { return strings.ToLower(strings.TrimSuffix(name, ".")) }

// covers reports whether a pattern such as *.example.org stands for a name.
func covers(pattern, name string) bool {
	parent, wild := strings.CutPrefix(pattern, "*.")
	label, rest, _ := strings.Cut(name, ".")
	return wild && label != "" && label != "*" && rest == parent && strings.Contains(parent, ".")
}
