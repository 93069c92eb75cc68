package search

import (
	"errors"
	"slices"

	"constat/journal"
)

// Bounds of what is kept of the newest entries, so that they need not be read twice.
const (
	keptRows  = 4096
	keptBytes = 32 << 20
)

// keptResult is a result or an error that was met on the way back.
type keptResult struct {
	row *Result
	err error
}

// newest yields the newest limit entries, oldest first: it goes back from the end once, and keeps them. It returns
// false, and has yielded nothing, if they are too many to be kept.
func (m *merge) newest(limit int, yield func(Result, error) bool) bool {
	if limit > keptRows {
		return false
	}
	var list []keptResult
	size, tooMuch := 0, false
	back := m.reversed()
	defer back.close()
	back.straight(limit, nil, func(r Result, err error) bool {
		if err == nil {
			size += r.size()
			tooMuch = size > keptBytes
			list = append(list, keptResult{row: r.clone()})
		} else {
			list = append(list, keptResult{row: &r, err: err})
		}
		return !tooMuch
	})
	if tooMuch {
		return false
	}
	for _, x := range slices.Backward(list) {
		if !yield(*x.row, x.err) || x.err != nil && !isMissing(x.err) {
			break
		}
	}
	return true
}

// reversed returns a merge of the same sources from the end.
func (m *merge) reversed() *merge {
	m.close()
	back := &merge{reverse: true}
	for _, s := range m.sources {
		back.sources = append(back.sources, &source{ctx: s.ctx, view: s.view, filter: s.filter, tell: s.tell, r: s.r, reverse: true})
	}
	return back
}

// isMissing reports whether an error speaks of indexes that cannot be read, after which it goes on.
func isMissing(err error) bool {
	var missing *journal.MissingError
	return errors.As(err, &missing)
}
