package search

import (
	"errors"
	"iter"

	"constat/entry"
	"constat/journal"
	"constat/journal/frame"
	"constat/journal/layout"
)

// Query is a filter with an order.
type Query struct {
	Filter
	Reverse bool      // newest first
	Limit   int       // the newest so many, or the first ones from a cursor on; 0: all
	Cursor  *Position // begin at this entry, included
	From    []uint64  // first index for each view; nil: 0
}

// Position is an entry of a store.
type Position struct {
	Journal frame.JournalID
	Index   uint64
}

// ErrNoEntry says that a cursor does not name an entry of this store.
var ErrNoEntry = errors.New("no such entry in this store")

// Result is an entry that matches. The entry is valid until the next step.
type Result struct {
	Journal layout.Journal
	Index   uint64
	Entry   *entry.Entry
	Event   bool // its time on the axis is the event time
}

// Run yields what matches in the views, oldest first unless the query says otherwise. With a limit these are the
// newest ones. Indexes that cannot be read come as [*journal.MissingError], once, after which it goes on.
func Run(views []*journal.View, q Query) iter.Seq2[Result, error] {
	return func(yield func(Result, error) bool) {
		m, err := newMerge(views, q)
		if err != nil {
			yield(Result{}, err)
			return
		}
		if q.Limit > 0 && !q.Reverse && q.Cursor == nil {
			if m, err = m.newest(q.Limit); err != nil {
				yield(Result{}, err)
				return
			}
			q.Limit = 0
		}
		m.run(q.Limit, yield)
	}
}

// merge puts the matching entries of several views into one order.
type merge struct {
	reverse bool
	sources []*source
}

// source is one view with the part of it that is wanted.
type source struct {
	view    *journal.View
	filter  *compiled
	r       journal.Range
	bound   *key // entries on the wrong side of it are not wanted
	reverse bool

	next    func() (journal.Item, error, bool)
	stop    func()
	item    journal.Item
	err     error
	key     key
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

func newMerge(views []*journal.View, q Query) (*merge, error) {
	m := &merge{reverse: q.Reverse}
	for i, v := range views {
		s := &source{view: v, filter: q.Filter.compile(v.Journal), r: v.All(), reverse: q.Reverse}
		if q.From != nil {
			s.r.From = q.From[i]
		}
		s.r.Reverse, s.r.Skip = q.Reverse, s.filter.skip
		m.sources = append(m.sources, s)
	}
	if q.Cursor != nil {
		return m, m.begin(*q.Cursor)
	}
	return m, nil
}

// begin narrows the sources to what does not come before a cursor.
func (m *merge) begin(c Position) error {
	for _, s := range m.sources {
		if s.view.Journal.ID != c.Journal || c.Index >= s.view.Size {
			continue
		}
		for item, err := range s.view.Entries(journal.Range{From: c.Index, To: c.Index + 1}) {
			if err != nil {
				return err
			}
			at := s.keyOf(item.Entry)
			for _, other := range m.sources {
				other.bound = &at
			}
		}
		s.bound = nil
		if m.reverse {
			s.r.To = c.Index + 1
		} else {
			s.r.From = c.Index
		}
		return nil
	}
	return ErrNoEntry
}

func (s *source) keyOf(e *entry.Entry) key { return key{e.Epoch, s.filter.time(e)} }

// advance goes to the next entry that matches, or the next error.
func (s *source) advance() {
	if s.next == nil {
		s.next, s.stop = iter.Pull2(s.view.Entries(s.r))
	}
	for {
		item, err, ok := s.next()
		s.current = ok
		if !ok || err != nil {
			s.err = err
			return
		}
		k := s.keyOf(item.Entry)
		if s.bound != nil && (!s.reverse && k.less(*s.bound) || s.reverse && s.bound.less(k)) {
			continue
		}
		if s.filter.wants(item.Entry) {
			s.item, s.key, s.err = item, k, nil
			return
		}
	}
}

// first returns the source whose entry comes next; errors come before entries. Of equal keys the first source comes
// first, or last if the order is reversed.
func (m *merge) first() *source {
	var best *source
	for _, s := range m.sources {
		switch {
		case !s.current:
		case s.err != nil:
			return s
		case best == nil, !m.reverse && s.key.less(best.key), m.reverse && !s.key.less(best.key):
			best = s
		}
	}
	return best
}

func (m *merge) run(limit int, yield func(Result, error) bool) {
	defer m.close()
	for _, s := range m.sources {
		s.advance()
	}
	if limit == 0 {
		limit = noLimit
	}
	for n := 0; n < limit; {
		s := m.first()
		if s == nil {
			return
		}
		r := Result{Journal: s.view.Journal, Index: s.item.Index, Entry: s.item.Entry, Event: s.filter.event}
		if s.err != nil {
			r = Result{Journal: s.view.Journal}
		} else {
			n++
		}
		if !yield(r, s.err) {
			return
		}
		s.advance()
	}
}

func (m *merge) close() {
	for _, s := range m.sources {
		if s.stop != nil {
			s.stop()
		}
		s.next, s.stop, s.current = nil, nil, false
	}
}

// newest returns a merge of the same sources that yields just the last limit entries, in order. It goes backwards
// until it has seen enough; what cannot be read on the way is reported when it is met again.
func (m *merge) newest(limit int) (*merge, error) {
	back := &merge{reverse: true}
	for _, s := range m.sources {
		b := &source{view: s.view, filter: s.filter, r: s.r, reverse: true}
		b.r.Reverse = true
		back.sources = append(back.sources, b)
		s.r.From = s.r.To
	}
	var failed error
	position := map[frame.JournalID]*source{}
	for _, s := range m.sources {
		position[s.view.Journal.ID] = s
	}
	seen := 0
	back.run(0, func(r Result, err error) bool {
		var missing *journal.MissingError
		if errors.As(err, &missing) {
			s := position[r.Journal.ID]
			s.r.From = min(s.r.From, missing.First)
			return true
		}
		if failed = err; err != nil {
			return false
		}
		position[r.Journal.ID].r.From = r.Index
		seen++
		return seen < limit
	})
	return m, failed
}
