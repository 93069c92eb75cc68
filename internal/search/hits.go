package search

import (
	"constat/journal"
	"constat/journal/frame"
)

// fewEntries is how many entries of a segment are decoded at first, since often no more are asked for.
const fewEntries = 128

// hits yields the entries that a segment was found to hold, and what of it cannot be read.
func (w *walk) hits(j *job) bool {
	gone := gap{walk: w, cause: j.scan.cause}
	seen := j.hits
	if !j.lost.empty() {
		seen = append(rowSet(nil), j.hits...)
		seen.or(j.lost)
	}
	if w.mark != nil && *w.mark >= j.from && *w.mark < min(j.to, j.segment.End()) {
		seen = append(rowSet(nil), seen...)
		seen.set(int(*w.mark - j.segment.First()))
	}
	for n, p := 0, w.step(seen, -1); p >= 0; n, p = n+1, w.step(seen, p) {
		if n == 0 || n == fewEntries {
			j.scan.r.Only(w.next(seen, p, n))
		}
		index := j.segment.First() + uint64(p)
		if w.steps++; w.steps%checkEvery == 0 && w.source.ctx.Err() != nil {
			return w.yield(found{}, w.source.ctx.Err()) && false
		}
		if !w.hit(j, &gone, index, p) {
			return false
		}
	}
	return gone.tell()
}

// next returns which positions of a set will be read next, of which p is the first and n have been read: some, then
// the rest; nil if these are so many that all may as well be decoded.
func (w *walk) next(set rowSet, p, n int) rowSet {
	out := newRowSet(64 * len(set))
	count, most := 0, fewEntries
	if n > 0 {
		most = 64 * len(set) / 4
	}
	for ; p >= 0 && count < most; p = w.step(set, p) {
		out.set(p)
		count++
	}
	if n > 0 && count == most {
		return nil
	}
	return out
}

// hit yields one entry.
func (w *walk) hit(j *job, gone *gap, index uint64, p int) bool {
	if j.lost.has(p) {
		return gone.add(index)
	}
	err := j.scan.r.Entry(index, &w.entry)
	if err == nil {
		err = j.scan.putBack(index, &w.entry)
	}
	if err != nil && isLost(err) {
		gone.cause = err
		return gone.add(index)
	}
	if !gone.tell() {
		return false
	}
	if err != nil {
		return w.yield(found{}, err) && false
	}
	return w.yield(found{journal.Item{Index: index, Entry: &w.entry}, j.hits.has(p)}, nil)
}

// step returns the next position of a set in the direction of the walk, -1 at the end. It begins with -1.
func (w *walk) step(set rowSet, at int) int {
	if !w.reverse {
		return set.next(at + 1)
	}
	if at < 0 {
		at = 64 * len(set)
	}
	return set.before(at)
}

// gap gathers indexes side by side that cannot be read.
type gap struct {
	*walk
	from, to uint64 // empty: none
	cause    error
}

// add notes an index; one that is not beside the others has those reported before.
func (g *gap) add(index uint64) bool {
	switch {
	case g.from == g.to:
	case index == g.to:
		g.to++
		return true
	case index+1 == g.from:
		g.from--
		return true
	}
	ok := g.tell()
	g.from, g.to = index, index+1
	return ok
}

// tell reports what was gathered.
func (g *gap) tell() bool {
	from, to := g.from, g.to
	g.from, g.to = 0, 0
	cause := g.cause
	if cause == nil {
		cause = frame.ErrDamaged
	}
	return g.missing(from, to, cause)
}
