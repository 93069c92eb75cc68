package search

import (
	"context"
	"iter"

	"constat/entry"
	"constat/journal"
)

// source is one view with the part of it that is wanted.
type source struct {
	ctx     context.Context
	view    *journal.View
	filter  *filter
	tell    *Explain
	r       journal.Range
	bound   *bound
	mark    *uint64 // index of an entry that must be met, wanted or not
	reverse bool

	next    func() (found, error, bool)
	stop    func()
	item    journal.Item
	err     error
	key     key
	wanted  bool // item matches
	current bool // item or err is set
}

// found is an entry that matches, or the marked one.
type found struct {
	journal.Item
	matches bool
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
		s.next, s.stop = iter.Pull2(s.found)
	}
	for {
		x, err, ok := s.next()
		s.item, s.err, s.current = x.Item, err, ok
		if !ok || err != nil {
			return
		}
		s.key = s.keyOf(s.item.Entry)
		s.wanted = x.matches && !s.bound.excludes(s.key, s.reverse)
		if s.wanted || s.isMark(s.item.Index) {
			return
		}
	}
}

func (s *source) isMark(index uint64) bool { return s.mark != nil && index == *s.mark }

// yield hands out the entry or the error at hand. It returns false if there is nothing more to do.
func (s *source) yield(yield func(Result, error) bool) bool {
	if s.err == nil {
		return yield(Result{Journal: s.view.Journal, Index: s.item.Index, Entry: s.item.Entry, Event: s.filter.event}, nil)
	}
	return yield(Result{Journal: s.view.Journal}, s.err) && isMissing(s.err)
}

func (s *source) close() {
	if s.stop != nil {
		s.stop()
	}
	s.next, s.stop, s.current = nil, nil, false
}
