package entry

import (
	"bytes"
	"encoding/hex"
	"testing"

	"golang.org/x/mod/sumdb/tlog"
)

// The AES-128 encryption of a block of zeros under a key of zeros: test case 1 of the GCM specification, value H.
const zeroNonce = "66e94bd4ef8a2c3b884cfa59ca342b2e"

func TestNonce(t *testing.T) {
	n := NewNonces(NonceKey{})
	if got := hex.EncodeToString(n.AppendLeaf(nil, 0, nil)); got != zeroNonce {
		t.Errorf("nonce %s, want %s", got, zeroNonce)
	}
	seen := map[string]uint64{}
	for i := range uint64(64) {
		for _, index := range []uint64{i, 1 << i, ^uint64(0) - i} {
			nonce := string(n.AppendLeaf(nil, index, nil))
			if other, found := seen[nonce]; found && other != index {
				t.Errorf("indexes %d and %d have the same nonce", index, other)
			}
			seen[nonce] = index
		}
	}
}

// TestLeafHash compares with the record hash of x/mod, and checks that no call leaves something to the next.
func TestLeafHash(t *testing.T) {
	n := NewNonces(NonceKey{1, 2, 3})
	for index, size := range []int{0, 1, 200, 5000, MaxBody, 3, 0, 4097, 100} {
		body := bytes.Repeat([]byte{byte(index)}, size)
		leaf := n.AppendLeaf([]byte("before"), uint64(index), body)[len("before"):]
		if len(leaf) != NonceSize+size || !bytes.Equal(leaf[NonceSize:], body) {
			t.Fatalf("index %d: leaf of %d bytes does not end with the body", index, len(leaf))
		}
		if got, want := n.LeafHash(uint64(index), body), tlog.RecordHash(leaf); got != want {
			t.Errorf("index %d: %x, want %x", index, got, want)
		}
	}
}

// TestDigestsDiffer: label, salt, name and value all count, and so does where the name ends.
func TestDigestsDiffer(t *testing.T) {
	a, b := [SaltSize]byte{1}, [SaltSize]byte{2}
	seen := map[[DigestSize]byte]int{}
	for i, digest := range [][DigestSize]byte{
		PrivateDigest(a, "name", []byte("value")), PrivateDigest(b, "name", []byte("value")), PrivateDigest(a, "nam", []byte("evalue")),
		PrivateDigest(a, "namev", []byte("alue")), PrivateDigest(a, "name", nil), PrivateDigest(a, "", []byte("namevalue")),
		BlobDigest(a, []byte("value")), BlobDigest(b, []byte("value")), BlobDigest(a, nil), BlobDigest(a, []byte("\x04namevalue")),
	} {
		if other, found := seen[digest]; found {
			t.Errorf("digests %d and %d are the same", i, other)
		}
		seen[digest] = i
	}
}

func TestLeafHashDoesNotAllocate(t *testing.T) {
	n := NewNonces(NonceKey{})
	body := make([]byte, 200)
	index := uint64(0)
	if allocs := testing.AllocsPerRun(100, func() {
		n.LeafHash(index, body)
		index++
	}); allocs != 0 {
		t.Errorf("%v allocations", allocs)
	}
}

func BenchmarkLeafHash(b *testing.B) {
	body := benchBody(b)
	n := NewNonces(NonceKey{})
	b.SetBytes(int64(len(body)))
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		n.LeafHash(uint64(i), body)
	}
}
