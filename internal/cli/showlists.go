package cli

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"

	"constat/internal/search"
	"constat/journal"
	"constat/query"
)

// lists reports whether show prints a list in place of entries.
func (f showFlags) lists() bool { return f.names || f.boots || f.field != "" }

// list makes a query of -F FIELD, and checks that the flags go together.
func (f *showFlags) list(q *search.Query, formatGiven bool) error {
	if !f.lists() {
		return nil
	}
	if f.follow || len(q.Pipes) > 0 || f.names && f.boots || f.field != "" && (f.names || f.boots) {
		return usage("-N, -F, --list-boots, -f and pipes exclude each other")
	}
	if !formatGiven && !f.boots {
		f.format = "cat"
	}
	if f.field == "" {
		return nil
	}
	there := query.Match{Field: f.field, Op: query.Exists{}}
	if f.field == "message" {
		there.Field = ""
	}
	q.Filter = query.And{Nodes: []query.Node{q.Filter, there}}
	q.Pipes = []query.Pipe{
		query.Stats{Funcs: []query.Func{{Name: "count"}}, By: []query.Group{{Field: f.field}}},
		query.Where{Filter: query.Match{Field: f.field, Op: query.Exists{}}},
		query.Fields{Names: []string{f.field}},
	}
	return nil
}

// printNames prints the names of all fields.
func (a *app) printNames(ctx context.Context, views []*journal.View, out *output) (missing bool, err error) {
	names, err := search.FieldNames(ctx, views)
	if missing, err = a.tellMissing(err); err != nil {
		return missing, err
	}
	for _, name := range names {
		if err := out.record([]search.Value{{Name: "field", Text: []byte(name)}}); err != nil {
			return missing, err
		}
	}
	return missing, out.finish()
}

// printBoots prints the boots, 0 the newest.
func (a *app) printBoots(ctx context.Context, views []*journal.View, out *output) (missing bool, err error) {
	boots, err := search.Boots(ctx, views)
	if missing, err = a.tellMissing(err); err != nil {
		return missing, err
	}
	for i, b := range boots {
		err := out.record([]search.Value{
			{Name: "boot", Text: strconv.AppendInt(nil, int64(i-len(boots)+1), 10), Number: true}, {Name: "id", Text: []byte(b.ID)},
			{Name: "first", Text: search.AppendTime(nil, b.First)}, {Name: "last", Text: search.AppendTime(nil, b.Last)}})
		if err != nil {
			return missing, err
		}
	}
	return missing, out.finish()
}

// tellMissing tells what cannot be read, and returns any other error.
func (a *app) tellMissing(err error) (missing bool, _ error) {
	var gone *journal.MissingError
	if !errors.As(err, &gone) {
		return false, err
	}
	a.say("constat: %v", err)
	return true, nil
}

// bootBefore returns the id of the boot that lies back boots before the newest one in the views.
func bootBefore(ctx context.Context, views []*journal.View) func(back int) (string, error) {
	return func(back int) (string, error) {
		boots, err := search.Boots(ctx, views)
		if err != nil {
			return "", err
		}
		slices.Reverse(boots)
		if back < 0 || back >= len(boots) {
			return "", fmt.Errorf("boot:-%d: there are %d boots in the journals; see --list-boots", back, len(boots))
		}
		return boots[back].ID, nil
	}
}
