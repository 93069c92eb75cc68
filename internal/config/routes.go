package config

import (
	"errors"
	"fmt"

	"constat/journal/layout"
	"constat/query"
)

// Filter is what the route selects.
func (r Route) Filter() (query.Node, error) {
	q, err := query.Parse(r.Select)
	if err != nil {
		return nil, err
	}
	if len(q.Pipes) > 0 {
		return nil, errors.New("want a filter, without \"|\"")
	}
	query.Walk(q.Filter, func(n query.Node) {
		switch n.(type) {
		case query.Time, query.Index, query.Boot, query.Journal:
			err = fmt.Errorf("%s: times, indexes, boots and journals have no place in a route", query.Print(n))
		}
	})
	return q.Filter, err
}

// validateRoutes finds routes to journals that cannot be, and filters that are none.
func validateRoutes(routes []Route) (found []problem) {
	for i, r := range routes {
		key := fmt.Sprintf("routes[%d]", i)
		if err := layout.ValidJournalName(r.Journal); err != nil {
			found = append(found, problem{key + ".journal", err.Error()})
		} else if r.Journal == layout.ImportedName {
			found = append(found, problem{key + ".journal", "\"imported\" is for imports: name another one"})
		}
		if r.Select == "" {
			found = append(found, problem{key + ".select", "is missing: want a filter, such as level:debug"})
		} else if _, err := r.Filter(); err != nil {
			found = append(found, problem{key + ".select", err.Error()})
		}
	}
	return found
}
