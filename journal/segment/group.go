package segment

import (
	"cmp"
	"slices"
)

// group is the rows of one shape and one application, or of one shape and all its small applications.
type group struct {
	shape *shape // nil: rest rows
	name  string // of the application, to sort by; "" for several
	small bool   // holds the small applications of its shape
	first int
	count int
}

// arrange gives every row its group and every group its rows. Applications of few rows share a group, so that there
// are never many of them; shapes of few rows are rest rows.
func (b *Builder) arrange() {
	b.groups = b.groups[:0]
	b.columns.reset()
	rest := group{}
	for _, s := range b.order {
		if s.rows < minShape {
			rest.count += s.rows
			continue
		}
		b.groupsOf(s)
	}
	slices.SortStableFunc(b.groups, func(x, y group) int { return cmp.Compare(x.name, y.name) })
	if rest.count > 0 {
		b.groups = append(b.groups, rest)
		b.rest = b.columns.rest()
	}
	b.number()
	b.place()
}

// groupsOf adds the groups of a shape, in the order of first appearance.
func (b *Builder) groupsOf(s *shape) {
	s.assign(&b.columns)
	list := make([]group, len(s.apps))
	small := group{shape: s, small: true}
	for name, a := range s.apps {
		if a.rows < minApp && s.app > 0 {
			small.count += a.rows
			continue
		}
		list[a.order] = group{shape: s, name: name, count: a.rows}
	}
	for _, g := range append(list, small) {
		if g.count > 0 {
			b.groups = append(b.groups, g)
		}
	}
}

// number tells shapes and applications the number of their group, and groups their first row.
func (b *Builder) number() {
	first := 0
	for i := range b.groups {
		g := &b.groups[i]
		g.first = first
		first += g.count
		if g.small {
			g.shape.small = i
		} else if g.shape != nil {
			g.shape.apps[g.name].group = i
		}
	}
	for i := range b.rows {
		r := &b.rows[i]
		switch {
		case r.shape.rows < minShape:
			r.group = len(b.groups) - 1
		case r.app.rows < minApp && r.shape.app > 0:
			r.group = r.shape.small
		default:
			r.group = r.app.group
		}
	}
}

// place puts the positions into row order.
func (b *Builder) place() {
	next := make([]int, len(b.groups))
	for i, g := range b.groups {
		next[i] = g.first
	}
	b.byRow = slices.Grow(b.byRow[:0], len(b.rows))[:len(b.rows)]
	for position := range b.rows {
		g := b.rows[position].group
		b.byRow[next[g]] = uint32(position)
		next[g]++
	}
}

// cut divides the rows into blocks.
func (b *Builder) cut() {
	b.blocks = append(b.blocks[:0], Block{})
	sizes := make([]int, len(b.columns.list))
	for rowNumber, position := range b.byRow {
		r := &b.rows[position]
		last := &b.blocks[len(b.blocks)-1]
		if last.Count == BlockRows || last.Count > 0 && !b.fits(r, sizes) {
			b.blocks = append(b.blocks, Block{First: rowNumber})
			last = &b.blocks[len(b.blocks)-1]
			clear(sizes)
		}
		b.measure(r, sizes)
		last.Count++
	}
}

// fits reports whether the values of a row fit into the columns of a block that holds so much.
func (b *Builder) fits(r *row, sizes []int) bool {
	if r.shape.rows < minShape {
		return sizes[b.rest]+int(r.body.end-r.body.start) <= BlockBytes
	}
	for i, f := range r.shape.Fields {
		v := b.extents[r.values+1+uint32(i)]
		if sizes[f.Column]+int(v.end-v.start) > BlockBytes {
			return false
		}
	}
	return true
}

// measure adds the values of a row.
func (b *Builder) measure(r *row, sizes []int) {
	if r.shape.rows < minShape {
		sizes[b.rest] += int(r.body.end - r.body.start)
		return
	}
	for i, f := range r.shape.Fields {
		v := b.extents[r.values+1+uint32(i)]
		sizes[f.Column] += int(v.end - v.start)
	}
}
