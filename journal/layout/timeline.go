package layout

import (
	"math"
	"slices"
	"strconv"
	"time"

	"constat/entry"
)

// Moment is a place on the ingest clock of a store. Within an epoch received time never goes backwards.
type Moment struct {
	Epoch    uint32
	Received int64 // µs
}

// Before reports whether m comes before o.
func (m Moment) Before(o Moment) bool {
	return m.Epoch < o.Epoch || m.Epoch == o.Epoch && m.Received < o.Received
}

// DefaultFloor is the age below which no entry of a journal is pruned, unless a control entry has said otherwise.
func DefaultFloor(journal string) time.Duration {
	if journal == AuditName {
		return 30 * 24 * time.Hour
	}
	return 24 * time.Hour
}

// Timeline is what the control entries of a store say of its clock and of the floors of retention. The zero value is
// that of a store without any.
type Timeline struct {
	steps  []clockStep
	floors map[string][]floorChange // by journal, in order
}

// clockStep is the beginning of an epoch.
type clockStep struct {
	epoch         uint32
	before, after int64 // µs
}

type floorChange struct {
	at    Moment
	floor time.Duration
}

// Learn takes from a control entry what it says of the clock or of a floor.
func (t *Timeline) Learn(e *entry.Entry) {
	switch Text(e, Control) {
	case ClockStep:
		before, err := strconv.ParseInt(Text(e, Before), 10, 64)
		after, err2 := strconv.ParseInt(Text(e, After), 10, 64)
		if err == nil && err2 == nil {
			t.steps = append(t.steps, clockStep{e.Epoch, before, after})
		}
	case FloorSet:
		seconds, err := strconv.ParseInt(Text(e, Floor), 10, 64)
		if err != nil || seconds < 0 || seconds > int64(1<<62/time.Second) {
			return
		}
		if t.floors == nil {
			t.floors = map[string][]floorChange{}
		}
		name := Text(e, JournalName)
		t.floors[name] = append(t.floors[name], floorChange{Moment{e.Epoch, e.Received}, time.Duration(seconds) * time.Second})
	}
}

// Floor is the floor of a journal that was in force at a moment.
func (t *Timeline) Floor(journal string, at Moment) time.Duration {
	floor := DefaultFloor(journal)
	for _, c := range t.floors[journal] {
		if !at.Before(c.at) {
			floor = c.floor
		}
	}
	return floor
}

// NewestFloor is the floor of a journal that is in force by what was learned last.
func (t *Timeline) NewestFloor(journal string) time.Duration {
	if list := t.floors[journal]; len(list) > 0 {
		return list[len(list)-1].floor
	}
	return DefaultFloor(journal)
}

// Clone returns an independent copy.
func (t *Timeline) Clone() Timeline {
	c := Timeline{steps: slices.Clone(t.steps), floors: make(map[string][]floorChange, len(t.floors))}
	for name, list := range t.floors {
		c.floors[name] = slices.Clone(list)
	}
	return c
}

// HighestFloor is the highest floor of a journal that was in force at any moment of a time.
func (t *Timeline) HighestFloor(journal string, from, to Moment) time.Duration {
	floor := t.Floor(journal, from)
	for _, c := range t.floors[journal] {
		if from.Before(c.at) && !to.Before(c.at) {
			floor = max(floor, c.floor)
		}
	}
	return floor
}

// Age is the time that has passed from one moment to a later one. Steps of the clock are not counted: whoever sets the
// clock makes nothing older.
func (t *Timeline) Age(from, to Moment) time.Duration {
	micros := to.Received - from.Received
	for _, s := range t.steps {
		if from.Epoch < s.epoch && s.epoch <= to.Epoch {
			micros -= s.after - s.before
		}
	}
	const most = math.MaxInt64 / int64(time.Microsecond)
	return time.Duration(min(max(micros, -most), most)) * time.Microsecond
}
