package search

import (
	"fmt"
	"slices"

	"constat/journal/frame"
	"constat/journal/layout"
	"constat/query"
)

// pipe makes the stage of pipe number i, which works before the next one.
func (x *pipeline) pipe(i int, next stage) (stage, error) {
	switch p := x.query.Pipes[i].(type) {
	case query.Fields:
		return newFields(next, fieldOrMessage(p.Names)), nil
	case query.Limit:
		return &limitStage{stage: next, n: p.N}, nil
	case query.Offset:
		return &limitStage{stage: next, skip: p.N, n: -1}, nil
	case query.Sort:
		return newSort(next, p.Keys, 0, false), nil
	case query.First:
		if len(p.Keys) == 0 {
			return &limitStage{stage: next, n: p.N}, nil
		}
		return newSort(next, p.Keys, p.N, false), nil
	case query.Last:
		if len(p.Keys) == 0 {
			return newLast(next, p.N), nil
		}
		return newSort(next, p.Keys, p.N, true), nil
	case query.Stats:
		return newStats(next, groupsOf(p.By), functionsOf(p.Funcs)), nil
	case query.Top:
		return newTop(next, fieldOrMessage([]string{p.Field}), p.N), nil
	case query.Uniq:
		return newUniq(next, fieldOrMessage(p.Names)), nil
	case query.Patterns:
		return newPatterns(next, p.N), nil
	case query.Sample:
		return &whereStage{next, func(r *Result) bool { return r.Entry == nil || r.Index%uint64(max(1, p.N)) == 0 }}, nil
	}
	return x.pipeOfEntries(i, next)
}

// pipeOfEntries makes the stages that change entries or need more than the rows.
func (x *pipeline) pipeOfEntries(i int, next stage) (stage, error) {
	switch p := x.query.Pipes[i].(type) {
	case query.Drop:
		return newEdit(next, func(e *edit, r *Result) error { e.remove(r, p.Names); return nil }), nil
	case query.Rename:
		return newEdit(next, func(e *edit, r *Result) error {
			for _, pair := range p.Pairs {
				e.rename(r, pair.From, pair.To)
			}
			return nil
		}), nil
	case query.Unpack:
		return newUnpack(next, p.Format, orMessage(p.From)), nil
	case query.Extract:
		return newExtract(next, p), nil
	case query.Format:
		return newFormat(next, p), nil
	case query.Context:
		return x.context(p, next)
	case query.Verify:
		return x.verify(i, next)
	case query.Where:
		return x.where(p.Filter, next)
	}
	return nil, fmt.Errorf("query: cannot execute a %T", x.query.Pipes[i])
}

func orMessage(name string) string {
	if name == "" {
		return "message"
	}
	return name
}

func fieldOrMessage(names []string) []string {
	names = slices.Clone(names)
	for i := range names {
		names[i] = orMessage(names[i])
	}
	return names
}

func groupsOf(list []query.Group) (by []bucket) {
	for _, g := range list {
		name := orMessage(g.Field)
		by = append(by, bucket{name: name, as: name, step: g.Bucket.Microseconds()})
	}
	return by
}

func functionsOf(list []query.Func) (functions []function) {
	for _, f := range list {
		field := f.Field
		if f.Name != "count" && f.Name != "rate" {
			field = orMessage(field)
		}
		functions = append(functions, function{name: f.Name, field: field, quantile: f.Quantile, as: f.Column()})
	}
	return functions
}

func (x *pipeline) context(p query.Context, next stage) (stage, error) {
	views, err := x.again("context")
	return &contextStage{stage: next, before: uint64(p.Before), after: uint64(p.After), reverse: x.query.Reverse,
		views: views, done: map[frame.JournalID]uint64{}, kinds: shown, missing: x.missing}, err
}

func (x *pipeline) verify(i int, next stage) (stage, error) {
	compares := true
	for _, p := range x.query.Pipes[:i] {
		switch p.(type) {
		case query.Drop, query.Rename, query.Unpack, query.Extract, query.Format:
			compares = false
		case query.Fields, query.Stats, query.Top, query.Patterns:
			return nil, errNotEntries
		}
	}
	views, err := x.again("verify")
	say := x.query.Say
	if say == nil {
		say = func(string) {}
	}
	return &proveStage{stage: next, store: x.query.Store, views: views, proofs: map[frame.JournalID]*prover{},
		say: say, compares: compares}, err
}

// where makes a stage that tests rows as a filter tests entries. The columns of records are fields.
func (x *pipeline) where(n query.Node, next stage) (stage, error) {
	conds := map[frame.JournalID]cond{}
	c := compiler{query: x.query}
	made, err := c.node(n) // of records
	var row recordEntry
	return &whereStage{next, func(r *Result) bool {
		if r.Entry == nil {
			return made.holds(0, row.of(r.Record))
		}
		own := conds[r.Journal.ID]
		if own == nil {
			c := compiler{x.query, r.Journal, r.Journal.Name == layout.ImportedName}
			own, _ = c.node(n) // as above
			conds[r.Journal.ID] = own
		}
		return own.holds(r.Index, r.Entry)
	}}, err
}
