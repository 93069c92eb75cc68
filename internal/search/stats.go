package search

import (
	"encoding/binary"
	"math"
	"slices"
	"sort"
	"strconv"
)

// bucket is what results are grouped by: the value of a field, or a time cut to a step.
type bucket struct {
	name string // of the field, or "time", "received" or "event" with a step
	as   string // name of the value in the record
	step int64  // µs; 0: the value itself
}

// function is what is worked out of each group.
type function struct {
	name     string // count, distinct, sum, min, max, avg, quantile or rate
	field    string // "": of count and rate, all results
	quantile float64
	as       string
}

// statsStage groups results and works functions out.
type statsStage struct {
	stage
	by        []bucket
	functions []function
	groups    map[string]*group
	ordered   []*group
	key       []byte
	first     int64 // time of the results, µs, for rate
	last      int64
	timed     bool
	room
}

// group is the results that have the same values.
type group struct {
	key    string
	values []Value
	state  []aggregate
}

func newStats(next stage, by []bucket, functions []function) *statsStage {
	return &statsStage{stage: next, by: by, functions: functions, groups: map[string]*group{},
		room: newRoom("stats", "groups", narrow)}
}

// fresh returns a stage that counts the same, to be merged later.
func (s *statsStage) fresh() *statsStage {
	f := newStats(nil, s.by, s.functions)
	f.room = s.room
	return f
}

func (s *statsStage) push(r *Result) error {
	g, err := s.groupOf(r)
	if err != nil {
		return err
	}
	if t, ok := r.time("time"); ok {
		s.seeTime(t)
	}
	for i := range s.functions {
		if err := s.work(&g.state[i], &s.functions[i], r); err != nil {
			return err
		}
	}
	return nil
}

func (s *statsStage) seeTime(t int64) {
	if !s.timed {
		s.first, s.last, s.timed = t, t, true
	}
	s.first, s.last = min(s.first, t), max(s.last, t)
}

// groupOf finds or makes the group of a result.
func (s *statsStage) groupOf(r *Result) (*group, error) {
	s.key = s.key[:0]
	for i := range s.by {
		s.key = s.by[i].append(s.key, r)
	}
	if g := s.groups[string(s.key)]; g != nil {
		return g, nil
	}
	return s.newGroup(r)
}

func (s *statsStage) newGroup(r *Result) (*group, error) {
	g := &group{state: make([]aggregate, len(s.functions))}
	for i := range s.by {
		g.values = append(g.values, s.by[i].value(r))
	}
	return g, s.addGroup(g)
}

// addGroup adds the group whose key is at hand.
func (s *statsStage) addGroup(g *group) error {
	s.groups[string(s.key)] = g
	s.ordered = append(s.ordered, g)
	g.key = string(s.key)
	return s.take(groupBytes(g))
}

// groupBytes is about what a group takes in memory, the table included.
func groupBytes(g *group) int { return 2*len(g.key) + 250 + 80*len(g.values) + 130*len(g.state) }

// append appends what distinguishes the group of r.
func (b *bucket) append(key []byte, r *Result) []byte {
	if b.step > 0 {
		t, ok := r.time(b.name)
		if !ok {
			return append(key, 0)
		}
		return appendTimeKey(key, floorTo(t, b.step))
	}
	text, ok := r.get(b.name)
	if !ok {
		return append(key, 0)
	}
	return appendTextKey(key, text)
}

func appendTimeKey(key []byte, t int64) []byte {
	return binary.LittleEndian.AppendUint64(append(key, 1), uint64(t))
}

func appendTextKey(key, text []byte) []byte {
	return append(binary.AppendUvarint(append(key, 1), uint64(len(text))), text...)
}

func (b *bucket) value(r *Result) Value {
	v := Value{Name: b.as}
	var ok bool
	if b.step > 0 {
		var t int64
		if t, ok = r.time(b.name); ok {
			v.Text = AppendTime(nil, floorTo(t, b.step))
		}
	} else {
		var text []byte
		text, ok = r.get(b.name)
		v.Text = slices.Clone(text)
	}
	v.Absent = !ok
	return v
}

func floorTo(t, step int64) int64 {
	rest := t % step
	if rest < 0 {
		rest += step
	}
	return t - rest
}

// end passes the groups on, in the order of their values.
func (s *statsStage) end() error {
	if len(s.by) == 0 && len(s.ordered) == 0 {
		s.ordered = append(s.ordered, &group{state: make([]aggregate, len(s.functions))})
	}
	sort.SliceStable(s.ordered, func(i, j int) bool { return compareRecords(s.ordered[i].values, s.ordered[j].values) < 0 })
	for _, g := range s.ordered {
		record := g.values
		for i := range s.functions {
			record = append(record, s.result(&g.state[i], &s.functions[i]))
		}
		if err := s.stage.push(&Result{Record: record}); err != nil {
			return endOf(s.stage, err)
		}
	}
	return s.stage.end()
}

func compareRecords(a, b []Value) int {
	for i := range a {
		if c := compareKeys(key1{a[i].Text, !a[i].Absent}, key1{b[i].Text, !b[i].Absent}); c != 0 {
			return c
		}
	}
	return 0
}

// aggregate is what is known of one function in one group.
type aggregate struct {
	n       int64 // results counted
	whole   int64 // sum as long as it is whole
	sum     float64
	inexact bool // sum counts
	best    []byte
	set     map[string]struct{}
	list    []float64
}

func (s *statsStage) work(a *aggregate, f *function, r *Result) error {
	if f.field == "" {
		a.n++
		return nil
	}
	text, ok := r.get(f.field)
	if !ok {
		return nil
	}
	switch f.name {
	case "count":
		a.n++
	case "distinct":
		return s.distinct(a, text)
	case "min", "max":
		c := compareValues(text, a.best)
		if a.n == 0 || c < 0 && f.name == "min" || c > 0 && f.name == "max" {
			a.best = append(a.best[:0], text...)
		}
		a.n++
	default:
		return s.number(a, f, text)
	}
	return nil
}

func (s *statsStage) distinct(a *aggregate, text []byte) error {
	if _, ok := a.set[string(text)]; ok {
		return nil
	}
	if a.set == nil {
		a.set = map[string]struct{}{}
	}
	a.set[string(text)] = struct{}{}
	return s.take(len(text) + 40)
}

// number adds a number; what is none does not count.
func (s *statsStage) number(a *aggregate, f *function, text []byte) error {
	x, ok := parseNumber(text)
	if !ok {
		return nil
	}
	a.n++
	if f.name == "quantile" {
		a.list = append(a.list, x)
		return s.count(0, 8)
	}
	a.sum += x
	n, err := strconv.ParseInt(string(text), 10, 64)
	if err != nil || n > 0 && a.whole > math.MaxInt64-n || n < 0 && a.whole < math.MinInt64-n {
		a.inexact = true
	} else {
		a.whole += n
	}
	return nil
}

// result is the value of a function in a group.
func (s *statsStage) result(a *aggregate, f *function) Value {
	v := Value{Name: f.as, Number: true}
	switch f.name {
	case "count":
		v.Text = strconv.AppendInt(nil, a.n, 10)
	case "distinct":
		v.Text = strconv.AppendInt(nil, int64(len(a.set)), 10)
	case "rate":
		v.Text = appendNumber(nil, s.rate(a))
	default:
		if a.n == 0 {
			return Value{Name: f.as, Absent: true}
		}
		v.Text, v.Number = a.value(f)
	}
	return v
}

func (a *aggregate) value(f *function) (text []byte, isNumber bool) {
	switch f.name {
	case "min", "max":
		return a.best, isJSONNumber(a.best)
	case "quantile":
		return appendNumber(nil, quantile(a.list, f.quantile)), true
	case "avg":
		return appendNumber(nil, a.sum/float64(a.n)), true
	}
	if a.inexact {
		return appendNumber(nil, a.sum), true
	}
	return strconv.AppendInt(nil, a.whole, 10), true
}

// isJSONNumber reports whether a decimal number is one of JSON too.
func isJSONNumber(s []byte) bool {
	_, ok := parseDecimal(s)
	digits := s
	if ok && s[0] == '-' {
		digits = s[1:]
	}
	return ok && s[0] != '+' && (digits[0] != '0' || len(digits) == 1 || digits[1] == '.')
}

// rate is the results a second: of the bucket of time if there is one, otherwise of the time from first to last.
func (s *statsStage) rate(a *aggregate) float64 {
	length := s.last - s.first
	for i := range s.by {
		if s.by[i].step > 0 {
			length = s.by[i].step
		}
	}
	if length <= 0 {
		return float64(a.n)
	}
	return float64(a.n) * 1e6 / float64(length)
}

// quantile is the smallest value that is not exceeded by a share of at least phi of the list.
func quantile(list []float64, phi float64) float64 {
	slices.Sort(list)
	i := int(math.Ceil(phi*float64(len(list)))) - 1
	return list[min(max(i, 0), len(list)-1)]
}
