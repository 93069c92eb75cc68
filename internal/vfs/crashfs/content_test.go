package crashfs

import (
	"bytes"
	"errors"
	"strings"
	"testing"
)

// durable returns a file system with one durable file, open.
func durable(t *testing.T, content string) (*FS, *handle) {
	t.Helper()
	disk := New()
	must(t, disk.WriteFile("/a", []byte(content)))
	f, err := disk.OpenWrite("/a")
	must(t, err)
	return disk, f.(*handle)
}

func TestSyncMakesContentDurable(t *testing.T) {
	disk, f := durable(t, "0123456789")
	write(t, f, 2, "ab")
	must(t, f.Truncate(8))
	write(t, f, 9, "c")
	if got := describe(t, disk.Crash(nil)); got != "/a=0123456789" {
		t.Errorf("before sync: %q", got)
	}
	must(t, f.Sync())
	for n := range 50 {
		if got := describe(t, disk.Crash(seed(n))); got != "/a=01ab4567\x00c" {
			t.Fatalf("after sync: %q", got)
		}
	}
}

func TestWritesSurviveInAnySubset(t *testing.T) {
	disk, f := durable(t, "....")
	for i, letter := range []string{"a", "b", "c", "d"} {
		write(t, f, int64(i), letter)
	}
	if got := len(outcomes(t, disk)); got != 16 {
		t.Errorf("%d different contents, want all 16", got)
	}
}

func TestOverwriteIsTorn(t *testing.T) {
	old, fresh := strings.Repeat("o", 2000), strings.Repeat("n", 2000)
	disk, f := durable(t, old)
	write(t, f, 0, fresh)
	front, back, inSector, atSector := 0, 0, 0, 0
	for n := range 1000 {
		data, err := disk.Crash(seed(n)).ReadFile("/a")
		must(t, err)
		changes := strings.Count(string(data), "no") + strings.Count(string(data), "on")
		if len(data) != len(old) || changes > 1 {
			t.Fatalf("seed %d: not one tear: %q", n, data)
		}
		cut := strings.Index(string(data), "no") + 1
		switch {
		case changes == 0:
		case data[0] == 'o':
			back++
		case cut%sector == 0:
			front, atSector = front+1, atSector+1
		default:
			front, inSector = front+1, inSector+1
		}
	}
	if front == 0 || back == 0 || inSector == 0 || atSector == 0 {
		t.Errorf("tears: front %d, back %d, in a sector %d, between sectors %d", front, back, inSector, atSector)
	}
}

func TestAppendIsLostTornZeroOrGarbage(t *testing.T) {
	disk, f := durable(t, "old")
	write(t, f, 3, strings.Repeat("n", 600))
	seen := map[string]int{}
	for n := range 1000 {
		data, err := disk.Crash(seed(n)).ReadFile("/a")
		must(t, err)
		if !bytes.HasPrefix(data, []byte("old")) || len(data) > 603 {
			t.Fatalf("seed %d: %q", n, data)
		}
		rest := data[3:]
		switch tail := bytes.TrimLeft(rest, "n"); {
		case len(rest) == 0:
			seen["lost"]++
		case len(rest) == 600 && len(tail) == 0:
			seen["whole"]++
		case len(tail) == 0:
			seen["torn"]++
		case len(bytes.Trim(tail, "\x00")) == 0 && len(tail) == len(rest):
			seen["zeros"]++
		case len(bytes.Trim(tail, "\x00")) == 0:
			seen["torn with zeros"]++
		case bytes.Trim(tail, "\x00")[0] == 'n':
			seen["back only"]++
		default:
			seen["garbage"]++
		}
	}
	if len(seen) != 7 {
		t.Errorf("not all of lost, whole, torn, zeros, torn with zeros, back only, garbage: %v", seen)
	}
}

func TestTruncateMayBeLost(t *testing.T) {
	disk, f := durable(t, "0123")
	must(t, f.Truncate(2))
	if got := strings.Join(outcomes(t, disk), "|"); got != "/a=01|/a=0123" {
		t.Errorf("left: %s", got)
	}
}

func TestFailedSyncLosesWrites(t *testing.T) {
	disk, f := durable(t, "0123")
	write(t, f, 2, "abcd")
	disk.SetHook(func(op Op) error {
		if op.Kind == Sync {
			return errors.New("bad disk")
		}
		return nil
	})
	if f.Sync() == nil {
		t.Fatal("sync succeeds")
	}
	disk.SetHook(nil)
	must(t, f.Sync())
	if got := describe(t, disk); got != "/a=01abcd" {
		t.Errorf("process sees %q", got)
	}
	if got := describe(t, disk.Crash(nil)); got != "/a=0123\x00\x00" {
		t.Errorf("disk has %q", got)
	}
	write(t, f, 2, "abcd")
	must(t, f.Sync())
	if got := describe(t, disk.Crash(nil)); got != "/a=01abcd" {
		t.Errorf("written anew, disk has %q", got)
	}
}

func TestPowerLossInSyncLosesNothingForSure(t *testing.T) {
	disk, f := durable(t, "0")
	write(t, f, 0, "1")
	disk.SetHook(func(Op) error { disk.PowerOff(); return nil })
	if err := f.Sync(); !errors.Is(err, ErrPowerLost) {
		t.Errorf("sync: error %v", err)
	}
	if got := strings.Join(outcomes(t, disk), "|"); got != "/a=0|/a=1" {
		t.Errorf("left: %s", got)
	}
}
