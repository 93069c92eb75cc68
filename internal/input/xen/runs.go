package xen

import (
	"fmt"
	"slices"

	"constat/entry"
	"constat/internal/parse/xen"
)

// Limits of what a domain can make the input believe.
const (
	maxRuns = 16      // that are remembered for a domain
	maxGap  = 1 << 32 // messages that can be missing at once
)

// runs follows the numbers of the frames of one domain.
type runs struct {
	list []run // the one that was seen last stands last
	any  bool  // all runs are known: one that is not begins now
}

type run struct {
	id   [entry.FrameRunSize]byte
	last uint64 // number of the last message
	over bool   // its end has come
}

// gap is what has not come of a run: the messages first to last.
type gap struct {
	run         string
	first, last uint64
	unseen      bool // they came before the input ran, or never
}

func (g gap) size() uint64 { return g.last - g.first + 1 }

// resume takes what was known before. What is no run is passed over.
func (r *runs) resume(list []KnownRun, all bool) {
	for _, known := range list {
		if len(known.Run) == entry.FrameRunSize {
			r.remember(-1, run{id: [entry.FrameRunSize]byte([]byte(known.Run)), last: known.Last})
		}
	}
	r.any = all
}

// saw takes a frame and says what is missing before it, if anything, and what is wrong with its number.
func (r *runs) saw(f xen.Frame) (missing gap, flag string) {
	at := slices.IndexFunc(r.list, func(known run) bool { return string(known.id[:]) == string(f.Run) })
	now := run{id: [entry.FrameRunSize]byte(f.Run)}
	if at >= 0 {
		now = r.list[at]
	}
	arrived := f.Number // the message with that number is known to have been sent, and this one has come
	if f.Kind == entry.FrameMessage {
		arrived--
	}
	switch {
	case f.Number > now.last && f.Number-now.last > maxGap:
		return gap{}, FlagNumber
	case f.Kind == entry.FrameMessage && f.Number <= now.last:
		flag = FlagRepeated
	case arrived > now.last:
		missing = gap{string(f.Run), now.last + 1, arrived, at < 0 && !r.any}
	}
	now.last, now.over = max(now.last, f.Number), f.Kind == entry.FrameEnd
	r.remember(at, now)
	return missing, flag
}

// remember puts a run last; of too many the one that was seen longest ago is forgotten.
func (r *runs) remember(at int, now run) {
	r.any = true
	switch {
	case at >= 0:
		r.list = slices.Delete(r.list, at, at+1)
	case len(r.list) == maxRuns:
		r.list = slices.Delete(r.list, 0, 1)
	}
	r.list = append(r.list, now)
}

// open lists the runs whose end has not come, with their last numbers.
func (r *runs) open() (list []string) {
	for _, known := range r.list {
		if !known.over {
			list = append(list, fmt.Sprintf("%s %d", known.id, known.last))
		}
	}
	return list
}
