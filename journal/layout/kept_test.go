package layout_test

import (
	"bytes"
	"errors"
	"fmt"
	"reflect"
	"testing"
	"time"

	"constat/entry"
	"constat/journal/frame"
	"constat/journal/layout"
	"constat/seal"
)

var keptHeader = frame.FileHeader{Kind: frame.Kept, Journal: frame.JournalID{1}, First: 300}

// keptExample keeps entries 310 and 400 to 401 of 300 to 999.
func keptExample() *layout.Kept {
	k := &layout.Kept{First: 300, End: 1000, Oldest: layout.Moment{Epoch: 1, Received: -5}, Newest: layout.Moment{Epoch: 2, Received: 7},
		Runs: []layout.Run{{First: 310, Count: 1}, {First: 400, Count: 2}}}
	for _, r := range k.Missing() {
		for i := range seal.Subtrees(r.First, r.End()) {
			k.Hashes = append(k.Hashes, seal.Hash{byte(i), byte(r.First)})
		}
	}
	return k
}

func readKept(data []byte) (*layout.KeptFile, error) {
	return layout.ReadKept(bytes.NewReader(data), int64(len(data)), keptHeader)
}

func TestKept(t *testing.T) {
	k := keptExample()
	if got := fmt.Sprint(k.Missing()); got != "[{300 10} {311 89} {402 598}]" {
		t.Errorf("missing %s", got)
	}
	for _, frames := range []string{"", "frames"} {
		data := layout.AppendKept(nil, keptHeader, k, []byte(frames))
		f, err := readKept(data)
		if err != nil || !reflect.DeepEqual(&f.Kept, k) || len(f.Damage) != 0 || string(data[f.Frames:f.FramesEnd]) != frames {
			t.Fatalf("%v: %+v", err, f)
		}
	}
}

// TestKeptFlipped: a byte that is changed anywhere but in header and frames is noticed, and costs nothing.
func TestKeptFlipped(t *testing.T) {
	k := keptExample()
	data := layout.AppendKept(nil, keptHeader, k, []byte("frames"))
	whole, err := readKept(data)
	if err != nil {
		t.Fatal(err)
	}
	for i := frame.HeadHeaderSize; i < len(data); i++ {
		if int64(i) >= whole.Frames && int64(i) < whole.FramesEnd {
			continue
		}
		data[i] ^= 1
		if f, err := readKept(data); err != nil || len(f.Damage) != 1 || !reflect.DeepEqual(&f.Kept, k) || f.Frames != whole.Frames {
			t.Fatalf("byte %d: %v", i, err)
		}
		data[i] ^= 1
	}
	for i := range data {
		if f, err := readKept(data[:i]); err == nil {
			t.Fatalf("cut to %d: %+v", i, f)
		}
	}
}

func FuzzReadKept(f *testing.F) {
	f.Add(layout.AppendKept(nil, keptHeader, keptExample(), nil))
	f.Add(layout.AppendKept(nil, keptHeader, &layout.Kept{First: 300, End: 301, Runs: []layout.Run{{First: 300, Count: 1}}}, []byte("x")))
	f.Fuzz(func(t *testing.T, data []byte) {
		k, err := readKept(data)
		if err != nil {
			if !errors.Is(err, frame.ErrDamaged) && err.Error() == "" {
				t.Error(err)
			}
			return
		}
		again := layout.AppendKept(nil, keptHeader, &k.Kept, data[k.Frames:k.FramesEnd])
		if len(k.Damage) == 0 && !bytes.Equal(again[frame.HeadHeaderSize:], data[frame.HeadHeaderSize:]) {
			t.Error("a second spelling")
		}
	})
}

func control(epoch uint32, received int64, what string, pairs ...string) *entry.Entry {
	e := layout.NewControl(what, "", pairs...)
	e.Epoch, e.Received = epoch, received
	return &e
}

func TestTimeline(t *testing.T) {
	var l layout.Timeline
	at := func(epoch uint32, seconds int64) layout.Moment {
		return layout.Moment{Epoch: epoch, Received: seconds * 1e6}
	}
	l.Learn(control(0, 100e6, layout.FloorSet, layout.JournalName, "app", layout.Floor, "7200"))
	l.Learn(control(1, 4000e6, layout.ClockStep, layout.Before, "200000000", layout.After, "4000000000"))
	l.Learn(control(1, 4100e6, layout.FloorSet, layout.JournalName, "app", layout.Floor, "60"))
	l.Learn(control(1, 4100e6, layout.FloorSet, layout.JournalName, "app", layout.Floor, "-1"))
	for _, c := range []struct {
		name string
		at   layout.Moment
		want time.Duration
	}{{"app", at(0, 99), 24 * time.Hour}, {"app", at(0, 100), 2 * time.Hour}, {"app", at(1, 50), 2 * time.Hour},
		{"app", at(1, 4100), time.Minute}, {"audit", at(1, 5000), 720 * time.Hour}, {"x", at(0, 0), 24 * time.Hour}} {
		if got := l.Floor(c.name, c.at); got != c.want {
			t.Errorf("floor of %s at %v: %v, want %v", c.name, c.at, got, c.want)
		}
	}
	if got := l.HighestFloor("app", at(0, 150), at(1, 5000)); got != 2*time.Hour {
		t.Errorf("highest floor %v", got)
	}
	if got := l.Age(at(0, 150), at(1, 4030)); got != 80*time.Second {
		t.Errorf("age over a step of the clock %v, want 80 s", got)
	}
	if got := l.Age(at(0, 150), at(0, 151)); got != time.Second {
		t.Errorf("age %v", got)
	}
}
