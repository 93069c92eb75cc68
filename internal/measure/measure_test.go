package measure

import (
	"math/rand/v2"
	"slices"
	"testing"
)

func TestSpread(t *testing.T) {
	same := func(x float64) float64 { return x }
	for _, c := range []struct {
		list []float64
		want Spread
	}{
		{nil, Spread{}},
		{[]float64{3}, Spread{3, 3, 3}},
		{[]float64{9, 1}, Spread{5, 1, 9}},
		{[]float64{9, 1, 4}, Spread{4, 1, 9}},
		{[]float64{2, 9, 1, 4}, Spread{3, 1, 9}},
	} {
		if got := SpreadOf(c.list, same); got != c.want {
			t.Errorf("%v: %v, want %v", c.list, got, c.want)
		}
	}
	if got := (Spread{5, 1, 1234}).String(); got != "5 (1–1,234)" {
		t.Error(got)
	}
}

func TestNumber(t *testing.T) {
	for x, want := range map[float64]string{0: "0", 2.5: "2.50", 12.34: "12.3", 123.4: "123", 999: "999", 1000: "1,000", 1234567.8: "1,234,568"} {
		if got := Number(x); got != want {
			t.Errorf("%v: %s, want %s", x, got, want)
		}
	}
}

func TestWordsOf(t *testing.T) {
	got := wordsOf([]byte("Failed a_password for ürgent root1 (x) port59518, aVeryLongWordThatIsLongerThanAllowed end9"), 4)
	if want := []string{"Failed", "root1", "port59518", "end9"}; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}

func TestWord(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	texts := [][]byte{[]byte("alpha beta"), []byte("gamma"), nil}
	if got := Word(r, texts, 5, func(w string) bool { return w != "alpha" }); got != "gamma" {
		t.Error(got)
	}
	if got := Word(r, texts, 6, func(string) bool { return true }); got != "" {
		t.Error(got)
	}
	if got := Word(r, nil, 1, func(string) bool { return true }); got != "" {
		t.Error(got)
	}
	if got := Inside("gamma"); got != "amm" {
		t.Error(got)
	}
}
