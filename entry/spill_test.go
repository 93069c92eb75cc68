package entry

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// blobStore keeps what Spill hands out.
type blobStore struct {
	salt   [SaltSize]byte
	blobs  [][]byte // by ordinal
	digest map[[DigestSize]byte][]byte
}

func (s *blobStore) put(ordinal int, data []byte) ([DigestSize]byte, error) {
	if ordinal != len(s.blobs) {
		return [DigestSize]byte{}, fmt.Errorf("blob %d after %d others", ordinal, len(s.blobs))
	}
	if s.digest == nil {
		s.digest = map[[DigestSize]byte][]byte{}
	}
	digest := BlobDigest(s.salt, data)
	s.digest[digest] = bytes.Clone(data)
	s.blobs = append(s.blobs, bytes.Clone(data))
	return digest, nil
}

// restore puts the blobs back into a list of fields.
func (s *blobStore) restore(t testing.TB, fields []Field) (out []Field) {
	t.Helper()
	for _, f := range fields {
		if f.Form != Blob && f.Form != Packed {
			out = append(out, f)
			continue
		}
		data, ok := s.digest[[DigestSize]byte(f.Value)]
		if !ok || uint64(len(data)) != f.Size {
			out = append(out, f) // of the original
			continue
		}
		if f.Form == Blob {
			out = append(out, Field{Name: f.Name, Provenance: f.Provenance, Value: data})
			continue
		}
		var d Decoder
		packed, err := d.DecodeFields(data)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, s.restore(t, packed)...)
	}
	return out
}

// moved returns the positions of the fields that are blobs, and whether everything was packed.
func moved(fields []Field) (positions []int, packed bool) {
	for i, f := range fields {
		if f.Form == Blob {
			positions = append(positions, i)
		}
		packed = packed || f.Form == Packed
	}
	return positions, packed
}

func cloneEntry(e *Entry) *Entry {
	c := *e
	c.Params = bytes.Clone(e.Params)
	c.Fields = slices.Clone(e.Fields)
	for i := range c.Fields {
		c.Fields[i].Value = bytes.Clone(c.Fields[i].Value)
	}
	return &c
}

// spill spills e and checks what must be true of every spill. It returns what became of the entry.
func spill(t *testing.T, e *Entry) (*Entry, *blobStore) {
	t.Helper()
	original, given := cloneEntry(e), e.Fields
	store := new(blobStore)
	if err := Spill(e, store.put); err != nil {
		t.Fatal(err)
	}
	if !slices.EqualFunc(given, original.Fields, sameField) {
		t.Error("Spill changed the list or the values that it was given")
	}
	body, err := AppendBody(nil, e)
	if err != nil || len(body) > MaxBody {
		t.Fatalf("does not fit afterwards: %d bytes, %v", len(body), err)
	}
	back := *e
	back.Fields = store.restore(t, e.Fields)
	if !sameEntry(&back, original) {
		t.Error("with its blobs put back the entry is not what it was")
	}
	spillAgain(t, original, e, store)
	return e, store
}

// spillAgain spills a copy with other digests and other surroundings: the same values must go in the same order.
func spillAgain(t *testing.T, original, e *Entry, store *blobStore) {
	t.Helper()
	again := cloneEntry(original)
	again.Fields = append(make([]Field, 0, 2*len(again.Fields)+7), again.Fields...)
	other := &blobStore{salt: [SaltSize]byte{1}}
	if err := Spill(again, other.put); err != nil {
		t.Fatal(err)
	}
	_, packed := moved(e.Fields)
	blobs := len(store.blobs)
	if packed {
		blobs-- // it holds digests, which are others
	}
	same := slices.EqualFunc(e.Fields, again.Fields, func(a, b Field) bool {
		return a.Name == b.Name && a.Form == b.Form && a.Size == b.Size && a.Provenance == b.Provenance
	})
	if !same || len(store.blobs) != len(other.blobs) || !slices.EqualFunc(store.blobs[:blobs], other.blobs[:blobs], bytes.Equal) {
		t.Error("the same entry was spilled in another way")
	}
}

// sized makes an entry with values of those sizes.
func sized(sizes ...int) *Entry {
	e := &Entry{Received: 1, Renderer: RenderText, Params: []byte("p")}
	for i, n := range sizes {
		e.Add(fmt.Sprintf("f%d", i), bytes.Repeat([]byte{byte(i)}, n), Provenance(i%3))
	}
	return e
}

func repeated(n, size int) []int {
	sizes := make([]int, n)
	for i := range sizes {
		sizes[i] = size
	}
	return sizes
}

func upTo(n int) (positions []int) {
	for i := range n {
		positions = append(positions, i)
	}
	return positions
}

func TestSpill(t *testing.T) {
	const k16 = SpillAbove
	for _, c := range []struct {
		name   string
		entry  *Entry
		moved  []int // positions that became blobs
		packed bool
		blobs  int // handed to store
	}{
		{"20 MB", sized(10, 20_000_000, 100), []int{1}, false, 1},
		{"all above 16 KiB go, even if one would do", sized(k16+1, 70000, 100, k16+1), []int{0, 1, 3}, false, 3},
		{"16 KiB exactly stays", sized(k16, k16, k16, k16+1, 1000), []int{3}, false, 1},
		{"16 KiB exactly goes as the largest", sized(k16-1, k16, k16, k16), []int{1}, false, 1},
		{"16 KiB less one", sized(k16-1, k16-1, k16-1, k16-1, 100), []int{0}, false, 1},
		{"the larger one, not the first", sized(9000, 9001, 9000, 9000, 9000, 9000, 9000, 9000), []int{1}, false, 1},
		{"first above 16 KiB, then the largest", sized(15000, 15001, 15000, 15000, 15002, 80000), []int{4, 5}, false, 2},
		{"100 of 1 KB", sized(repeated(100, 1024)...), upTo(38), false, 38},
		{"5000 names of 100 bytes", sized(repeated(5000, 100)...), nil, true, 1},
		{"5000 names of 42 bytes", sized(repeated(5000, 42)...), nil, true, 1},
		{"60000 tiny fields", sized(repeated(60000, 1)...), nil, true, 1},
		{"60000 fields of 200 bytes", sized(repeated(60000, 200)...), nil, true, 1},
		{"60000 tiny fields and 20 MB", sized(append(repeated(60000, 0), 20_000_000)...), nil, true, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			e, store := spill(t, c.entry)
			positions, packed := moved(e.Fields)
			if !slices.Equal(positions, c.moved) || packed != c.packed || len(store.blobs) != c.blobs {
				t.Errorf("blobs at %v, packed %v, %d stored; want %v, %v, %d", positions, packed, len(store.blobs), c.moved, c.packed, c.blobs)
			}
			if packed && len(e.Fields) != 1 {
				t.Errorf("packed, but %d fields", len(e.Fields))
			}
		})
	}
}

// TestSpillStops: moving stops at the very byte from which on the entry fits.
func TestSpillStops(t *testing.T) {
	for over, want := range [][]int{{0}, {0, 1}} {
		e := sized(16000, 15000, 15000, 15000, 10000, 10000)
		body, err := appendEntry(nil, e)
		if err != nil {
			t.Fatal(err)
		}
		last := &e.Fields[5]
		last.Value = append(last.Value, make([]byte, MaxBody+16000-DigestSize+over-len(body))...)
		e, _ = spill(t, e)
		if positions, _ := moved(e.Fields); !slices.Equal(positions, want) {
			t.Errorf("%d bytes more than fit with one blob: blobs at %v, want %v", over, positions, want)
		}
	}
}

// TestSpillPrivate: a private field is a digest already and never goes by itself; packed with all others it stays private.
func TestSpillPrivate(t *testing.T) {
	private := func(i int) Field {
		return Field{Name: fmt.Sprintf("p%d", i), Form: Private, Value: bytes.Repeat([]byte{byte(i)}, DigestSize)}
	}
	e := sized(70000, 10)
	e.Fields = append([]Field{private(0)}, append(e.Fields, private(1))...)
	e, store := spill(t, e)
	if positions, packed := moved(e.Fields); !slices.Equal(positions, []int{1}) || packed || len(store.blobs) != 1 {
		t.Errorf("blobs at %v, packed %v", positions, packed)
	}
	if !sameField(e.Fields[0], private(0)) || !sameField(e.Fields[3], private(1)) {
		t.Error("a private field was changed")
	}
	e = new(Entry)
	for i := range 3000 {
		e.Fields = append(e.Fields, private(i))
	}
	e, store = spill(t, e)
	fields := store.restore(t, e.Fields)
	for i := range fields {
		if !sameField(fields[i], private(i)) {
			t.Fatalf("private field %d is %+v", i, fields[i])
		}
	}
}

// TestSpillFits: an entry that fits is not touched, not even its list.
func TestSpillFits(t *testing.T) {
	for _, size := range []int{20000, MaxBody - 1, MaxBody} {
		e := entryOfSize(size)
		first := &e.Fields[0]
		err := Spill(e, func(int, []byte) ([DigestSize]byte, error) {
			t.Errorf("body of %d bytes: store called", size)
			return [DigestSize]byte{}, nil
		})
		if err != nil || first != &e.Fields[0] {
			t.Errorf("body of %d bytes: %v, list replaced: %v", size, err, first != &e.Fields[0])
		}
	}
	e, store := spill(t, entryOfSize(MaxBody+1))
	if positions, _ := moved(e.Fields); len(positions) != 1 || len(store.blobs) != 1 {
		t.Errorf("one byte too long: blobs at %v", positions)
	}
}

// TestSpillErrors: an error of store is returned wherever it happens, and the entry is as it was.
func TestSpillErrors(t *testing.T) {
	broken := errors.New("disk on fire")
	for _, e := range []*Entry{sized(20000, 30000, 40000, 15000, 15000), sized(append(repeated(2000, 60), 70000)...)} {
		all := new(blobStore)
		if err := Spill(cloneEntry(e), all.put); err != nil {
			t.Fatal(err)
		}
		original := cloneEntry(e)
		for fail := 0; fail < len(all.blobs); fail += 1 + len(all.blobs)/20 {
			store := new(blobStore)
			err := Spill(e, func(ordinal int, data []byte) ([DigestSize]byte, error) {
				if ordinal == fail {
					return [DigestSize]byte{}, broken
				}
				return store.put(ordinal, data)
			})
			if !errors.Is(err, broken) || len(store.blobs) != fail {
				t.Fatalf("failed at blob %d: %v, %d stored", fail, err, len(store.blobs))
			}
			if !sameEntry(e, original) {
				t.Fatalf("failed at blob %d: the entry was changed", fail)
			}
		}
	}
	for name, e := range map[string]*Entry{
		"parameters alone too long": {Params: make([]byte, MaxBody)},
		"bad name":                  sized(70000, 1),
	} {
		e.AddString(strings.TrimPrefix(name, "bad name"), "x", Claimed)
		original := cloneEntry(e)
		err := Spill(e, new(blobStore).put)
		if err == nil || errors.Is(err, ErrTooLong) != (name != "bad name") || !sameEntry(e, original) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// spillLiteral is the rule word by word: it encodes the entry again after every step.
func spillLiteral(e *Entry, store func(int, []byte) ([DigestSize]byte, error)) {
	fits := func() bool { _, err := AppendBody(nil, e); return err == nil }
	blobs := 0
	put := func(data []byte) []byte {
		digest, _ := store(blobs, data)
		blobs++
		return digest[:]
	}
	move := func(i int) {
		f := e.Fields[i]
		e.Fields[i] = Field{Name: f.Name, Provenance: f.Provenance, Form: Blob, Size: uint64(len(f.Value)), Value: put(f.Value)}
	}
	if fits() {
		return
	}
	original := slices.Clone(e.Fields)
	e.Fields = slices.Clone(e.Fields)
	for i, f := range e.Fields {
		if f.Form == Inline && len(f.Value) > DigestSize+10 {
			e.Fields[i] = Field{Name: f.Name, Provenance: f.Provenance, Form: Blob, Size: uint64(len(f.Value)), Value: make([]byte, DigestSize)}
		}
	}
	enough := fits()
	e.Fields = original
	if !enough {
		data, _ := appendFields(nil, e.Fields)
		e.Fields = []Field{{Provenance: Observed, Form: Packed, Size: uint64(len(data)), Value: put(data)}}
		return
	}
	for i, f := range e.Fields {
		if f.Form == Inline && len(f.Value) > SpillAbove {
			move(i)
		}
	}
	for !fits() {
		best := -1
		for i, f := range e.Fields {
			if f.Form == Inline && len(f.Value) > DigestSize+10 && (best < 0 || len(f.Value) > len(e.Fields[best].Value)) {
				best = i
			}
		}
		move(best)
	}
}

func TestSpillIsTheRule(t *testing.T) {
	size := rapid.OneOf(rapid.IntRange(0, 100), rapid.IntRange(40, 45), rapid.IntRange(1000, 3000), rapid.IntRange(SpillAbove-2, SpillAbove+2), rapid.IntRange(0, 70000))
	rapid.Check(t, func(t *rapid.T) {
		sizes := rapid.SliceOfN(size, 1, 40).Draw(t, "sizes")
		if rapid.IntRange(0, 9).Draw(t, "many") == 0 {
			sizes = append(sizes, repeated(2500, rapid.IntRange(0, 42).Draw(t, "small"))...)
		}
		e, literal := sized(sizes...), sized(sizes...)
		a, b := new(blobStore), new(blobStore)
		if err := Spill(e, a.put); err != nil {
			t.Fatal(err)
		}
		spillLiteral(literal, b.put)
		if !sameEntry(e, literal) || !slices.EqualFunc(a.blobs, b.blobs, bytes.Equal) {
			t.Fatalf("sizes %v: not what the rule says", sizes)
		}
	})
}
