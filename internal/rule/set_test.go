package rule

import (
	"slices"
	"testing"

	"constat/entry"
)

// TestMatch: targets in the order of the rules, each once, and none behind a discard.
func TestMatch(t *testing.T) {
	all, kern := Everything(), Matrix{0: allLevels}
	s := New([]Rule{
		{Select: all, Action: Action{Kind: File, Target: "/all"}},
		{Select: kern, Action: Action{Kind: File, Target: "/kern"}},
		{Select: all, Action: Action{Kind: File, Target: "/all"}},
		{Select: all, Host: Names{List: []string{"alpha"}}, Action: Action{Kind: Discard}},
		{Select: all, Program: Names{List: []string{"su"}, Not: true}, Action: Action{Kind: Wall}},
		{Select: all, Query: func(e *entry.Entry) bool { return len(e.Fields) == 3 }, Action: Action{Kind: Output, Target: "o"}},
	})
	if len(s.Targets) != 4 {
		t.Fatalf("targets %v", s.Targets)
	}
	for _, c := range []struct {
		fields []string
		want   []int
	}{
		{[]string{"SYSLOG_FACILITY", "0", "PRIORITY", "3", "HOSTNAME", "beta"}, []int{0, 1, 2, 3}},
		{[]string{"SYSLOG_FACILITY", "0", "PRIORITY", "3", "HOSTNAME", "Alpha.example.org"}, []int{0, 1}},
		{[]string{"SYSLOG_FACILITY", "4", "SYSLOG_IDENTIFIER", "su"}, []int{0}},
		{nil, []int{0, 2}},
	} {
		var e entry.Entry
		for i := 0; i < len(c.fields); i += 2 {
			e.AddString(c.fields[i], c.fields[i+1], entry.Claimed)
		}
		f := FactsOf(&e)
		if got := s.Match(nil, &f); !slices.Equal(got, c.want) {
			t.Errorf("%v: %v, want %v", c.fields, got, c.want)
		}
		for target := range s.Targets {
			if s.Goes(target, &f) != slices.Contains(c.want, target) {
				t.Errorf("%v: goes to %v: %t", c.fields, s.Targets[target], !slices.Contains(c.want, target))
			}
		}
		room := make([]int, 0, 8)
		if n := testing.AllocsPerRun(100, func() { f := FactsOf(&e); room = s.Match(room[:0], &f) }); n != 0 {
			t.Errorf("%v: %v allocations", c.fields, n)
		}
	}
}
