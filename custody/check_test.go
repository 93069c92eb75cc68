package custody

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"constat/entry"
)

// story is a session that is told step by step.
type story struct {
	t *testing.T
	h History
	n uint64
}

func tell(t *testing.T, events ...Event) *story {
	t.Helper()
	s := &story{t: t}
	for _, e := range events {
		s.add(e)
	}
	return s
}

func (s *story) add(e Event) {
	s.t.Helper()
	e.Session, e.At = "s", at.Add(time.Duration(s.n)*time.Second)
	x, err := e.Entry("app")
	if err != nil {
		s.t.Fatal(err)
	}
	s.h.Add("audit", s.n, &x)
	s.n++
}

func (s *story) check() *Report { return s.h.Sessions()[0].Check() }

func opened() Event { return Event{Op: Opened} }
func closed(c Counts) Event {
	return Event{Op: Closed, Result: Complete, Counts: c}
}
func read(path string, b byte) Event {
	return Event{Op: Read, Path: path, Content: content(b), Medium: source, Result: OK}
}
func clean(path string, b byte) Event {
	return Event{Op: Scanned, Path: path, Content: content(b), Engine: engine, Result: Clean}
}
func copied(path string, b byte) Event {
	return Event{Op: Copied, Path: path, Content: content(b), Medium: target, Result: OK}
}

// rules are those of the findings of a report.
func rules(r *Report) (list []string) {
	for _, f := range r.Findings {
		list = append(list, f.Rule)
	}
	return list
}

// TestCheck: each story, and the rules that it breaks.
func TestCheck(t *testing.T) {
	other := engine
	other.Name = "Other"
	infected := Event{Op: Scanned, Path: "a", Content: content(1), Engine: engine, Result: Infected, Threat: "T"}
	failed := Event{Op: Copied, Path: "a", Medium: target, Result: Error, Reason: "no room"}
	for _, c := range []struct {
		name   string
		events []Event
		want   string
	}{
		{"good", []Event{opened(), read("a", 1), clean("a", 1), copied("a", 1), closed(Counts{Read: 1, Clean: 1, Copied: 1})}, ""},
		{"infected and withheld", []Event{opened(), read("a", 1), infected, closed(Counts{})}, ""},
		{"passed over", []Event{opened(), {Op: Read, Path: "a", Medium: source, Result: Skipped, Reason: "x"}, closed(Counts{})}, ""},
		{"infected and delivered", []Event{opened(), read("a", 1), infected, copied("a", 1), closed(Counts{})}, "infected-delivered delivered-unscanned"},
		{"never read", []Event{opened(), clean("a", 1), copied("a", 1), closed(Counts{})}, "not-read"},
		{"never scanned", []Event{opened(), read("a", 1), closed(Counts{})}, "not-scanned"},
		{"delivered first", []Event{opened(), read("a", 1), copied("a", 1), clean("a", 1), closed(Counts{})}, "delivered-early"},
		{"copy failed", []Event{opened(), read("a", 1), clean("a", 1), failed, closed(Counts{})}, "copy-failed"},
		{"read twice", []Event{opened(), read("a", 1), read("a", 2), clean("a", 1), copied("a", 1), closed(Counts{})}, "source-differs"},
		{"one engine only", []Event{opened(), read("a", 1), clean("a", 1), copied("a", 1), read("b", 2), clean("b", 2),
			{Op: Scanned, Path: "b", Content: content(2), Engine: other, Result: Clean}, copied("b", 2), closed(Counts{})}, "engine-missing"},
		{"other content", []Event{opened(), read("a", 1), clean("a", 1), copied("a", 2), closed(Counts{})}, "delivered-other delivered-unscanned"},
		{"other verdict", []Event{opened(), read("a", 1), clean("a", 2), copied("a", 1), closed(Counts{})}, "scanned-other not-scanned delivered-unscanned"},
		{"not delivered", []Event{opened(), read("a", 1), clean("a", 1), closed(Counts{})}, "not-delivered"},
		{"removed again", []Event{opened(), read("a", 1), clean("a", 1), copied("a", 1), {Op: Deleted, Path: "a", Medium: target, Result: OK}, closed(Counts{})}, ""},
		{"aborted", []Event{opened(), {Op: Closed, Result: Aborted, Reason: "x"}}, "aborted"},
		{"no frame", []Event{read("a", 1), clean("a", 1), copied("a", 1)}, "not-opened not-closed"},
		{"late", []Event{opened(), closed(Counts{}), opened()}, "late twice"},
		{"count", []Event{opened(), closed(Counts{Deleted: 1})}, "count"},
		{"spellings", []Event{opened(), {Op: Read, Path: "é", Medium: source, Result: Skipped, Reason: "x"}, {Op: Read, Path: "e\u0301", Medium: source, Result: Skipped, Reason: "x"}, closed(Counts{})}, "spelling"},
	} {
		r := tell(t, c.events...).check()
		if got := strings.Join(rules(r), " "); got != c.want || r.Good() != (c.want == "") {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
		for _, f := range r.Findings {
			if en, fr := f.In("en"), f.In("fr"); en == fr || strings.Contains(en+fr, "%!") || f.Text != en {
				t.Errorf("%s: %q, %q", c.name, en, fr)
			}
		}
		if _, err := json.Marshal(r); err != nil {
			t.Error(err)
		}
		for _, lang := range []string{"en", "fr"} {
			if text := r.Text(lang); strings.Contains(text, "%!") || !strings.Contains(text, "s") {
				t.Errorf("%s: %s", c.name, text)
			}
		}
	}
}

// TestOnMedium: what is on the medium is compared, and what is not.
func TestOnMedium(t *testing.T) {
	events := []Event{opened(), closed(Counts{})}
	for _, p := range []string{"gone", "same", "changed", "link"} {
		events = slices.Insert(events, len(events)-1, read(p, 1), clean(p, 1), copied(p, 1))
	}
	events = slices.Insert(events, 1, read("evil", 6), Event{Op: Scanned, Path: "evil", Content: content(6), Engine: engine, Result: Infected, Threat: "T"})
	r := tell(t, events...).check()
	if !r.Good() {
		t.Fatal(r.Findings)
	}
	r.OnMedium([]Found{{Path: "same", SHA256: SHA256{1}}, {Path: "changed", SHA256: SHA256{2}}, {Path: "link", Link: "/etc"}, {Path: "evil", SHA256: SHA256{6}},
		{Path: "new", SHA256: SHA256{1}}, {Path: "proof.html", Proof: true}, {Path: "pipe", Not: "it is a pipe"}})
	got := rules(r)
	slices.Sort(got)
	want := "medium-differs medium-link medium-missing medium-undelivered medium-unreadable medium-unscanned"
	if strings.Join(got, " ") != want {
		t.Errorf("%v, want %s", got, want)
	}
	for _, f := range r.Files {
		if want := map[Path]string{"gone": Missing, "same": Same, "changed": Differs, "link": Differs, "evil": Intruding}[f.Path]; f.Medium != want {
			t.Errorf("%s: %s, want %s", f.Path, f.Medium, want)
		}
	}
}

// TestNames: the names of the report are a contract with the programs that read it.
func TestNames(t *testing.T) {
	r := tell(t, opened(), read("a\xff", 1), clean("a\xff", 1), closed(Counts{})).check()
	text, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	var found struct {
		Session, Station, Result, Reason         *string
		Opened, Closed                           *time.Time
		Partial                                  *bool
		Counts                                   map[string]int
		Engines, Media, Writers, Files, Findings []json.RawMessage
	}
	d := json.NewDecoder(strings.NewReader(string(text)))
	d.DisallowUnknownFields()
	if err := d.Decode(&found); err != nil || found.Session == nil || found.Opened == nil || found.Partial == nil || found.Counts["read"] != 1 || len(found.Counts) != 7 {
		t.Fatalf("%v: %s", err, text)
	}
	names := func(object json.RawMessage) string {
		var members map[string]any
		if err := json.Unmarshal(object, &members); err != nil {
			t.Fatal(err)
		}
		return strings.Join(slices.Sorted(maps.Keys(members)), " ")
	}
	for _, c := range []struct {
		object json.RawMessage
		want   string
	}{
		{found.Files[0], "delivered delivered_at md5 medium mime path read_at reason scans sha256 size verdict"},
		{found.Findings[0], "index path rule text"}, {found.Engines[0], "name signatures signatures_date version"}, {found.Media[0], "id label role serial"},
	} {
		if got := names(c.object); got != c.want {
			t.Errorf("%s, want %s", got, c.want)
		}
	}
	if !strings.Contains(string(text), `"path":{"base64":"Yf8="}`) {
		t.Errorf("a path that is no text: %s", text)
	}
}

// TestTrusted: what others have written than those that are named is a finding.
func TestTrusted(t *testing.T) {
	s := tell(t, opened(), closed(Counts{}))
	session := s.h.Sessions()[0]
	session.Steps[1].By = "uid 1, /bin/x"
	session.Trusted = []string{"uid 1, /bin/x"}
	r := session.Check()
	if len(r.Findings) != 1 || r.Findings[0].Rule != "writer" || !strings.Contains(r.Findings[0].Text, "entry 0 (session.opened)") {
		t.Errorf("%+v", r.Findings)
	}
}

// TestBadEntries: what is no valid event is named with its index, and does not count.
func TestBadEntries(t *testing.T) {
	s := tell(t, opened(), closed(Counts{}))
	bad := entry.Entry{Event: entry.Time{Valid: true}}
	bad.AddString(FieldForm, Form, entry.Claimed)
	bad.AddString(FieldSession, "s", entry.Claimed)
	s.h.Add("audit", 7, &bad)
	s.h.Add("audit", 8, &entry.Entry{}) // of somebody else
	r := s.check()
	if len(r.Findings) != 1 || r.Findings[0].Rule != "event" || *r.Findings[0].Index != 7 || len(s.h.Sessions()) != 1 {
		t.Errorf("%+v", r.Findings)
	}
}
