package main

import (
	"bytes"
	"cmp"
	"fmt"
	"math/rand/v2"
	"regexp"
	"strings"
	"time"

	"constat/internal/measure"
)

// kind is what a question asks.
type kind int

// The kinds.
const (
	byField   kind = iota // events whose field has the value
	newest                // the last n
	window                // from … to
	word                  // events with the word needle
	substring             // events with needle anywhere in the message
	pattern               // events whose message fits the regular expression needle
	countBy               // how many events of each value of field
	topOf                 // the n most frequent values of field
	histogram             // how many events of each minute
	everything
	sound // is it what it was?
)

// question is asked of every archive.
type question struct {
	kind
	title, goal  string
	field, value string // of byField, countBy and topOf: host, app or pid
	n            int    // the newest n of the answers; 0: all
	needle       string
	from, to     time.Time
	hits         int // rows of the answer
}

// few is what a rare needle may hit at most.
const few = 20

// draw makes the questions. Their values and needles come from the events at random.
func draw(r *rand.Rand, list []event) ([]question, error) {
	d := drawer{r, list}
	qs := []question{
		{kind: byField, title: "exact field, 10 hits at most", goal: "10 ms", field: "pid", value: d.rareProcess()},
		{kind: byField, title: "newest 100 of a frequent value", goal: "10 ms", field: "host", value: d.frequentHost(), n: 100},
		{kind: newest, title: "last 10", goal: "10 ms", n: 10},
		d.minute(),
		{kind: word, title: "word", needle: d.word(1, 2000)},
		{kind: substring, title: "rare substring, mid-word", goal: "ripgrep", needle: d.middle()},
		{kind: pattern, title: "regular expression with a literal", goal: "1.5 × ripgrep", needle: d.expression()},
		{kind: countBy, title: "count by field", goal: "15 ms", field: "host"},
		{kind: topOf, title: "top 10 values", goal: "30 ms", field: "app", n: 10},
		{kind: topOf, title: "top 10 of very many values", field: "pid", n: 10},
		{kind: histogram, title: "histogram by minute", goal: "20 ms"},
	}
	for i := range qs {
		if q := &qs[i]; q.needle == "" && (q.kind == word || q.kind == substring || q.kind == pattern) || q.kind == byField && q.value == "" {
			return nil, fmt.Errorf("nothing in these events can be drawn for %q: take more of them", q.title)
		}
	}
	return qs, nil
}

// drawer draws from events.
type drawer struct {
	*rand.Rand
	list []event
}

// rareProcess is a process number that two to ten events have.
func (d drawer) rareProcess() string {
	counts := tally(d.list, "pid")
	for range 100_000 {
		pid := string(d.list[d.IntN(len(d.list))].pid)
		if n := counts[pid]; n >= 2 && n <= 10 && pid != "-" {
			return pid
		}
	}
	return ""
}

func (d drawer) frequentHost() (most string) {
	counts := tally(d.list, "host")
	for host, n := range counts {
		if n > counts[most] || n == counts[most] && host < most {
			most = host
		}
	}
	return most
}

// minute is a window of a minute that no event lies on the edge of.
func (d drawer) minute() question {
	q := question{kind: window, title: "window of a minute", goal: "10 ms"}
	for range 1000 {
		q.from = d.list[d.IntN(len(d.list))].at.Truncate(time.Minute).UTC()
		q.to = q.from.Add(time.Minute)
		if !d.at(q.from) && !d.at(q.to) {
			break
		}
	}
	return q
}

// at reports whether an event lies on a time.
func (d drawer) at(t time.Time) bool {
	i := search(d.list, t)
	return i < len(d.list) && d.list[i].at.Equal(t)
}

// word is a word that stands in so many messages, whatever the case of its letters, and nowhere else in a line.
func (d drawer) word(least, most int) string {
	return d.draw(5, func(w string) bool {
		n := len(matches(d.list, question{kind: word, needle: w}))
		if n < least || n > most {
			return false
		}
		anyCase := bytes.ToLower([]byte(w))
		return n == len(where(d.list, func(e *event) bool { return hasWord(bytes.ToLower(e.line), anyCase) }))
	})
}

// middle is the middle of a word that few messages have, and nothing else of their lines.
func (d drawer) middle() string {
	w := d.draw(8, func(w string) bool {
		inside := []byte(measure.Inside(w))
		n := len(matches(d.list, question{kind: substring, needle: string(inside)}))
		return n >= 1 && n <= few && n == len(where(d.list, func(e *event) bool { return contains(e.line, inside) }))
	})
	if w == "" {
		return ""
	}
	return measure.Inside(w)
}

// expression is a word, a number and what the number ends in, which lines have nowhere but in messages.
func (d drawer) expression() string {
	made := ""
	d.draw(4, func(w string) bool {
		if strings.ContainsAny(w, "0123456789") {
			return false
		}
		made = fmt.Sprintf(`%s \d+%d\b`, w, d.IntN(100))
		n := len(matches(d.list, question{kind: pattern, needle: made}))
		re := regexp.MustCompile(made)
		return n >= 5 && n <= 5000 && n == len(where(d.list, func(e *event) bool { return re.Match(e.line) }))
	})
	return made
}

// tries is how many words are looked up in all events at most.
const tries = 200

func (d drawer) draw(least int, fits func(string) bool) string {
	sample := make([][]byte, min(len(d.list), 1000))
	for i := range sample {
		sample[i] = d.list[d.IntN(len(d.list))].message
	}
	left := tries
	return measure.Word(d.Rand, sample, least, func(w string) bool {
		left--
		return left >= 0 && fits(w)
	})
}

// String is what is asked for, for people.
func (q question) String() string {
	switch {
	case q.kind == window:
		return fmt.Sprintf("%s from %s", q.title, q.from.Format(time.RFC3339))
	case q.value != "":
		return fmt.Sprintf("%s (%s %s)", q.title, q.field, q.value)
	}
	if what := cmp.Or(q.needle, q.field); what != "" {
		return fmt.Sprintf("%s (`%s`)", q.title, what)
	}
	return q.title
}
