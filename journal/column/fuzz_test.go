package column

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"testing"
)

// FuzzBlock reads arbitrary bytes as a column: nothing may panic, and what is refused must say so.
func FuzzBlock(f *testing.F) {
	rng := rand.New(rand.NewPCG(1, 1))
	for _, block := range []Texts{messages(rng, 200), textsOf("a", "a", "b"), textsOf("1", "5", "9", "-7"), textsOf(odd[:12]...), repeat(40, func(i int) string { return uuid(rng) })} {
		for _, use := range []Use{Values, Message} {
			out, err := NewEncoder().Encode([]Texts{block}, use)
			if err != nil {
				f.Fatal(err)
			}
			f.Add(out.Shared, out.Blocks[0], uint16(block.Len()))
		}
	}
	f.Fuzz(func(t *testing.T, shared, payload []byte, n uint16) { readDamaged(t, shared, payload, int(n)) })
}

// readDamaged reads a block in every way.
func readDamaged(t testing.TB, shared, payload []byte, n int) {
	known := func(err error) bool {
		if err != nil && !errors.Is(err, ErrDamaged) && !errors.Is(err, ErrNewer) && n <= MaxRows {
			t.Fatalf("error of another kind: %v", err)
		}
		return err == nil
	}
	c, err := Open(shared)
	if !known(err) {
		return
	}
	c.MayHold([]byte("port 12"))
	if values, ok := c.Dictionary(); ok && values.Len() > 0 && Lacks(shared, [][]byte{[]byte("x"), values.At(values.Len() / 2)}) {
		t.Fatalf("the dictionary lacks its value %q", values.At(values.Len()/2))
	}
	b, err := c.Block(payload, n)
	if !known(err) {
		return
	}
	var all, some Texts
	whole := known(b.Texts(&all))
	if whole && all.Len() != n {
		t.Fatalf("%d values, want %d", all.Len(), n)
	}
	rows := NewRows(n)
	for _, m := range []Matcher{containing("12"), asking("r 1"), asking("")} {
		if known(b.Select(rows, m)) && whole {
			for i := range n {
				if rows.Has(i) && !m.Match(all.At(i)) {
					t.Fatalf("%q selected for %q", all.At(i), m.Literal())
				}
			}
		}
	}
	known(b.Some(&some, rows))
	if n > 0 {
		if v, err := b.AppendValue(nil, n/2); known(err) && whole && !bytes.Equal(v, all.At(n/2)) {
			t.Fatalf("value %d alone is %q, else %q", n/2, v, all.At(n/2))
		}
	}
	b.Codes(nil)
	_, _, err = b.Ints(nil)
	known(err)
	b.Release()
}

// FuzzColumn encodes arbitrary values, which must come back.
func FuzzColumn(f *testing.F) {
	for i := range odd[:len(odd)-1] {
		f.Add([]byte(odd[i]+"\n"+odd[(i*7)%(len(odd)-1)]+"\n"+odd[i]), byte('\n'), i%2 == 0)
	}
	f.Add([]byte("a 1;a 2;a 3;a 4;b;a 1 2"), byte(';'), true)
	f.Add([]byte("1.2.3.4 x 1.2.3.4 y 1.2.3.4 z 9.9.9.9"), byte(' '), true)
	f.Fuzz(func(t *testing.T, data []byte, separator byte, message bool) {
		values := bytes.Split(data, []byte{separator})
		if len(values) > 4000 {
			return
		}
		use := Values
		if message {
			use = Message
		}
		var blocks [2]Texts
		for i, v := range values {
			blocks[i%2].Append(v)
		}
		out, c := roundTrip(t, blocks[:], use)
		checkSelect(t, blocks[:], out, c, string(values[len(values)/2]))
	})
}

// FuzzInts reads arbitrary bytes as integers.
func FuzzInts(f *testing.F) {
	e := NewEncoder()
	f.Add(e.AppendInts(nil, []int64{1, 2, 3, 900, 901}), uint16(5))
	f.Add(e.AppendInts(nil, []int64{5, 5, 5}), uint16(3))
	f.Add(e.AppendInts(nil, []int64{-1 << 63, 1<<63 - 1, 0}), uint16(3))
	f.Fuzz(func(t *testing.T, data []byte, n uint16) {
		v, err := Ints(nil, data, int(n))
		if err == nil && len(v) != int(n) || err != nil && !errors.Is(err, ErrDamaged) {
			t.Fatalf("%d integers, want %d: %v", len(v), n, err)
		}
	})
}

// TestDamagedBytesNeverPanic changes bytes of good columns. What is compressed hides changes from the reader's own
// checks, so headers are taken apart as well.
func TestDamagedBytesNeverPanic(t *testing.T) {
	rng := rand.New(rand.NewPCG(13, 14))
	e := NewEncoder()
	e.zip = nil // plain headers are damaged more deeply
	for _, block := range []Texts{messages(rng, 300), textsOf(odd[:20]...), repeat(60, func(int) string { return uuid(rng) })} {
		for _, use := range []Use{Values, Message} {
			out, err := e.Encode([]Texts{block}, use)
			if err != nil {
				t.Fatal(err)
			}
			for range 1000 {
				shared, payload := bytes.Clone(out.Shared), bytes.Clone(out.Blocks[0])
				for range 1 + rng.IntN(2) {
					payload[rng.IntN(min(len(payload), 1<<rng.IntN(16)))] = byte(rng.Uint32() >> rng.IntN(8))
					if len(shared) > 0 && rng.IntN(3) == 0 {
						shared[rng.IntN(len(shared))] = byte(rng.Uint32())
					}
				}
				readDamaged(t, shared, payload[:len(payload)-rng.IntN(3)/2], block.Len())
			}
		}
	}
}
