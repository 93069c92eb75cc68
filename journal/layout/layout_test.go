package layout_test

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"constat/entry"
	"constat/journal/frame"
	"constat/journal/layout"
	"constat/seal"

	"github.com/klauspost/compress/zstd"
)

func store() layout.Store {
	return layout.Store{Certificate: seal.Certificate{Store: seal.StoreID{1, 2, 3}, Origin: "host.example/log",
		Identity: seal.PublicKey{4, 5, 6}, SealAfter: 60, Heartbeat: 900, Keys: 16}}
}

func descriptor(predecessor bool) layout.Journal {
	d := layout.Journal{Name: "app", ID: frame.JournalID{1, 2}, Origin: "host.example/log/app", NonceKey: entry.NonceKey{3, 4}, Axis: layout.Received}
	if predecessor {
		d.Predecessor = &frame.JournalID{7, 8}
	}
	return d
}

// TestDescriptorsHaveOneSpelling: no byte can change without being refused or changing what the descriptor says.
func TestDescriptorsHaveOneSpelling(t *testing.T) {
	for _, d := range []layout.Journal{descriptor(false), descriptor(true)} {
		data := d.Marshal()
		if got, err := layout.ParseJournal(data); err != nil || got.Digest() != d.Digest() {
			t.Fatalf("%s: %v", data, err)
		}
		everyChange(data, func(changed []byte) {
			got, err := layout.ParseJournal(changed)
			if err == nil && got.Digest() == d.Digest() {
				t.Errorf("accepted as the same:\n%s", changed)
			}
			known(t, err)
		})
	}
	s := store()
	data := s.Marshal()
	if got, err := layout.ParseStore(data); err != nil || got != s {
		t.Fatalf("%s: %v", data, err)
	}
	everyChange(data, func(changed []byte) {
		got, err := layout.ParseStore(changed)
		if err == nil && got.Certificate.Code() == s.Certificate.Code() {
			t.Errorf("accepted as the same:\n%s", changed)
		}
		known(t, err)
	})
}

// everyChange calls try with every bit flipped, every byte left out, and a blank put in everywhere.
func everyChange(data []byte, try func([]byte)) {
	for i := range data {
		for bit := range 8 {
			changed := bytes.Clone(data)
			changed[i] ^= 1 << bit
			try(changed)
		}
		try(append(bytes.Clone(data[:i]), data[i+1:]...))
		try(append(append(bytes.Clone(data[:i]), ' '), data[i:]...))
	}
	try(append(bytes.Clone(data), '\n'))
}

// known checks that an error says which of the things that can be wrong it is.
func known(t *testing.T, err error) {
	t.Helper()
	if err != nil && !errors.Is(err, frame.ErrDamaged) && !errors.Is(err, frame.ErrNotOurs) && !frame.IsOther(err) {
		t.Error(err)
	}
}

func TestDescriptorOfOtherFormat(t *testing.T) {
	newer := strings.Replace(string(descriptor(false).Marshal()), fmt.Sprintf(`: %d,`, layout.Format), `: 7, "more": true,`, 1)
	if _, err := layout.ParseJournal([]byte(newer)); !errors.Is(err, frame.ErrNewer) {
		t.Errorf("newer: %v", err)
	}
	if _, err := layout.ParseJournal(store().Marshal()); !errors.Is(err, frame.ErrNotOurs) {
		t.Errorf("store.json as a journal: %v", err)
	}
	if _, err := layout.ParseStore(descriptor(false).Marshal()); !errors.Is(err, frame.ErrNotOurs) {
		t.Errorf("journal.json as a store: %v", err)
	}
}

func TestNames(t *testing.T) {
	for _, first := range []uint64{0, 1, 65536, 9_999_999_999_999_999, 10_000_000_000_000_000, 1<<63 - 1} {
		if got, ok := layout.ParseHeadName(layout.HeadName(first)); !ok || got != first {
			t.Errorf("%s: %d, %v", layout.HeadName(first), got, ok)
		}
		if got, ok := layout.ParseBlobName(layout.BlobName(first)); !ok || got != first {
			t.Errorf("%s: %d, %v", layout.BlobName(first), got, ok)
		}
	}
	for _, first := range []uint64{0, 65536, 10_000_000_000_000_000} {
		name := layout.SegmentName(first)
		if got, ok := layout.ParseSegmentName(name); !ok || got != first || layout.IsUnfinishedSegment(name) {
			t.Errorf("%s: %d, %v", name, got, ok)
		}
		if !layout.IsUnfinishedSegment(name + ".tmp") {
			t.Errorf("%s.tmp is not unfinished", name)
		}
	}
	for _, name := range []string{"head-0000000000000001.seg", "1.seg", ".seg", "0000000000000001.seg.torn-x", "0000000000000001.blob"} {
		if first, ok := layout.ParseSegmentName(name); ok || layout.IsUnfinishedSegment(name) {
			t.Errorf("%q is the segment at %d", name, first)
		}
	}
	for _, name := range []string{"", "head-.log", "head-1.log", "head-00000000000000001.log", "head-000000000000000a.log",
		"head-+000000000000001.log", "0000000000000001.log", "head-0000000000000001.log.torn-x", "head-0000000000000001.blob"} {
		if first, ok := layout.ParseHeadName(name); ok {
			t.Errorf("%q is the head at %d", name, first)
		}
	}
	for _, name := range []string{"head-0000000000000001.blob", "1.blob", "0000000000000001.blob.tmp", ".blob"} {
		if first, ok := layout.ParseBlobName(name); ok {
			t.Errorf("%q is the blob file at %d", name, first)
		}
	}
	at := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	if name := layout.TornName("tree", at); name != "tree.torn-20260102T030405Z" || !layout.IsTorn(name) || layout.IsTorn("tree") {
		t.Error(name)
	}
	name := layout.DamagedName("app", at)
	if of, ok := layout.DamagedOf(name); !ok || of != "app" || !layout.IsDamaged(name) || layout.ValidJournalName(name) == nil {
		t.Error(name, of, ok)
	}
	if of, ok := layout.DamagedOf("app"); ok || of != "app" {
		t.Error(of, ok)
	}
	for name, ok := range map[string]bool{"system": true, "user-1000": true, "a_b": true, "": false, "-x": false, "..": false,
		"A": false, "a/b": false, "a.b": false, strings.Repeat("x", 64): true, strings.Repeat("x", 65): false} {
		if err := layout.ValidJournalName(name); (err == nil) != ok {
			t.Errorf("%q: %v", name, err)
		}
	}
}

// blobs makes a blob file with the given values, entry i having the i-th.
func blobs(t testing.TB, values ...string) []byte {
	t.Helper()
	z, err := zstd.NewWriter(nil)
	if err != nil {
		t.Fatal(err)
	}
	data := frame.AppendFileHeader(nil, descriptor(false).Header(frame.Blob, 0))
	for i, v := range values {
		data = layout.AppendBlob(data, z, uint64(i), uint32(i%3), [entry.SaltSize]byte{byte(i)}, []byte(v))
	}
	return data
}

func TestBlobs(t *testing.T) {
	noise := make([]byte, 200)
	for i := range noise {
		noise[i] = byte(rand.New(rand.NewPCG(uint64(i), 0)).Uint32())
	}
	values := []string{"", strings.Repeat("x", 1000), string(noise), "last"}
	data := blobs(t, values...)
	z, _ := zstd.NewReader(nil)
	read := func(data []byte) map[uint64]string {
		got, at := map[uint64]string{}, int64(frame.HeadHeaderSize)
		for rec, err := range layout.Blobs(bytes.NewReader(data), int64(len(data))) {
			if err != nil || rec.Offset != at || rec.Length <= 0 {
				t.Fatalf("record %+v at %d: %v", rec, at, err)
			}
			at += rec.Length
			if value, err := rec.Value(bytes.NewReader(data), z); !rec.Gap && err == nil {
				got[rec.Index] = string(value)
			}
		}
		if at != int64(len(data)) {
			t.Fatalf("records end at %d of %d", at, len(data))
		}
		return got
	}
	if got := read(data); len(got) != len(values) || got[1] != values[1] || got[2] != values[2] {
		t.Errorf("read %d values: %v", len(got), got)
	}
	for i := frame.HeadHeaderSize; i < len(data); i++ {
		changed := bytes.Clone(data)
		changed[i] ^= 0xff
		if got := read(changed); len(got) != len(values)-1 {
			t.Errorf("byte %d changed: %d values are left", i, len(got))
		}
	}
}
