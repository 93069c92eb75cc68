package search

import (
	"encoding/binary"
	"slices"
	"sort"
	"strconv"
)

// topStage counts the values of fields: the most frequent first, or with all in the order of their first appearance.
type topStage struct {
	stage
	names  []string
	n      int  // records wanted; 0: all
	counts bool // records have the count in them, and the most frequent come first
	seen   map[string]*tally
	list   []*tally
	key    []byte
	room
}

// tally is one combination of values and how often it was seen.
type tally struct {
	values []Value
	n      int64
}

func newTop(next stage, names []string, n int) *topStage {
	return &topStage{stage: next, names: names, n: n, counts: true, seen: map[string]*tally{},
		room: room{pipe: "top", what: "values", hint: narrow}}
}

func newUniq(next stage, names []string) *topStage {
	return &topStage{stage: next, names: names, seen: map[string]*tally{},
		room: room{pipe: "uniq", what: "values", hint: narrow}}
}

func (s *topStage) push(r *Result) error {
	s.key = s.key[:0]
	some := false
	for _, name := range s.names {
		text, ok := r.get(name)
		if !ok {
			s.key = append(s.key, 0)
			continue
		}
		some = true
		s.key = binary.AppendUvarint(append(s.key, 1), uint64(len(text)))
		s.key = append(s.key, text...)
	}
	if !some {
		return nil
	}
	if t := s.seen[string(s.key)]; t != nil {
		t.n++
		return nil
	}
	t := &tally{n: 1}
	for _, name := range s.names {
		text, ok := r.get(name)
		t.values = append(t.values, Value{Name: name, Text: slices.Clone(text), Absent: !ok})
	}
	s.seen[string(s.key)] = t
	s.list = append(s.list, t)
	return s.take(len(s.key) + 200)
}

func (s *topStage) end() error {
	if s.counts {
		sort.SliceStable(s.list, func(i, j int) bool {
			if s.list[i].n != s.list[j].n {
				return s.list[i].n > s.list[j].n
			}
			return compareRecords(s.list[i].values, s.list[j].values) < 0
		})
	} else {
		sort.SliceStable(s.list, func(i, j int) bool { return compareRecords(s.list[i].values, s.list[j].values) < 0 })
	}
	for i, t := range s.list {
		if i == s.n && s.n > 0 {
			break
		}
		record := t.values
		if s.counts {
			record = append(record, Value{Name: "count", Text: strconv.AppendInt(nil, t.n, 10), Number: true})
		}
		if err := s.stage.push(&Result{Record: record}); err != nil {
			return endOf(s.stage, err)
		}
	}
	return s.stage.end()
}
