package check

import (
	"fmt"
	"slices"
	"sort"
	"time"

	"constat/entry"
	"constat/journal/layout"
	"constat/seal"
)

// sealedRoots computes the root of a journal at the sizes that seals state, in one pass beside the check.
type sealedRoots struct {
	wants    []want
	next     int           // want that is not behind us
	frontier seal.Frontier // trails behind; blocks are taken whole where nothing is asked of them
	used     int           // leaves of the block at hand that the frontier has
	lost     bool          // something is missing: no root can be computed any more
	good     uint64        // newest size whose root is the sealed one
	bad      bool          // a root is another
	marks    []uint64      // indexes of entries whose time is compared with the seals around them
	at       map[uint64]seal.Hash
}

// moment is the time of a marked entry.
type moment struct {
	index uint64
	layout.Moment
}

// expect loads what is known of the journal from elsewhere, before its entries are read.
func (j *journalCheck) expect() {
	j.sealed.at = map[uint64]seal.Hash{}
	j.seals.seen[j.desc.ID] = true
	if list := j.seals.wants[j.desc.ID]; list != nil && j.dir != layout.System {
		j.sealed.wants = *list
		before := uint64(0)
		for i := range j.sealed.wants {
			size := j.sealed.wants[i].size
			if size > before {
				j.sealed.marks = append(j.sealed.marks, before)
				if size-1 > before {
					j.sealed.marks = append(j.sealed.marks, size-1)
				}
			}
			before = size
		}
	}
	j.reached()
}

// expectSeals is told which entries are seals before the leaves in front of them are taken: of the system journal,
// each states the root of what stands before it.
func (j *journalCheck) expectSeals(list []special) {
	if j.dir != layout.System {
		return
	}
	if s := &j.sealed; s.next == len(s.wants) {
		s.wants, s.next = s.wants[:0], 0
	}
	for i := range list {
		if list[i].entry.Kind == entry.Seal {
			j.sealed.wants = append(j.sealed.wants, want{size: list[i].index})
		}
	}
	j.reached()
}

// limit is the size up to which the journal is signed or sealed.
func (j *journalCheck) limit() uint64 {
	size := j.point.Size
	if n := len(j.sealed.wants); n > 0 && j.dir != layout.System {
		size = max(size, j.sealed.wants[n-1].size)
	}
	return size
}

// reached looks whether something is stated about the size that the journal has now.
func (j *journalCheck) reached() {
	s := &j.sealed
	for ; s.next < len(s.wants) && s.wants[s.next].size < j.next; s.next++ {
		if !s.lost {
			j.seals.pruned++
		}
	}
	if s.next == len(s.wants) || s.wants[s.next].size != j.next || !j.follow() {
		return
	}
	root := s.frontier.Root()
	if s.next++; j.dir == layout.System {
		s.at[j.next] = root
		return
	}
	j.compareSealed(&s.wants[s.next-1], root)
}

// follow brings the frontier to where the journal is. It returns false if something before is missing.
func (j *journalCheck) follow() bool {
	s := &j.sealed
	for !s.lost && s.used == 0 && s.frontier.Size()/seal.BlockSize < uint64(len(j.blocks)) {
		b := &j.blocks[s.frontier.Size()/seal.BlockSize]
		if s.lost = !b.known; !s.lost {
			s.frontier.AppendBlock(b.hash)
		}
	}
	s.lost = s.lost || !j.whole
	if !s.lost {
		j.catchUpLeaves()
	}
	return !s.lost
}

// catchUpLeaves appends the leaves of the block at hand.
func (j *journalCheck) catchUpLeaves() {
	s := &j.sealed
	for ; s.used < len(j.leaves); s.used++ {
		s.frontier.AppendSubtree(int(j.levels[s.used]), j.leaves[s.used])
	}
}

// blockEnds is told before the leaves of a block go.
func (j *journalCheck) blockEnds() {
	s := &j.sealed
	if s.used > 0 && !s.lost {
		if s.lost = !j.whole; !s.lost {
			j.catchUpLeaves()
		}
	}
	s.used = 0
}

func (j *journalCheck) compareSealed(w *want, root seal.Hash) {
	s := &j.sealed
	if root == w.root {
		s.good = w.size
		return
	}
	if s.bad {
		return // the same again
	}
	s.bad = true
	j.add(at(Finding{Rule: RuleSizes, File: j.dir, Journal: j.dir, Text: fmt.Sprintf(
		"entries do not give the root that seal %d states at size %d: changed, removed, added or reordered", w.counter, w.size)},
		s.good, max(w.size, s.good+1)-1))
}

// sealsEnd judges what is stated about sizes that were not reached, or not with everything below.
func (j *journalCheck) sealsEnd() {
	s := &j.sealed
	j.reached()
	if j.dir == layout.System || len(s.wants) == 0 || s.bad || j.report.isUnreadable() {
		return
	}
	if last := s.wants[len(s.wants)-1]; s.lost && s.good < last.size {
		first := max(s.good, min(j.skipped[0].first, last.size-1))
		j.add(at(Finding{Rule: RuleSizes, File: j.dir, Journal: j.dir, Text: fmt.Sprintf(
			"entries are missing that seal %d states, at size %d; what stands behind them cannot be compared with a sealed root", last.counter, last.size)},
			first, last.size-1))
	}
}

// nextMark is the place in marks of the first one at or behind an index.
func (j *journalCheck) nextMark(index uint64) int {
	n, _ := slices.BinarySearch(j.sealed.marks, index)
	return n
}

// moment compares the time of the first or last entry between two seals with theirs: R3, both ways.
func (j *journalCheck) moment(file string, m moment) {
	wants := j.sealed.wants
	k := sort.Search(len(wants), func(k int) bool { return wants[k].size > m.index })
	if k == len(wants) {
		return
	}
	w, first := &wants[k], uint64(0)
	if k > 0 {
		first = wants[k-1].size
	}
	if m.index == first && w.hasBefore && (layout.Moment{Epoch: m.Epoch, Received: m.Received + seal.ClockTolerance}).Before(w.before) {
		j.findAt(RuleTime, file, m.index, w.size, fmt.Sprintf("received at %s, which is before seal %d, of %s, that does not cover it",
			micros(m.Received), w.counter-1, micros(w.before.Received)))
	}
	if end := (layout.Moment{Epoch: w.epoch, Received: w.wall + seal.ClockTolerance}); m.index == w.size-1 && end.Before(m.Moment) {
		j.findAt(RuleTime, file, first, w.size, fmt.Sprintf("received at %s, which is after seal %d, of %s, that covers it",
			micros(m.Received), w.counter, micros(w.wall)))
	}
	if late := w.wall - m.Received; m.index == first && m.Epoch == w.epoch && w.due > 0 && late > w.due {
		j.seals.late, j.seals.latest = j.seals.late+1, max(j.seals.latest, late)
	}
}

// sealedAfter is a moment at or after which the entry of an index was received, because a seal does not cover it.
func (j *journalCheck) sealedAfter(index uint64) (layout.Moment, bool) {
	wants := j.sealed.wants
	k := sort.Search(len(wants), func(k int) bool { return wants[k].size > index })
	if k == len(wants) || !wants[k].hasBefore {
		return layout.Moment{}, false
	}
	m := wants[k].before
	m.Received -= seal.ClockTolerance
	return m, true
}

func micros(t int64) string { return time.UnixMicro(t).UTC().Format(time.RFC3339) }
