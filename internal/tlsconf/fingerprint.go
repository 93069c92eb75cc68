package tlsconf

import (
	"bytes"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"fmt"
	"strings"
)

// fingerprint is the hash of a certificate in DER.
type fingerprint struct {
	hash string // sha-256 or sha-1
	sum  []byte
}

// parseFingerprint reads a fingerprint as RFC 5425 §4.2.2 prints it. It does not mind small letters, no colons, and
// hashes without their dash, as other programs print them.
func parseFingerprint(text string) (f fingerprint, err error) {
	name, digits, _ := strings.Cut(text, ":")
	sizes := map[string]int{"sha-256": sha256.Size, "sha-1": sha1.Size}
	f.hash = strings.ToLower(name)
	if strings.HasPrefix(f.hash, "sha") && !strings.HasPrefix(f.hash, "sha-") {
		f.hash = "sha-" + strings.TrimPrefix(f.hash, "sha")
	}
	f.sum, err = hex.DecodeString(strings.ReplaceAll(digits, ":", ""))
	if err != nil || len(f.sum) == 0 || len(f.sum) != sizes[f.hash] {
		return f, fmt.Errorf("%q: want sha-256: and 32 octets such as 5A:0F:…, or sha-1: and 20; "+
			"openssl x509 -in FILE -noout -fingerprint -sha256 prints them", text)
	}
	return f, nil
}

// of reports whether the fingerprint is that of a certificate.
func (f fingerprint) of(c *x509.Certificate) bool {
	if f.hash == "sha-1" {
		sum := sha1.Sum(c.Raw)
		return bytes.Equal(sum[:], f.sum)
	}
	sum := sha256.Sum256(c.Raw)
	return bytes.Equal(sum[:], f.sum)
}

// Fingerprint prints the SHA-256 fingerprint of a certificate as RFC 5425 §4.2.2 does.
func Fingerprint(c *x509.Certificate) string {
	sum := sha256.Sum256(c.Raw)
	var b strings.Builder
	b.WriteString("sha-256")
	for _, octet := range sum {
		fmt.Fprintf(&b, ":%02X", octet)
	}
	return b.String()
}
