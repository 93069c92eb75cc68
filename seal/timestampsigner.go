package seal

import (
	"bytes"
	"crypto"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/x509"
	"encoding/asn1"
	"errors"
	"fmt"
	"math/big"
)

var (
	oidContentType   = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 3}
	oidMessageDigest = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 4}
	oidSigningCert   = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 16, 2, 12}
	oidSigningCertV2 = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 16, 2, 47}
	oidSHA384        = asn1.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 2, 2}
	oidSHA512        = asn1.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 2, 3}
)

type signerInfo struct {
	Version   int
	Signer    issuerAndSerial // tokens that name it by a key id are not read
	Digest    algorithm
	Signed    asn1.RawValue `asn1:"optional,tag:0"`
	Algorithm algorithm
	Signature []byte
	Unsigned  asn1.RawValue `asn1:"optional,tag:1"`
}

type issuerAndSerial struct {
	Issuer asn1.RawValue
	Serial *big.Int
}

type attribute struct {
	Type   asn1.ObjectIdentifier
	Values []asn1.RawValue `asn1:"set"`
}

// essCertID names a certificate by its hash: SHA-1 in the first version, SHA-256 in the second unless it says otherwise.
type essCertID struct {
	Algorithm algorithm `asn1:"optional"`
	Hash      []byte
	Issuer    asn1.RawValue `asn1:"optional"`
}

type signingCertificate struct {
	Certs    []essCertID
	Policies asn1.RawValue `asn1:"optional"`
}

// Check verifies the signature of the token, and that its certificate leads, at the time of the stamp and for time
// stamping, to one of the roots. Revocation is not looked at. Errors wrap [ErrTimestamp].
func (t *Timestamp) Check(roots *x509.CertPool) error {
	if err := t.check(roots); err != nil {
		return fmt.Errorf("%w: %w", ErrTimestamp, err)
	}
	return nil
}

func (t *Timestamp) check(roots *x509.CertPool) error {
	var s signerInfo
	if rest, err := asn1.Unmarshal(t.data.Signers.Bytes, &s); err != nil || len(rest) > 0 {
		return errors.New("does not have the one signer that it must")
	}
	certs, err := x509.ParseCertificates(t.data.Certificates.Bytes)
	if err != nil {
		return err
	}
	cert := s.certificate(certs)
	if cert == nil {
		return errors.New("does not hold the certificate of its signer")
	}
	if err := s.attributes(t.data.Content.Info, cert); err != nil {
		return err
	}
	if err := s.signature(cert); err != nil {
		return err
	}
	between := x509.NewCertPool()
	for _, c := range certs {
		between.AddCert(c)
	}
	_, err = cert.Verify(x509.VerifyOptions{Roots: roots, Intermediates: between, CurrentTime: t.Time,
		KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageTimeStamping}})
	return err
}

func (s *signerInfo) certificate(certs []*x509.Certificate) *x509.Certificate {
	for _, c := range certs {
		if s.Signer.Serial != nil && bytes.Equal(c.RawIssuer, s.Signer.Issuer.FullBytes) && c.SerialNumber.Cmp(s.Signer.Serial) == 0 {
			return c
		}
	}
	return nil
}

// attributes checks that what is signed is about this content, and by this certificate.
func (s *signerInfo) attributes(info []byte, cert *x509.Certificate) error {
	hash, err := s.hash()
	if err != nil {
		return err
	}
	h := hash.New()
	h.Write(info)
	var kind asn1.ObjectIdentifier
	var digest []byte
	bound := false
	for rest := s.Signed.Bytes; len(rest) > 0; {
		var a attribute
		if rest, err = asn1.Unmarshal(rest, &a); err != nil {
			return err
		}
		if len(a.Values) != 1 {
			continue
		}
		value := a.Values[0].FullBytes
		switch {
		case a.Type.Equal(oidContentType):
			_, err = asn1.Unmarshal(value, &kind)
		case a.Type.Equal(oidMessageDigest):
			_, err = asn1.Unmarshal(value, &digest)
		case a.Type.Equal(oidSigningCert), a.Type.Equal(oidSigningCertV2):
			bound, err = names(value, cert, a.Type.Equal(oidSigningCertV2))
		}
		if err != nil {
			return err
		}
	}
	if !kind.Equal(oidTSTInfo) || !bytes.Equal(digest, h.Sum(nil)) || !bound {
		return errors.New("what is signed is not about this content and certificate")
	}
	return nil
}

// names reports whether the first certificate that an attribute names is this one.
func names(value []byte, cert *x509.Certificate, second bool) (bool, error) {
	var list signingCertificate
	if _, err := asn1.Unmarshal(value, &list); err != nil || len(list.Certs) == 0 {
		return false, err
	}
	id := list.Certs[0]
	want := sha256.Sum256(cert.Raw)
	switch {
	case !second:
		old := sha1.Sum(cert.Raw)
		return bytes.Equal(id.Hash, old[:]), nil
	case len(id.Algorithm.OID) > 0 && !id.Algorithm.OID.Equal(oidSHA256):
		hash, err := hashOf(id.Algorithm.OID)
		if err != nil {
			return false, err
		}
		h := hash.New()
		h.Write(cert.Raw)
		return bytes.Equal(id.Hash, h.Sum(nil)), nil
	}
	return bytes.Equal(id.Hash, want[:]), nil
}

func (s *signerInfo) hash() (crypto.Hash, error) { return hashOf(s.Digest.OID) }

func hashOf(oid asn1.ObjectIdentifier) (crypto.Hash, error) {
	switch {
	case oid.Equal(oidSHA256):
		return crypto.SHA256, nil
	case oid.Equal(oidSHA384):
		return crypto.SHA384, nil
	case oid.Equal(oidSHA512):
		return crypto.SHA512, nil
	}
	return 0, fmt.Errorf("digest %v is not supported", oid)
}

// signature checks the signature over the attributes, which is made as if they stood in a set.
func (s *signerInfo) signature(cert *x509.Certificate) error {
	hash, err := s.hash()
	if err != nil {
		return err
	}
	kinds := map[crypto.Hash][2]x509.SignatureAlgorithm{
		crypto.SHA256: {x509.SHA256WithRSA, x509.ECDSAWithSHA256},
		crypto.SHA384: {x509.SHA384WithRSA, x509.ECDSAWithSHA384},
		crypto.SHA512: {x509.SHA512WithRSA, x509.ECDSAWithSHA512},
	}
	kind := kinds[hash][0]
	if cert.PublicKeyAlgorithm == x509.ECDSA {
		kind = kinds[hash][1]
	}
	signed := bytes.Clone(s.Signed.FullBytes)
	if len(signed) == 0 {
		return errors.New("nothing is signed")
	}
	signed[0] = asn1.TagSet | 0x20
	return cert.CheckSignature(kind, signed, s.Signature)
}
