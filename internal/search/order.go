package search

import (
	"errors"
	"slices"

	"constat/journal"
)

// Event times of a journal go up and down while its order is that of the index. Merging such journals forwards and
// backwards gives two orders. The one that counts is that from the newest entry backwards, as it makes the newest N and
// the reverse cheap; forwards is then its reverse, and costs a first pass that only notes whose turn it is.

// turns is a number of entries in a row of one source.
type turns struct{ source, count int }

// plan is an order: turns, the last one first. err is why it could not be made.
type plan struct {
	turns []turns
	err   error
}

func (p *plan) add(source int) {
	if n := len(p.turns); n > 0 && p.turns[n-1].source == source {
		p.turns[n-1].count++
		return
	}
	p.turns = append(p.turns, turns{source, 1})
}

// tangled reports whether going forwards and backwards can differ: if several sources have an entry, and not all are
// in the order of their axis. It starts the merge.
func (m *merge) tangled() bool {
	if len(m.sources) < 2 || !slices.ContainsFunc(m.sources, func(s *source) bool { return s.filter.event }) {
		return false
	}
	m.start()
	event, filled := false, 0
	for _, s := range m.sources {
		if s.current {
			event = event || s.filter.event
			filled++
		}
	}
	return event && filled > 1
}

// backwards goes from the end to a place, or until it has met limit entries (0: all), and notes the order. It narrows
// the sources to what it has met. What cannot be read on the way is reported when it is met again.
func (m *merge) backwards(limit int, to *place) (p plan) {
	back := m.reversed()
	for _, s := range m.sources {
		s.r.From = s.r.To
	}
	defer back.close()
	back.mark(to)
	back.start()
	for seen := 0; limit == 0 || seen < limit; {
		i := back.first()
		if i < 0 {
			return p
		}
		s, r := back.sources[i], &m.sources[i].r
		var missing *journal.MissingError
		switch {
		case errors.As(s.err, &missing):
			r.From = min(r.From, missing.First)
		case s.err != nil:
			p.err = s.err
			return p
		default:
			r.From = s.item.Index
			if s.wanted {
				p.add(i)
				seen++
			}
			if to.is(i, s) {
				return p
			}
		}
		s.advance()
	}
	return p
}

// replay yields the entries in the order of a plan, at most limit of them (0: all), and what cannot be read.
func (m *merge) replay(p plan, limit int, yield func(Result, error) bool) {
	if p.err != nil {
		yield(Result{}, p.err)
		return
	}
	n := 0
	for len(p.turns) > 0 {
		last := &p.turns[len(p.turns)-1]
		if !m.sources[last.source].following(yield) {
			return
		}
		if n++; n == limit {
			return
		}
		if last.count--; last.count == 0 {
			p.turns = p.turns[:len(p.turns)-1]
		}
	}
	for _, s := range m.sources {
		for s.advance(); s.current && s.err != nil; s.advance() {
			if !s.yield(yield) {
				return
			}
		}
	}
}

// following yields the next entry of the source, and the errors before it. It returns false if there is nothing more
// to do.
func (s *source) following(yield func(Result, error) bool) bool {
	for s.advance(); s.current; s.advance() {
		if !s.yield(yield) {
			return false
		}
		if s.err == nil {
			return true
		}
	}
	return true
}
