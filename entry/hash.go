package entry

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/sha256"
	"encoding/binary"
	"hash"
)

// NonceKey is the key from which the nonces of a journal are derived. It is no secret of the store: whoever may read
// the events may read it.
type NonceKey [16]byte

// Nonces derives the nonces of one journal and hashes its leaves. It is not safe for concurrent use; it allocates
// only when it is made.
type Nonces struct {
	block cipher.Block
	leaf  []byte // 0x00 ‖ nonce ‖ body, reused
}

// NewNonces returns the nonces of a journal.
func NewNonces(key NonceKey) *Nonces {
	block, err := aes.NewCipher(key[:])
	if err != nil {
		panic("entry: AES refuses a 16-byte key: " + err.Error())
	}
	return &Nonces{block: block, leaf: make([]byte, 1+NonceSize, 4096)}
}

// LeafHash returns the RFC 6962 leaf hash of the body at that index: SHA-256(0x00 ‖ nonce ‖ body).
func (n *Nonces) LeafHash(index uint64, body []byte) [32]byte {
	n.setNonce(index)
	n.leaf = append(n.leaf[:1+NonceSize], body...)
	return sha256.Sum256(n.leaf)
}

// AppendLeaf appends the leaf, nonce ‖ body, of that index.
func (n *Nonces) AppendLeaf(dst []byte, index uint64, body []byte) []byte {
	n.setNonce(index)
	return append(append(dst, n.leaf[1:1+NonceSize]...), body...)
}

// setNonce writes AES(key, index as 16 bytes little-endian) behind the 0x00 of the scratch leaf.
func (n *Nonces) setNonce(index uint64) {
	nonce := n.leaf[1 : 1+NonceSize]
	binary.LittleEndian.PutUint64(nonce, index)
	clear(nonce[8:])
	n.block.Encrypt(nonce, nonce)
}

// SaltSize is the size in bytes of the salt of a private value or a blob.
const SaltSize = 16

// Labels keep the digests of private values and of blobs apart.
const (
	privateLabel = "constat private field v0\n"
	blobLabel    = "constat blob v0\n"
)

// PrivateDigest is what stands in the leaf instead of a private value:
// SHA-256(label ‖ salt ‖ uvarint len(name) ‖ name ‖ value). Without the salt the value cannot be guessed from it.
func PrivateDigest(salt [SaltSize]byte, name string, value []byte) [DigestSize]byte {
	h := saltedHash(privateLabel, salt)
	h.Write(appendString(nil, name))
	h.Write(value)
	return [DigestSize]byte(h.Sum(nil))
}

// BlobDigest is what stands in the leaf instead of a value that was moved to a blob file:
// SHA-256(label ‖ salt ‖ value).
func BlobDigest(salt [SaltSize]byte, value []byte) [DigestSize]byte {
	h := saltedHash(blobLabel, salt)
	h.Write(value)
	return [DigestSize]byte(h.Sum(nil))
}

func saltedHash(label string, salt [SaltSize]byte) hash.Hash {
	h := sha256.New()
	h.Write([]byte(label))
	h.Write(salt[:])
	return h
}
