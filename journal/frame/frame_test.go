package frame_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"

	"constat/entry"
	"constat/journal/frame"
)

// key is the nonce key of the journal in these tests.
var key = entry.NonceKey{7, 7, 7}

var fileHeader = frame.FileHeader{Kind: frame.Head, Journal: frame.JournalID{1, 2, 3, 4, 5, 6, 7, 8}, First: 77,
	NonceKey: entry.NonceKey{9, 8, 7}}

// newHead makes a head with frames of one to n entries, compressible and not.
func newHead(t testing.TB, n int) []byte {
	t.Helper()
	encoder := frame.NewEncoder()
	rng := rand.New(rand.NewPCG(3, 4))
	data := frame.AppendFileHeader(nil, fileHeader)
	first := fileHeader.First
	for i := 1; i <= n; i++ {
		var payload []byte
		for k := range i {
			body := fmt.Appendf(nil, "body %d of frame %d", k, i)
			if i%2 == 0 {
				body = binary.LittleEndian.AppendUint64(body, rng.Uint64())
			}
			payload = frame.AppendBody(payload, body)
		}
		data = encoder.Append(data, payload, frame.Header{First: first, Count: uint32(i), Epoch: 1, MinReceived: int64(i), MaxReceived: int64(i), Kinds: 1}, key)
		first += uint64(i)
	}
	return data
}

// scan walks a head and checks what holds for any bytes: the extents follow each other and cover the file exactly,
// gaps never touch each other, and a frame lies within the file.
func scan(t testing.TB, data []byte) (frames, gaps []frame.Extent) {
	t.Helper()
	at, gap := int64(frame.HeadHeaderSize), false
	for x, err := range frame.Scan(bytes.NewReader(data), key, frame.HeadHeaderSize, int64(len(data))) {
		if err != nil {
			t.Fatal(err)
		}
		if x.Offset != at || x.Length <= 0 || x.Gap && gap {
			t.Fatalf("extent %+v at %d", x, at)
		}
		at, gap = at+x.Length, x.Gap
		if x.Gap {
			gaps = append(gaps, x)
		} else {
			frames = append(frames, x)
		}
	}
	if at != max(int64(len(data)), frame.HeadHeaderSize) {
		t.Fatalf("extents end at %d of %d", at, len(data))
	}
	return frames, gaps
}

func TestRoundTrip(t *testing.T) {
	data := newHead(t, 20)
	frames, gaps := scan(t, data)
	if len(frames) != 20 || len(gaps) != 0 {
		t.Fatalf("%d frames, %d gaps", len(frames), len(gaps))
	}
	decoder := frame.NewDecoder()
	end, codecs := int64(len(data)), map[frame.Codec]bool{}
	for i := len(frames) - 1; i >= 0; i-- {
		x, ok, err := frame.Before(bytes.NewReader(data), key, end, int64(len(data)))
		if err != nil || !ok || x != frames[i] {
			t.Fatalf("backwards at %d: %+v, %v, %v", end, x, ok, err)
		}
		payload, err := decoder.Payload(nil, bytes.NewReader(data), x.Offset, x.Header)
		if err != nil {
			t.Fatal(err)
		}
		bodies, err := frame.Bodies(nil, payload, x.Header.Count)
		if err != nil || !bytes.HasPrefix(bodies[i], fmt.Appendf(nil, "body %d of frame %d", i, i+1)) {
			t.Fatalf("frame %d: %q, %v", i, bodies, err)
		}
		end, codecs[x.Header.Codec] = x.Offset, true
	}
	if !codecs[frame.Stored] || !codecs[frame.S2] {
		t.Errorf("codecs tried: %v", codecs)
	}
}

// TestEveryByteOfFrame: no byte of a frame can change without the frame being refused, and its neighbours stay.
func TestEveryByteOfFrame(t *testing.T) {
	data := newHead(t, 4)
	whole, _ := scan(t, data)
	decoder := frame.NewDecoder()
	for i := frame.HeadHeaderSize; i < len(data); i++ {
		for bit := range 8 {
			changed := bytes.Clone(data)
			changed[i] ^= 1 << bit
			frames, _ := scan(t, changed)
			good := 0
			for _, x := range frames {
				payload, err := decoder.Payload(nil, bytes.NewReader(changed), x.Offset, x.Header)
				if err == nil {
					_, err = frame.Bodies(nil, payload, x.Header.Count)
				}
				if err == nil {
					good++
				} else if !errors.Is(err, frame.ErrDamaged) {
					t.Fatalf("byte %d bit %d: %v", i, bit, err)
				}
			}
			if good != len(whole)-1 {
				t.Fatalf("byte %d bit %d: %d of %d frames are good", i, bit, good, len(whole))
			}
		}
	}
}

func TestFileHeader(t *testing.T) {
	data := frame.AppendFileHeader(nil, fileHeader)
	for i := range data {
		for bit := range 8 {
			changed := bytes.Clone(data)
			changed[i] ^= 1 << bit
			_, err := frame.ParseFileHeader(changed, frame.Head)
			if want := frame.ErrDamaged; i < 8 && !errors.Is(err, frame.ErrNotOurs) || i >= 8 && !errors.Is(err, want) {
				t.Errorf("byte %d bit %d: %v", i, bit, err)
			}
		}
	}
	if _, err := frame.ParseFileHeader(data, frame.Tree); !errors.Is(err, frame.ErrNotOurs) {
		t.Errorf("a head as a tree: %v", err)
	}
	if _, err := frame.ParseFileHeader(data[:63], frame.Head); !errors.Is(err, frame.ErrDamaged) {
		t.Errorf("too short: %v", err)
	}
	binary.LittleEndian.PutUint16(data[8:], frame.Format+1)
	copy(data[44:], "something that a later format needs")
	binary.LittleEndian.PutUint32(data[60:], frame.Checksum(data[:60]))
	if _, err := frame.ParseFileHeader(data, frame.Head); !errors.Is(err, frame.ErrNewer) {
		t.Errorf("newer: %v", err)
	}
}

// TestPayloadBomb: what a header announces is not believed.
func TestPayloadBomb(t *testing.T) {
	encoder := frame.NewEncoder()
	decoder := frame.NewDecoder()
	bomb := encoder.Append(make([]byte, frame.HeadHeaderSize), make([]byte, frame.MaxRaw), frame.Header{Count: 1}, key)
	frames, _ := scan(t, bomb)
	if len(frames) != 1 {
		t.Fatalf("%d frames", len(frames))
	}
	h := frames[0].Header
	h.RawSize--
	if _, err := decoder.Payload(nil, bytes.NewReader(bomb), frames[0].Offset, h); !errors.Is(err, frame.ErrDamaged) {
		t.Errorf("payload longer than announced: %v", err)
	}
	tooLong := encoder.Append(make([]byte, frame.HeadHeaderSize), make([]byte, frame.MaxRaw+1), frame.Header{Count: 1}, key)
	if frames, gaps := scan(t, tooLong); len(frames) != 0 || len(gaps) != 1 {
		t.Errorf("%d frames of more than the limit", len(frames))
	}
}

// TestForeignFrame: a sender can put the image of a frame into a message, but not under the key of the journal.
func TestForeignFrame(t *testing.T) {
	encoder := frame.NewEncoder()
	payload := frame.AppendBody(nil, []byte("body"))
	h := frame.Header{Count: 1, Kinds: 1}
	data := encoder.Append(make([]byte, frame.HeadHeaderSize), payload, h, entry.NonceKey{1})
	for x, err := range frame.Scan(bytes.NewReader(data), key, frame.HeadHeaderSize, int64(len(data))) {
		if err != nil || !x.Gap {
			t.Errorf("%+v, %v; want a gap", x, err)
		}
	}
	if _, ok, err := frame.Before(bytes.NewReader(data), key, int64(len(data)), int64(len(data))); ok || err != nil {
		t.Errorf("found from the end: %v %v", ok, err)
	}
}
