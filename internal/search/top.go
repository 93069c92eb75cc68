package search

import (
	"encoding/binary"
	"slices"
	"sort"
	"strconv"
)

// topStage counts the values of fields; the most frequent come first.
type topStage struct {
	stage
	names []string
	n     int // records wanted; 0: all
	seen  map[string]*tally
	list  []*tally
	key   []byte
	room
}

// tally is one combination of values and how often it was seen.
type tally struct {
	values []Value
	n      int64
}

func newTop(next stage, names []string, n int) *topStage {
	return &topStage{stage: next, names: names, n: n, seen: map[string]*tally{},
		room: room{pipe: "top", what: "values", hint: narrow}}
}

func (s *topStage) push(r *Result) error {
	var any bool
	if s.key, any = appendKey(s.key[:0], r, s.names); !any {
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
	sort.Slice(s.list, func(i, j int) bool {
		if s.list[i].n != s.list[j].n {
			return s.list[i].n > s.list[j].n
		}
		return compareRecords(s.list[i].values, s.list[j].values) < 0
	})
	for i, t := range s.list {
		if i == s.n && s.n > 0 {
			break
		}
		record := append(t.values, Value{Name: "count", Text: strconv.AppendInt(nil, t.n, 10), Number: true})
		if err := s.stage.push(&Result{Record: record}); err != nil {
			return endOf(s.stage, err)
		}
	}
	return s.stage.end()
}

// uniqStage lets the first row of each combination of values pass.
type uniqStage struct {
	stage
	names []string
	seen  map[string]struct{}
	key   []byte
	room
}

func newUniq(next stage, names []string) *uniqStage {
	return &uniqStage{stage: next, names: names, seen: map[string]struct{}{},
		room: room{pipe: "uniq", what: "values", hint: narrow}}
}

func (s *uniqStage) push(r *Result) error {
	s.key, _ = appendKey(s.key[:0], r, s.names)
	if _, ok := s.seen[string(s.key)]; ok {
		return nil
	}
	s.seen[string(s.key)] = struct{}{}
	if err := s.take(len(s.key) + 50); err != nil {
		return err
	}
	return s.stage.push(r)
}

// appendKey appends what distinguishes the values of a row; any says that it has one.
func appendKey(key []byte, r *Result, names []string) (_ []byte, any bool) {
	for _, name := range names {
		text, ok := r.get(name)
		if !ok {
			key = append(key, 0)
			continue
		}
		any = true
		key = binary.AppendUvarint(append(key, 1), uint64(len(text)))
		key = append(key, text...)
	}
	return key, any
}
