package search

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"time"

	"constat/journal"
	"constat/query"
)

// Boot is one run of a system, as the field _BOOT_ID tells it.
type Boot struct {
	ID          string
	First, Last int64 // received time of its first and last entry, µs
}

// Boots returns the boots that entries of the views belong to, oldest first. What cannot be read is an error beside
// the boots that were found.
func Boots(ctx context.Context, views []*journal.View) (boots []Boot, err error) {
	const id = "_BOOT_ID"
	q := Query{Query: query.Query{
		Filter: query.And{Nodes: []query.Node{query.Match{Field: id, Op: query.Exists{}},
			query.Kind{Names: []string{"event", "loss", "seal", "control"}}}},
		Pipes: []query.Pipe{query.Stats{By: []query.Group{{Field: id}},
			Funcs: []query.Func{{Name: "min", Field: "received"}, {Name: "max", Field: "received"}}}},
	}}
	var missing []error
	for r, err := range Run(ctx, views, q) {
		var gone *journal.MissingError
		if errors.As(err, &gone) {
			missing = append(missing, err)
			continue
		}
		if err != nil {
			return boots, err
		}
		if !r.Record[0].Absent {
			boots = append(boots, Boot{string(r.Record[0].Text), readMicros(r.Record[1].Text), readMicros(r.Record[2].Text)})
		}
	}
	slices.SortFunc(boots, func(a, b Boot) int { return cmp.Or(cmp.Compare(a.First, b.First), cmp.Compare(a.ID, b.ID)) })
	return boots, errors.Join(missing...)
}

// readMicros reads what AppendTime wrote.
func readMicros(text []byte) int64 {
	t, err := time.Parse(time.RFC3339Nano, string(text))
	if err != nil {
		return 0
	}
	return t.UnixMicro()
}
