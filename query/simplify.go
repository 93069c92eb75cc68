package query

import (
	"math"
	"slices"
)

// Simplify returns a filter that holds for the same entries: lists in lists are flattened, repeated conditions left
// out, double negations and constants folded. Nothing is Not{All{}}. Where the only Kind is lost in this, one with all
// kinds takes its place, so that HasKind answers the same.
func Simplify(n Node) Node {
	s := simplify(n)
	if !HasKind(n) || HasKind(s) || isNothing(s) {
		return s
	}
	return allOfNodes([]Node{Kind{[]string{"event", "loss", "seal", "control"}}, s})
}

func simplify(n Node) Node {
	switch n := n.(type) {
	case And:
		return allOfNodes(n.Nodes)
	case Or:
		return anyOfNodes(n.Nodes)
	case Not:
		child := simplify(n.Node)
		if not, ok := child.(Not); ok {
			return not.Node
		}
		return Not{child}
	case Index:
		if n == (Index{0, math.MaxUint64}) {
			return All{}
		}
	}
	return n
}

// isNothing knows the one form that simplify leaves.
func isNothing(n Node) bool {
	not, is := n.(Not)
	if !is {
		return false
	}
	_, is = not.Node.(All)
	return is
}

func allOfNodes(nodes []Node) Node {
	var flat []Node
	for _, n := range nodes {
		switch n := simplify(n).(type) {
		case All:
		case And:
			flat = append(flat, n.Nodes...)
		default:
			flat = append(flat, n)
		}
	}
	if slices.ContainsFunc(flat, isNothing) {
		return Not{All{}}
	}
	switch flat = distinct(flat); len(flat) {
	case 0:
		return All{}
	case 1:
		return flat[0]
	}
	return And{flat}
}

func anyOfNodes(nodes []Node) Node {
	var flat []Node
	for _, n := range nodes {
		n = simplify(n)
		if or, ok := n.(Or); ok {
			flat = append(flat, or.Nodes...)
		} else if _, all := n.(All); all {
			return All{}
		} else if !isNothing(n) {
			flat = append(flat, n)
		}
	}
	switch flat = distinct(flat); len(flat) {
	case 0:
		return Not{All{}}
	case 1:
		return flat[0]
	}
	return Or{flat}
}

// distinct drops repeated nodes; what prints the same means the same.
func distinct(nodes []Node) (list []Node) {
	seen := make(map[string]bool, len(nodes))
	for _, n := range nodes {
		if text := Print(n); !seen[text] {
			seen[text] = true
			list = append(list, n)
		}
	}
	return list
}
