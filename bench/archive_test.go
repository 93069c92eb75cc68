package main

import (
	"io"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"
)

// Every archive that this machine has gives the right answer to every question that it can be asked.
func testArchivesAgree(t *testing.T, binary string) {
	s, err := options{messages: 2000, pairs: 1, binary: binary}.suite(t.Context(), t.TempDir(), io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.loaded(t.Context()); err != nil {
		t.Fatal(err)
	}
	qs, err := draw(rand.New(rand.NewPCG(1, 1)), s.events)
	if err != nil {
		t.Fatal(err)
	}
	for _, q := range qs {
		want := truth(s.events, q)
		if len(want) == 0 {
			t.Errorf("%s: no answer", q)
		}
		for _, sh := range s.shelves {
			if err := s.check(t.Context(), sh, q, want); err != nil {
				t.Error(err)
			}
		}
	}
}

func TestParseEvent(t *testing.T) {
	e, err := parseEvent([]byte(`<29>1 2025-10-09T08:53:20.5Z node30 app 7 - [a b="] \" x"][c] the  message `))
	if err != nil || string(e.host) != "node30" || string(e.pid) != "7" || string(e.message) != "the  message " || e.priority != 29 || e.at.Nanosecond() != 5e8 {
		t.Errorf("%q %v %+v", e.message, err, e)
	}
	for _, bad := range []string{"", "<29>1 2025-10-09T08:53:20Z h a p -", "<x>1 2025-10-09T08:53:20Z h a p - - m", "<29>1 yesterday h a p - - m"} {
		if _, err := parseEvent([]byte(bad)); err == nil {
			t.Errorf("%q: no error", bad)
		}
	}
}

func eventsOf(t *testing.T, lines ...string) []event {
	t.Helper()
	l := load{lines: []byte(strings.Join(lines, "\n") + "\n"), messages: len(lines)}
	list, err := l.takeApart()
	if err != nil {
		t.Fatal(err)
	}
	return list
}

func TestTruth(t *testing.T) {
	list := eventsOf(t,
		`<29>1 2026-01-01T00:00:01Z h1 a 7 - - port 17 open`,
		`<29>1 2026-01-01T00:00:59Z h2 a 8 - - port 27 report`,
		`<29>1 2026-01-01T00:01:00Z h1 b 7 - - export 7`,
		`<29>1 2026-01-01T00:02:00Z h1 b - - - port_ 7`,
	)
	from := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		question
		want answer
	}{
		{question{kind: byField, field: "pid", value: "7"}, answer{"export 7", "port 17 open"}},
		{question{kind: byField, field: "host", value: "h1", n: 1}, answer{"port_ 7"}},
		{question{kind: newest, n: 2}, answer{"export 7", "port_ 7"}},
		{question{kind: window, from: from, to: from.Add(time.Minute)}, answer{"port 17 open", "port 27 report"}},
		{question{kind: word, needle: "port"}, answer{"port 17 open", "port 27 report"}},
		{question{kind: substring, needle: "xpor"}, answer{"export 7"}},
		{question{kind: pattern, needle: `port \d+7\b`}, answer{"port 17 open", "port 27 report"}},
		{question{kind: countBy, field: "pid"}, answer{"7 2", "8 1"}},
		{question{kind: topOf, field: "host", n: 1}, answer{"3"}},
		{question{kind: histogram}, answer{"2026-01-01T00:00 2", "2026-01-01T00:01 1", "2026-01-01T00:02 1"}},
	} {
		if got := truth(list, c.question); !slices.Equal(got, c.want) {
			t.Errorf("%d: %q, want %q", c.kind, got, c.want)
		}
	}
}

func TestBackwardsCorpus(t *testing.T) {
	l := load{lines: []byte("<1>1 2026-01-01T00:00:02Z h a 7 - - x\n<1>1 2026-01-01T00:00:01Z h a 7 - - x\n"), messages: 2}
	if _, err := l.takeApart(); err == nil || !strings.Contains(err.Error(), "line 2") {
		t.Error(err)
	}
}

func TestCountIn(t *testing.T) {
	for text, want := range map[string][2]string{
		`{"host":"web01","count()":"12"}`:                  {"web01", "12"},
		`{"event":"2026-01-01T00:01:00Z","count":1000000}`: {"2026-01-01T00:01:00Z", "1000000"},
	} {
		value, n, err := countIn([]byte(text))
		if value != want[0] || n != want[1] || err != nil {
			t.Errorf("%s: %q, %q, %v", text, value, n, err)
		}
	}
	if _, _, err := countIn([]byte(`{"host":"x"}`)); err == nil {
		t.Error("no count, no error")
	}
	if got := minuteOf("2026-01-01T01:01:00+01:00"); got != "2026-01-01T00:01" {
		t.Error(got)
	}
}
