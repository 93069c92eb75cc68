package search

import (
	"constat/journal"
	"constat/journal/frame"
)

// contextStage puts the entries that stand before and after each result in its journal beside it, each once.
type contextStage struct {
	stage
	before, after uint64
	reverse       bool
	views         map[frame.JournalID]*journal.View
	done          map[frame.JournalID]uint64 // entries below this are done; in reverse, those from there on
	kinds         kindIs
	missing       func(err error) error
}

func (s *contextStage) push(r *Result) error {
	v := s.views[r.Journal.ID]
	if r.Entry == nil || v == nil {
		return s.stage.push(r)
	}
	from, to := r.Index-min(s.before, r.Index), min(r.Index+s.after+1, v.Size)
	done, known := s.done[r.Journal.ID]
	if s.reverse {
		if known {
			to = min(to, done)
		}
		s.done[r.Journal.ID] = from
	} else {
		if known {
			from = max(from, done)
		}
		s.done[r.Journal.ID] = max(to, done)
	}
	return s.neighbours(v, r, journal.Range{From: from, To: to, Reverse: s.reverse})
}

// neighbours passes on a range of entries.
func (s *contextStage) neighbours(v *journal.View, r *Result, x journal.Range) error {
	for item, err := range v.Entries(x) {
		if err != nil {
			if err = s.missing(err); err != nil {
				return err
			}
			continue
		}
		if item.Index != r.Index && !s.kinds.holds(item.Index, item.Entry) {
			continue
		}
		n := Result{Journal: r.Journal, Index: item.Index, Entry: item.Entry, Event: r.Event}
		if err := s.stage.push(&n); err != nil {
			return err
		}
	}
	return nil
}
