package ingest

import (
	"fmt"
	"strings"
	"testing"

	"constat/entry"
	"constat/internal/rule"
)

// begins is a rule for messages that begin with a word.
func begins(word, journal string) rule.Rule {
	return rule.Rule{Select: rule.Everything(), Action: rule.Action{Kind: rule.Journal, Target: journal}, Query: func(e *entry.Entry) bool {
		message, _ := e.Message()
		return strings.HasPrefix(string(message), word)
	}}
}

// TestRules: every message goes where the first rule that wants it says, in its order, also when the disk is full in
// the middle of a batch; a change of rules counts from then on.
func TestRules(t *testing.T) {
	for _, room := range []int{-1, 0, 1, 50, 99, 250} {
		f := newFake()
		f.room = room
		in, stop := startIntake(t, f, Config{Journal: "rest"})
		in.SetRules(rule.New([]rule.Rule{begins("auth", "auth"), begins("a", "other")}))
		const each = 100
		for i := range each {
			for _, word := range []string{"auth", "any", "mail"} {
				put(t, in, chunkOf(in, streamSource, fmt.Sprintf("<13>%s %d", word, i)))
			}
		}
		if room >= 0 {
			until(t, "full", func() bool {
				f.mu.Lock()
				defer f.mu.Unlock()
				return f.room == 0
			})
			f.set(func(f *fakeStore) { f.room = -1 })
		}
		until(t, "all kept", func() bool { return in.Stats().Durable == 3*each })
		in.SetRules(nil)
		put(t, in, chunkOf(in, streamSource, "<13>auth later"))
		if err := stop(); err != nil {
			t.Fatal(err)
		}
		routed(t, f, each)
	}
}

func routed(t *testing.T, f *fakeStore, each int) {
	t.Helper()
	next := map[string]int{}
	for _, k := range f.kept[:len(f.kept)-1] {
		word, number, _ := strings.Cut(k.message, " ")
		want := map[string]string{"auth": "auth", "any": "other", "mail": "rest"}[word]
		if k.journal != want || number != fmt.Sprint(next[word]) {
			t.Fatalf("%q in %s, want number %d in %s", k.message, k.journal, next[word], want)
		}
		next[word]++
	}
	if next["auth"] != each || next["any"] != each || next["mail"] != each {
		t.Errorf("kept %v", next)
	}
	if last := f.kept[len(f.kept)-1]; last.message != "auth later" || last.journal != "rest" {
		t.Errorf("without rules: %+v", last)
	}
}
