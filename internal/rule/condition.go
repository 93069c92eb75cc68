package rule

import (
	"fmt"
	"strings"
)

// comparisons are those of rsyslog's script that are the operation of a filter, longest names first.
var comparisons = []struct {
	word      string
	op        string
	not, fold bool
}{
	{"startswith_i", opStarts, false, true}, {"startswith", opStarts, false, false},
	{"contains_i", opContains, false, true}, {"contains", opContains, false, false},
	{"endswith", opEnds, false, false}, {"==", opEqual, false, false}, {"!=", opEqual, true, false}, {"<>", opEqual, true, false},
}

// condition reads "if $PROPERTY COMPARISON 'VALUE' then ACTION", which is a filter in other words.
func (r *reader) condition() {
	text := r.l.text
	r.previous = brokenRule
	p, end, err := parseCondition(text)
	if err != nil {
		r.error(err.at, "%s", err.text)
		return
	}
	rest := strings.TrimLeft(text[end:], blanks)
	r.add(Rule{Selector: strings.TrimRight(text[:end], blanks), Select: Everything(), Property: p}, len(text)-len(rest), rest)
}

// parseCondition reads up to the "then", behind which end is.
func parseCondition(text string) (p *Property, end int, err *fault) {
	rest := strings.TrimLeft(text[len("if"):], blanks)
	at := func() int { return len(text) - len(rest) }
	not, bracket := false, false
	if inner, found := strings.CutPrefix(rest, "not "); found {
		not, rest = true, strings.TrimLeft(inner, blanks)
	}
	if inner, found := strings.CutPrefix(rest, "("); found {
		bracket, rest = true, strings.TrimLeft(inner, blanks)
	}
	p, rest, err = parseComparison(text, rest)
	if err != nil {
		return nil, 0, err
	}
	p.Not = p.Not != not
	if rest = strings.TrimLeft(rest, blanks); bracket {
		inner, found := strings.CutPrefix(rest, ")")
		if !found {
			return nil, 0, &fault{at(), "only one comparison is supported: write a rule for each, or one with a query in constat's configuration"}
		}
		rest = strings.TrimLeft(inner, blanks)
	}
	word, behind := wordOf(rest)
	switch {
	case word == "then":
		return p, len(text) - len(behind), nil
	case word == "and" || word == "or":
		return nil, 0, &fault{at(), fmt.Sprintf("%q is not supported: write a rule for each comparison, or one with a query in constat's configuration", word)}
	}
	return nil, 0, &fault{at(), "want \"then\" and an action"}
}

// parseComparison reads $PROPERTY COMPARISON 'VALUE' at the beginning of rest, which is the end of text.
func parseComparison(text, rest string) (p *Property, behind string, err *fault) {
	fail := func(format string, args ...any) (*Property, string, *fault) {
		return nil, "", &fault{len(text) - len(rest), fmt.Sprintf(format, args...)}
	}
	name := rest
	if end := strings.IndexAny(rest, blanks+"=!<>'\"()"); end >= 0 {
		name = rest[:end]
	}
	p = &Property{Name: propertyNames[strings.ToLower(strings.TrimPrefix(name, "$"))]}
	if !strings.HasPrefix(name, "$") || p.Name == "" {
		return fail("%q is not supported: conditions compare $ and one of %s with a text; for others write selectors, or a rule with a query in constat's configuration", name, propertyList)
	}
	rest = strings.TrimLeft(rest[len(name):], blanks)
	for _, c := range comparisons {
		if strings.HasPrefix(rest, c.word) {
			p.Op, p.Not, p.Fold = c.op, c.not, c.fold
			rest = strings.TrimLeft(rest[len(c.word):], blanks)
			break
		}
	}
	if p.Op == "" {
		return fail("want ==, !=, contains, contains_i, startswith, startswith_i or endswith")
	}
	if rest == "" || rest[0] != '\'' && rest[0] != '"' {
		return fail("want the value in quotes")
	}
	value, behind, ok := quoted(rest)
	if !ok {
		return fail("the quote is not closed")
	}
	return p, behind, p.setValue(len(text)-len(rest), value, false)
}

// blockAction is an action in a block, and where it stands there.
type blockAction struct {
	at   int
	text string
}

// blockActions reads "{", actions, and "}" with nothing behind it. An action ends with its line; action(…) with its bracket.
func blockActions(text string) (list []blockAction, ok bool) {
	depth, start := 0, 1
	quote := byte(0)
	for i := 0; i < len(text); i++ {
		c := text[i]
		switch {
		case quote != 0:
			if c == '\\' {
				i++
			} else if c == quote {
				quote = 0
			}
		case c == '"' || c == '\'':
			quote = c
		case c == '(' || c == '{':
			depth++
		case c == ')' || c == '}':
			depth--
		}
		object := c == ')' && quote == 0 && depth == 1 && isAction(strings.TrimLeft(text[min(start, i):i], blanks))
		if last := depth == 0; last || object || depth == 1 && c == '\n' {
			end := i
			if object {
				end++
			}
			one := strings.TrimLeft(text[min(start, end):end], blanks)
			if at := end - len(one); one != "" {
				list = append(list, blockAction{at, strings.TrimRight(one, blanks)})
			}
			if start = i + 1; last {
				return list, strings.Trim(text[start:], blanks) == ""
			}
		}
	}
	return list, false
}
