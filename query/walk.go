package query

import "slices"

// HasKind reports whether a Kind stands somewhere in the filter: then it alone decides which kinds are wanted.
func HasKind(n Node) bool {
	found := false
	Walk(n, func(n Node) {
		_, is := n.(Kind)
		found = found || is
	})
	return found
}

// Walk calls visit for n and every node below it, parents first.
func Walk(n Node, visit func(Node)) {
	visit(n)
	for _, child := range children(n) {
		Walk(child, visit)
	}
}

func children(n Node) []Node {
	switch n := n.(type) {
	case And:
		return n.Nodes
	case Or:
		return n.Nodes
	case Not:
		return []Node{n.Node}
	}
	return nil
}

// FieldsUsed returns the fields and roles that the filter and the pipes read, sorted, each once; "" is the message.
// Fields that are only shown at the end are not among them; those that one pipe makes for another are.
func FieldsUsed(q Query) []string {
	var names []string
	filter := func(n Node) {
		if n == nil {
			return
		}
		Walk(n, func(n Node) {
			if m, ok := n.(Match); ok {
				names = append(names, m.Field)
			}
		})
	}
	filter(q.Filter)
	for _, p := range q.Pipes {
		if where, ok := p.(Where); ok {
			filter(where.Filter)
		}
		names = append(names, pipeFields(p)...)
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// pipeFields returns the fields that one pipe reads: a flat switch over their types.
func pipeFields(p Pipe) (names []string) {
	switch p := p.(type) {
	case Fields:
		return p.Names
	case Sort:
		return keyFields(p.Keys)
	case First:
		return keyFields(p.Keys)
	case Last:
		return keyFields(p.Keys)
	case Stats:
		return statFields(p)
	case Top:
		return []string{p.Field}
	case Uniq:
		return p.Names
	case Extract:
		return []string{p.From}
	case Unpack:
		return []string{p.From}
	case Format:
		for _, name := range p.Template.Names {
			names = append(names, fieldOf(name))
		}
	case Rename:
		for _, pair := range p.Pairs {
			names = append(names, pair.From)
		}
	case Patterns:
		return []string{""}
	}
	return names
}

// fieldOf returns the field of a name as written: "" for message.
func fieldOf(name string) string {
	if name == "message" {
		return ""
	}
	return name
}

func keyFields(keys []Key) (names []string) {
	for _, k := range keys {
		if !isAxis(k.Field) {
			names = append(names, k.Field)
		}
	}
	return names
}

func statFields(s Stats) (names []string) {
	for _, f := range s.Funcs {
		if f.Name != "count" && f.Name != "rate" {
			names = append(names, f.Field)
		}
	}
	for _, g := range s.By {
		if g.Bucket == 0 {
			names = append(names, g.Field)
		}
	}
	return names
}

// isAxis reports whether rows are sorted by their place, not by a field.
func isAxis(name string) bool {
	return isTime(name) || name == "index"
}
