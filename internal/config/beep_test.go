package config

import (
	"strings"
	"testing"
)

const beeps = `listen:
  beep:
  - address: 192.0.2.1
    allow: [192.0.2.0/24]
  - address: "[::1]:3195"
    tls: {certificate: /c.pem, anonymous: true}
    starttls: true
`

func TestBEEP(t *testing.T) {
	c, err := Read(write(t, beeps))
	if err != nil {
		t.Fatal(err)
	}
	l := c.Listen.BEEP
	if len(l) != 2 || l[0].Listens() != "192.0.2.1:601" || l[1].Listens() != "[::1]:3195" || l[0].TLS != nil || l[1].TLS == nil || l[0].StartTLS || !l[1].StartTLS {
		t.Errorf("%+v", l)
	}
	if networks := l[0].Allow.Prefixes(); len(networks) != 1 || networks[0].String() != "192.0.2.0/24" {
		t.Errorf("allowed: %v", networks)
	}
	if c, err = Read(write(t, "listen: {}\n")); err != nil || len(c.Listen.BEEP) > 0 {
		t.Errorf("%+v %v: port 601 is taken unasked", c.Listen, err)
	}
}

// TestBEEPMistakes: each change of a sound configuration is refused, and the message names line and key.
func TestBEEPMistakes(t *testing.T) {
	for _, change := range [][3]string{
		{"address: 192.0.2.1", "address: 192.0.2.1:x", "line 3: listen.beep[0].address: |port"},
		{"address: 192.0.2.1", "address: ''", "line 3: listen.beep[0].address: |HOST:PORT"},
		{"address: 192.0.2.1", "address: '[::1]:3195'", "line 5: listen.beep[1].address: |twice"},
		{"192.0.2.0/24", "192.0.2.1/24", "line 4: listen.beep[0].allow[0]: "},
		{", anonymous: true", "", "line 6: listen.beep[1].tls: |whom to trust"},
		{"tls: {certificate: /c.pem, anonymous: true}\n    ", "", "line 6: listen.beep[1].starttls: |without tls"},
		{"allow", "oversize", "unknown field|beep (address, tls, starttls, allow, deny)"},
	} {
		text := strings.Replace(beeps, change[0], change[1], 1)
		if text == beeps {
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
