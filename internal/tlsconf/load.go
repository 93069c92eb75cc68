package tlsconf

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"os"
	"syscall"
)

// loaded is what is in the files. It does not change.
type loaded struct {
	own    *tls.Certificate // nil is none; has its leaf
	trust  trust
	stamps [4]stamp
}

// stamp tells whether a file has changed.
type stamp struct {
	inode       uint64
	size, nanos int64
}

// stamps describes the files as they are now. A file that is missing has none.
func (s Settings) stamps() (list [4]stamp) {
	for i, name := range []string{s.Certificate, s.Key, s.CA, s.CRL} {
		info, err := os.Stat(name)
		if err != nil {
			continue
		}
		list[i] = stamp{size: info.Size(), nanos: info.ModTime().UnixNano()}
		if sys, ok := info.Sys().(*syscall.Stat_t); ok {
			list[i].inode = sys.Ino
		}
	}
	return list
}

// load reads the files. They are described first, so that a change meanwhile is noticed later.
func (s Settings) load(server bool) (*loaded, error) {
	l := &loaded{stamps: s.stamps(), trust: trust{names: s.Names, commonName: s.CommonName, anonymous: s.Anonymous, usage: x509.ExtKeyUsageServerAuth}}
	if server {
		l.trust.usage = x509.ExtKeyUsageClientAuth
	}
	for _, text := range s.Fingerprints {
		f, err := parseFingerprint(text)
		if err != nil {
			return nil, err
		}
		l.trust.fingerprints = append(l.trust.fingerprints, f)
	}
	var err error
	if s.CA != "" {
		if l.trust.roots, err = authorities(s.CA); err != nil {
			return nil, err
		}
	}
	if s.CRL != "" {
		if l.trust.revoked, err = revocations(s.CRL); err != nil {
			return nil, err
		}
	}
	if s.Certificate != "" {
		l.own, err = s.certificate()
	}
	return l, err
}

func authorities(name string) (*x509.CertPool, error) {
	data, err := os.ReadFile(name)
	if err != nil {
		return nil, fmt.Errorf("ca: %w", err)
	}
	pool, n := x509.NewCertPool(), 0
	for block, rest := pem.Decode(data); block != nil; block, rest = pem.Decode(rest) {
		if block.Type != "CERTIFICATE" {
			continue
		}
		c, err := x509.ParseCertificate(block.Bytes)
		if n++; err != nil {
			return nil, fmt.Errorf("ca: certificate %d in %s: %w", n, name, err)
		}
		pool.AddCert(c)
	}
	if n == 0 {
		return nil, fmt.Errorf("ca: no certificate in PEM in %s", name)
	}
	return pool, nil
}

func (s Settings) certificate() (*tls.Certificate, error) {
	key := s.Key
	if key == "" {
		key = s.Certificate
	}
	c, err := tls.LoadX509KeyPair(s.Certificate, key)
	if err != nil {
		return nil, fmt.Errorf("certificate %s and key %s: %w", s.Certificate, key, err)
	}
	if c.Leaf == nil {
		return nil, errors.New("certificate: none")
	}
	return &c, nil
}
