package column

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
)

// textsOf makes a block of values.
func textsOf(values ...string) Texts {
	var t Texts
	for _, v := range values {
		t.Append([]byte(v))
	}
	return t
}

// roundTrip encodes blocks for both uses, decodes them and compares; it returns the encoding for that use.
func roundTrip(t testing.TB, blocks []Texts, use Use) (*Encoded, *Column) {
	t.Helper()
	e := NewEncoder()
	out, err := e.Encode(blocks, use)
	if err != nil {
		t.Fatal(err)
	}
	c, err := Open(out.Shared)
	if err != nil {
		t.Fatal(err)
	}
	for i := range blocks {
		b, err := c.Block(out.Blocks[i], blocks[i].Len())
		if err != nil {
			t.Fatal(err)
		}
		got := textsOf("before")
		if err := b.Texts(&got); err != nil {
			t.Fatal(err)
		}
		if got.Len() != blocks[i].Len()+1 {
			t.Fatalf("block %d: %d values, want %d more than one", i, got.Len(), blocks[i].Len())
		}
		for j := range blocks[i].Ends {
			if !bytes.Equal(got.At(j+1), blocks[i].At(j)) {
				t.Fatalf("block %d value %d: %q, want %q", i, j, got.At(j+1), blocks[i].At(j))
			}
		}
		for _, every := range []int{1, 3, 5, 64, blocks[i].Len() + 1} {
			checkSome(t, b, &blocks[i], every)
		}
	}
	return out, c
}

// checkSome asks for every so manyth value: many are decoded with the others, few are picked.
func checkSome(t testing.TB, b *Block, all *Texts, every int) {
	t.Helper()
	rows := make(Rows, (all.Len()+63)>>6)
	for j := every / 2; j < all.Len(); j += every {
		rows.Set(j)
	}
	got := textsOf("before")
	if err := b.Some(&got, rows); err != nil {
		t.Fatal(err)
	}
	for j := range all.Ends {
		if want := all.At(j); rows.Has(j) && !bytes.Equal(got.At(j+1), want) || !rows.Has(j) && len(got.At(j+1)) > 0 {
			t.Fatalf("value %d of one in %d: %q, it is %q", j, every, got.At(j+1), want)
		}
	}
}

// repeat makes n values by a function of their number.
func repeat(n int, value func(i int) string) Texts {
	var t Texts
	for i := range n {
		t.Append([]byte(value(i)))
	}
	return t
}

func TestKindsComeBackAndAreTaken(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for name, c := range map[string]struct {
		value func(i int) string
		most  float64 // bytes a value
	}{
		"constant":  {func(int) string { return "kernel" }, 0.02},
		"few":       {func(int) string { return fmt.Sprintf("node%d", rng.IntN(40)) }, 0.9},
		"counter":   {func(i int) string { return fmt.Sprint(1000000 + 7*i) }, 0.02},
		"negative":  {func(i int) string { return fmt.Sprint(rng.IntN(20001) - 10000) }, 2.01},
		"int64":     {func(i int) string { return fmt.Sprint(int64(rng.Uint64())) }, 8.1},
		"digits":    {func(i int) string { return fmt.Sprintf("%06d", rng.IntN(1e6)) }, 2.6},
		"hex":       {func(i int) string { return fmt.Sprintf("0x%08x", rng.Uint32()) }, 4.1},
		"hex upper": {func(i int) string { return fmt.Sprintf("%08X", rng.Uint32()) }, 4.1},
		"long hex":  {func(i int) string { return fmt.Sprintf("%016x%016x", rng.Uint64(), rng.Uint64()) }, 16.1},
		"uuid":      {func(i int) string { return uuid(rng) }, 16.1},
		"ipv4":      {func(i int) string { return fmt.Sprintf("10.%d.%d.%d", rng.IntN(256), rng.IntN(256), rng.IntN(256)) }, 3.1},
		"time": {func(i int) string {
			return string(appendTime(nil, 1760000000000000+int64(i)*1000+int64(rng.IntN(100)), 0))
		}, 1.1},
		"node and int": {func(i int) string { return fmt.Sprintf("node%d", rng.IntN(1<<16)) }, 2.1},
	} {
		t.Run(name, func(t *testing.T) {
			block := repeat(4096, c.value)
			out, _ := roundTrip(t, []Texts{block, block}, Values)
			if got := float64(len(out.Blocks[0])) / 4096; got > c.most {
				t.Errorf("%.3f bytes a value, want at most %.3f", got, c.most)
			}
		})
	}
}

func uuid(rng *rand.Rand) string {
	a, b := rng.Uint64(), rng.Uint64()
	return fmt.Sprintf("%08x-%04x-%04x-%04x-%012x", uint32(a), uint16(a>>32), uint16(a>>48), uint16(b), b>>16)
}

// odd are values that look like something that they are not.
var odd = []string{
	"", "0", "-0", "00", "-1", "+1", "1_000", "1.50", "1e9", "010.001.002.003", "1.2.3.4", "1.2.3.4.", "1.2.3.256", "256.1.1.1",
	"1.2.3", "..", "9223372036854775807", "9223372036854775808", "-9223372036854775807", "-9223372036854775808",
	"18446744073709551616", "000000000000000000", "0000000000000000000", "abcdefABCDEF", "DEADBEEF", "deadbeef", "0xdeadbeef",
	"deadbeefdeadbeef", "2026-11-25T13:00:00.123456Z", "2026-11-25T13:00:00,123456Z", "2026-02-30T13:00:00.123456Z",
	"0000-01-01T00:00:00.000000Z", "9999-12-31T23:59:59.999999Z", "2026-11-25T13:00:60.000000Z", "2026-11-25T13:00:00.123456+00:00",
	"\xff\xfe", "\x00", "\x01", "a\x01b1", "1\x01", "\n", "é1", "01234567-89ab-cdef-0123-456789abcdef", "01234567-89AB-cdef-0123-456789abcdef",
	"0123456789ab-cdef-0123-456789abcdef-", "::1", "fe80::1", "::", "FE80::1", "::ffff:1.2.3.4", "fe80::1%eth0", "1:0:0:0:0:0:0:1", "2001:db8::1:0", "port 22", "port 022", " 1 ", "1 1 1", "blk_-123", "blk_123", strings.Repeat("x", 60000),
}

func TestOddValuesComeBack(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	for range 60 {
		few := make([]string, 1+rng.IntN(4))
		for i := range few {
			few[i] = odd[rng.IntN(len(odd)-rng.IntN(2))]
		}
		blocks := make([]Texts, 1+rng.IntN(3))
		for i := range blocks {
			blocks[i] = repeat(rng.IntN(60), func(int) string {
				v := few[rng.IntN(len(few))]
				if rng.IntN(4) == 0 {
					v += few[rng.IntN(len(few))]
				}
				return v
			})
		}
		roundTrip(t, blocks, Values)
		roundTrip(t, blocks, Message)
	}
	for _, v := range odd {
		roundTrip(t, []Texts{textsOf(v)}, Values)
		roundTrip(t, []Texts{textsOf(v, v+"1", v+" 2")}, Message)
	}
}

// TestManyValuesComeBack encodes whole blocks that mix everything, for both uses.
func TestManyValuesComeBack(t *testing.T) {
	rng := rand.New(rand.NewPCG(15, 16))
	for range 4 {
		blocks := []Texts{messages(rng, MaxRows), messages(rng, 1+rng.IntN(MaxRows)), repeat(MaxRows, func(int) string { return junk(rng) })}
		roundTrip(t, blocks, Message)
		roundTrip(t, blocks, Values)
	}
}

// junk is a short text of bytes that mean something to an encoding.
func junk(rng *rand.Rand) string {
	const bytes = "000123456789abcdefABCDEF...---:::___  x\x01\x02\x80\xff\n"
	b := make([]byte, rng.IntN(14))
	for i := range b {
		b[i] = bytes[rng.IntN(len(bytes))]
	}
	return string(b)
}

func TestEmptyColumns(t *testing.T) {
	for _, use := range []Use{Values, Message} {
		roundTrip(t, nil, use)
		roundTrip(t, []Texts{{}}, use)
		roundTrip(t, []Texts{{}, textsOf("a"), {}}, use)
	}
}

func TestRefusals(t *testing.T) {
	e := NewEncoder()
	long := repeat(MaxRows+1, func(int) string { return "" })
	if _, err := e.Encode([]Texts{long}, Values); err == nil {
		t.Error("a block of too many values was encoded")
	}
	if _, err := e.Encode([]Texts{{Data: []byte("ab"), Ends: []uint32{2, 1}}}, Values); err == nil {
		t.Error("a block whose ends fall was encoded")
	}
	if _, err := Open([]byte{9, 0}); !errors.Is(err, ErrNewer) {
		t.Errorf("unknown shared part: %v", err)
	}
	if _, err := Open([]byte{1}); !errors.Is(err, ErrDamaged) {
		t.Errorf("shared part cut short: %v", err)
	}
	c, err := Open(nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.Block([]byte{9, 0, 0, 0, 0, 0}, 0); !errors.Is(err, ErrNewer) {
		t.Errorf("unknown block: %v", err)
	}
	if _, err := c.Block(nil, 0); !errors.Is(err, ErrDamaged) {
		t.Errorf("empty block: %v", err)
	}
}

func TestIntsComeBack(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 6))
	e := NewEncoder()
	for range 300 {
		v := make([]int64, rng.IntN(200))
		shift := rng.IntN(64)
		for i := range v {
			v[i] = int64(rng.Uint64()) >> shift
			if rng.IntN(2) == 0 && i > 0 {
				v[i] = v[i-1] + int64(rng.Uint64()>>shift)
			}
		}
		data := e.AppendInts([]byte("x"), v)
		got, err := Ints([]int64{7}, data[1:], len(v))
		if err != nil {
			t.Fatal(err)
		}
		if fmt.Sprint(got[1:]) != fmt.Sprint(v) || got[0] != 7 {
			t.Fatalf("%v, want 7 and %v", got, v)
		}
	}
}

func TestFilterAnswers(t *testing.T) {
	const n = 20000
	var keys keySet
	for i := range n {
		keys.add(hash(fmt.Appendf(nil, "token%d", i)))
	}
	filter := appendFilter(nil, keys.all())
	if bits := float64(len(filter)*8) / n; bits > 13 {
		t.Errorf("%.2f bits a key", bits)
	}
	has := func(key string) bool {
		at := FilterLine(int64(len(filter)), []byte(key))
		return FilterHas(filter[at:at+LineSize], []byte(key))
	}
	wrong := 0
	for i := range n {
		if !has(fmt.Sprintf("token%d", i)) {
			t.Fatalf("token%d is missing", i)
		}
		if has(fmt.Sprintf("other%d", i)) {
			wrong++
		}
	}
	t.Logf("%.2f %% false hits", 100*float64(wrong)/n)
	if wrong > n*2/100 {
		t.Errorf("%d false hits of %d", wrong, n)
	}
}
