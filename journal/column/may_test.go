package column

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"testing"
)

// TestEverySubstringIsFound looks for every part of a value, in lists of each kind and in the slots of templates.
func TestEverySubstringIsFound(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 9))
	kinds := map[string]func() string{
		"decimal":  func() string { return fmt.Sprint(rng.IntN(2e9) - 1e9) },
		"unsigned": func() string { return fmt.Sprint(rng.Uint64()>>1 | 1<<62) },
		"digits":   func() string { return fmt.Sprintf("%012d", rng.IntN(1e12)) },
		"hex":      func() string { return fmt.Sprintf("%011x", rng.IntN(1<<44)) },
		"upper":    func() string { return fmt.Sprintf("%011X", rng.IntN(1<<44)) },
		"bytes":    func() string { return fmt.Sprintf("%016x%016x", rng.Uint64(), rng.Uint64()) },
		"uuid":     func() string { return uuid(rng) },
		"ipv4":     func() string { return fmt.Sprintf("10.%d.%d.%d", rng.IntN(256), rng.IntN(256), rng.IntN(256)) },
		"ipv6":     func() string { return fmt.Sprintf("2001:db8::%x:%x", 1+rng.IntN(65535), 1+rng.IntN(65535)) },
		"time":     func() string { return string(appendTime(nil, 1760000000000000+rng.Int64N(1e15), 0)) },
		"text":     func() string { return fmt.Sprintf("x%d-é%x", rng.IntN(1e6), rng.IntN(1e6)) },
	}
	for name, value := range kinds {
		for _, around := range []string{"%s", "0a%s", "from %s port 5"} {
			values := repeat(60, func(int) string { return fmt.Sprintf(around, value()) })
			for _, use := range []Use{Values, Message} {
				findParts(t, name+" "+around, values, use)
			}
		}
	}
}

func findParts(t *testing.T, name string, values Texts, use Use) {
	t.Helper()
	out, c := roundTrip(t, []Texts{values}, use)
	b, err := c.Block(out.Blocks[0], values.Len())
	if err != nil {
		t.Fatal(err)
	}
	v := values.At(17)
	for from := range v {
		for to := from + 1; to <= len(v); to++ {
			rows := NewRows(values.Len())
			if err := b.Select(rows, containing(v[from:to])); err != nil {
				t.Fatal(err)
			}
			for i := range values.Ends {
				if rows.Has(i) != bytes.Contains(values.At(i), v[from:to]) {
					t.Fatalf("%s: %q in %q: selected %v", name, v[from:to], values.At(i), rows.Has(i))
				}
			}
		}
	}
}

func TestLacks(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 5))
	pids := repeat(8000, func(int) string { return fmt.Sprint(1000 + 2*rng.IntN(200)) })
	names := repeat(8000, func(int) string { return fmt.Sprintf("n%d", rng.IntN(90)) })
	for _, c := range []struct {
		values Texts
		asked  string
		lacks  bool
	}{
		{pids, "1000", false}, {pids, "1398", false}, {pids, "1001", true}, {pids, "1400", true}, {pids, "01000", true}, {pids, "x", true},
		{names, "n1", false}, {names, "m1", false}, // a dictionary of texts says nothing
	} {
		out, _ := roundTrip(t, []Texts{c.values}, Values)
		if len(out.Shared) == 0 {
			t.Fatal("no dictionary was made")
		}
		if got := Lacks(out.Shared, [][]byte{[]byte(c.asked)}); got != c.lacks {
			t.Errorf("lacks %q: %v", c.asked, got)
		}
		if Lacks(out.Shared, [][]byte{[]byte(c.asked), c.values.At(5)}) {
			t.Errorf("lacks %q, which is there", c.values.At(5))
		}
	}
}
