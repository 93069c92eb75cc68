package evidence

import (
	"crypto/sha256"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"golang.org/x/mod/sumdb/tlog"
)

// TestCover compares roots at every cut with those of tlog, for random trees, selections and cuts.
func TestCover(t *testing.T) {
	for round := range 300 {
		r := rand.New(rand.NewPCG(1, uint64(round)))
		size := 1 + r.Uint64N(700)
		m := &memLog{}
		for m.size < size {
			leaf := fmt.Appendf(nil, "leaf %d", m.size)
			hashes, err := tlog.StoredHashes(int64(m.size), leaf, m)
			if err != nil {
				t.Fatal(err)
			}
			m.hashes, m.leaves, m.size = append(m.hashes, hashes...), append(m.leaves, leaf), m.size+1
		}
		var indexes, cuts []uint64
		for i := range size {
			if r.Uint64N(size) < 5 {
				indexes = append(indexes, i)
			}
		}
		for range r.IntN(4) {
			cuts = append(cuts, r.Uint64N(size+1))
		}
		cuts = sizesBelow(cuts, size)
		shown := runs(indexes)
		g, roots, err := gather(m, gatherer{keep: shown}, size, slices.Clone(cuts), shown)
		if err != nil {
			t.Fatal(err)
		}
		x := tree{size: size, cuts: cuts, asked: shown, leaves: g.leaves, hashes: g.hashes}
		if err := x.fold(); err != nil {
			t.Fatal(err)
		}
		for _, at := range append(cuts, size) {
			if roots[at] != m.root(at) || x.roots[at] != m.root(at) {
				t.Fatalf("round %d: root at %d of %d", round, at, size)
			}
		}
		n := uint64(0)
		for _, r := range shown {
			n += r.Count
		}
		if n != uint64(len(indexes)) || within(shown, 0, size) != n {
			t.Fatalf("%d of %d indexes in runs", n, len(indexes))
		}
	}
}

// TestPageForm keeps whoever changes what the page says from forgetting its number: a verifier that renders the page of
// another form would take it for forged.
func TestPageForm(t *testing.T) {
	const form, want = 1, "ddaca463af20681a"
	sum := sha256.Sum256([]byte(pageHTML + pageScript + readmeText + identityText))
	if got := fmt.Sprintf("%x", sum[:8]); pageForm != form || got != want {
		t.Errorf("page form %d has digest %s, the test knows form %d with %s: what the page says has changed: "+
			"count the form up, so that older verifiers call it newer and not forged", pageForm, got, form, want)
	}
}

// benchmarks prove and verify so many entries of 100,000 in memory.
func BenchmarkVerify(b *testing.B) {
	w := newWorld(b)
	w.fill(100_000)
	for _, every := range []uint64{100_000, 100, 10} {
		var indexes []uint64
		for i := uint64(0); i < w.main.size; i += every {
			indexes = append(indexes, i)
		}
		zip := w.evidence(b, indexes...)
		b.Run(fmt.Sprint(len(indexes)), func(b *testing.B) {
			b.SetBytes(int64(len(zip)))
			for b.Loop() {
				if r := Verify(zip, w.pin()); r.Verdict != Verified {
					b.Fatal(r.Text())
				}
			}
		})
	}
}
