package search

import (
	"context"
	"errors"
	"maps"
	"slices"

	"constat/entry"
	"constat/journal"
	"constat/journal/segment"
)

// FieldNames returns the names of all fields in the views, sorted. What cannot be read is an error beside the names
// that were found.
func FieldNames(ctx context.Context, views []*journal.View) ([]string, error) {
	n := naming{names: map[string]struct{}{}}
	for _, v := range views {
		for _, p := range v.Parts() {
			if err := ctx.Err(); err != nil {
				return nil, err
			}
			if err := n.part(v, p); err != nil {
				n.failed = append(n.failed, err)
			}
		}
	}
	return slices.Sorted(maps.Keys(n.names)), errors.Join(n.failed...)
}

// naming gathers names.
type naming struct {
	names  map[string]struct{}
	failed []error
}

func (n *naming) add(e *entry.Entry) {
	for i := range e.Fields {
		if name := e.Fields[i].Name; name != "" {
			n.names[name] = struct{}{}
		}
	}
}

func (n *naming) part(v *journal.View, p journal.Part) error {
	s, err := p.Segment()
	if err != nil {
		return err
	}
	if s != nil {
		defer p.Release()
		return n.segment(v, s)
	}
	for item, err := range v.Entries(journal.Range{From: p.First, To: p.End}) {
		if err != nil {
			n.failed = append(n.failed, err)
			continue
		}
		n.add(item.Entry)
	}
	return nil
}

// segment takes the names of the shapes, and looks at the entries whose shape does not tell.
func (n *naming) segment(v *journal.View, s *segment.Segment) error {
	alone := false
	for _, g := range s.Groups() {
		alone = alone || needsRows(g.Shape, false)
		for i := 0; g.Shape != nil && i < len(g.Shape.Fields); i++ {
			if name := g.Shape.Fields[i].Name; name != "" {
				n.names[name] = struct{}{}
			}
		}
	}
	if !alone {
		return nil
	}
	c := newScan(s.NewReader(), &filter{cond: always(true), bounds: anything()}, v, nil)
	var e entry.Entry
	for g, group := range s.Groups() {
		if !c.byRow[g] {
			continue
		}
		for row := group.First; row < group.First+group.Count; row++ {
			p := c.positionOf(row)
			if p == segment.NoPosition {
				return c.cause
			}
			if err := c.entryAlone(s.First()+uint64(p), &e); err != nil {
				return err
			}
			n.add(&e)
		}
	}
	return nil
}
