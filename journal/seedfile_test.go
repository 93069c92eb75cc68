package journal

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"

	"constat/internal/vfs"
	"constat/internal/vfs/crashfs"
	"constat/internal/vfs/faultfs"
)

func seedOf(i uint32) []byte { return bytes.Repeat([]byte{byte('A' + i)}, seedSize) }

// advance replaces seeds up to a number and says which was acknowledged last.
func advance(fsys vfs.FS, upTo uint32) (acknowledged int, err error) {
	acknowledged = -1
	s, err := createSeeds(fsys, "/seed")
	if err != nil {
		return acknowledged, err
	}
	defer s.close()
	for i := range upTo {
		if err := s.replace(0, i, seedOf(i)); err != nil {
			return acknowledged, err
		}
		acknowledged = int(i)
	}
	return acknowledged, nil
}

// holdsOne opens a seed file after a fault. It must hold the seed acknowledged last or the one that was being written,
// and after that no trace of any other.
func holdsOne(disk *crashfs.FS, acknowledged int) error {
	s, err := openSeeds(disk, "/seed")
	if isNotExist(err) && acknowledged < 0 {
		return nil
	}
	if err != nil {
		return err
	}
	defer s.close()
	if !s.holds() {
		if acknowledged >= 0 {
			return fmt.Errorf("no seed, want number %d", acknowledged)
		}
		return nil
	}
	if int(s.index) != acknowledged && int(s.index) != acknowledged+1 || !bytes.Equal(s.seed(), seedOf(s.index)) {
		return fmt.Errorf("seed %d %q, want number %d or the next", s.index, s.seed(), acknowledged)
	}
	data, err := disk.ReadFile("/seed")
	for i := range uint32(8) {
		if i != s.index && bytes.Contains(data, seedOf(i)[:4]) {
			err = fmt.Errorf("the seed is number %d, but number %d can still be read", s.index, i)
		}
	}
	return err
}

func TestSeedSurvivesPowerLoss(t *testing.T) {
	for k := 0; ; k++ {
		disk := crashfs.New()
		disk.SetHook(func(op crashfs.Op) error {
			if op.Index == k {
				disk.PowerOff()
			}
			return nil
		})
		acknowledged, err := advance(disk, 6)
		after := []*crashfs.FS{disk.Crash(nil), disk.CrashKeepAll()}
		for seed := range uint64(60) {
			after = append(after, disk.Crash(rand.New(rand.NewPCG(uint64(k), seed))))
		}
		for i, a := range after {
			if lost := holdsOne(a, acknowledged); lost != nil {
				t.Fatalf("power lost at %d, disk %d: %v", k, i, lost)
			}
		}
		if err == nil {
			return
		}
	}
}

func TestSeedSurvivesFaults(t *testing.T) {
	for _, mode := range faultfs.Modes() {
		for k := 0; ; k++ {
			disk := crashfs.New()
			fsys := faultfs.New(disk, faultfs.Plan{At: k, Mode: mode})
			acknowledged, err := advance(fsys, 6)
			if lost := holdsOne(disk, acknowledged); lost != nil {
				t.Fatalf("%v at %d: %v", mode, k, lost)
			}
			if err == nil {
				break
			}
			if _, err := advance(disk, 6); err != nil {
				t.Fatalf("%v at %d, then again: %v", mode, k, err)
			}
		}
	}
}

// TestSeedRetry: a failure to wipe the old seed is made good by the next call.
func TestSeedRetry(t *testing.T) {
	for k := range 12 {
		disk := crashfs.New()
		if _, err := advance(disk, 3); err != nil {
			t.Fatal(err)
		}
		s, err := openSeeds(faultfs.New(disk, faultfs.Plan{At: k, Mode: faultfs.Modes()[0]}), "/seed")
		if err != nil {
			continue
		}
		if err := s.replace(0, 3, seedOf(3)); err != nil {
			if err = s.replace(0, 3, seedOf(3)); err != nil {
				t.Errorf("fault at %d: %v", k, err)
			}
		}
		s.close()
		if err := holdsOne(disk.Crash(nil), 3); err != nil {
			t.Errorf("fault at %d: %v", k, err)
		}
	}
}

func TestSeedFileOfOthers(t *testing.T) {
	disk := crashfs.New()
	if err := disk.WriteFile("/seed", []byte("something else entirely")); err != nil {
		t.Fatal(err)
	}
	s, err := openSeeds(disk, "/seed")
	if err != nil {
		t.Fatal(err)
	}
	defer s.close()
	data, _ := disk.ReadFile("/seed")
	if s.holds() || string(data) != "something else entirely" {
		t.Errorf("holds %v, file %q", s.holds(), data)
	}
}

func TestLockedPage(t *testing.T) {
	p, err := newLockedPage()
	if err != nil {
		t.Fatal(err)
	}
	p.memory[0] = 1
	if err := errors.Join(p.wipe(), p.wipe()); err != nil || p.memory != nil {
		t.Errorf("%v; memory is still there: %v", err, p.memory != nil)
	}
}
