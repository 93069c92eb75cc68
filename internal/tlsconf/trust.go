package tlsconf

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"time"
)

// Why a peer was refused. The words are few and fixed: they can be counted.
var (
	ErrNoCertificate = errors.New("no certificate")
	ErrExpired       = errors.New("certificate expired")
	ErrNotYet        = errors.New("certificate not valid yet")
	ErrUntrusted     = errors.New("certificate not trusted")
	ErrSelfSigned    = errors.New("certificate signed by itself")
	ErrFingerprint   = errors.New("fingerprint of the certificate not listed")
	ErrUsage         = errors.New("certificate not for this use")
	ErrName          = errors.New("wrong name in the certificate")
	ErrRevoked       = errors.New("certificate revoked")
	ErrNoList        = errors.New("no revocation list of the authority")
	ErrOldList       = errors.New("revocation list out of date")
	ErrNoTLS         = errors.New("no TLS")
	ErrVersion       = errors.New("no common TLS version or cipher")
)

// trust decides about peers. It does not change.
type trust struct {
	roots        *x509.CertPool // nil is none
	revoked      revocation     // nil: nobody asks
	names        []string
	commonName   bool
	fingerprints []fingerprint
	anonymous    bool
	usage        x509.ExtKeyUsage // of the certificate of the peer
}

// verify reports why a peer is not trusted. It is called for each connection, also one that resumes a session.
func (t *trust) verify(s tls.ConnectionState) error {
	if t.anonymous {
		return nil
	}
	if len(s.PeerCertificates) == 0 {
		return ErrNoCertificate
	}
	leaf, now := s.PeerCertificates[0], time.Now()
	switch {
	case now.After(leaf.NotAfter):
		return fmt.Errorf("%w on %s: %s", ErrExpired, leaf.NotAfter.Format(time.DateOnly), describe(leaf))
	case now.Before(leaf.NotBefore):
		return fmt.Errorf("%w until %s: %s", ErrNotYet, leaf.NotBefore.Format(time.DateOnly), describe(leaf))
	}
	for _, f := range t.fingerprints {
		if f.of(leaf) {
			return nil
		}
	}
	if t.roots == nil {
		return fmt.Errorf("%w: %s", ErrFingerprint, describe(leaf))
	}
	return t.verifyPath(leaf, s.PeerCertificates[1:])
}

// verifyPath wants an authority to have signed the certificate and not revoked it, and a name in it.
func (t *trust) verifyPath(leaf *x509.Certificate, others []*x509.Certificate) error {
	between := x509.NewCertPool()
	for _, c := range others {
		between.AddCert(c)
	}
	chains, err := leaf.Verify(x509.VerifyOptions{Roots: t.roots, Intermediates: between, KeyUsages: []x509.ExtKeyUsage{t.usage}})
	invalid := x509.CertificateInvalidError{}
	switch {
	case errors.As(err, &invalid) && invalid.Reason == x509.IncompatibleUsage:
		return fmt.Errorf("%w: %w: %s", ErrUsage, err, describe(leaf))
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired: // one above the leaf
		return fmt.Errorf("%w or not valid yet, of an authority: %w: %s", ErrExpired, err, describe(leaf))
	case err != nil && bytes.Equal(leaf.RawIssuer, leaf.RawSubject) && leaf.CheckSignature(leaf.SignatureAlgorithm, leaf.RawTBSCertificate, leaf.Signature) == nil:
		return fmt.Errorf("%w: %s", ErrSelfSigned, describe(leaf))
	case err != nil:
		return fmt.Errorf("%w: %w: %s", ErrUntrusted, err, describe(leaf))
	}
	if t.revoked != nil {
		if err := t.revoked.checkAny(chains, time.Now()); err != nil {
			return err
		}
	}
	if len(t.names) > 0 && !hasName(leaf, t.names, t.commonName) {
		return fmt.Errorf("%w: %q, want one of %q: %s", ErrName, leaf.DNSNames, t.names, describe(leaf))
	}
	return nil
}

// describe names a certificate for people.
func describe(c *x509.Certificate) string { return fmt.Sprintf("%q %s", Subject(c), Fingerprint(c)) }
