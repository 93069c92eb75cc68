package search

import (
	"fmt"
	"path"
	"slices"
	"testing"

	"constat/journal"
	"constat/journal/frame"
	"constat/journal/layout"
)

// What cannot be read is reported, in every direction, and what lies beside it is found.
func TestMissing(t *testing.T) {
	for _, damage := range []struct {
		name    string
		inflict func(t *testing.T, s *shelf)
		missing string
	}{
		{"no head", func(t *testing.T, s *shelf) {
			s.must(s.fsys.Remove(path.Join(storeDir, "web", layout.HeadName(2))))
		}, "web 2-3"},
		{"damaged frame", func(t *testing.T, s *shelf) {
			f, err := s.fsys.OpenWrite(path.Join(storeDir, "web", layout.HeadName(2)))
			s.must(err)
			_, err = f.WriteAt([]byte{0, 0, 0, 0, 0, 0}, frame.HeadHeaderSize+40)
			s.must(err)
			s.must(f.Close())
		}, "web 2-3"},
		{"no first head", func(t *testing.T, s *shelf) {
			s.must(s.fsys.Remove(path.Join(storeDir, "web", layout.HeadName(0))))
		}, "web 0-1"},
		{"no last head", func(t *testing.T, s *shelf) {
			s.must(s.fsys.Remove(path.Join(storeDir, "web", layout.HeadName(4))))
		}, "web 4-5"},
	} {
		t.Run(damage.name, func(t *testing.T) {
			s := sixEntries(t)
			damage.inflict(t, s)
			views := s.views()
			defer journal.CloseViews(views)
			for _, q := range []Query{{}, {Reverse: true}, {Limit: 100}, {Limit: 100, Reverse: true}, {Limit: 6},
				{Axis: layout.Event}, {Axis: layout.Event, Reverse: true}} {
				hits, missing := find(t, views, q)
				if !slices.Equal(missing, []string{damage.missing}) || len(hits) != 5 {
					t.Errorf("%+v: found %v, missing %v", q, hits, missing)
				}
			}
		})
	}
}

// sixEntries has two entries in each of three heads of journal web, and one in journal imported.
func sixEntries(t *testing.T) *shelf {
	s := newShelf(t)
	for i := range 3 {
		s.append("web", event(fmt.Sprint(2*i)), event(fmt.Sprint(2*i+1)))
		s.tick(10)
		s.must(s.w.Rotate())
	}
	s.append("imported", dated(s.now-15, "x"))
	s.close()
	return s
}

// The newest N do not wait for what lies before them.
func TestMissingBeforeTheNewest(t *testing.T) {
	s := sixEntries(t)
	s.must(s.fsys.Remove(path.Join(storeDir, "web", layout.HeadName(0))))
	views := s.views("web")
	defer journal.CloseViews(views)
	if hits, missing := find(t, views, Query{Limit: 4}); len(hits) != 4 || missing != nil {
		t.Errorf("found %v, missing %v", hits, missing)
	}
	_, missing := find(t, views, Query{Cursor: &Position{views[0].Journal.ID, 1}})
	if !slices.Equal(missing, []string{"web 1-1"}) {
		t.Errorf("a cursor that cannot be read: %v", missing)
	}
}
