package tiles

import (
	"math/rand/v2"
	"strings"
	"testing"
)

// TestPath takes the spellings of c2sp.org/tlog-tiles.
func TestPath(t *testing.T) {
	for text, want := range map[string]Path{
		"checkpoint":                               {Kind: Checkpoint},
		"tile/0/000":                               {Hashes, 0, 0, 256},
		"tile/0/001.p/1":                           {Hashes, 0, 1, 1},
		"tile/63/x001/x234/067":                    {Hashes, 63, 1234067, 256},
		"tile/entries/x001/x234/067.p/255":         {Bundle, 0, 1234067, 255},
		"tile/entries/x001/000":                    {Bundle, 0, 1000, 256},
		"tile/9/x036/x028/x797/x018/x963/967.p/10": {Hashes, 9, maxNumber, 10},
	} {
		if got, err := ParsePath(text); err != nil || got != want {
			t.Errorf("%s: got %+v, %v", text, got, err)
		}
		if got := want.String(); got != text {
			t.Errorf("%+v prints %s, want %s", want, got, text)
		}
	}
}

func TestPathRefused(t *testing.T) {
	for _, text := range []string{"", "/", "checkpoint/", "Checkpoint", "tile", "tile/", "tile/0", "tile/0/", "tile/0/0", "tile/0/00",
		"tile/0/0000", "tile/0/x000/000", "tile/0/x000/001", "tile/0/x001", "tile/0/001/000", "tile/0/x001/x000", "tile/0/1000",
		"tile/00/000", "tile/+0/000", "tile/-1/000", "tile/64/000", "tile/256/000", "tile/x/000", "tile//000", "tile/0/000/", "tile/0//000",
		"tile/0/000.p/0", "tile/0/000.p/256", "tile/0/000.p/01", "tile/0/000.p/+1", "tile/0/000.p/-1", "tile/0/000.p/", "tile/0/000.p",
		"tile/0/000.p/1/", "tile/0/000.p/1.p/1", "tile/0/000.p/99999999999999999999", "tile/0/ 00", "tile/0/٠٠٠", "tile/0/x000000",
		"tile/9/x036/x028/x797/x018/x963/968", "tile/0/x999/x999/x999/x999/x999/x999/999", "tile/entries", "tile/entries/", "tile/entries/x",
		"tile/entries/../0/000", "tile/0/../../checkpoint", "tile/data/000", "tile/8/0/000", "tile/0/000\x00", " checkpoint",
		"tile/0/" + strings.Repeat("x000/", 1000) + "000"} {
		if got, err := ParsePath(text); err == nil {
			t.Errorf("%q accepted as %+v", text, got)
		}
	}
}

func TestPathRandom(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 10_000 {
		want := Path{Kind(1 + r.IntN(2)), uint8(r.IntN(64)), r.Uint64N(maxNumber+1) >> r.IntN(56), 1 + r.IntN(Full)}
		if want.Kind == Bundle {
			want.Level = 0
		}
		if got, err := ParsePath(want.String()); err != nil || got != want {
			t.Fatalf("%s: got %+v, %v, want %+v", want, got, err, want)
		}
	}
}

// FuzzPath wants one spelling of every path, and none outside the log.
func FuzzPath(f *testing.F) {
	for _, s := range []string{"checkpoint", "tile/0/000", "tile/1/x001/002.p/3", "tile/entries/x001/x234/067.p/255", "tile/0/../checkpoint", "tile/entries/%2e"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		p, err := ParsePath(s)
		if err != nil {
			return
		}
		if p.String() != s {
			t.Errorf("%q is another spelling of %q", s, p)
		}
		if strings.Contains(s, "..") || strings.HasPrefix(s, "/") || len(s) > maxPath {
			t.Errorf("%q accepted", s)
		}
		if p.Content() != strings.HasPrefix(s, "tile/entries/") {
			t.Errorf("%q: content %v", s, p.Content())
		}
		if p.within(0) && p.Kind != Checkpoint {
			t.Errorf("%q is within the empty log", s)
		}
	})
}

func TestWithin(t *testing.T) {
	for _, c := range []struct {
		path string
		size uint64 // smallest that has it
	}{
		{"tile/0/000.p/1", 1}, {"tile/0/000", 256}, {"tile/0/001.p/4", 260}, {"tile/1/000.p/1", 256}, {"tile/1/000", 65536},
		{"tile/1/001.p/2", 65536 + 512}, {"tile/2/000.p/1", 65536}, {"tile/entries/002.p/7", 519}, {"tile/7/000.p/1", 1 << 56},
	} {
		p, err := ParsePath(c.path)
		if err != nil {
			t.Fatal(err)
		}
		if p.within(c.size-1) || !p.within(c.size) {
			t.Errorf("%s: within %d %v, within %d %v", c.path, c.size-1, p.within(c.size-1), c.size, p.within(c.size))
		}
	}
	for _, s := range []string{"tile/8/000.p/1", "tile/63/000.p/1"} {
		if p, _ := ParsePath(s); p.within(1<<64 - 1) {
			t.Errorf("%s is within a tree", s)
		}
	}
}
