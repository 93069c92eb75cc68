package evidence

import "constat/entry"

// Shown is one entry that an evidence file shows.
type Shown struct {
	Journal string
	Index   uint64
	Entry   *entry.Entry
}

// Entries returns what an evidence file shows, in the order of its journals and indexes, and the session that it is
// about; nil: it is about none. Nothing of it is checked: [Verify] does that, and comes first.
func Entries(data []byte) (list []Shown, about *SessionQuestion, err error) {
	files, err := open(data)
	if err != nil {
		return nil, nil, err
	}
	c, err := load(files)
	if err != nil {
		return nil, nil, err
	}
	err = c.eachShown(c.question.shown(), func(s *shownEntry) error {
		list = append(list, Shown{s.journal, s.index, s.entry})
		return nil
	})
	return list, c.question.Session, err
}
