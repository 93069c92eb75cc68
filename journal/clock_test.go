package journal_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"constat/entry"
	"constat/journal/layout"
)

// stamped is what matters of an entry here.
type stamped struct {
	epoch    uint32
	received int64
}

const (
	second = int64(time.Second / time.Microsecond)
	hour   = 3600 * second
	year   = 365 * 24 * hour
)

// TestClockSteps: what the wall clock does between two entries, in µs, whether the store is opened anew in between, and
// whether a new epoch must begin.
func TestClockSteps(t *testing.T) {
	to2099 := time.Date(2099, 1, 1, 0, 0, 0, 0, time.UTC).UnixMicro() - newClock().wall
	steps := []struct {
		name    string
		wall    int64
		restart bool
		epoch   bool
	}{
		{"a second passes", second, false, false},
		{"5 s back", -5 * second, false, false},
		{"on again", 6 * second, false, false},
		{"an hour ahead", hour, false, true},
		{"an hour back", -hour, false, true},
		{"a year ahead", year, false, true},
		{"5 s back at a restart", -5 * second, true, false},
		{"an hour back at a restart", -hour, true, true},
		{"off for an hour", hour, true, false},
		{"to 2099", to2099, false, true},
		{"a restart in 2099", second, true, false},
		{"and back", -to2099, false, true},
		{"to 2099 while it is off", to2099, true, false},
		{"and back while it is off", -to2099, true, true},
		{"10 s back", -10*second + 5000, false, false},
		{"before 1970", -60 * year, false, true},
		{"and back", 60 * year, false, true},
	}
	fsys, clock := newStore(t), newClock()
	w := open(t, fsys, clock)
	epoch, size := uint32(0), uint64(0)
	for _, s := range steps {
		before := clock.wall
		clock.wall += s.wall
		if s.wall > 0 && !s.epoch {
			clock.boot += s.wall // time passes
		}
		if s.restart {
			w.Close()
			clock.boot = 1_000_000
			w = open(t, fsys, clock)
		}
		list := messages(0, 2)
		if first := appendAll(t, w, "app", list); first != size {
			t.Fatalf("%s: first index %d, want %d", s.name, first, size)
		}
		size += 2
		if s.epoch {
			epoch++
		}
		if list[0].Epoch != epoch {
			t.Errorf("%s: epoch %d, want %d", s.name, list[0].Epoch, epoch)
		}
		if s.epoch && list[0].Received < clock.wall-100_000 || !s.epoch && list[0].Received < before-year {
			t.Errorf("%s: received %d, clock %d", s.name, list[0].Received, clock.wall)
		}
	}
	if err := w.Checkpoint(); err != nil {
		t.Fatal(err)
	}
	w.Close()
	r := verify(t, fsys)
	if r.Unsigned != 0 {
		t.Errorf("%d unsigned", r.Unsigned)
	}
	_, told := controls(t, fsys, layout.System, layout.ClockStep)
	if len(told) != int(epoch) {
		t.Fatalf("%d control entries about %d epochs", len(told), epoch)
	}
	for i, c := range told {
		for _, name := range []string{layout.Before, layout.After, layout.Boottime} {
			if layout.Text(&c, name) == "" {
				t.Errorf("step %d has no %s", i, name)
			}
		}
		if c.Epoch != uint32(i+1) || layout.Text(&c, layout.After) != fmt.Sprint(c.Received) {
			t.Errorf("step %d: epoch %d, received %d, after %s", i, c.Epoch, c.Received, layout.Text(&c, layout.After))
		}
	}
}

// TestSmallSteps: many small steps back are clamped, until they make more than the largest that is smoothed over.
func TestSmallSteps(t *testing.T) {
	fsys, clock := newStore(t), newClock()
	w := open(t, fsys, clock)
	var list []stamped
	for range 60 {
		clock.wall -= second
		e := []entry.Entry{message("tick")}
		appendAll(t, w, "app", e)
		list = append(list, stamped{e[0].Epoch, e[0].Received})
	}
	if !slices.IsSortedFunc(list, func(a, b stamped) int {
		if a.epoch != b.epoch {
			return int(a.epoch) - int(b.epoch)
		}
		return int(a.received - b.received)
	}) {
		t.Errorf("order: %v", list)
	}
	if last := list[len(list)-1]; last.epoch < 4 || last.epoch > 6 || last.received > clock.wall+11*second {
		t.Errorf("after a minute back: %+v, clock %d", last, clock.wall)
	}
	if err := w.Checkpoint(); err != nil {
		t.Fatal(err)
	}
	w.Close()
	verify(t, fsys)
	if _, told := controls(t, fsys, layout.System, layout.ClockStep); len(told) != int(list[len(list)-1].epoch) {
		t.Errorf("%d control entries about %d epochs", len(told), list[len(list)-1].epoch)
	}
}
