package api

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"strings"

	"constat/internal/durable"
	"constat/internal/vfs"
)

// TokenFile is the name of the token in the directory of keys.
const TokenFile = "http-token"

const (
	tokenSize = 32 // bytes, 43 characters of base64url
	tokenMode = 0o600
	maxToken  = 1 << 10
)

// Token opens what shows content. The zero value opens nothing, whoever asks.
type Token string

// ErrToken says that a file does not hold a token.
var ErrToken = errors.New("not a token: remove the file and a new one is made")

// LoadToken reads the token of a store from its directory of keys, and makes one if there is none. Only the process that
// has the lock of the store may call it.
func LoadToken(fsys vfs.FS, keysDir string) (Token, error) {
	name := filepath.Join(keysDir, TokenFile)
	data, err := durable.ReadFile(fsys, name, maxToken)
	if errors.Is(err, fs.ErrNotExist) {
		return makeToken(fsys, name)
	}
	if err != nil {
		return "", err
	}
	text := strings.TrimSuffix(string(data), "\n")
	raw, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil || len(raw) != tokenSize || base64.RawURLEncoding.EncodeToString(raw) != text {
		return "", fmt.Errorf("%s: %w", name, ErrToken)
	}
	return Token(text), nil
}

func makeToken(fsys vfs.FS, name string) (Token, error) {
	var raw [tokenSize]byte
	rand.Read(raw[:]) // never fails (crypto/rand)
	text := base64.RawURLEncoding.EncodeToString(raw[:])
	return Token(text), durable.WriteFile(fsys, name, []byte(text+"\n"), tokenMode)
}

// is compares in constant time.
func (t Token) is(got string) bool {
	return t != "" && sameText(string(t), got)
}

func sameText(a, b string) bool {
	x, y := sha256.Sum256([]byte(a)), sha256.Sum256([]byte(b))
	return subtle.ConstantTimeCompare(x[:], y[:]) == 1
}

// session derives the name and the value of the cookie of the page. Browsers send cookies of 127.0.0.1 to every port, so
// each store has a name of its own, and the token cannot be had from the value.
func (t Token) session() (name, value string) {
	return "constat-" + hex.EncodeToString(t.derive("constat page cookie name")[:8]),
		base64.RawURLEncoding.EncodeToString(t.derive("constat page cookie"))
}

func (t Token) derive(label string) []byte {
	mac := hmac.New(sha256.New, []byte(t))
	mac.Write([]byte(label))
	return mac.Sum(nil)
}
