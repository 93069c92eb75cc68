package search

import "regexp/syntax"

// requiredLiteral returns a text that stands in everything that a regular expression matches, the longest it finds;
// nil if it finds none.
func requiredLiteral(source string) []byte {
	re, err := syntax.Parse(source, syntax.Perl)
	if err != nil {
		return nil
	}
	return literalOf(re)
}

func literalOf(re *syntax.Regexp) []byte {
	switch re.Op {
	case syntax.OpLiteral:
		if re.Flags&syntax.FoldCase == 0 {
			return []byte(string(re.Rune))
		}
	case syntax.OpCapture, syntax.OpPlus:
		return literalOf(re.Sub[0])
	case syntax.OpRepeat:
		if re.Min > 0 {
			return literalOf(re.Sub[0])
		}
	case syntax.OpConcat:
		return literalOfList(re.Sub)
	}
	return nil
}

// literalOfList returns the longest literal of what stands one behind the other; literals side by side are one.
func literalOfList(list []*syntax.Regexp) (best []byte) {
	var run []byte
	for _, re := range list {
		literal := literalOf(re)
		if re.Op == syntax.OpLiteral && literal != nil {
			run = append(run, literal...)
			literal = run
		} else {
			run = nil
		}
		if len(literal) > len(best) {
			best = append([]byte(nil), literal...)
		}
	}
	return best
}
