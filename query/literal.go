package query

import (
	"regexp/syntax"
	"strings"
	"unicode/utf8"
)

// Required is a text that a value of the field must contain.
type Required struct {
	Field    string // as in Match
	Imported bool
	Text     string // never empty
}

// Literals returns what every entry that passes n must contain: one text for each Match that must hold and has one.
func Literals(n Node) (list []Required) {
	switch n := n.(type) {
	case And:
		for _, child := range n.Nodes {
			list = append(list, Literals(child)...)
		}
	case Or:
		if len(n.Nodes) == 1 {
			return Literals(n.Nodes[0])
		}
	case Match:
		if text := Literal(n.Op); text != "" {
			list = append(list, Required{n.Field, n.Imported, text})
		}
	}
	return list
}

// Literal returns the longest text known to stand in every value for which op holds, "" if none is known.
func Literal(op Op) string {
	switch op := op.(type) {
	case Text:
		if !op.Fold {
			return op.Text
		}
	case Equal:
		if !op.Fold && len(op.Values) == 1 {
			return op.Values[0]
		}
	case Regexp:
		return longest(Sequence(op))
	}
	return ""
}

// Sequence returns texts known to stand in every value that a regular expression matches: one behind the other, without
// overlap, in this order.
func Sequence(op Regexp) []string {
	tree, err := syntax.Parse(op.Source, syntax.Perl)
	if err != nil {
		return nil
	}
	return literalOf(tree).texts()
}

func longest(texts []string) (best string) {
	for _, s := range texts {
		if len(s) > len(best) {
			best = s
		}
	}
	return best
}

// literal says what a part of a regular expression must match: exactly text, or (exact is false) something that holds
// the runs in their order.
type literal struct {
	exact bool
	text  string
	runs  []string // none is empty
}

func exactly(s string) literal { return literal{exact: true, text: s} }

// holding is what repeats a part once or more matches.
func holding(l literal) literal { return literal{runs: l.texts()} }

// texts returns what must stand in a match.
func (l literal) texts() []string {
	if l.text != "" {
		return []string{l.text}
	}
	return l.runs
}

func literalOf(re *syntax.Regexp) literal {
	switch re.Op {
	case syntax.OpEmptyMatch, syntax.OpBeginLine, syntax.OpEndLine, syntax.OpBeginText, syntax.OpEndText,
		syntax.OpWordBoundary, syntax.OpNoWordBoundary:
		return exactly("")
	case syntax.OpLiteral:
		return literalRunes(re)
	case syntax.OpCapture:
		return literalOf(re.Sub[0])
	case syntax.OpPlus:
		return holding(literalOf(re.Sub[0]))
	case syntax.OpRepeat:
		if re.Min > 0 {
			return holding(literalOf(re.Sub[0]))
		}
	case syntax.OpConcat:
		return literalConcat(re.Sub)
	}
	return literal{}
}

// literalRunes returns the literal of a text. U+FFFD also matches any byte that is not UTF-8, and letters in any case
// are no literal.
func literalRunes(re *syntax.Regexp) literal {
	text := string(re.Rune)
	if re.Flags&syntax.FoldCase != 0 || strings.ContainsRune(text, utf8.RuneError) {
		return literal{}
	}
	return exactly(text)
}

// literalConcat joins exact neighbours.
func literalConcat(parts []*syntax.Regexp) literal {
	all, run := literal{exact: true}, ""
	for _, part := range parts {
		l := literalOf(part)
		if l.exact {
			run += l.text
			continue
		}
		all.exact = false
		all.runs = append(appendRun(all.runs, run), l.runs...)
		run = ""
	}
	if all.exact {
		return exactly(run)
	}
	all.runs = appendRun(all.runs, run)
	return all
}

func appendRun(runs []string, run string) []string {
	if run == "" {
		return runs
	}
	return append(runs, run)
}
