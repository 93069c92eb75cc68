package search

import "sort"

// newTop returns a stage that counts the values of a field: the n most frequent come first, equals by value; n is 0 for
// all.
func newTop(next stage, name string, n int) *statsStage {
	s := newStats(&topStage{stage: next, n: n}, []bucket{{name: name, as: name}}, []function{{name: "count", as: "count"}})
	s.pipe, s.what = "top", "values"
	return s
}

// topStage takes records of a value and a count.
type topStage struct {
	stage
	n    int
	list []*Result
}

func (s *topStage) push(r *Result) error {
	if !r.Record[0].Absent {
		s.list = append(s.list, r.clone())
	}
	return nil
}

func (s *topStage) end() error {
	sort.SliceStable(s.list, func(i, j int) bool { return compareValues(s.list[i].Record[1].Text, s.list[j].Record[1].Text) > 0 })
	for i, r := range s.list {
		if i == s.n && s.n > 0 {
			break
		}
		if err := s.stage.push(r); err != nil {
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
		room: newRoom("uniq", "values", narrow)}
}

func (s *uniqStage) push(r *Result) error {
	s.key = appendKey(s.key[:0], r, s.names)
	if _, ok := s.seen[string(s.key)]; ok {
		return nil
	}
	s.seen[string(s.key)] = struct{}{}
	if err := s.take(len(s.key) + 50); err != nil {
		return err
	}
	return s.stage.push(r)
}

// appendKey appends what distinguishes the values of a row.
func appendKey(key []byte, r *Result, names []string) []byte {
	for _, name := range names {
		text, ok := r.get(name)
		if !ok {
			key = append(key, 0)
			continue
		}
		key = appendTextKey(key, text)
	}
	return key
}
