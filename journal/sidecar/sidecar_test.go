package sidecar_test

import (
	"bytes"
	"errors"
	"fmt"
	"testing"

	"constat/journal/frame"
	"constat/journal/sidecar"

	"pgregory.net/rapid"
)

// file is a file of private values.
func file(k sidecar.Key, values ...[]sidecar.Value) []byte {
	data := frame.AppendFileHeader(nil, frame.FileHeader{Kind: frame.Private})
	for _, list := range values {
		data = sidecar.AppendBlocks(data, k, list)
	}
	return data
}

// some makes values that ascend, some of them erased.
func some(from uint64, n int) (list []sidecar.Value) {
	for i := range n {
		v := sidecar.Value{Ref: sidecar.Ref{Index: from + uint64(i/2), Position: uint32(i%2) * 7}}
		if i%3 == 2 {
			v.Erased, v.By = true, sidecar.ErasureID{byte(i), 1}
		} else {
			v.Salt, v.Value = [16]byte{byte(i), 9}, fmt.Appendf(nil, "value %d", i)
		}
		list = append(list, v)
	}
	return list
}

// read opens every block with a key.
func read(data []byte, k sidecar.Key) (list []sidecar.Value, gaps int, err error) {
	r := bytes.NewReader(data)
	for b, err := range sidecar.Blocks(r, int64(len(data))) {
		if err != nil {
			return list, gaps, err
		}
		if b.Gap {
			gaps++
			continue
		}
		values, err := b.Values(r, k)
		if err != nil {
			return list, gaps, err
		}
		list = append(list, values...)
	}
	return list, gaps, nil
}

func same(t *testing.T, got, want []sidecar.Value) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%d values, want %d", len(got), len(want))
	}
	for i := range want {
		if got[i].Ref != want[i].Ref || got[i].Salt != want[i].Salt || !bytes.Equal(got[i].Value, want[i].Value) {
			t.Errorf("value %d: %+v, want %+v", i, got[i], want[i])
		}
	}
}

func TestReadsBack(t *testing.T) {
	k := sidecar.NewKey()
	a, b := some(5, 9), some(100, 3)
	got, gaps, err := read(file(k, a, b), k)
	if err != nil || gaps != 0 {
		t.Fatal(err, gaps)
	}
	same(t, got, append(a, b...))
}

func TestManyValuesInSeveralBlocks(t *testing.T) {
	k := sidecar.NewKey()
	many := some(0, 2*sidecar.MaxValues+10)
	large := []sidecar.Value{{Ref: sidecar.Ref{Index: 1 << 40}, Value: make([]byte, 3*sidecar.MaxBytes)}, {Ref: sidecar.Ref{Index: 1<<40 + 1}, Value: []byte("small")}}
	data := file(k, many, large)
	blocks := 0
	for b := range sidecar.Blocks(bytes.NewReader(data), int64(len(data))) {
		blocks++
		if len(b.Refs) > sidecar.MaxValues {
			t.Errorf("block of %d values", len(b.Refs))
		}
	}
	if blocks != 5 {
		t.Errorf("%d blocks, want 5", blocks)
	}
	got, _, err := read(data, k)
	if err != nil {
		t.Fatal(err)
	}
	same(t, got, append(many, large...))
}

func TestKeys(t *testing.T) {
	k := sidecar.NewKey()
	again, err := sidecar.ParseKey(k.ID, k.Marshal())
	if err != nil || again != k {
		t.Errorf("%v", err)
	}
	if len(sidecar.Overwritten()) != len(k.Marshal()) || len(k.Marshal()) != sidecar.KeyFileSize {
		t.Error("what a key is overwritten with is of another length")
	}
	if _, err := sidecar.ParseKey(k.ID, sidecar.Overwritten()); !errors.Is(err, sidecar.ErrDestroyed) {
		t.Errorf("overwritten: %v", err)
	}
	for _, bad := range []string{"", "zz\n", string(k.Marshal()[:64]), string(k.Marshal()) + "\n"} {
		if _, err := sidecar.ParseKey(k.ID, []byte(bad)); err == nil {
			t.Errorf("%q: no error", bad)
		}
	}
	data := file(k, some(0, 4))
	if _, _, err := read(data, sidecar.NewKey()); !errors.Is(err, frame.ErrDamaged) {
		t.Errorf("with another key: %v", err)
	}
}

// Every bit counts: whatever is changed, no value comes out that did not go in, and the hash is another.
func TestFlips(t *testing.T) {
	k := sidecar.NewKey()
	whole := file(k, some(3, 7))
	hash := hashes(t, whole)[0]
	for at := frame.HeadHeaderSize; at < len(whole); at++ {
		data := bytes.Clone(whole)
		data[at] ^= 1 << (at % 8)
		if got, gaps, err := read(data, k); err == nil && gaps == 0 {
			t.Errorf("byte %d: %d values are read all the same", at, len(got))
		}
		for _, h := range hashes(t, data) {
			if h == hash {
				t.Errorf("byte %d: the hash is the same", at)
			}
		}
	}
}

func hashes(t *testing.T, data []byte) (list []sidecar.Hash) {
	r := bytes.NewReader(data)
	for b, err := range sidecar.Blocks(r, int64(len(data))) {
		if err != nil {
			t.Fatal(err)
		}
		if b.Gap {
			continue
		}
		h, err := b.Hash(r)
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, h)
	}
	return list
}

// Damage costs the blocks that it touches.
func TestGaps(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		k := sidecar.NewKey()
		n := rapid.IntRange(1, 5).Draw(t, "blocks")
		data, at := file(k), []int{}
		for i := range n {
			at = append(at, len(data))
			data = sidecar.AppendBlocks(data, k, some(uint64(10*i), 4))
		}
		hit := rapid.IntRange(0, n-1).Draw(t, "hit")
		data[at[hit]+rapid.IntRange(0, 63).Draw(t, "byte")] ^= 0x55
		sound := 0
		for b, err := range sidecar.Blocks(bytes.NewReader(data), int64(len(data))) {
			if err != nil {
				t.Fatal(err)
			}
			if !b.Gap {
				sound++
			}
		}
		if sound != n-1 {
			t.Fatalf("%d of %d blocks are found", sound, n)
		}
	})
}

func FuzzBlocks(f *testing.F) {
	k, _ := sidecar.ParseKey(sidecar.KeyID{1}, append(bytes.Repeat([]byte("ab"), 32), '\n'))
	whole := file(k, some(0, 5), some(9, 3))
	f.Add(whole)
	f.Add(whole[:len(whole)-5])
	f.Add(append(bytes.Clone(whole[:100]), whole...))
	f.Add(file(k))
	f.Fuzz(func(t *testing.T, data []byte) {
		r := bytes.NewReader(data)
		at := int64(frame.HeadHeaderSize)
		for b, err := range sidecar.Blocks(r, int64(len(data))) {
			if err != nil {
				t.Fatal(err)
			}
			if b.Offset != at || b.Length <= 0 {
				t.Fatalf("block at %d of %d bytes, expected at %d", b.Offset, b.Length, at)
			}
			if at += b.Length; b.Gap {
				continue
			}
			if b.End() <= b.First() {
				t.Fatalf("block of entries %d to %d", b.First(), b.End())
			}
			values, err := b.Values(r, k)
			if err == nil && len(values) != len(b.Refs) {
				t.Fatalf("%d values, %d in the table", len(values), len(b.Refs))
			}
			if err != nil && !errors.Is(err, frame.ErrDamaged) {
				t.Fatal(err)
			}
		}
		if len(data) > frame.HeadHeaderSize && at != int64(len(data)) {
			t.Fatalf("ends at %d of %d", at, len(data))
		}
	})
}
