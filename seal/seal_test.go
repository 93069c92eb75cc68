package seal

import (
	"crypto/sha256"
	"fmt"
	"slices"
	"strings"
	"testing"

	"golang.org/x/mod/sumdb/tlog"
)

func leafHash(i int) Hash { return tlog.RecordHash([]byte(fmt.Sprintf("leaf %d", i))) }

// memHashes is a complete tree as tlog stores it, the reference for ours.
type memHashes []Hash

func (m memHashes) ReadHashes(indexes []int64) ([]Hash, error) {
	out := make([]Hash, len(indexes))
	for i, index := range indexes {
		out[i] = m[index]
	}
	return out, nil
}

// TestFrontierIsTlog compares root and block hashes with tlog for every size up to 700.
func TestFrontierIsTlog(t *testing.T) {
	var reference memHashes
	var f Frontier
	if f.Root() != Hash(sha256.Sum256(nil)) {
		t.Fatal("root of the empty tree is not SHA-256 of nothing")
	}
	var blocks []Hash
	for n := 1; n <= 700; n++ {
		hashes, err := tlog.StoredHashesForRecordHash(int64(n-1), leafHash(n-1), reference)
		if err != nil {
			t.Fatal(err)
		}
		reference = append(reference, hashes...)
		block, full := f.Append(leafHash(n - 1))
		if full != (n%BlockSize == 0) {
			t.Fatalf("size %d: full = %v", n, full)
		}
		if full {
			blocks = append(blocks, block)
		}
		want, err := tlog.TreeHash(int64(n), reference)
		if err != nil {
			t.Fatal(err)
		}
		if f.Root() != want {
			t.Fatalf("size %d: root %v, want %v", n, f.Root(), want)
		}
		if resumed := resume(blocks, n); resumed.Root() != want {
			t.Fatalf("size %d: root after resuming from blocks differs", n)
		}
	}
}

// resume builds a frontier from block hashes and the leaves behind them.
func resume(blocks []Hash, n int) *Frontier {
	var f Frontier
	for _, b := range blocks {
		f.AppendBlock(b)
	}
	for i := len(blocks) * BlockSize; i < n; i++ {
		f.Append(leafHash(i))
	}
	return &f
}

func TestBlockHash(t *testing.T) {
	leaves := make([]Hash, BlockSize)
	var f Frontier
	for i := range leaves {
		leaves[i] = leafHash(i)
		f.Append(leaves[i])
	}
	if BlockHash(leaves) != f.Root() {
		t.Fatal("block hash is not the root over its leaves")
	}
}

// TestHashesProve proves every leaf of a tree of which only level 8 is kept.
func TestHashesProve(t *testing.T) {
	const size = 1100
	var f Frontier
	var blocks []Hash
	for i := range size {
		if b, full := f.Append(leafHash(i)); full {
			blocks = append(blocks, b)
		}
	}
	hashes := &Hashes{
		Block: func(n uint64) (Hash, error) { return blocks[n], nil },
		Leaves: func(n uint64) ([]Hash, error) {
			var out []Hash
			for i := int(n) * BlockSize; i < min(size, int(n+1)*BlockSize); i++ {
				out = append(out, leafHash(i))
			}
			return out, nil
		},
	}
	for i := range size {
		proof, err := tlog.ProveRecord(size, int64(i), hashes)
		if err != nil {
			t.Fatal(err)
		}
		if err := tlog.CheckRecord(proof, size, f.Root(), int64(i), leafHash(i)); err != nil {
			t.Fatalf("leaf %d: %v", i, err)
		}
	}
}

// TestCheckpointEveryByte flips every bit of a signed checkpoint: none may pass.
func TestCheckpointEveryByte(t *testing.T) {
	id := NewIdentity()
	want := Checkpoint{Origin: "host.example/system", Size: 1234, Root: leafHash(1)}
	data, err := SignCheckpoint(want, id)
	if err != nil {
		t.Fatal(err)
	}
	got, err := OpenCheckpoint(data, want.Origin, id.Public())
	if err != nil || got != want {
		t.Fatalf("got %v, %v", got, err)
	}
	for i := range data {
		for bit := range 8 {
			data[i] ^= 1 << bit
			if _, err := OpenCheckpoint(data, want.Origin, id.Public()); err == nil {
				t.Errorf("bit %d of byte %d flipped: accepted %q", bit, i, data)
			}
			data[i] ^= 1 << bit
		}
	}
	lines := strings.SplitAfter(string(data), "\n")
	if _, err := OpenCheckpoint([]byte(string(data)+lines[4]), want.Origin, id.Public()); err == nil {
		t.Error("a second line by the same key accepted")
	}
	if _, err := OpenCheckpoint(data, "host.example/other", id.Public()); err == nil {
		t.Error("checkpoint of another origin accepted")
	}
	if _, err := OpenCheckpoint(data, want.Origin, NewIdentity().Public()); err == nil {
		t.Error("checkpoint of another identity accepted")
	}
}

func TestIdentityFormat(t *testing.T) {
	var id *Identity
	var text string
	for range 100 { // keys in base64 may hold a '+'
		id = NewIdentity()
		text = id.Format("host.example")
		back, err := ParseIdentity(text, "host.example")
		if err != nil || back.Public() != id.Public() {
			t.Fatalf("parse %q: %v", text, err)
		}
	}
	for _, bad := range []string{"", text[:len(text)-1], text + "\n", strings.Replace(text, "host", "hest", 1), "PRIVATE"} {
		if _, err := ParseIdentity(bad, "host.example"); err == nil {
			t.Errorf("accepted %q", bad)
		}
	}
}

func TestCertificate(t *testing.T) {
	c := Certificate{Store: StoreID{1, 2}, Origin: "host.example/log", Identity: NewIdentity().Public(),
		SealAfter: DefaultSealAfter, Heartbeat: DefaultHeartbeat, Keys: DefaultKeys}
	text := c.Text()
	back, err := ParseCertificate(text)
	if err != nil || back != c {
		t.Fatalf("parse %q: %v", text, err)
	}
	for i := range text {
		for _, flip := range []byte{1, 2, 4, 8, 16, 32, 64, 128} {
			b := []byte(text)
			b[i] ^= flip
			if got, err := ParseCertificate(string(b)); err == nil && got.Code() == c.Code() {
				t.Errorf("byte %d: %q has the same code", i, b)
			}
		}
	}
	code := c.Code()
	for _, s := range []string{code.String(), strings.ToLower(code.String()), fmt.Sprintf("%x", code[:]), code.String()[:26] + " - " + code.String()[26:]} {
		if got, err := ParseCode(s); err != nil || got != code {
			t.Errorf("ParseCode(%q) = %v, %v", s, got, err)
		}
	}
	if _, err := ParseCode("short"); err == nil {
		t.Error("short code accepted")
	}
}

func TestValidOrigin(t *testing.T) {
	for _, bad := range []string{"", "a b", "a+b", "a\nb", strings.Repeat("x", MaxOrigin+1), "a\xff"} {
		if ValidOrigin(bad) == nil {
			t.Errorf("origin %q accepted", bad)
		}
	}
}

// TestSubtrees: the subtrees of any range stand for its leaves.
func TestSubtrees(t *testing.T) {
	leaf := func(i uint64) Hash { return Hash{byte(i), byte(i >> 8), 1} }
	for _, r := range [][2]uint64{{0, 1}, {0, 256}, {1, 256}, {0, 1000}, {255, 257}, {37, 999}, {512, 768}, {513, 514}, {5, 5}} {
		var plain, short Frontier
		var blocks, shortBlocks []Hash
		add := func(i uint64) {
			if b, full := plain.Append(leaf(i)); full {
				blocks = append(blocks, b)
			}
		}
		for i := range r[0] {
			short.Append(leaf(i))
			plain.Append(leaf(i))
		}
		at := r[0]
		for _, level := range Subtrees(r[0], r[1]) {
			var sub Frontier
			for i := range uint64(1) << level {
				sub.Append(leaf(at + i))
				add(at + i)
			}
			at += 1 << level
			if b, full := short.AppendSubtree(level, sub.Root()); full {
				shortBlocks = append(shortBlocks, b)
			}
		}
		if at != r[1] || plain.Root() != short.Root() || !slices.Equal(blocks, shortBlocks) {
			t.Errorf("leaves %d to %d: end at %d", r[0], r[1], at)
		}
	}
}
