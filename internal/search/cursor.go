package search

import "constat/journal"

// place is where a cursor points to.
type place struct {
	source int
	index  uint64
	key    key
}

// is reports whether the source, which has number i, stands at the place. A nil place is nowhere.
func (p *place) is(i int, s *source) bool {
	return p != nil && s.err == nil && i == p.source && s.item.Index == p.index
}

// locate finds the entry that a cursor names. It returns nil without a cursor.
func (m *merge) locate(c *Position) (*place, error) {
	if c == nil {
		return nil, nil
	}
	for i, s := range m.sources {
		if s.view.Journal.ID != c.Journal || c.Index >= s.view.Size {
			continue
		}
		for item, err := range s.view.Entries(journal.Range{From: c.Index, To: c.Index + 1}) {
			if err != nil {
				return nil, err
			}
			return &place{source: i, index: c.Index, key: s.keyOf(item.Entry)}, nil
		}
	}
	return nil, ErrNoEntry
}

// mark makes the merge stop at a place also if the entry there does not match.
func (m *merge) mark(at *place) {
	if at != nil {
		m.close()
		m.sources[at.source].mark = &at.index
	}
}

// narrow cuts the sources to what does not come before a place, in the direction of the merge. Each source but that of
// the place must be in the order of its axis, or empty.
func (m *merge) narrow(at *place) {
	if at == nil {
		return
	}
	m.close()
	for i, s := range m.sources {
		switch {
		case i != at.source:
			s.bound = &bound{key: at.key, included: i > at.source != m.reverse}
		case m.reverse:
			s.r.To = at.index + 1
		default:
			s.r.From = max(s.r.From, at.index)
		}
	}
}
