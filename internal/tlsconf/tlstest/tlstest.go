// Package tlstest makes certificates for tests, as files: an authority, and what it signs.
package tlstest

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// Authority signs certificates.
type Authority struct {
	t    testing.TB
	dir  string
	File string // its certificate
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

// Pair is a certificate and its key, as files.
type Pair struct {
	Certificate, Key string
	Leaf             *x509.Certificate
}

// New makes an authority in a directory. change, if there is one, changes its certificate before.
func New(t testing.TB, dir, name string, change ...func(*x509.Certificate)) *Authority {
	t.Helper()
	a := &Authority{t: t, dir: dir, File: filepath.Join(dir, name+".pem"), key: newKey(t)}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name}, NotBefore: time.Now().Add(-time.Hour),
		NotAfter: time.Now().Add(30 * 24 * time.Hour), IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageCRLSign}
	for _, c := range change {
		c(template)
	}
	a.cert = a.sign(template, template, a.key, a.key, a.File)
	a.writeKey(filepath.Join(dir, name+".key"), a.key)
	return a
}

// Of is an authority that was made before.
func Of(t testing.TB, dir, name string) *Authority {
	t.Helper()
	a := &Authority{t: t, dir: dir, File: filepath.Join(dir, name+".pem")}
	pair, err := tls.LoadX509KeyPair(a.File, filepath.Join(dir, name+".key"))
	a.must(err)
	a.cert, a.key = pair.Leaf, pair.PrivateKey.(*ecdsa.PrivateKey)
	return a
}

// Issue signs a certificate for both uses, with the names of hosts or addresses in it. change, if set, changes it before.
func (a *Authority) Issue(name string, hosts []string, change func(*x509.Certificate)) Pair {
	a.t.Helper()
	return a.issue(name, hosts, change, false)
}

// Alone is Issue of a certificate that nobody signed but itself.
func (a *Authority) Alone(name string, hosts []string, change func(*x509.Certificate)) Pair {
	a.t.Helper()
	return a.issue(name, hosts, change, true)
}

func (a *Authority) issue(name string, hosts []string, change func(*x509.Certificate), alone bool) Pair {
	a.t.Helper()
	template := &x509.Certificate{SerialNumber: big.NewInt(time.Now().UnixNano()), Subject: pkix.Name{CommonName: name},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour), KeyUsage: x509.KeyUsageDigitalSignature,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth}}
	for _, h := range hosts {
		if ip := net.ParseIP(h); ip != nil {
			template.IPAddresses = append(template.IPAddresses, ip)
		} else {
			template.DNSNames = append(template.DNSNames, h)
		}
	}
	if change != nil {
		change(template)
	}
	key := newKey(a.t)
	p := Pair{Certificate: filepath.Join(a.dir, name+".pem"), Key: filepath.Join(a.dir, name+".key")}
	parent, by := a.cert, a.key
	if alone {
		parent, by = template, key
	}
	p.Leaf = a.sign(template, parent, key, by, p.Certificate)
	a.writeKey(p.Key, key)
	return p
}

func (a *Authority) writeKey(file string, key *ecdsa.PrivateKey) {
	a.t.Helper()
	der, err := x509.MarshalPKCS8PrivateKey(key)
	a.must(err)
	a.write(file, "PRIVATE KEY", der)
}

// Revoke makes a file of the list of what the authority has revoked. change, if set, changes it before.
func (a *Authority) Revoke(name string, change func(*x509.RevocationList), revoked ...Pair) (file string) {
	a.t.Helper()
	template := &x509.RevocationList{Number: big.NewInt(1), ThisUpdate: time.Now().Add(-time.Hour), NextUpdate: time.Now().Add(time.Hour)}
	for _, p := range revoked {
		template.RevokedCertificateEntries = append(template.RevokedCertificateEntries,
			x509.RevocationListEntry{SerialNumber: p.Leaf.SerialNumber, RevocationTime: time.Now().Add(-time.Minute)})
	}
	if change != nil {
		change(template)
	}
	der, err := x509.CreateRevocationList(rand.Reader, template, a.cert, a.key)
	a.must(err)
	file = filepath.Join(a.dir, name)
	a.write(file, "X509 CRL", der)
	return file
}

// Delegate makes an authority whose certificate this one signs.
func (a *Authority) Delegate(name string) *Authority {
	a.t.Helper()
	b := New(a.t, a.dir, name)
	template := *b.cert
	template.SerialNumber, template.AuthorityKeyId = big.NewInt(2), nil
	b.cert = a.sign(&template, a.cert, b.key, a.key, b.File)
	return b
}

// Pair is the authority as one of those that another has signed.
func (a *Authority) Pair() Pair { return Pair{Certificate: a.File, Leaf: a.cert} }

// Expired makes a certificate one that was valid until a minute ago.
func Expired(c *x509.Certificate) { c.NotAfter = time.Now().Add(-time.Minute) }

func (a *Authority) sign(template, parent *x509.Certificate, key, by *ecdsa.PrivateKey, file string) *x509.Certificate {
	a.t.Helper()
	der, err := x509.CreateCertificate(rand.Reader, template, parent, &key.PublicKey, by)
	a.must(err)
	cert, err := x509.ParseCertificate(der)
	a.must(err)
	a.write(file, "CERTIFICATE", der)
	return cert
}

func (a *Authority) write(file, kind string, der []byte) {
	a.t.Helper()
	a.must(os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), 0o644))
}

func (a *Authority) must(err error) {
	a.t.Helper()
	if err != nil {
		a.t.Fatal(err)
	}
}

func newKey(t testing.TB) *ecdsa.PrivateKey {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}
