package frame_test

import (
	"bytes"
	"errors"
	"testing"

	"constat/entry"
	"constat/journal/frame"
)

func FuzzScan(f *testing.F) {
	head := newHead(f, 3)
	f.Add(head)
	f.Add(head[:len(head)-5])
	f.Add(append(bytes.Clone(head[:100]), head...))
	f.Add([]byte{})
	decoder := frame.NewDecoder()
	f.Fuzz(func(t *testing.T, data []byte) {
		frames, _ := scan(t, data)
		total := int64(0)
		for _, x := range frames {
			total += int64(x.Header.StoredSize)
			payload, err := decoder.Payload(nil, bytes.NewReader(data), x.Offset, x.Header)
			if err == nil && len(payload) != int(x.Header.RawSize) {
				t.Errorf("payload of %d bytes, header says %d", len(payload), x.Header.RawSize)
			}
			if err != nil && !errors.Is(err, frame.ErrDamaged) {
				t.Error(err)
			}
			if before, ok, _ := frame.Before(bytes.NewReader(data), key, x.Offset+x.Length, int64(len(data))); err == nil && (!ok || before != x) {
				t.Errorf("frame %+v is %+v from behind", x, before)
			}
		}
		if total > int64(len(data)) {
			t.Errorf("frames of %d bytes in %d", total, len(data))
		}
	})
}

func FuzzHeader(f *testing.F) {
	f.Add(frame.AppendFileHeader(nil, fileHeader), byte('h'))
	f.Add(frame.AppendFileHeader(nil, frame.FileHeader{Kind: frame.Blob}), byte('b'))
	f.Add([]byte("CONSTATt"), byte('t'))
	f.Fuzz(func(t *testing.T, data []byte, kind byte) {
		h, err := frame.ParseFileHeader(data, frame.Kind(kind))
		if err != nil {
			if !errors.Is(err, frame.ErrDamaged) && !errors.Is(err, frame.ErrNotOurs) && !frame.IsOther(err) {
				t.Error(err)
			}
			return
		}
		if !bytes.Equal(frame.AppendFileHeader(nil, h), data[:frame.HeadHeaderSize]) {
			t.Errorf("%+v has two spellings", h)
		}
	})
}

// FuzzHeaderValues makes headers from values, so that the checksum is no obstacle.
func FuzzHeaderValues(f *testing.F) {
	f.Add(uint64(1), []byte("journal!"), []byte("0123456789abcdef"))
	f.Fuzz(func(t *testing.T, first uint64, id, key []byte) {
		h := frame.FileHeader{Kind: frame.Head, First: first, Journal: frame.JournalID{}, NonceKey: entry.NonceKey{}}
		copy(h.Journal[:], id)
		copy(h.NonceKey[:], key)
		got, err := frame.ParseFileHeader(frame.AppendFileHeader(nil, h), frame.Head)
		if err != nil || got != h {
			t.Errorf("%+v became %+v: %v", h, got, err)
		}
	})
}

func FuzzBodies(f *testing.F) {
	f.Add(frame.AppendBody(frame.AppendBody(nil, []byte("one")), nil), uint32(2))
	f.Add([]byte{0x80, 0x00}, uint32(1))
	f.Add([]byte{}, uint32(0xffffffff))
	f.Fuzz(func(t *testing.T, payload []byte, count uint32) {
		bodies, err := frame.Bodies(nil, payload, count)
		if err != nil {
			if !errors.Is(err, frame.ErrDamaged) || len(bodies) > len(payload) {
				t.Errorf("%v after %d bodies", err, len(bodies))
			}
			return
		}
		var again []byte
		for _, body := range bodies {
			again = frame.AppendBody(again, body)
		}
		if len(bodies) != int(count) || !bytes.Equal(again, payload) {
			t.Errorf("%d bodies have two spellings", len(bodies))
		}
	})
}
