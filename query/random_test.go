package query

import (
	"math"
	"math/rand/v2"
	"net/netip"
	"time"
)

// maker makes random trees of every type.
type maker struct{ *rand.Rand }

func pick[T any](r maker, of ...T) T { return of[r.IntN(len(of))] }

func (r maker) text() string {
	return pick(r, "err", "a b", "", "x\xff\x00", "AND", "-1", "*", "naïve", `q"\`, "10.0.0.1", "a|b(c),d]", "f:v=1", "~", "\n", "\uFFFD", "i", "in", "(", "k")
}

func (r maker) field() string {
	return pick(r, "", "host", "_PID", "MESSAGE", "time", "a b", "x.y", "-f", "OR", "kind", "i", "é\xfe", `"`, "a:b")
}

func (r maker) number() string { return pick(r, "5", "-1", "+2.50", "007", "0.1") }
func (r maker) moment() string {
	return pick(r, "-1h30m", "2025-06-15 15:30", "now", "@1.5", "2 hours ago", "2025-06-15T15:30:00+02:00")
}

func (r maker) bounds(read func() string) (low, high Bound) {
	low, high = Bound{read(), r.IntN(2) == 0}, Bound{read(), r.IntN(2) == 0}
	switch r.IntN(3) {
	case 0:
		low = Bound{}
	case 1:
		high = Bound{}
	}
	return low, high
}

func (r maker) op() Op {
	switch r.IntN(6) {
	case 0:
		edge := pick(r, AtToken, AtValue)
		t := Text{r.text(), pick(r, Anywhere, edge), pick(r, Anywhere, edge), r.IntN(3) == 0}
		if t.Start == AtValue && t.End == AtValue {
			t.End = Anywhere
		}
		return t
	case 1:
		values := []string{r.text()}
		for r.IntN(2) == 0 {
			values = append(values, r.text())
		}
		return Equal{values, r.IntN(3) == 0}
	case 2:
		re, err := CompileRegexp(pick(r, "a+b", `x"\d`, "(?i)err", "", "é|f", "c{2,5}d"))
		if err != nil {
			panic(err)
		}
		return re
	case 3:
		low, high := r.bounds(r.number)
		return Range{low, high}
	case 4:
		return CIDR{netip.MustParsePrefix(pick(r, "10.0.0.0/8", "2001:db8::/32", "0.0.0.0/0"))}
	}
	return Exists{}
}

func (r maker) match() Match {
	switch r.IntN(8) {
	case 0:
		return Match{Field: "level", Op: pick[Op](r, Exists{}, Levels{uint8(1 + r.IntN(255))})}
	case 1:
		return Match{Field: "facility", Imported: true, Op: pick[Op](r, Exists{}, Facilities{uint32(1 + r.IntN(1<<24-1))})}
	}
	return Match{r.field(), r.IntN(6) == 0, r.op()}
}

func (r maker) leaf() Node {
	switch r.IntN(10) {
	case 0:
		return All{}
	case 1:
		low, high := r.bounds(r.moment)
		return Time{pick(r, Default, Received, Event), low, high}
	case 2:
		a, b := pick(r, 0, 7, r.Uint64(), math.MaxUint64), pick(r, 0, 7, r.Uint64(), math.MaxUint64)
		return Index{min(a, b), max(a, b)}
	case 3:
		return pick(r, Boot{Back: r.IntN(5)}, Boot{ID: "0123456789abcdef0123456789abcdef"})
	case 4:
		return Kind{pick(r, []string{"loss"}, []string{"event", "seal"}, []string{"control"})}
	case 5:
		return Journal{pick(r, []string{"user-1000"}, []string{"a b", "system"})}
	}
	return r.match()
}

func (r maker) node(depth int) Node {
	if depth == 0 || r.IntN(3) == 0 {
		return r.leaf()
	}
	var nodes []Node
	for range 2 + r.IntN(3) {
		nodes = append(nodes, r.node(depth-1))
	}
	return pick[Node](r, And{nodes}, Or{nodes}, Not{nodes[0]})
}

func (r maker) keys() (keys []Key) {
	for range 1 + r.IntN(2) {
		keys = append(keys, Key{r.field(), r.IntN(2) == 0})
	}
	return keys
}

func (r maker) name() string { return pick(r, "total", "a b", "count()", "by", "é") }

func (r maker) stats() Stats {
	s := Stats{Funcs: []Func{{Name: "count"}, {Name: "rate", As: r.name()}, {Name: "quantile", Quantile: pick(r, 0.99, 0, 1, 1e-9), Field: r.field()}}}
	s.Funcs = append(s.Funcs, Func{Name: pick(r, "sum", "min", "max", "avg", "distinct"), Field: r.field()})
	if r.IntN(2) == 0 {
		s.By = []Group{{Field: r.field()}, {"event", pick(r, time.Minute, 90*time.Second, 1500*time.Microsecond, 14*24*time.Hour)}}
	}
	return s
}

func (r maker) pipe() Pipe {
	fields := []string{r.field(), r.field()}
	re, _ := CompileRegexp(`(?P<ip>[0-9.]+) "`)
	pattern, err := CompilePattern(pick(r, "<a> - <_>", "x<<y<b>\x80", "<c>"))
	if err != nil {
		panic(err)
	}
	return pick[Pipe](r, Fields{fields}, Drop{fields}, Limit{r.IntN(9)}, Offset{3}, Sort{r.keys()}, First{2, r.keys()}, First{1, nil},
		Last{N: 4, Keys: r.keys()}, r.stats(), Top{5, r.field()}, Uniq{fields}, Extract{Pattern: pattern, From: r.field()},
		Extract{Regexp: &re, From: r.field()}, Unpack{pick(r, "json", "logfmt", "syslog"), r.field()}, Format{pattern, r.name()},
		Format{Template: pattern}, Rename{[]Renaming{{r.field(), r.name()}, {r.field(), "x"}}}, Context{2, 2}, Context{0, 3}, Patterns{},
		Patterns{7}, Sample{10}, Verify{}, Where{r.node(2)})
}

func (r maker) query() Query {
	q := Query{Filter: r.node(3)}
	for r.IntN(2) == 0 {
		q.Pipes = append(q.Pipes, r.pipe())
	}
	return q
}
