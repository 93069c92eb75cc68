package rule

import (
	"fmt"
	"strings"
)

// function reads the arguments of prifilt(…), re_match(…) and re_match_i(…), behind the bracket.
func (c *conditionReader) function(name, behind string) (p *Property, err *fault) {
	switch strings.ToLower(name) {
	case "prifilt":
		c.rest = behind
		return c.priorities()
	case "re_match", "re_match_i":
		c.rest = behind
		p, err = c.match()
		if p != nil {
			p.Fold = len(name) > len("re_match")
		}
	default:
		return nil, c.fail("function %s is not supported: prifilt(\"SELECTORS\"), re_match($PROPERTY, \"EXPRESSION\") and re_match_i(…) are", name)
	}
	if err != nil {
		return nil, err
	}
	at := len(c.text) - len(c.rest)
	value, err := c.argument()
	if err != nil {
		return nil, err
	}
	if err := p.setValue(at, value, false); err != nil {
		return nil, err
	}
	return p, c.closed()
}

// match reads the first argument of re_match, and the comma.
func (c *conditionReader) match() (*Property, *fault) {
	rest := strings.TrimLeft(c.rest, blanks)
	name, behind, found := strings.Cut(rest, ",")
	name = strings.TrimRight(name, blanks)
	p := &Property{Op: opRegexp, Name: propertyNames[strings.ToLower(strings.TrimPrefix(name, "$"))]}
	if !found || !strings.HasPrefix(name, "$") || p.Name == "" {
		return nil, c.fail("want re_match($PROPERTY, \"EXPRESSION\") with one of %s", propertyList)
	}
	c.rest = behind
	return p, nil
}

// priorities reads the selectors of prifilt.
func (c *conditionReader) priorities() (*Property, *fault) {
	c.rest = strings.TrimLeft(c.rest, blanks)
	at := len(c.text) - len(c.rest) + 1
	value, err := c.argument()
	if err != nil {
		return nil, err
	}
	s := parseSelectors(value, Accumulate)
	if s.err != nil || len(s.steps) == 0 {
		if s.err == nil {
			s.fail(0, "no selector: want FACILITY.LEVEL, such as mail.info")
		}
		return nil, &fault{at + s.err.at, s.err.text}
	}
	return &Property{Op: opPriority, Value: value, priorities: s.set}, c.closed()
}

// argument reads a text in quotes.
func (c *conditionReader) argument() (value string, err *fault) {
	rest := strings.TrimLeft(c.rest, blanks)
	if rest == "" || rest[0] != '\'' && rest[0] != '"' {
		return "", c.fail("want a text in quotes")
	}
	value, behind, ok := quoted(rest)
	if !ok {
		return "", c.fail("the quote is not closed")
	}
	c.rest = behind
	return value, nil
}

// closed reads the bracket behind the arguments.
func (c *conditionReader) closed() *fault {
	rest, found := strings.CutPrefix(strings.TrimLeft(c.rest, blanks), ")")
	if !found {
		return c.fail("want \")\" behind the arguments")
	}
	c.rest = rest
	return nil
}

// array reads ["VALUE", …] at the beginning of rest, which is the end of text: one of the values is to fit, and with "!="
// none.
func (p *Property) array(text, rest string) (*Property, string, *fault) {
	any := &Property{Op: opAny, Not: p.Not}
	for rest = rest[1:]; ; {
		rest = strings.TrimLeft(rest, blanks)
		if rest == "" || rest[0] != '\'' && rest[0] != '"' {
			return nil, "", &fault{len(text) - len(rest), "want values in quotes, with commas between them"}
		}
		at := len(text) - len(rest)
		value, behind, ok := quoted(rest)
		if !ok {
			return nil, "", &fault{at, "the quote is not closed"}
		}
		one := *p
		one.Not = false
		if err := one.setValue(at, value, false); err != nil {
			return nil, "", err
		}
		any.List = append(any.List, &one)
		rest = strings.TrimLeft(behind, blanks)
		if behind, ok = strings.CutPrefix(rest, "]"); ok {
			return any, behind, nil
		}
		if rest, ok = strings.CutPrefix(rest, ","); !ok {
			return nil, "", &fault{len(text) - len(rest), fmt.Sprintf("want a comma or \"]\" behind %q", value)}
		}
	}
}
