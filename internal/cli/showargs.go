package cli

import (
	"strings"

	"constat/entry"
	"constat/query"
)

// parseArgs reads the arguments of show: FIELD=VALUE with "+" between alternatives, as journalctl does. "*" alone is
// everything.
func parseArgs(args []string) (query.Query, error) {
	if len(args) == 0 || len(args) == 1 && args[0] == "*" {
		return query.Query{Filter: query.All{}}, nil
	}
	var all query.Or
	var current query.And
	for _, arg := range args {
		field, value, found := strings.Cut(arg, "=")
		switch {
		case arg == "+" && len(current.Nodes) > 0:
			all.Nodes, current.Nodes = append(all.Nodes, current), nil
		case arg == "+":
			return query.Query{}, usage(`"+" stands between two FIELD=VALUE`)
		case !found || !entry.ValidName(field):
			return query.Query{}, usage("%q: want FIELD=VALUE; to search in messages use -g REGEXP", arg)
		default:
			current.Nodes = addValue(current.Nodes, field, value)
		}
	}
	if len(current.Nodes) == 0 {
		return query.Query{}, usage(`"+" stands between two FIELD=VALUE`)
	}
	all.Nodes = append(all.Nodes, current)
	return query.Query{Filter: all}, nil
}

// addValue adds FIELD=VALUE: values of one field are alternatives.
func addValue(nodes []query.Node, field, value string) []query.Node {
	for i, n := range nodes {
		if m := n.(query.Match); m.Field == field {
			m.Op = query.Equal{Values: append(m.Op.(query.Equal).Values, value)}
			nodes[i] = m
			return nodes
		}
	}
	return append(nodes, query.Match{Field: field, Op: query.Equal{Values: []string{value}}})
}
