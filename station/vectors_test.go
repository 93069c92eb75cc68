package station

import (
	"bytes"
	"encoding/json"
	"hash/crc32"
	"os"
	"testing"
	"time"

	"constat/entry"
)

// vector is an entry and the bytes of its frame, which clients in other languages must write too.
type vector struct {
	Micros  int64  `json:"micros"`
	Level   Level  `json:"level"`
	Number  uint64 `json:"number"`
	Module  []byte `json:"module"`
	Host    []byte `json:"host"`
	Message []byte `json:"message"`
	Times   int    `json:"times"` // how often the message is repeated; 0 is once
	Frame   []byte `json:"frame"`
	Size    int    `json:"frame_size"` // in place of a long frame
	CRC32   uint32 `json:"frame_crc32"`
}

// TestVectors: the frames are those of testdata/frames.json, byte by byte.
func TestVectors(t *testing.T) {
	data, err := os.ReadFile("../testdata/frames.json")
	var list []vector
	if err == nil {
		err = json.Unmarshal(data, &list)
	}
	if err != nil || len(list) < 10 {
		t.Fatal(len(list), err)
	}
	for i, v := range list {
		message := bytes.Repeat(v.Message, max(v.Times, 1))
		e := Entry{Time: time.UnixMicro(v.Micros), Level: v.Level, Module: string(v.Module), Message: string(message)}
		if len(v.Host) > 0 {
			e.Fields = []Field{{"HOSTNAME", cut(string(v.Host), maxHost)}}
		}
		f, err := e.frame()
		if err != nil {
			t.Fatal(err)
		}
		f.Kind, f.Run, f.Number = entry.FrameMessage, []byte("9f3a5c01d2e4b687"), v.Number
		got := appendFrame(nil, f)
		if v.Size > 0 && (len(got) != v.Size || crc32.ChecksumIEEE(got) != v.CRC32) || v.Size == 0 && !bytes.Equal(got, v.Frame) {
			t.Errorf("vector %d: %d bytes\n%.200q\nwant %d\n%q", i, len(got), got, v.Size, v.Frame)
		}
	}
}
