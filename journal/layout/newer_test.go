package layout_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"testing"

	"constat/entry"
	"constat/journal/frame"
	"constat/journal/layout"

	"github.com/klauspost/compress/zstd"
)

// TestNewerBlob: a codec or a flag that is not known, under a sound checksum, is of a newer program, not damage.
func TestNewerBlob(t *testing.T) {
	z, err := zstd.NewWriter(nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, at := range []int{20, 23, 56, 59} {
		data := layout.AppendBlob(make([]byte, frame.HeadHeaderSize), z, 7, 0, [entry.SaltSize]byte{}, []byte("value"))
		record := data[frame.HeadHeaderSize:]
		record[at] = 2
		if _, ok, err := layout.BlobAt(bytes.NewReader(data), frame.HeadHeaderSize, int64(len(data))); ok || err != nil {
			t.Errorf("byte %d, checksum wrong: %v, %v", at, ok, err)
		}
		binary.LittleEndian.PutUint32(record[60:], frame.Checksum(record[:60]))
		if _, ok, err := layout.BlobAt(bytes.NewReader(data), frame.HeadHeaderSize, int64(len(data))); ok || !errors.Is(err, frame.ErrNewer) {
			t.Errorf("byte %d: %v, %v", at, ok, err)
		}
	}
}
