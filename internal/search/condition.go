package search

import (
	"constat/entry"
	"constat/journal/layout"
	"constat/query"
)

// Condition returns what says of single entries whether they pass a filter, as entries of journal d. The filter must not
// speak of indexes or earlier boots. What is returned is not safe for concurrent use.
func Condition(filter query.Node, d layout.Journal) (func(*entry.Entry) bool, error) {
	made, err := compileFilter(&Query{Query: query.Query{Filter: query.Simplify(filter)}}, d)
	if err != nil {
		return nil, err
	}
	return func(e *entry.Entry) bool { return made.holds(0, e) }, nil
}
