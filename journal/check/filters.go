package check

import (
	"fmt"
	"slices"

	"constat/entry"
	"constat/journal/column"
	"constat/journal/segment"
)

// filters lists the columns whose filter denies a value that is there. Columns that cannot be read are left out: what
// is in them is reported as lost.
func (w *worker) filters(x *segmentJob) []string {
	var list []string
	for n, c := range x.seg.Columns() {
		f := filterCheck{r: &w.reader, column: n, text: isText(c), seen: map[string]bool{}}
		var err error
		if f.shared, err = x.seg.Shared(n); err != nil || c.FilterSize == 0 && !f.text {
			continue
		}
		for b := range x.seg.Blocks() {
			if f.block(b); f.denied != nil {
				name := c.Name
				if name == "" {
					name = "(none)"
				}
				list = append(list, fmt.Sprintf("the filter of column %d, %s, denies %q, which is there", n, name, f.denied))
				break
			}
		}
	}
	return list
}

// filterCheck asks one column for everything that is in it.
type filterCheck struct {
	r      *segment.Reader
	column int
	shared *column.Column
	text   bool            // the filter is about words
	seen   map[string]bool // what has been asked for
	denied []byte
}

// isText reports whether the filter of a column is about the words of its values, as for messages.
func isText(c segment.Column) bool {
	return !c.Rest && !c.Params && c.Form == entry.Inline && (c.Name == entry.Raw || slices.Contains(entry.RoleNames("message"), c.Name))
}

func (f *filterCheck) block(b int) {
	block, n, err := f.r.Column(f.column, b)
	var values column.Texts
	if err != nil || n == 0 || block.Texts(&values) != nil {
		return
	}
	for i := 0; i < values.Len() && f.denied == nil; i++ {
		if f.text {
			f.words(values.At(i))
		} else {
			f.ask(values.At(i), [][]byte{values.At(i)}, true)
		}
	}
}

// words asks for every word of a text.
func (f *filterCheck) words(text []byte) {
	for len(text) > 0 && f.denied == nil {
		n := 0
		for n < len(text) && isWord(text[n]) {
			n++
		}
		if word := text[:n]; n > 0 && !f.seen[string(word)] {
			f.seen[string(word)] = true
			f.ask(word, column.Keys(word, true), f.shared.MayHold(word))
		}
		text = text[min(max(n, 1), len(text)):]
	}
}

func isWord(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '_' || c >= 0x80
}

// ask asks the filter for the keys of a value.
func (f *filterCheck) ask(value []byte, keys [][]byte, possible bool) {
	for _, key := range keys {
		has, err := f.r.Filter(f.column, key)
		possible = possible && (has || err != nil)
	}
	if !possible {
		f.denied = value
	}
}
