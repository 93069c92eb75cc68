package config

import "fmt"

// PortBEEP is that of syslog over BEEP (RFC 3195 §9.2), if the address of a listener names none.
const PortBEEP = "601"

// BEEPListener is a place where messages come in over BEEP (RFC 3195).
type BEEPListener struct {
	// Address is HOST:PORT, or HOST for port 601.
	Address string `yaml:"address"`
	// TLS, if set, is spoken from the first octet, or with StartTLS when it has been negotiated (RFC 3080 §3.1).
	TLS      *TLS `yaml:"tls"`
	StartTLS bool `yaml:"starttls"`
	// Allow and Deny are networks, beside those of listen.
	Allow Networks `yaml:"allow"`
	Deny  Networks `yaml:"deny"`
}

// Listens is the address with its port.
func (l BEEPListener) Listens() string { return withPort(l.Address, PortBEEP) }

// validateBEEP finds what cannot hold; check looks at what all listeners of the network have.
func (l *Listen) validateBEEP(check func(key, listens string, allow, deny Networks)) (found []problem) {
	for i, b := range l.BEEP {
		key := fmt.Sprintf("listen.beep[%d]", i)
		check(key, b.Listens(), b.Allow, b.Deny)
		if b.StartTLS && b.TLS == nil {
			found = append(found, problem{key + ".starttls", "says nothing without tls"})
		}
		if b.TLS != nil {
			found = append(found, b.TLS.validate(key+".tls", true)...)
		}
	}
	return found
}
