package column_test

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"regexp"
	"strconv"
	"testing"

	"constat/journal/column"
)

// odd values are those that careless encodings do not give back.
var odd = []string{"", "0", "-0", "+1", "0042", "007", "1_000", "1.50", "1e5", "010.001.002.003", "10.0.0.1", "DeadBeef", "deadbeef",
	"DEADBEEF", "0xdeadbeef", "abc", "-5", "--5", "9223372036854775807", "9223372036854775808", "-9223372036854775808",
	"-9223372036854775809", "18446744073709551615", "99999999999999999999", "\xff\xfe", "é1", "a\x00b1", "\x00", " ", "  7  ",
	"2025-10-09T09:01:22.191782Z", "6ba7b810-9dad-11d1-80b4-00c04fd430c8", "6BA7B810-9dad-11d1-80b4-00C04FD430C8", "::1",
	"2001:db8::8:800:200c:417a", "user1", "user22", "usr", "1user", "blk_-3854777877236596649", "a=1,b=2,c=", "x1x", "x11x"}

// source makes values of one kind.
type source func(rng *rand.Rand) string

var sources = map[string]source{
	"odd":       func(r *rand.Rand) string { return odd[r.IntN(len(odd))] },
	"small":     func(r *rand.Rand) string { return strconv.Itoa(r.IntN(300)) },
	"signed":    func(r *rand.Rand) string { return strconv.FormatInt(int64(r.Uint64())>>r.IntN(64), 10) },
	"unsigned":  func(r *rand.Rand) string { return strconv.FormatUint(r.Uint64()>>r.IntN(64), 10) },
	"padded":    func(r *rand.Rand) string { return fmt.Sprintf("%06d", r.IntN(1000000)) },
	"hex":       func(r *rand.Rand) string { return fmt.Sprintf("%08x", r.Uint32()) },
	"upper hex": func(r *rand.Rand) string { return fmt.Sprintf("%016X", r.Uint64()) },
	"odd hex":   func(r *rand.Rand) string { return fmt.Sprintf("%x", r.Uint64()>>r.IntN(60)) },
	"address": func(r *rand.Rand) string {
		return fmt.Sprintf("%d.%d.%d.%d", r.IntN(256), r.IntN(256), r.IntN(256), r.IntN(256))
	},
	"uuid": func(r *rand.Rand) string {
		return fmt.Sprintf("%08x-%04x-%04x-%04x-%012x", r.Uint32(), r.IntN(65536), r.IntN(65536), r.IntN(65536), r.Uint64()>>16)
	},
	"time": func(r *rand.Rand) string {
		return fmt.Sprintf("2025-10-%02dT%02d:%02d:%02d.%06dZ", 1+r.IntN(28), r.IntN(24), r.IntN(60), r.IntN(60), r.IntN(1000000))
	},
	"affixed": func(r *rand.Rand) string { return fmt.Sprintf("user%dx", r.IntN(100000)) },
	"bytes": func(r *rand.Rand) string {
		b := make([]byte, r.IntN(30))
		for i := range b {
			b[i] = byte(r.Uint32() >> r.IntN(30))
		}
		return string(b)
	},
	"message": message,
	"long": func(r *rand.Rand) string {
		if r.IntN(200) > 0 {
			return "short"
		}
		return string(bytes.Repeat([]byte{byte(r.IntN(256)), 'z', '7'}, 20000))
	},
}

func message(r *rand.Rand) string {
	switch r.IntN(6) {
	case 0:
		return fmt.Sprintf("Failed password for root from %d.%d.%d.%d port %d ssh2", r.IntN(256), r.IntN(256), r.IntN(256), r.IntN(256), r.IntN(65536))
	case 1:
		return fmt.Sprintf("blk_%d is added to set%x", int64(r.Uint64()), r.Uint32())
	case 2:
		return fmt.Sprintf("took %d.%03d s, status=%d", r.IntN(9), r.IntN(1000), 200+r.IntN(300))
	case 3:
		return "session closed"
	case 4:
		return fmt.Sprintf("id %08x user%d", r.Uint32(), r.IntN(50))
	}
	return odd[r.IntN(len(odd))] + " " + odd[r.IntN(len(odd))]
}

// blocksOf makes blocks of values.
func blocksOf(rng *rand.Rand, s source, sizes ...int) []column.Texts {
	blocks := make([]column.Texts, len(sizes))
	for i, n := range sizes {
		for range n {
			blocks[i].Append([]byte(s(rng)))
		}
	}
	return blocks
}

// read encodes blocks and opens what became of them.
func read(t testing.TB, e *column.Encoder, blocks []column.Texts, use column.Use) (*column.Encoded, *column.Column, []*column.Block) {
	t.Helper()
	encoded := e.Encode(blocks, use)
	c, err := column.Open(bytes.Clone(encoded.Shared))
	if err != nil {
		t.Fatal(err)
	}
	var list []*column.Block
	for i, payload := range encoded.Blocks {
		b, err := c.Block(bytes.Clone(payload), blocks[i].Len())
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, b)
	}
	return encoded, c, list
}

func TestGivesBack(t *testing.T) {
	e := column.NewEncoder()
	for name, s := range sources {
		t.Run(name, func(t *testing.T) {
			for seed := range uint64(12) {
				rng := rand.New(rand.NewPCG(seed, 3))
				sizes := []int{1 + rng.IntN(3000), 1 + rng.IntN(10), 1 + rng.IntN(500)}
				if name == "long" {
					sizes = []int{50, 300}
				}
				blocks := blocksOf(rng, s, sizes...)
				for _, use := range []column.Use{column.Values, column.Message} {
					_, _, list := read(t, e, blocks, use)
					for i, b := range list {
						same(t, b, &blocks[i], rng)
					}
				}
			}
		})
	}
}

func same(t *testing.T, b *column.Block, want *column.Texts, rng *rand.Rand) {
	t.Helper()
	var got, some column.Texts
	got.Append([]byte("before"))
	if err := b.Texts(&got); err != nil {
		t.Fatal(err)
	}
	rows := column.NewRows(want.Len())
	for i := range want.Len() {
		if rng.IntN(2) == 0 {
			rows.Clear(i)
		}
	}
	if err := b.Some(&some, rows); err != nil {
		t.Fatal(err)
	}
	codes, values, coded := b.Codes()
	for i := range want.Len() {
		w := want.At(i)
		if !bytes.Equal(got.At(i+1), w) {
			t.Fatalf("value %d: %q, want %q", i, got.At(i+1), w)
		}
		if rows.Has(i) != bytes.Equal(some.At(i), w) && len(w) > 0 || !rows.Has(i) && len(some.At(i)) > 0 {
			t.Fatalf("value %d of some: %q", i, some.At(i))
		}
		if coded && !bytes.Equal(values.At(int(codes[i])), w) {
			t.Fatalf("value %d by its code: %q", i, values.At(int(codes[i])))
		}
	}
}

// wanted is a matcher for tests.
type wanted struct {
	literal []byte
	match   func([]byte) bool
}

func (w wanted) Match(v []byte) bool { return w.match(v) }
func (w wanted) Literal() []byte     { return w.literal }

// containing is one that says so.
type containing struct {
	wanted
	whole bool
}

func (c containing) Whole() bool { return c.whole }

// matchers makes the ways to look for a literal.
func matchers(literal []byte) map[string]column.Matcher {
	anywhere := func(v []byte) bool { return bytes.Contains(v, literal) }
	whole := func(v []byte) bool { return column.ContainsWhole(v, literal) }
	digit := regexp.MustCompile(`\d`)
	return map[string]column.Matcher{
		"anywhere": containing{wanted{literal, anywhere}, false},
		"whole":    containing{wanted{literal, whole}, true},
		"asked":    wanted{literal, anywhere},
		"equal":    wanted{literal, func(v []byte) bool { return bytes.Equal(v, literal) }},
		"regexp": wanted{literal, func(v []byte) bool {
			_, behind, found := bytes.Cut(v, literal)
			return found && digit.Match(behind)
		}},
		"blind": wanted{nil, anywhere},
	}
}

// TestSelect: a search finds what looking at every value finds; a filter never hides it.
func TestSelect(t *testing.T) {
	e := column.NewEncoder()
	for name, s := range sources {
		t.Run(name, func(t *testing.T) {
			for seed := range uint64(6) {
				rng := rand.New(rand.NewPCG(seed, 4))
				n := 1500
				if name == "long" {
					n = 150
				}
				blocks := blocksOf(rng, s, n, 20)
				encoded, c, list := read(t, e, blocks, column.Message)
				filter := bytes.Clone(encoded.Filter)
				for range 60 {
					i := rng.IntN(len(blocks))
					literal := cut(rng, blocks[i].At(rng.IntN(blocks[i].Len())))
					if len(literal) == 0 {
						continue
					}
					for kind, m := range matchers(literal) {
						found := selects(t, list[i], &blocks[i], m, fmt.Sprintf("%s, %q", kind, literal))
						whole := kind == "whole"
						if found && kind != "blind" && kind != "regexp" && !passes(c, filter, literal, whole) {
							t.Fatalf("%s: the filter hides %q", kind, literal)
						}
					}
				}
			}
		})
	}
}

// cut takes a piece out of a value, often at the edges of words.
func cut(rng *rand.Rand, v []byte) []byte {
	if len(v) == 0 || len(v) > 1000 {
		return nil
	}
	from := rng.IntN(len(v))
	to := from + 1 + rng.IntN(min(len(v)-from, 12))
	if rng.IntN(2) == 0 {
		for from > 0 && column.IsToken(v[from-1]) {
			from--
		}
		for to < len(v) && column.IsToken(v[to]) {
			to++
		}
	}
	return v[from:to]
}

func passes(c *column.Column, filter, literal []byte, whole bool) bool {
	keys, possible := c.Need(literal, whole)
	for _, key := range keys {
		if len(filter) > 0 {
			line := column.FilterLine(int64(len(filter)), key)
			possible = possible && column.FilterHas(filter[line:line+64], key)
		}
	}
	return possible
}

func selects(t *testing.T, b *column.Block, values *column.Texts, m column.Matcher, what string) (found bool) {
	t.Helper()
	rows := column.NewRows(values.Len())
	for i := 0; i < values.Len(); i += 7 {
		rows.Clear(i)
	}
	if err := b.Select(rows, m); err != nil {
		t.Fatal(err)
	}
	for i := range values.Len() {
		want := m.Match(values.At(i))
		found = found || want
		if rows.Has(i) != (want && i%7 != 0) {
			t.Fatalf("%s: row %d, %q: selected %v", what, i, values.At(i), rows.Has(i))
		}
	}
	return found
}

func TestInts(t *testing.T) {
	e := column.NewEncoder()
	rng := rand.New(rand.NewPCG(1, 5))
	lists := [][]int64{nil, {0}, {math.MinInt64}, {math.MaxInt64, math.MinInt64, 0}, {5, 5, 5}, {1000, 2000, 3000}}
	for range 300 {
		var v []int64
		at, shift := int64(rng.Uint64())>>rng.IntN(64), rng.IntN(64)
		for range rng.IntN(500) {
			at += int64(rng.Uint64()) >> shift
			v = append(v, at)
		}
		lists = append(lists, v)
	}
	for _, v := range lists {
		data := e.AppendInts(nil, v)
		got, err := column.Ints([]int64{7}, data, len(v))
		if err != nil || len(got) != len(v)+1 || got[0] != 7 {
			t.Fatalf("%d integers: %d, %v", len(v), len(got), err)
		}
		for i := range v {
			if got[i+1] != v[i] {
				t.Fatalf("integer %d: %d, want %d", i, got[i+1], v[i])
			}
		}
	}
}

// TestFilter: it holds its keys, and hardly any other.
func TestFilter(t *testing.T) {
	e := column.NewEncoder()
	rng := rand.New(rand.NewPCG(1, 6))
	blocks := blocksOf(rng, sources["uuid"], 8000, 8000, 8000)
	filter := e.Encode(blocks, column.Values).Filter
	has := func(key []byte) bool {
		line := column.FilterLine(int64(len(filter)), key)
		return column.FilterHas(filter[line:line+64], key)
	}
	for i := range blocks {
		for k := range blocks[i].Ends {
			if !has(blocks[i].At(k)) {
				t.Fatalf("%q is not in the filter", blocks[i].At(k))
			}
		}
	}
	wrong := 0
	for range 20000 {
		if has([]byte(sources["uuid"](rng))) {
			wrong++
		}
	}
	if bits := float64(len(filter)*8) / 24000; wrong > 1000 || bits > 9 {
		t.Errorf("%d of 20000 false hits, %.1f bits a key", wrong, bits)
	}
}

// FuzzOpen: no bytes lead to a panic or to values that were not announced.
func FuzzOpen(f *testing.F) {
	e := column.NewEncoder()
	for _, name := range []string{"message", "small", "odd", "bytes", "address"} {
		blocks := blocksOf(rand.New(rand.NewPCG(1, 7)), sources[name], 200)
		encoded := e.Encode(blocks, column.Message)
		f.Add(bytes.Clone(encoded.Shared), bytes.Clone(encoded.Blocks[0]), 200)
	}
	f.Fuzz(func(t *testing.T, shared, payload []byte, n int) {
		c, err := column.Open(shared)
		if err != nil {
			known(t, err)
			return
		}
		c.Need([]byte("a1 b"), true)
		b, err := c.Block(payload, n)
		if err != nil {
			known(t, err)
			return
		}
		var texts column.Texts
		if err := b.Texts(&texts); err != nil {
			known(t, err)
			return
		}
		if texts.Len() != n {
			t.Errorf("%d values of %d", texts.Len(), n)
		}
		rows := column.NewRows(n)
		if err := b.Select(rows, wanted{[]byte("1"), func(v []byte) bool { return bytes.Contains(v, []byte("1")) }}); err != nil {
			known(t, err)
		}
	})
}

func known(t *testing.T, err error) {
	t.Helper()
	if !errors.Is(err, column.ErrDamaged) && !errors.Is(err, column.ErrNewer) {
		t.Error(err)
	}
}

func FuzzInts(f *testing.F) {
	e := column.NewEncoder()
	f.Add(e.AppendInts(nil, []int64{1, 5, 9}), 3)
	f.Fuzz(func(t *testing.T, data []byte, n int) {
		if n < 0 || n > column.MaxRows {
			return
		}
		if v, err := column.Ints(nil, data, n); err == nil && len(v) != n {
			t.Errorf("%d integers of %d", len(v), n)
		} else if err != nil {
			known(t, err)
		}
	})
}

// FuzzGivesBack cuts any bytes into values.
func FuzzGivesBack(f *testing.F) {
	for _, v := range odd {
		f.Add([]byte(v+"\n"+v+"1\n"+v+"22\n"+v+"\n"+v+"333"), byte('\n'))
	}
	e := column.NewEncoder()
	f.Fuzz(func(t *testing.T, data []byte, separator byte) {
		var texts column.Texts
		for _, v := range bytes.Split(data, []byte{separator}) {
			if texts.Len() < column.MaxRows {
				texts.Append(v)
			}
		}
		for _, use := range []column.Use{column.Values, column.Message} {
			_, _, list := read(t, e, []column.Texts{texts}, use)
			same(t, list[0], &texts, rand.New(rand.NewPCG(1, 1)))
		}
	})
}
