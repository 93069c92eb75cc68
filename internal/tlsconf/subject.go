package tlsconf

import (
	"crypto/x509"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxSubject is how many octets of a subject are told: a stranger may put as many as a handshake takes there.
const maxSubject = 512

// Subject is the distinguished name of the subject of a certificate (RFC 4514), or its first dNSName if that is empty. It
// is safe to print, and at most 512 octets long: what is no printable character stands as its octets in hexadecimal
// (\1B), as RFC 4514 §2.4 allows, and where something was cut it ends in an ellipsis.
func Subject(c *x509.Certificate) string {
	name := c.Subject.String()
	if name == "" && len(c.DNSNames) > 0 {
		name = c.DNSNames[0]
	}
	return printable(name, maxSubject)
}

// printable is a text of at most so many octets, without what a terminal or a log would take for something else.
func printable(text string, most int) string {
	const cut = "…"
	var b strings.Builder
	fits := 0 // octets that leave room for the sign that something was cut
	for len(text) > 0 {
		r, size := utf8.DecodeRuneInString(text)
		if r == utf8.RuneError && size == 1 || !unicode.IsPrint(r) {
			for _, octet := range []byte(text[:size]) {
				fmt.Fprintf(&b, "\\%02X", octet)
			}
		} else {
			b.WriteRune(r)
		}
		if b.Len() > most {
			return b.String()[:fits] + cut
		}
		if b.Len() <= most-len(cut) {
			fits = b.Len()
		}
		text = text[size:]
	}
	return b.String()
}
