package query

import "strings"

// FoldEqual reports whether two texts are the same in any case, by Unicode's simple folding as [strings.EqualFold]
// does it; bytes that are not UTF-8 must be the same.
func FoldEqual(a, b string) bool {
	if !strings.EqualFold(a, b) {
		return false
	}
	return true
}

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
	switch n := n.(type) {
	case And:
		for _, child := range n.Nodes {
			Walk(child, visit)
		}
	case Or:
		for _, child := range n.Nodes {
			Walk(child, visit)
		}
	case Not:
		Walk(n.Node, visit)
	}
}
