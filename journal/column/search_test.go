package column

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"testing"
)

// messages makes lines such as programs write, with values of every kind that a slot can have.
func messages(rng *rand.Rand, n int) Texts {
	ip := func() string {
		return fmt.Sprintf("%d.%d.%d.%d", rng.IntN(3)*100+10, rng.IntN(256), rng.IntN(4), rng.IntN(256))
	}
	return repeat(n, func(i int) string {
		switch rng.IntN(12) {
		case 0, 1:
			return fmt.Sprintf("Accepted password for user%d from %s port %d ssh2", rng.IntN(9), ip(), 1024+rng.IntN(60000))
		case 2, 3:
			return fmt.Sprintf("block blk_%d moved /%s:%d, took %dms", rng.Int64(), ip(), rng.IntN(65536), rng.IntN(9))
		case 4:
			return fmt.Sprintf("checksum %08x of %016x differs", rng.Uint32(), rng.Uint64())
		case 5:
			return "link is down"
		case 6:
			return fmt.Sprintf("%d%%", rng.IntN(100))
		case 7:
			return fmt.Sprintf("session 0x%x%s", rng.Uint64()>>rng.IntN(60), []string{"", ".", " zu spät1", "_X9"}[rng.IntN(4)])
		case 8:
			return odd[rng.IntN(len(odd)-1)]
		case 9:
			return fmt.Sprintf("word%c%c is %s", 'a'+rng.IntN(26), 'a'+rng.IntN(26), odd[rng.IntN(len(odd)-1)])
		case 10:
			return fmt.Sprintf("id=%03d-%d", rng.IntN(1000), i)
		}
		return fmt.Sprintf("task_%d_%04d ended %s", i/3, rng.IntN(10000), ip())
	})
}

// piece takes a literal out of a value, now and then with a byte changed.
func piece(rng *rand.Rand, v []byte) []byte {
	if len(v) == 0 {
		return []byte("x")
	}
	from := rng.IntN(len(v))
	literal := bytes.Clone(v[from:min(len(v), from+1+rng.IntN(12))])
	if rng.IntN(3) == 0 {
		literal[rng.IntN(len(literal))] = "0123456789 abcdefx._-"[rng.IntN(21)]
	}
	return literal
}

// checkSelect compares what Select and MayHold say with what the values say.
func checkSelect(t *testing.T, blocks []Texts, out *Encoded, c *Column, literal string) {
	t.Helper()
	anywhere := false
	for i := range blocks {
		for _, m := range []Matcher{containing(literal), asking(literal), wordOf(literal)} {
			b, err := c.Block(out.Blocks[i], blocks[i].Len())
			if err != nil {
				t.Fatal(err)
			}
			rows := NewRows(blocks[i].Len())
			for j := 0; j < len(blocks[i].Ends); j += 7 {
				rows.Clear(j)
			}
			if err := b.Select(rows, m); err != nil {
				t.Fatal(err)
			}
			for j := range blocks[i].Ends {
				want := m.Match(blocks[i].At(j))
				anywhere = anywhere || want
				if rows.Has(j) != (want && j%7 != 0) {
					t.Fatalf("%T %q: block %d value %d %q: selected %v", m, literal, i, j, blocks[i].At(j), rows.Has(j))
				}
			}
		}
	}
	if anywhere && !c.MayHold([]byte(literal)) {
		t.Fatalf("MayHold(%q) is false", literal)
	}
}

// wordOf matches values that hold a token.
type wordOf string

func (w wordOf) Literal() []byte { return []byte(w) }
func (w wordOf) Match(v []byte) (found bool) {
	eachToken(v, func(token []byte) { found = found || string(token) == string(w) })
	return found
}

func TestSelectSaysWhatTheValuesSay(t *testing.T) {
	rng := rand.New(rand.NewPCG(7, 8))
	blocks := []Texts{messages(rng, 2000), messages(rng, 700)}
	for _, use := range []Use{Message, Values} {
		out, c := roundTrip(t, blocks, use)
		if use == Message && c.templates == nil {
			t.Fatal("no templates were found")
		}
		for range 250 {
			checkSelect(t, blocks, out, c, string(piece(rng, blocks[0].At(rng.IntN(2000)))))
		}
		for _, literal := range []string{"10.", ".", "0.1", "from 10.", "10.1 port", "0.0.0", "/1", "from 1", "port ", "0", "00", "01", "2 from 2", "ssh2", "blk_", " ", "\x01", "\x02", "down", "is down", "é", "0x"} {
			checkSelect(t, blocks, out, c, literal)
		}
	}
}

func TestDigitsAreFoundInNumbers(t *testing.T) {
	block := repeat(600, func(i int) string { return fmt.Sprintf("slot %d is %d", i%3, i*i*i%7919*(i%2)) })
	out, c := roundTrip(t, []Texts{block}, Message)
	for i := range 200 {
		checkSelect(t, []Texts{block}, out, c, fmt.Sprint(i*i%(1+i*3)))
		checkSelect(t, []Texts{block}, out, c, fmt.Sprintf("%02d", i%100))
	}
}

func TestFilterHoldsEveryToken(t *testing.T) {
	rng := rand.New(rand.NewPCG(9, 10))
	blocks := []Texts{messages(rng, 3000)}
	out, c := roundTrip(t, blocks, Message)
	has := func(token []byte) bool {
		at := FilterLine(int64(len(out.Filter)), token)
		return FilterHas(out.Filter[at:at+LineSize], token)
	}
	inTemplates := 0
	for i := range blocks[0].Ends {
		eachToken(blocks[0].At(i), func(token []byte) {
			if !has(token) {
				t.Fatalf("token %q of %q is not in it", token, blocks[0].At(i))
			}
			if c.templates != nil && c.MayHold(token) {
				inTemplates++
			}
		})
	}
	if inTemplates == 0 {
		t.Error("no token stands in a template")
	}
	if has([]byte("a_word_that_occurs_nowhere")) {
		t.Error("a word that occurs nowhere is held")
	}
}

func TestSomeGivesTheWantedRows(t *testing.T) {
	rng := rand.New(rand.NewPCG(11, 12))
	blocks := []Texts{messages(rng, 1000), repeat(1000, func(i int) string { return fmt.Sprint(i % 5) }), repeat(1000, func(i int) string { return fmt.Sprint(i * i) })}
	for i := range blocks {
		out, c := roundTrip(t, blocks[i:i+1], Message)
		b, err := c.Block(out.Blocks[0], 1000)
		if err != nil {
			t.Fatal(err)
		}
		rows := make(Rows, 1000/64+1)
		for range 20 {
			rows.Set(rng.IntN(1000))
		}
		var got Texts
		if err := b.Some(&got, rows); err != nil {
			t.Fatal(err)
		}
		for j := range 1000 {
			want := blocks[i].At(j)
			if !rows.Has(j) {
				want = nil
			}
			if !bytes.Equal(got.At(j), want) {
				t.Fatalf("block %d value %d: %q, want %q", i, j, got.At(j), want)
			}
		}
		if err := b.Some(&got, rows[:1]); err == nil {
			t.Error("a set that is too small was taken")
		}
	}
}

func TestCodesAndInts(t *testing.T) {
	few := repeat(1000, func(i int) string { return fmt.Sprint("v", i%7) })
	out, c := roundTrip(t, []Texts{few}, Values)
	b, err := c.Block(out.Blocks[0], 1000)
	if err != nil {
		t.Fatal(err)
	}
	codes, values, ok := b.Codes(nil)
	if !ok || values.Len() != 7 || len(codes) != 1000 {
		t.Fatalf("%d codes, %v", len(codes), ok)
	}
	for i, code := range codes {
		if string(values.At(int(code))) != fmt.Sprint("v", i%7) {
			t.Fatalf("value %d has code %d", i, code)
		}
	}
	if _, ok, err := b.Ints(nil); ok || err != nil {
		t.Errorf("a dictionary gives integers: %v %v", ok, err)
	}
	numbers := repeat(1000, func(i int) string { return fmt.Sprint(i*i - 5) })
	out, c = roundTrip(t, []Texts{numbers}, Values)
	if b, err = c.Block(out.Blocks[0], 1000); err != nil {
		t.Fatal(err)
	}
	v, ok, err := b.Ints(nil)
	if !ok || err != nil || len(v) != 1000 || v[30] != 895 {
		t.Errorf("integers: %v %v", ok, err)
	}
	if _, _, ok := b.Codes(nil); ok {
		t.Error("integers give codes")
	}
	again := repeat(1000, func(i int) string { return fmt.Sprint(100000 + i*7919%700*70001) })
	out, c = roundTrip(t, []Texts{again}, Values)
	if b, err = c.Block(out.Blocks[0], 1000); err != nil {
		t.Fatal(err)
	}
	if v, ok, err = b.Ints(v); !ok || err != nil || b.single.kind != kindRepeats {
		t.Fatalf("integers that occur again: %v %v", ok, err)
	}
	for i, x := range v {
		if fmt.Sprint(x) != string(again.At(i)) {
			t.Fatalf("integer %d is %d, want %s", i, x, again.At(i))
		}
	}
}

func TestRows(t *testing.T) {
	r := NewRows(130)
	if r.Count() != 130 || r.Has(130) || !r.Has(129) || r.Has(1000) {
		t.Errorf("%d numbers", r.Count())
	}
	for i := range 130 {
		if i != 5 && i != 128 {
			r.Clear(i)
		}
	}
	if r.Next(0) != 5 || r.Next(6) != 128 || r.Next(129) != -1 || r.Empty() {
		t.Errorf("%v", r)
	}
	o := NewRows(130)
	o.Clear(5)
	r.And(o)
	r.Clear(128)
	if !r.Empty() || NewRows(0).Next(0) != -1 {
		t.Errorf("%v", r)
	}
}
