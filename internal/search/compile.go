package search

import (
	"fmt"
	"math"
	"slices"

	"constat/entry"
	"constat/journal/layout"
	"constat/query"
)

// compiler makes conditions of the nodes of a query, for one journal.
type compiler struct {
	query    *Query
	journal  layout.Journal
	imported bool // imported fields count as facts here
}

// compileFilter makes the condition of a filter. Without a kind in it, it wants events and losses.
func compileFilter(q *Query, d layout.Journal) (cond, error) {
	c := compiler{q, d, d.Name == layout.ImportedName}
	filter := q.Filter
	if filter == nil {
		filter = query.All{}
	}
	made, err := c.node(filter)
	if err != nil {
		return nil, err
	}
	if !query.HasKind(filter) {
		made = all{shown, made}
	}
	return made, nil
}

// shown are the kinds that are shown unasked.
const shown = kindIs(1<<entry.Event | 1<<entry.Loss)

func (c *compiler) node(n query.Node) (cond, error) {
	switch n := n.(type) {
	case query.All:
		return always(true), nil
	case query.And:
		list, err := c.nodes(n.Nodes)
		return all(list), err
	case query.Or:
		list, err := c.nodes(n.Nodes)
		return some(list), err
	case query.Not:
		made, err := c.node(n.Node)
		return not{made}, err
	case query.Match:
		return c.match(n)
	case query.Time:
		return c.time(n)
	case query.Index:
		return indexIs{n.First, n.Last}, nil
	case query.Boot:
		return c.boot(n)
	case query.Kind:
		return kindsOf(n.Names)
	case query.Journal:
		return always(slices.Contains(n.Names, c.journal.Name)), nil
	}
	return nil, fmt.Errorf("query: cannot search for a %T", n)
}

func (c *compiler) nodes(list []query.Node) ([]cond, error) {
	made := make([]cond, 0, len(list))
	for _, n := range list {
		x, err := c.node(n)
		if err != nil {
			return nil, err
		}
		made = append(made, x)
	}
	return made, nil
}

func (c *compiler) match(m query.Match) (cond, error) {
	switch op := m.Op.(type) {
	case query.Levels:
		return &numberIs{entry.RoleNames("level"), entry.ParseLevel[[]byte], uint32(op.Set)}, nil
	case query.Facilities:
		return &numberIs{entry.RoleNames("facility"), entry.ParseFacility[[]byte], op.Set}, nil
	}
	test, err := testOf(m.Op)
	return &fieldIs{names: fieldNames(m.Field), imported: c.imported || m.Imported, test: test}, err
}

// fieldNames returns the names of the fields that a name in a query may mean.
func fieldNames(name string) []string {
	if name == "" {
		name = "message"
	}
	if names := entry.RoleNames(name); names != nil {
		return names
	}
	return []string{name}
}

func (c *compiler) time(n query.Time) (cond, error) {
	from, until, err := n.ResolveTimes(c.query.readTime)
	if err != nil {
		return nil, err
	}
	t := timeIs{from: math.MinInt64, to: math.MaxInt64, axis: axisReceived}
	if from != nil {
		t.from = *from
	}
	if until != nil {
		t.to = *until - 1
	}
	if n.Axis == query.Event || n.Axis == query.Default && c.query.eventAxis(c.journal) {
		t.axis = axisEither
	}
	return t, nil
}

func (c *compiler) boot(n query.Boot) (cond, error) {
	id := n.ID
	if id == "" {
		if c.query.BootBefore == nil {
			return nil, fmt.Errorf("boot:-%d: cannot be used here; write the id of the boot", n.Back)
		}
		var err error
		if id, err = c.query.BootBefore(n.Back); err != nil {
			return nil, err
		}
	}
	return &fieldIs{names: []string{"_BOOT_ID"}, imported: c.imported, test: equals{[]byte(id)}}, nil
}

func kindsOf(names []string) (cond, error) {
	k := kindIs(0)
	for _, name := range names {
		kind, err := entry.ParseKind(name)
		if err != nil {
			return nil, err
		}
		k |= 1 << kind
	}
	return k, nil
}
