package cli

import (
	"crypto/ed25519"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"

	"constat/internal/durable"
	"constat/internal/vfs"
	"constat/journal/layout"
	"constat/seal"
)

// maxKeyFile is the size above which a file is no key.
const maxKeyFile = 16 << 10

// readPrivateKey reads a private Ed25519 key in PEM, as "openssl genpkey -algorithm ed25519" makes it, for the flag or
// setting that names it.
func readPrivateKey(flag, name string) (*seal.Identity, error) {
	data, err := durable.ReadFile(vfs.OS(), name, maxKeyFile)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", flag, err)
	}
	defer clear(data)
	wrong := usage("%s %s: want a private Ed25519 key in PEM, as 'openssl genpkey -algorithm ed25519 -out FILE' makes it", flag, name)
	block, _ := pem.Decode(data)
	if block == nil {
		return nil, wrong
	}
	key, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		return nil, wrong
	}
	private, ok := key.(ed25519.PrivateKey)
	if !ok {
		return nil, wrong
	}
	return seal.IdentityOf([ed25519.SeedSize]byte(private.Seed())), nil
}

// endorse writes the operator's endorsement into a new store, and returns the operator's public key.
func endorse(dir string, c seal.Certificate, name string, operator *seal.Identity) (vkey string, err error) {
	signed, err := seal.EndorseStore(c, name, operator)
	if err != nil {
		return "", err
	}
	return operator.Public().VKey(name), durable.WriteFile(vfs.OS(), filepath.Join(dir, layout.OperatorFile), signed, 0o640)
}

// operatorOf is the key of the operator who endorsed a store; "" if nobody has.
func operatorOf(dir string, c seal.Certificate) (vkey string, err error) {
	name := filepath.Join(dir, layout.OperatorFile)
	data, err := durable.ReadFile(vfs.OS(), name, maxKeyFile)
	if errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	if vkey, err = seal.OpenEndorsement(data, c); err != nil {
		err = fmt.Errorf("%s: %w", name, err)
	}
	return vkey, err
}
