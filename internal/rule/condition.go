package rule

import (
	"fmt"
	"strconv"
	"strings"
)

// comparison is one of rsyslog's script that is the operation of a filter.
type comparison struct {
	word      string
	op        string
	not, fold bool
	number    bool // only of numbers
}

// comparisons are tried in this order: longest words first.
var comparisons = []comparison{
	{"startswith_i", opStarts, false, true, false}, {"startswith", opStarts, false, false, false},
	{"contains_i", opContains, false, true, false}, {"contains", opContains, false, false, false},
	{"endswith", opEnds, false, false, false}, {"==", opEqual, false, false, false}, {"!=", opEqual, true, false, false}, {"<>", opEqual, true, false, false},
	{"<=", opMost, false, false, true}, {">=", opLess, true, false, true}, {"<", opLess, false, false, true}, {">", opMost, true, false, true},
}

// maxNesting is how deep brackets and negations may stand in each other.
const maxNesting = 32

// parseCondition reads up to the "then", behind which end is. mixed says that and and or stand beside each other.
func parseCondition(text string) (p *Property, end int, mixed bool, err *fault) {
	c := conditionReader{text: text, rest: text[len("if"):]}
	if p, err = c.list(0); err != nil {
		return nil, 0, false, err
	}
	if !c.word("then") {
		return nil, 0, false, c.fail("want \"then\" and an action, or \"and\" or \"or\" and one more comparison")
	}
	return p, len(text) - len(c.rest), c.mixed, nil
}

// conditionReader reads comparisons with and, or, not and brackets. As in rsyslog, and binds no closer than or.
type conditionReader struct {
	text  string
	rest  string // the end of text that is not read
	mixed bool   // and and or stand beside each other
}

func (c *conditionReader) fail(format string, args ...any) *fault {
	c.rest = strings.TrimLeft(c.rest, blanks)
	return &fault{len(c.text) - len(c.rest), fmt.Sprintf(format, args...)}
}

// word reads a word, if it comes next.
func (c *conditionReader) word(word string) bool {
	found, behind := wordOf(strings.TrimLeft(c.rest, blanks))
	if !strings.EqualFold(found, word) {
		return false
	}
	c.rest = behind
	return true
}

// list reads what and and or combine, from left to right.
func (c *conditionReader) list(depth int) (*Property, *fault) {
	p, err := c.one(depth)
	last := ""
	for err == nil {
		op := opAll
		if !c.word(opAll) {
			if op = opAny; !c.word(opAny) {
				break
			}
		}
		var next *Property
		if next, err = c.one(depth); op == last {
			p.List = append(p.List, next)
		} else {
			c.mixed = c.mixed || last != ""
			p, last = &Property{Op: op, List: []*Property{p, next}}, op
		}
	}
	return p, err
}

// one reads a comparison, one with a not before it, or what is in brackets.
func (c *conditionReader) one(depth int) (p *Property, err *fault) {
	if depth++; depth > maxNesting {
		return nil, c.fail("brackets and \"not\" stand more than %d deep in each other", maxNesting)
	}
	if c.word("not") {
		if strings.HasPrefix(strings.TrimLeft(c.rest, blanks), "$") {
			return nil, c.fail("rsyslog takes a \"not\" without brackets for one of the value, and the comparison with it never means what it says: write not ( … )")
		}
		if p, err = c.one(depth); err == nil {
			p.Not = !p.Not
		}
		return p, err
	}
	inner, found := strings.CutPrefix(strings.TrimLeft(c.rest, blanks), "(")
	if name, behind := wordOf(strings.TrimLeft(c.rest, blanks)); !found && name != "" && strings.HasPrefix(strings.TrimLeft(behind, blanks), "(") {
		return c.function(name, strings.TrimLeft(behind, blanks)[1:])
	}
	if !found {
		p, c.rest, err = parseComparison(c.text, strings.TrimLeft(c.rest, blanks))
		return p, err
	}
	c.rest = inner
	if p, err = c.list(depth); err != nil {
		return nil, err
	}
	if inner, found = strings.CutPrefix(strings.TrimLeft(c.rest, blanks), ")"); !found {
		return nil, c.fail("want \")\", or \"and\" or \"or\" and one more comparison")
	}
	c.rest = inner
	return p, nil
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
	if strings.EqualFold(name, "$fromhost") {
		return fail("%s", unknownProperty(name))
	}
	if !strings.HasPrefix(name, "$") || p.Name == "" {
		return fail("%q is not supported: conditions compare $ and one of %s with a text; for others write selectors, or a rule with a query in constat's configuration", name, propertyList)
	}
	rest = strings.TrimLeft(rest[len(name):], blanks)
	for _, c := range comparisons {
		if strings.HasPrefix(rest, c.word) && (!c.number || p.isNumber()) {
			p.Op, p.Not, p.Fold = c.op, c.not, c.fold
			rest = strings.TrimLeft(rest[len(c.word):], blanks)
			break
		}
	}
	if p.Op == "" {
		return fail("want ==, !=, contains, contains_i, startswith, startswith_i or endswith; <, <=, > and >= of syslogseverity and syslogfacility")
	}
	if strings.HasPrefix(rest, "[") && !isOrder(p.Op) {
		return p.array(text, rest)
	}
	value, ok := "", false
	if digits := len(rest) - len(strings.TrimLeft(rest, "0123456789")); digits > 0 && p.isNumber() {
		value, behind, ok = rest[:digits], rest[digits:], true
	} else if rest == "" || rest[0] != '\'' && rest[0] != '"' {
		return fail("want the value in quotes")
	} else if value, behind, ok = quoted(rest); !ok {
		return fail("the quote is not closed")
	}
	if n, wrong := strconv.Atoi(value); wrong != nil && isOrder(p.Op) {
		return fail("%q is no number: levels are 0 (emerg) to 7 (debug)", value)
	} else {
		p.number = n
	}
	return p, behind, p.setValue(len(text)-len(rest), value, false)
}
