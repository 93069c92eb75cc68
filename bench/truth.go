package main

import (
	"bytes"
	"cmp"
	"regexp"
	"slices"
	"sort"
	"strconv"
	"time"
)

// answer is what an archive found, in a form that does not depend on the archive: the messages, or lines "VALUE N", in
// order of the alphabet.
type answer []string

// truth answers a question by looking at every event.
func truth(list []event, q question) answer {
	switch q.kind {
	case countBy, histogram:
		return counts(tally(list, q.group()))
	case topOf:
		return best(tally(list, q.field), q.n)
	}
	found := matches(list, q)
	if q.n > 0 && len(found) > q.n {
		found = found[len(found)-q.n:]
	}
	a := make(answer, len(found))
	for i, e := range found {
		a[i] = string(e.message)
	}
	slices.Sort(a)
	return a
}

// group is what the answer to a count is grouped by.
func (q question) group() string {
	if q.kind == histogram {
		return "minute"
	}
	return q.field
}

// matches are the events that a question selects, in order.
func matches(list []event, q question) []*event {
	needle := []byte(q.needle)
	switch q.kind {
	case byField:
		return where(list, func(e *event) bool { return e.value(q.field) == q.value })
	case window:
		return all(list[search(list, q.from):search(list, q.to)])
	case word:
		return where(list, func(e *event) bool { return hasWord(e.message, needle) })
	case substring:
		return where(list, func(e *event) bool { return contains(e.message, needle) })
	case pattern:
		re := regexp.MustCompile(q.needle)
		literal := []byte(q.needle[:max(bytes.IndexByte(needle, ' '), 0)]) // the first word, much faster to find
		return where(list, func(e *event) bool { return contains(e.message, literal) && re.Match(e.message) })
	}
	return all(list)
}

func where(list []event, fits func(*event) bool) (found []*event) {
	for i := range list {
		if fits(&list[i]) {
			found = append(found, &list[i])
		}
	}
	return found
}

func all(list []event) []*event { return where(list, func(*event) bool { return true }) }

// search is the number of the first event that is not before t.
func search(list []event, t time.Time) int {
	return sort.Search(len(list), func(i int) bool { return !list[i].at.Before(t) })
}

// value is that of a field by its name, one flat switch.
func (e *event) value(field string) string {
	switch field {
	case "host":
		return string(e.host)
	case "app":
		return string(e.app)
	case "pid":
		return string(e.pid)
	}
	return e.at.UTC().Format(minuteLayout)
}

// minuteLayout is how the answer to a histogram names a minute.
const minuteLayout = "2006-01-02T15:04"

// tally counts the values of a field. The absent one, "-", does not count.
func tally(list []event, field string) map[string]int {
	m := map[string]int{}
	for i := range list {
		m[list[i].value(field)]++
	}
	delete(m, "-")
	return m
}

func counts(m map[string]int) answer {
	a := make(answer, 0, len(m))
	for value, n := range m {
		a = append(a, value+" "+strconv.Itoa(n))
	}
	slices.Sort(a)
	return a
}

// best are the n largest counts without values: which of several with the same count is in the answer is open.
func best(m map[string]int, n int) answer {
	list := make([]int, 0, len(m))
	for _, count := range m {
		list = append(list, count)
	}
	slices.SortFunc(list, func(a, b int) int { return cmp.Compare(b, a) })
	a := make(answer, 0, n)
	for _, count := range list[:min(n, len(list))] {
		a = append(a, strconv.Itoa(count))
	}
	slices.Sort(a)
	return a
}

func contains(b, needle []byte) bool { return bytes.Contains(b, needle) }

// hasWord reports whether a word stands in a text: nothing of a word beside it.
func hasWord(b, needle []byte) bool {
	for from := 0; ; {
		at := bytes.Index(b[from:], needle)
		if at < 0 {
			return false
		}
		at += from
		end := at + len(needle)
		if (at == 0 || !inWord(b[at-1])) && (end == len(b) || !inWord(b[end])) {
			return true
		}
		from = at + 1
	}
}

func inWord(c byte) bool {
	return c == '_' || c >= '0' && c <= '9' || c|0x20 >= 'a' && c|0x20 <= 'z' || c >= 0x80
}
