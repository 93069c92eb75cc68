package segment_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"testing"

	"constat/journal/frame"
	"constat/journal/segment"
)

// TestNewerTrailer: flags in both trailers, under sound checksums, are of a newer program. In one of them they are what a
// damaged trailer is: the other counts.
func TestNewerTrailer(t *testing.T) {
	image := build(t, random(1, 50))
	flag := func(at int) {
		trailer := image[at : at+64]
		trailer[11] = 1
		binary.LittleEndian.PutUint32(trailer[60:], frame.Checksum(trailer[:60]))
	}
	flag(frame.HeadHeaderSize)
	if s := open(t, image); len(s.Damage()) != 1 {
		t.Errorf("one trailer: damage %v", s.Damage())
	}
	flag(len(image) - 64)
	if _, err := segment.Open(bytes.NewReader(image), int64(len(image)), header); !errors.Is(err, frame.ErrNewer) {
		t.Errorf("both trailers: %v", err)
	}
}
