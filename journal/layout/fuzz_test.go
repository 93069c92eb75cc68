package layout_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"constat/journal/frame"
	"constat/journal/layout"
	"constat/journal/sidecar"

	"github.com/klauspost/compress/zstd"
)

func FuzzDescriptor(f *testing.F) {
	f.Add(store().Marshal())
	f.Add(descriptor(false).Marshal())
	f.Add(descriptor(true).Marshal())
	f.Add([]byte(`{"constat_journal": 9}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		d, err := layout.ParseJournal(data)
		known(t, err)
		if err == nil && (!bytes.Equal(d.Marshal(), data) || layout.ValidJournalName(d.Name) != nil) {
			t.Errorf("two spellings of %+v:\n%s", d, data)
		}
		s, err := layout.ParseStore(data)
		known(t, err)
		if err == nil && !bytes.Equal(s.Marshal(), data) {
			t.Errorf("two spellings of %+v:\n%s", s, data)
		}
	})
}

func FuzzBlob(f *testing.F) {
	whole := blobs(f, "one", "two", "three")
	f.Add(whole)
	f.Add(whole[:len(whole)-2])
	f.Add(append(bytes.Clone(whole[:90]), whole...))
	z, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(1<<20))
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		at, gap := int64(frame.HeadHeaderSize), false
		for rec, err := range layout.Blobs(bytes.NewReader(data), int64(len(data))) {
			if err != nil || rec.Offset != at || rec.Length <= 0 || gap && rec.Gap {
				t.Fatalf("record %+v at %d: %v", rec, at, err)
			}
			at, gap = at+rec.Length, rec.Gap
			if rec.Gap || rec.Size > 1<<20 {
				continue
			}
			value, err := rec.Value(bytes.NewReader(data), z)
			if err == nil && uint64(len(value)) != rec.Size || err != nil && !errors.Is(err, frame.ErrDamaged) {
				t.Errorf("%d bytes, want %d: %v", len(value), rec.Size, err)
			}
		}
		if at != max(int64(len(data)), frame.HeadHeaderSize) {
			t.Errorf("records end at %d of %d", at, len(data))
		}
	})
}

func FuzzSidecars(f *testing.F) {
	hash := strings.Repeat("0a", 32)
	f.Add(layout.PrivateBlocks, "8c796fcb0b0375a2", "65536", hash+" "+hash, "", "")
	f.Add(layout.Erased, "8c796fcb0b0375a2", "0", hash, strings.Repeat("ff", 16), "7")
	f.Add(layout.Erased, "8c796fcb0b0375a2", "-1", hash+"  "+hash, "", "x")
	f.Fuzz(func(t *testing.T, what, id, first, blocks, erasure, count string) {
		e := layout.NewControl(what, "m", layout.JournalIDOf, id, layout.FirstIndex, first, layout.Blocks, blocks,
			layout.Erasure, erasure, layout.Count, count)
		var s layout.Sidecars
		understood := s.Learn(&e, 3)
		speaks := what == layout.PrivateBlocks || what == layout.Erased
		if !speaks && (!understood || len(s.Blocks) > 0) {
			t.Errorf("%q is taken for an entry about private values", what)
		}
		for _, list := range s.Blocks {
			hashes := make([]sidecar.Hash, 0, len(list))
			for _, b := range list {
				hashes = append(hashes, b.Hash)
			}
			if !strings.EqualFold(layout.FormatHashes(hashes), blocks) || !understood {
				t.Errorf("%q is read as %v", blocks, hashes)
			}
		}
		if len(s.Erasures) > 0 && what != layout.Erased {
			t.Errorf("%q is taken for an erasure", what)
		}
		before := len(s.Blocks)
		if s.Learn(&e, 3); len(s.Blocks) != before {
			t.Error("learned twice")
		}
	})
}
