package sidecar

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
)

// Sizes in bytes.
const (
	KeySize     = 32
	KeyFileSize = 2*KeySize + 1
)

// KeyID names a key. It is random and no secret.
type KeyID [8]byte

// String is the id in hex, which is the name of the file of the key.
func (id KeyID) String() string { return hex.EncodeToString(id[:]) }

// Key opens the blocks that name it.
type Key struct {
	ID     KeyID
	secret [KeySize]byte
}

// NewKey draws a key.
func NewKey() Key {
	var k Key
	rand.Read(k.ID[:])
	rand.Read(k.secret[:])
	return k
}

// ErrDestroyed says that a key was overwritten.
var ErrDestroyed = errors.New("the key was destroyed")

// Marshal is the content of the file of the key.
func (k Key) Marshal() []byte { return fmt.Appendf(nil, "%x\n", k.secret[:]) }

// ParseKey reads the file of the key with that id. [ErrDestroyed] says that it has been overwritten.
func ParseKey(id KeyID, data []byte) (Key, error) {
	k := Key{ID: id}
	if len(data) != KeyFileSize || data[KeyFileSize-1] != '\n' {
		return Key{}, fmt.Errorf("key %s: %d bytes, want %d hex digits and a line feed", id, len(data), 2*KeySize)
	}
	if _, err := hex.Decode(k.secret[:], data[:2*KeySize]); err != nil {
		return Key{}, fmt.Errorf("key %s: %w", id, err)
	}
	if k.secret == ([KeySize]byte{}) {
		return Key{}, fmt.Errorf("key %s: %w", id, ErrDestroyed)
	}
	return k, nil
}

// Overwritten is what a file of a key is overwritten with, byte for byte, before it is removed.
func Overwritten() []byte { return Key{}.Marshal() }

const blockLabel = "constat private block v0\n"

// block derives the key of a block.
func (k Key) block(id [16]byte) []byte {
	h := hmac.New(sha256.New, k.secret[:])
	h.Write([]byte(blockLabel))
	h.Write(id[:])
	return h.Sum(nil)
}
