package cli

import (
	"errors"
	"fmt"
	"math"
	"slices"

	"constat/entry"
	"constat/evidence"
	"constat/journal"
	"constat/journal/frame"
	"constat/journal/layout"
	"constat/seal"
)

// loggedNote is a cosigned checkpoint in an entry before what is shown.
type loggedNote struct {
	index  uint64
	signed []byte
}

// support are the entries that bound what is shown from below: of each witness that with its newest cosignature, whatever that
// is about.
func (a *anchors) support() (list []uint64) {
	type newest struct {
		index uint64
		time  int64
	}
	before := map[cosigner]newest{}
	for _, n := range a.recent {
		_, found, _ := seal.Cosignatures(n.signed) // a note that is none says nothing
		for _, c := range found {
			by := cosigner{name: c.Name, id: c.ID}
			if was, ok := before[by]; !ok || c.Time >= was.time {
				before[by] = newest{n.index, c.Time}
			}
		}
	}
	for _, at := range before {
		list = append(list, at.index)
	}
	slices.Sort(list)
	list = slices.Compact(list)
	list = list[max(0, len(list)-maxWitnessed):]
	if a.stampBefore != nil {
		list = append(list, a.stampBefore.index)
	}
	return list
}

// begin finds what stands before everything that is shown, and returns the seals that say so: of each journal the newest that
// states no more entries than come before the first one shown.
func (a *anchors) begin(d *evidence.Draft, system *signedLog) (seals []seal.Seal, err error) {
	limit, whole := uint64(math.MaxUint64), true
	for _, name := range d.Journals() {
		first, received, ok := d.First(name)
		if !ok {
			continue
		}
		if name == layout.System {
			limit = min(limit, first)
			continue
		}
		s, err := sealBefore(system, name, first, received)
		if err != nil {
			return nil, err
		}
		if whole = whole && s != nil; whole {
			seals, limit = append(seals, s.Seal), min(limit, s.index)
		}
	}
	if whole && limit < math.MaxUint64 {
		a.limit = limit
		return seals, nil
	}
	return nil, nil
}

// sealBefore returns the newest seal that states at most so many entries of a journal; nil: there is none. The time of the first
// entry behind them spares reading what is newer.
func sealBefore(system *signedLog, name string, entries uint64, received int64) (*loggedSeal, error) {
	skip := func(h frame.Header) bool { return h.Kinds&(1<<entry.Seal) == 0 || h.MinReceived > received }
	for item, err := range system.view.Entries(journal.Range{To: system.size, Reverse: true, Skip: skip}) {
		var missing *journal.MissingError
		if errors.As(err, &missing) {
			continue
		}
		if err != nil {
			return nil, err
		}
		if item.Entry.Kind != entry.Seal {
			continue
		}
		record, _ := item.Entry.Get(layout.SealField)
		s, err := seal.ParseSeal(record)
		if err != nil {
			return nil, fmt.Errorf("journal %s: entry %d: %w", layout.System, item.Index, err)
		}
		size, listed := sealedSize(&s, name)
		if !listed {
			return nil, nil // it is older than the journal
		}
		if size <= entries {
			return &loggedSeal{s, item.Index}, nil
		}
	}
	return nil, nil
}
