package daemon

import (
	"fmt"

	"constat/internal/config"
	"constat/internal/ingest"
	"constat/internal/search"
	"constat/journal/layout"
)

// routesOf makes the routes of a configuration.
func routesOf(list []config.Route) ([]ingest.Route, error) {
	var routes []ingest.Route
	for i, r := range list {
		filter, err := r.Filter()
		if err != nil {
			return nil, fmt.Errorf("routes[%d].select: %w", i, err)
		}
		wants, err := search.Condition(filter, layout.Journal{Name: r.Journal})
		if err != nil {
			return nil, fmt.Errorf("routes[%d].select: %w", i, err)
		}
		routes = append(routes, ingest.Route{Journal: r.Journal, Wants: wants})
	}
	return routes, nil
}
