package search

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"constat/entry"
	"constat/internal/vfs/crashfs"
	"constat/journal"
	"constat/journal/check"
)

// testing.TB and rapid.T have this in common.
type tester interface {
	Helper()
	Fatal(args ...any)
	Fatalf(format string, args ...any)
}

const storeDir = "/store"

// shelf is a store in memory that tests write to, with a clock that they set.
type shelf struct {
	t     tester
	fsys  *crashfs.FS
	w     *journal.Writer
	now   int64 // µs
	boots int64
}

func newShelf(t tester) *shelf {
	s := &shelf{t: t, fsys: crashfs.New(), now: 1_760_000_000_000_000}
	if _, err := journal.CreateWith(s.fsys, storeDir, journal.New{Origin: "test.example", Keys: 16}); err != nil {
		t.Fatal(err)
	}
	s.must(s.open())
	return s
}

func (s *shelf) must(err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatal(err)
	}
}

func (s *shelf) open() (err error) {
	s.w, err = journal.OpenWriter(s.fsys, storeDir, journal.Options{Clock: func() journal.Reading {
		return journal.Reading{Wall: s.now, Boot: s.boots}
	}})
	return err
}

// tick lets time pass, on both clocks.
func (s *shelf) tick(micros int64) { s.now, s.boots = s.now+micros, s.boots+micros }

func (s *shelf) append(name string, list ...entry.Entry) {
	s.t.Helper()
	_, err := s.w.Append(name, list)
	s.must(err)
}

// convert ends all heads and makes segments of them.
func (s *shelf) convert() {
	s.t.Helper()
	s.must(s.w.Rotate())
	s.convertComplete()
}

// convertComplete makes segments of the heads that are complete.
func (s *shelf) convertComplete() {
	s.t.Helper()
	_, err := s.w.Convert(context.Background())
	s.must(err)
}

// close signs and closes, and verifies the store.
func (s *shelf) close() {
	s.t.Helper()
	s.must(errors.Join(s.w.Checkpoint(), s.w.Close()))
	if r := check.Store(s.fsys, storeDir, check.Options{}); r.Verdict != check.Unpinned {
		s.t.Fatalf("verify: %s %v", r.Word, r.Findings)
	}
}

func (s *shelf) views(names ...string) []*journal.View {
	s.t.Helper()
	r, err := journal.OpenReader(s.fsys, storeDir)
	s.must(err)
	views, err := r.Snapshot(names...)
	s.must(err)
	return views
}

// event is an entry with a message and fields NAME=VALUE, whose provenance is imported if the name begins with '_'.
func event(message string, fields ...string) entry.Entry {
	e := entry.Entry{Renderer: entry.RenderText}
	e.AddString("MESSAGE", message, entry.Claimed)
	for _, f := range fields {
		name, value, _ := strings.Cut(f, "=")
		p := entry.Claimed
		if name[0] == '_' {
			p = entry.Observed
		}
		e.AddString(name, value, p)
	}
	return e
}

// dated is an event with an event time, in µs.
func dated(micros int64, message string) entry.Entry {
	e := event(message)
	e.Event = entry.Time{Valid: true, Micros: micros, Digits: 6}
	return e
}

// hit is a result as tests compare it.
type hit struct {
	journal string
	index   uint64
}

// find runs a query. Missing ranges are returned as text.
func find(t tester, views []*journal.View, q Query) (hits []hit, missing []string) {
	t.Helper()
	for r, err := range Run(context.Background(), views, q) {
		var gone *journal.MissingError
		switch {
		case errors.As(err, &gone):
			missing = append(missing, fmt.Sprintf("%s %d-%d", gone.Journal, gone.First, gone.Last))
		case err != nil:
			t.Fatal(err)
		default:
			hits = append(hits, hit{r.Journal.Name, r.Index})
		}
	}
	return hits, missing
}

func reversed(list []hit) []hit {
	out := slices.Clone(list)
	slices.Reverse(out)
	return out
}

func equal(t tester, what string, got, want []hit) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Fatalf("%s:\n got %v\nwant %v", what, got, want)
	}
}

var _ tester = (*testing.T)(nil)
