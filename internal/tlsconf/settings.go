package tlsconf

import (
	"errors"
	"fmt"
	"net/netip"
	"strings"
)

// Settings are what a configuration says of one side of TLS.
type Settings struct {
	// Certificate and Key are files in PEM: the certificate of this side, followed by those between it and the
	// authority, and its key. A server must have them. An empty Key is that the key stands in the first file too.
	Certificate, Key string
	// CA is a file in PEM with the authorities that may have signed the certificate of the peer.
	CA string
	// CRL is a file with the lists of certificates that the authorities have revoked, in PEM or one in DER: those of all
	// authorities between a peer and one of CA. Without it nobody asks.
	CRL string
	// Names are those that a certificate signed by an authority must have, one of them: host names, "*.example.org", or
	// addresses.
	Names []string
	// CommonName lets the common name of the subject count where the certificate has no dNSName.
	CommonName bool
	// Fingerprints are those of certificates that are trusted whoever signed them: "sha-256:" or "sha-1:" and octets in
	// hexadecimal with colons.
	Fingerprints []string
	// Anonymous lets anybody in. It excludes CA and Fingerprints.
	Anonymous bool
}

// Problem is what is wrong with a setting.
type Problem struct {
	Key  string // certificate, key, ca, crl, names[0], common_name, fingerprints[0], anonymous; "" for the whole
	Text string
}

// Error implements error.
func (p Problem) Error() string { return strings.TrimPrefix(p.Key+": "+p.Text, ": ") }

// Check finds what cannot hold, without looking at files.
func (s Settings) Check(server bool) (found []Problem) {
	check := func(wrong bool, key, text string) {
		if wrong {
			found = append(found, Problem{key, text})
		}
	}
	check(server && s.Certificate == "", "certificate", "a TLS server needs one, and its key")
	check(s.Key != "" && s.Certificate == "", "key", "says nothing without certificate")
	trust := s.CA != "" || len(s.Fingerprints) > 0
	check(!trust && !s.Anonymous, "", "say whom to trust: ca (and names), fingerprints, or anonymous: true")
	check(trust && s.Anonymous, "anonymous", "excludes ca and fingerprints")
	check(s.CRL != "" && s.CA == "", "crl", "says nothing without ca")
	check(len(s.Names) > 0 && s.CA == "", "names", "say nothing without ca")
	check(s.CommonName && s.CA == "", "common_name", "says nothing without ca")
	for i, f := range s.Fingerprints {
		if _, err := parseFingerprint(f); err != nil {
			found = append(found, Problem{fmt.Sprintf("fingerprints[%d]", i), err.Error()})
		}
	}
	for i, n := range s.Names {
		if err := checkName(n); err != nil {
			found = append(found, Problem{fmt.Sprintf("names[%d]", i), err.Error()})
		}
	}
	return found
}

// checkName reports what is wrong with a name that is expected.
func checkName(name string) error {
	if _, err := netip.ParseAddr(name); err == nil {
		return nil
	}
	host := strings.TrimPrefix(name, "*.")
	if host == "" || strings.ContainsAny(host, "*/: ") || strings.HasPrefix(host, ".") {
		return fmt.Errorf("%q: want a host name, an address, or a name whose first label is a *", name)
	}
	return nil
}

// problems is Check as one error.
func (s Settings) problems(server bool) error {
	var errs []error
	for _, p := range s.Check(server) {
		errs = append(errs, p)
	}
	return errors.Join(errs...)
}
