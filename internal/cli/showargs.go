package cli

import (
	"errors"
	"strings"

	"constat/query"
)

// parseArgs reads the arguments of show: the language, or FIELD=VALUE with "+" between alternatives as journalctl
// takes them. None at all is everything. The error of a query shows where it is.
func parseArgs(args []string) (query.Query, error) {
	if len(args) == 0 {
		return query.Query{Filter: query.All{}}, nil
	}
	q, err := query.ParseArgs(args)
	var wrong *query.Error
	if errors.As(err, &wrong) {
		return q, usage("%w\n  %s\n  %s^", err, line(wrong.Query), strings.Repeat(" ", max(0, wrong.Column-1)))
	}
	return q, err
}

// line makes one line of a query, as long as it was.
func line(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' {
			return ' '
		}
		return r
	}, s)
}
