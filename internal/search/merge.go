package search

import (
	"context"
	"errors"
	"iter"
	"time"

	"constat/journal"
	"constat/journal/frame"
	"constat/journal/layout"
	"constat/query"
)

// Query is a query of the language with an order.
type Query struct {
	query.Query             // Filter may be nil: everything
	Axis        layout.Axis // of "time", of merging and of what is shown; "": that of each journal
	Reverse     bool        // newest first
	Limit       int         // the newest so many, or the first ones from a cursor on; 0: all
	Cursor      *Position   // begin at this entry, included
	From        []uint64    // first index for each view; nil: 0

	// ReadTime reads times as they are written in queries; nil reads RFC 3339 only.
	ReadTime func(text string) (time.Time, error)
	// BootBefore returns the id of the boot that lies back boots before the newest; nil: unknown.
	BootBefore func(back int) (id string, err error)

	Store   Store             // for the pipes that need it; nil: they are refused
	Say     func(text string) // takes what pipes have to say beside results; nil: nobody
	Explain *Explain          // counts what is read; nil: nobody
}

// Position is an entry of a store.
type Position struct {
	Journal frame.JournalID
	Index   uint64
}

func (q *Query) readTime(text string) (time.Time, error) {
	if q.ReadTime != nil {
		return q.ReadTime(text)
	}
	return time.Parse(time.RFC3339Nano, text)
}

// ErrNoEntry says that a cursor names no entry of the views.
var ErrNoEntry = errors.New("no such entry in the journals that are read")

// Run yields what matches in the views, oldest first unless the query says otherwise. With a limit these are the
// newest ones. Indexes that cannot be read come as [*journal.MissingError], once, after which it goes on. Any other
// error, that of the context included, comes last.
func Run(ctx context.Context, views []*journal.View, q Query) iter.Seq2[Result, error] {
	if len(q.Pipes) == 0 {
		return entries(ctx, views, q)
	}
	return func(yield func(Result, error) bool) { piped(ctx, views, &q, entries(ctx, views, q), yield) }
}

// entries yields the entries that match, before any pipe.
func entries(ctx context.Context, views []*journal.View, q Query) iter.Seq2[Result, error] {
	return func(yield func(Result, error) bool) {
		m, err := newMerge(ctx, views, &q)
		if err != nil {
			yield(Result{}, err)
			return
		}
		defer m.close()
		at, err := m.locate(q.Cursor)
		if err != nil {
			yield(Result{}, err)
			return
		}
		m.run(q, at, yield)
	}
}

// merge puts the matching entries of several views into one order.
type merge struct {
	reverse bool
	sources []*source
}

func newMerge(ctx context.Context, views []*journal.View, q *Query) (*merge, error) {
	m := &merge{reverse: q.Reverse}
	for i, v := range views {
		f, err := newFilter(q, v.Journal)
		if err != nil {
			return nil, err
		}
		s := &source{ctx: ctx, view: v, filter: f, tell: q.Explain, r: v.All(), reverse: q.Reverse}
		if q.From != nil {
			s.r.From = q.From[i]
		}
		m.sources = append(m.sources, s)
	}
	return m, nil
}

// run chooses the way: straight on where that gives the order, and otherwise backwards first.
func (m *merge) run(q Query, at *place, yield func(Result, error) bool) {
	switch {
	case q.Limit > 0 && at == nil && !q.Reverse:
		if m.newest(q.Limit, yield) {
			return
		}
		m.replay(m.backwards(q.Limit, nil), 0, yield)
	case q.Reverse && at == nil || !m.tangled():
		m.narrow(at)
		m.straight(q.Limit, nil, yield)
	case q.Reverse:
		m.straight(q.Limit, at, yield)
	default:
		m.replay(m.backwards(0, at), q.Limit, yield)
	}
}

// straight yields in the direction of the sources, from a place on if there is one.
func (m *merge) straight(limit int, from *place, yield func(Result, error) bool) {
	m.mark(from)
	m.start()
	for n := 0; limit == 0 || n < limit; {
		i := m.first()
		if i < 0 {
			return
		}
		s := m.sources[i]
		if from.is(i, s) {
			from = nil
		}
		if s.err != nil || from == nil && s.wanted {
			if s.err == nil {
				n++
			}
			if !s.yield(yield) {
				return
			}
		}
		s.advance()
	}
}

// start brings every source to its first entry, unless that was done already.
func (m *merge) start() {
	for _, s := range m.sources {
		if s.next == nil {
			s.advance()
		}
	}
}

// first returns the number of the source whose entry comes next, -1 at the end; errors come before entries. Of equal
// keys the first source comes first, or last if the order is reversed.
func (m *merge) first() int {
	best := -1
	for i, s := range m.sources {
		switch {
		case !s.current:
		case s.err != nil:
			return i
		case best < 0, !m.reverse && s.key.less(m.sources[best].key), m.reverse && !s.key.less(m.sources[best].key):
			best = i
		}
	}
	return best
}

func (m *merge) close() {
	for _, s := range m.sources {
		s.close()
	}
}
