package tlsconf

import (
	"bytes"
	"crypto/x509"
	"encoding/asn1"
	"encoding/pem"
	"errors"
	"fmt"
	"os"
	"slices"
	"time"
)

// revocation is what authorities say of certificates that count no more: lists as RFC 5280 §5 has them.
type revocation []*x509.RevocationList

// revocations reads a file of lists, in PEM one after the other or one in DER.
func revocations(name string) (lists revocation, err error) {
	data, err := os.ReadFile(name)
	if err != nil {
		return nil, fmt.Errorf("crl: %w", err)
	}
	for block, rest := pem.Decode(data); block != nil; block, rest = pem.Decode(rest) {
		if block.Type == "X509 CRL" {
			if lists, err = lists.add(block.Bytes); err != nil {
				return nil, fmt.Errorf("crl: %s: %w", name, err)
			}
		}
	}
	if len(lists) > 0 {
		return lists, nil
	}
	if lists, err = lists.add(data); err != nil {
		return nil, fmt.Errorf("crl: no list of revoked certificates in PEM or DER in %s: %w", name, err)
	}
	return lists, nil
}

// What may be critical in a list without changing what it says (RFC 5280 §5.2).
var (
	authorityKey = asn1.ObjectIdentifier{2, 5, 29, 35}
	listNumber   = asn1.ObjectIdentifier{2, 5, 29, 20}
)

// add parses a list. One that is not of all certificates of its authority says so by a critical extension.
func (r revocation) add(der []byte) (revocation, error) {
	list, err := x509.ParseRevocationList(der)
	if err != nil {
		return nil, err
	}
	for _, x := range list.Extensions {
		if x.Critical && !x.Id.Equal(authorityKey) && !x.Id.Equal(listNumber) {
			return nil, fmt.Errorf("the list of %q has the critical extension %v: it is not of all certificates of that authority", list.Issuer, x.Id)
		}
	}
	for _, entry := range list.RevokedCertificateEntries {
		for _, x := range entry.Extensions {
			if x.Critical {
				return nil, fmt.Errorf("the list of %q has an entry with the critical extension %v", list.Issuer, x.Id)
			}
		}
	}
	return append(r, list), nil
}

// check looks every certificate of a chain up in the list of the one behind it, but the last, which is trusted as it is.
func (r revocation) check(chain []*x509.Certificate, now time.Time) error {
	for i, c := range chain[:len(chain)-1] {
		list := r.newest(chain[i+1])
		switch {
		case list == nil:
			return fmt.Errorf("%w %s", ErrNoList, describe(chain[i+1]))
		case !list.NextUpdate.IsZero() && now.After(list.NextUpdate):
			return fmt.Errorf("%w since %s, of %s", ErrOldList, list.NextUpdate.Format(time.DateTime), describe(chain[i+1]))
		}
		at := slices.IndexFunc(list.RevokedCertificateEntries, func(x x509.RevocationListEntry) bool { return x.SerialNumber.Cmp(c.SerialNumber) == 0 })
		if at >= 0 {
			return fmt.Errorf("%w on %s: %s", ErrRevoked, list.RevokedCertificateEntries[at].RevocationTime.Format(time.DateOnly), describe(c))
		}
	}
	return nil
}

// newest is the list that an authority made last; nil if there is none.
func (r revocation) newest(authority *x509.Certificate) (list *x509.RevocationList) {
	for _, x := range r {
		if bytes.Equal(x.RawIssuer, authority.RawSubject) && (list == nil || x.ThisUpdate.After(list.ThisUpdate)) && x.CheckSignatureFrom(authority) == nil {
			list = x
		}
	}
	return list
}

// checkAny wants one of the chains of a certificate to have nothing that is revoked.
func (r revocation) checkAny(chains [][]*x509.Certificate, now time.Time) error {
	var errs []error
	for _, chain := range chains {
		err := r.check(chain, now)
		if err == nil {
			return nil
		}
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}
