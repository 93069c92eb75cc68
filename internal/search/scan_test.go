package search

import (
	"bytes"
	"fmt"
	"regexp"
	"strings"
	"testing"

	"constat/entry"
	"constat/journal"
	"constat/journal/frame"
	"constat/journal/segment"
	"constat/query"

	"pgregory.net/rapid"
)

// Values that random entries and conditions are made of: few, so that they meet.
var (
	someNames  = []string{"MESSAGE", "HOSTNAME", "_HOSTNAME", "PRIORITY", "level", "A", "_UID", "SYSLOG_IDENTIFIER"}
	someValues = []string{"", "a", "web1", "3", "err", "error 1234 of disk", "disk error", "x=77777", "\xff", "Error", "10.1.2.3"}
)

// randomEntry makes an entry with few different shapes.
func randomEntry(t *rapid.T, now int64) entry.Entry {
	e := entry.Entry{Received: now, Kind: entry.Kind(rapid.IntRange(0, 12).Draw(t, "kind") / 10)}
	if rapid.Bool().Draw(t, "dated") {
		e.Event = entry.Time{Valid: true, Micros: now + rapid.Int64Range(-20, 20).Draw(t, "event"), Digits: 6}
	}
	add := func(name, value string) {
		f := entry.Field{Name: name, Value: []byte(value)}
		if name[0] == '_' {
			f.Provenance = entry.Provenance(rapid.IntRange(1, 2).Draw(t, "provenance"))
		}
		if rapid.IntRange(0, 30).Draw(t, "private") == 0 {
			f.Form, f.Value = entry.Private, bytes.Repeat([]byte{7}, entry.DigestSize)
		}
		e.Fields = append(e.Fields, f)
	}
	shape := rapid.SampledFrom([][]string{{"MESSAGE"}, {"HOSTNAME", "MESSAGE", "PRIORITY"}, {"_HOSTNAME", "A", "A", "MESSAGE"},
		{"level", "PRIORITY", "_UID"}, {}, {"SYSLOG_IDENTIFIER", "HOSTNAME", "_HOSTNAME", "MESSAGE"}}).Draw(t, "shape")
	for _, name := range shape {
		add(name, rapid.SampledFrom(someValues).Draw(t, "value"))
	}
	if rapid.IntRange(0, 20).Draw(t, "rare") == 0 {
		add(rapid.SampledFrom(someNames).Draw(t, "name"), rapid.SampledFrom(someValues).Draw(t, "value"))
	}
	return e
}

// randomCond makes a condition of any depth.
func randomCond(t *rapid.T, depth int, now int64) cond {
	n := 9
	if depth == 0 {
		n = 6
	}
	from := rapid.Int64Range(-30, 300).Draw(t, "from")
	to := from + rapid.Int64Range(-5, 200).Draw(t, "length")
	switch rapid.IntRange(0, n).Draw(t, "cond") {
	case 0:
		return timeIs{now + from, now + to, axis(rapid.IntRange(0, 2).Draw(t, "axis"))}
	case 1:
		return indexIs{uint64(max(0, from)), uint64(max(0, to))}
	case 2:
		return kindIs(rapid.IntRange(0, 3).Draw(t, "kinds"))
	case 3:
		return &numberIs{names: entry.RoleNames("level"), parse: entry.ParseLevel[[]byte], want: uint32(rapid.IntRange(0, 255).Draw(t, "levels"))}
	case 4, 5, 6:
		return randomField(t)
	case 7:
		return not{randomCond(t, depth-1, now)}
	case 8:
		return all{randomCond(t, depth-1, now), randomCond(t, depth-1, now)}
	}
	return some{randomCond(t, depth-1, now), randomCond(t, depth-1, now), randomCond(t, depth-1, now)}
}

func randomField(t *rapid.T) cond {
	c := &fieldIs{names: []string{rapid.SampledFrom(someNames).Draw(t, "name")}, imported: rapid.Bool().Draw(t, "imported")}
	if rapid.Bool().Draw(t, "role") {
		c.names = entry.RoleNames(rapid.SampledFrom([]string{"message", "host", "app"}).Draw(t, "role"))
	}
	value := rapid.SampledFrom(someValues).Draw(t, "wanted")
	switch rapid.IntRange(0, 3).Draw(t, "test") {
	case 1:
		c.test = equals{[]byte(value)}
	case 2:
		c.test = equals{[]byte(value), []byte("web1")}
	case 3:
		c.test = randomTest(t, value)
	}
	return c
}

// randomTest makes a test of values of any kind.
func randomTest(t *rapid.T, value string) valueTest {
	op := randomOp(t, value)
	test, err := testOf(op)
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range someValues {
		if got := test.Match([]byte(v)); got != query.Holds(op, v) {
			t.Fatalf("%#v of %q is %t", op, v, got)
		}
	}
	return test
}

func randomOp(t *rapid.T, value string) query.Op {
	edges := rapid.SampledFrom([][2]query.Edge{{0, 0}, {1, 1}, {0, 1}, {1, 0}, {2, 0}, {0, 2}}).Draw(t, "edges")
	var op query.Op
	switch rapid.IntRange(0, 4).Draw(t, "op") {
	case 0:
		re := regexp.MustCompile(regexp.QuoteMeta(strings.ToValidUTF8(value, "")) + rapid.SampledFrom([]string{"", ".?$"}).Draw(t, "tail"))
		op = query.Regexp{RE: re, Source: re.String()}
	case 1:
		op = query.Range{Low: query.Bound{Text: "3"}}
	case 2:
		op = query.Equal{Values: []string{strings.ToUpper(value)}, Fold: true}
	default:
		from := rapid.IntRange(0, len(value)).Draw(t, "cut")
		to := rapid.IntRange(from, len(value)).Draw(t, "end")
		op = query.Text{Text: value[from:to], Start: edges[0], End: edges[1], Fold: rapid.IntRange(0, 5).Draw(t, "fold") == 0}
	}
	return op
}

// Columns give the rows that looking at each entry gives.
func TestScanIsRows(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		const now = 1_760_000_000_000_000
		first := uint64(rapid.IntRange(0, 3).Draw(t, "first"))
		var list []entry.Entry
		received := int64(now)
		for range rapid.IntRange(1, 200).Draw(t, "entries") {
			received += rapid.Int64Range(0, 2).Draw(t, "pass")
			list = append(list, randomEntry(t, received))
		}
		r := builtReader(t, first, list)
		for range 10 {
			f := &filter{cond: randomCond(t, 3, now)}
			f.bounds = boundsOf(f.cond)
			from := first + uint64(rapid.IntRange(0, len(list)).Draw(t, "scan from"))
			to := from + uint64(rapid.IntRange(1, len(list)).Draw(t, "scan length"))
			checkScan(t, r, f, list, from, to)
		}
	})
}

func builtReader(t tester, first uint64, list []entry.Entry) *segment.Reader {
	header := frame.FileHeader{Kind: frame.Segment, First: first}
	b := segment.NewBuilder()
	b.Reset(header)
	for i := range list {
		body, err := entry.AppendBody(nil, &list[i])
		if err != nil {
			t.Fatal(err)
		}
		if err := b.Add(body); err != nil {
			t.Fatal(err)
		}
	}
	image, err := b.Image()
	if err != nil {
		t.Fatal(err)
	}
	s, err := segment.Open(bytes.NewReader(image), int64(len(image)), header)
	if err != nil {
		t.Fatal(err)
	}
	return s.NewReader()
}

func checkScan(t *rapid.T, r *segment.Reader, f *filter, list []entry.Entry, from, to uint64) {
	scanned := newScan(r, f, new(journal.View), nil)
	scanned.restore = func(uint64, *entry.Entry) error { return nil } // there is no store
	hits, lost, err := scanned.find(from, to)
	if err != nil || !lost.empty() {
		t.Fatalf("%v, lost %v", err, lost)
	}
	for i := range list {
		index := r.First() + uint64(i)
		want := index >= from && index < to && f.cond.holds(index, &list[i])
		if hits.has(i) != want {
			t.Fatalf("%s in %d to %d: entry %d %+v: columns say %t", describe(f.cond), from, to, i, list[i], hits.has(i))
		}
	}
}

func describe(c cond) string {
	switch c := c.(type) {
	case not:
		return "not(" + describe(c.cond) + ")"
	case all:
		return "all" + describeList(c)
	case some:
		return "some" + describeList(c)
	case *fieldIs:
		return fmt.Sprintf("field%+v", *c)
	case *numberIs:
		return fmt.Sprintf("number%v %b", c.names, c.want)
	}
	return fmt.Sprintf("%T%+v", c, c)
}

func describeList(list []cond) string {
	var parts []string
	for _, c := range list {
		parts = append(parts, describe(c))
	}
	return "(" + strings.Join(parts, ", ") + ")"
}
