package search

import (
	"context"
	"errors"
	"iter"

	"constat/entry"
	"constat/journal"
	"constat/journal/frame"
)

// source is one view with the part of it that is wanted.
type source struct {
	ctx     context.Context
	view    *journal.View
	filter  *filter
	r       journal.Range
	bound   *bound
	mark    *uint64 // index of an entry that must be met, wanted or not
	reverse bool

	next    func() (journal.Item, error, bool)
	stop    func()
	steps   uint
	item    journal.Item
	err     error
	key     key
	wanted  bool // item matches
	current bool // item or err is set
}

// key is the place of an entry among those of other journals.
type key struct {
	epoch uint32
	time  int64
}

func (k key) less(other key) bool {
	return k.epoch < other.epoch || k.epoch == other.epoch && k.time < other.time
}

// bound is where the wanted entries of a source begin, in its direction.
type bound struct {
	key
	included bool // entries of this very key are wanted
}

// excludes reports whether a key lies before the bound.
func (b *bound) excludes(k key, reverse bool) bool {
	switch {
	case b == nil:
		return false
	case k == b.key:
		return !b.included
	}
	return k.less(b.key) != reverse
}

func (s *source) keyOf(e *entry.Entry) key { return key{e.Epoch, s.filter.time(e)} }

// checkEvery is the number of entries between two looks at the context.
const checkEvery = 256

// advance goes to the next entry that matches or is marked, or to the next error.
func (s *source) advance() {
	if s.next == nil {
		s.r.Reverse, s.r.Skip = s.reverse, s.skip
		s.next, s.stop = iter.Pull2(s.view.Entries(s.r))
	}
	for {
		if s.steps++; s.steps%checkEvery == 0 && s.ctx.Err() != nil {
			s.current, s.err = true, s.ctx.Err()
			return
		}
		item, err, ok := s.next()
		s.item, s.err, s.current = item, err, ok
		if !ok || err != nil {
			return
		}
		s.key = s.keyOf(item.Entry)
		s.wanted = !s.bound.excludes(s.key, s.reverse) && s.filter.cond.holds(item.Index, item.Entry)
		if s.wanted || s.mark != nil && item.Index == *s.mark {
			return
		}
	}
}

// skip reports whether a frame need not be read.
func (s *source) skip(h frame.Header) bool {
	if s.mark != nil && h.First <= *s.mark && *s.mark < h.End() {
		return false
	}
	if s.filter.bounds.skip(h) {
		return true
	}
	last := h.MaxReceived
	if s.reverse {
		last = h.MinReceived
	}
	return !s.filter.event && s.bound.excludes(key{h.Epoch, last}, s.reverse)
}

// yield hands out the entry or the error at hand. It returns false if there is nothing more to do.
func (s *source) yield(yield func(Result, error) bool) bool {
	if s.err == nil {
		return yield(Result{Journal: s.view.Journal, Index: s.item.Index, Entry: s.item.Entry, Event: s.filter.event}, nil)
	}
	return yield(Result{Journal: s.view.Journal}, s.err) && s.isMissing()
}

// isMissing reports whether the error at hand speaks of indexes that cannot be read, after which it goes on.
func (s *source) isMissing() bool {
	var missing *journal.MissingError
	return errors.As(s.err, &missing)
}

func (s *source) close() {
	if s.stop != nil {
		s.stop()
	}
	s.next, s.stop, s.current, s.steps = nil, nil, false, 0
}
