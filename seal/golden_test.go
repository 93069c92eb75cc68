package seal_test

import (
	"encoding/hex"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"constat/seal"
)

var update = flag.Bool("update", false, "write the golden files anew")

// TestGolden: keys, certificates and records of a history with fixed seeds. Ed25519 signatures are the same in every run.
func TestGolden(t *testing.T) {
	h := ordinary(t)
	var b strings.Builder
	fmt.Fprintf(&b, "seed 0     %x\n", *seed(1))
	next := seed(1).Next()
	fmt.Fprintf(&b, "seed 1     %x\n\n%s\n", next, h.cert.Text())
	for _, e := range h.log {
		if e.cert != nil {
			fmt.Fprintf(&b, "%s\n", e.cert.Format())
			continue
		}
		if e.seal.Counter > 1 && e.seal.Counter < 20 { // enough is enough
			continue
		}
		fmt.Fprintf(&b, "seal %d, %s, entry %d\n%s\n", e.seal.Counter, e.seal.Reason, e.at.Index, hex.Dump(e.seal.Append(nil)))
	}
	file := filepath.Join("testdata", "history.txt")
	if *update {
		if err := os.WriteFile(file, []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if b.String() != string(want) {
		t.Errorf("%s differs: the format has changed", file)
	}
}

// TestSealRefuses: every byte of a record counts, and every flipped bit is found by parsing or by the signature.
func TestSealRefuses(t *testing.T) {
	h := newHistory(t)
	s := h.seal(seal.Boot, 0)
	keys, record := h.chainKeys(), s.Append(nil)
	for i := range record {
		for bit := range 8 {
			b := []byte(string(record))
			b[i] ^= 1 << bit
			if x, err := seal.ParseSeal(b); err == nil && x.Verify(keys, 0) == nil {
				t.Fatalf("bit %d of byte %d flipped, and it verifies", bit, i)
			}
		}
		if x, err := seal.ParseSeal(record[:i]); err == nil {
			t.Fatalf("cut to %d bytes it is %+v", i, x)
		}
	}
	if _, err := seal.ParseSeal(append(record, 0)); err == nil {
		t.Error("a byte behind the end is accepted")
	}
}

func (h *history) chainKeys() seal.Keys { return seal.Keys{Count: keys, Root: h.cert.KeyRoot} }

// TestJournals: every journal of every small list is proved, and nothing else is.
func TestJournals(t *testing.T) {
	var list []seal.Journal
	for n := range 20 {
		list = append(list, seal.Journal{Name: fmt.Sprintf("j%02d", n), Size: uint64(n)})
		s := seal.Statement{Journals: uint32(len(list)), Root: seal.JournalsRoot(list)}
		for i := range list {
			proof := seal.ProveJournal(list, i)
			if err := s.CheckJournal(list[i], i, proof); err != nil {
				t.Errorf("journal %d of %d: %v", i, len(list), err)
			}
			other := list[i]
			other.Size++
			if s.CheckJournal(other, i, proof) == nil || i > 0 && s.CheckJournal(list[i], i-1, proof) == nil || s.CheckJournal(list[i], -1, proof) == nil {
				t.Errorf("journal %d of %d: a proof of something else holds", i, len(list))
			}
		}
	}
}

// manyMore are journals behind all others.
func manyMore() (list []seal.Journal) {
	for n := range 400 {
		list = append(list, seal.Journal{Name: fmt.Sprintf("y%06d", n)})
	}
	return list
}

func TestMakeRefuses(t *testing.T) {
	for name, list := range map[string][]seal.Journal{
		"not in order": {{Name: "b"}, {Name: "a"}},
		"twice":        {{Name: "a"}, {Name: "a"}},
		"no name":      {{}},
		"long name":    {{Name: strings.Repeat("x", seal.MaxName+1)}},
		"size":         {{Name: "a", Size: 1 << 63}},
	} {
		if _, err := seal.Make(seal.Statement{Reason: seal.Boot}, list, newChain(t, seed(1), keys)); err == nil {
			t.Errorf("%s: sealed", name)
		}
	}
	var many []seal.Journal
	for n := range 1000 {
		many = append(many, seal.Journal{Name: fmt.Sprintf("%06d", n)})
	}
	if _, err := seal.Make(seal.Statement{Reason: seal.Boot}, many, newChain(t, seed(1), keys)); err != nil {
		t.Errorf("1000 journals: %v", err)
	}
	if _, err := seal.Make(seal.Statement{Reason: seal.Boot}, slices.Concat(many, []seal.Journal{{Name: strings.Repeat("x", 64)}}, manyMore()), newChain(t, seed(1), keys)); !errors.Is(err, seal.ErrSeal) {
		t.Errorf("too many journals: %v", err)
	}
	if _, err := seal.NewChain(seed(1), 3); err == nil {
		t.Error("3 keys are no power of two")
	}
	if _, err := seal.ResumeChain(seed(1), 1, nil, seal.Keys{Count: 8}); err == nil {
		t.Error("resumed without a left edge")
	}
	if _, err := seal.ResumeChain(seed(2), 0, nil, newChain(t, seed(1), 8).Keys()); err == nil {
		t.Error("resumed with another seed")
	}
}
