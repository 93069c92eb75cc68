package query

import (
	"fmt"
	"regexp"
	"regexp/syntax"
)

// maxRegexp bounds the size of a regular expression: steps of its program, repetitions written out.
const maxRegexp = 10_000

// CompileRegexp compiles a regular expression of RE2. The error says what is wrong with it; one that would need more
// than 10,000 steps is refused before it costs anything.
func CompileRegexp(source string) (Regexp, error) {
	tree, err := syntax.Parse(source, syntax.Perl)
	if err != nil {
		return Regexp{}, err
	}
	if size := steps(tree); size > maxRegexp {
		return Regexp{}, fmt.Errorf("more than %d steps: make its repetitions smaller", maxRegexp)
	}
	re, err := regexp.Compile(source)
	return Regexp{source, re}, err
}

// steps estimates the size of the program; it stops counting beyond the limit.
func steps(re *syntax.Regexp) int {
	n := 1
	if re.Op == syntax.OpLiteral {
		n = len(re.Rune)
	}
	for _, sub := range re.Sub {
		n = min(n+steps(sub), maxRegexp+1)
	}
	if re.Op == syntax.OpRepeat {
		n *= max(re.Min, re.Max, 1)
	}
	return min(n, maxRegexp+1)
}

// steps is the estimate for a compiled expression.
func (re Regexp) steps() int {
	tree, err := syntax.Parse(re.Source, syntax.Perl)
	if err != nil {
		return 0
	}
	return steps(tree)
}

// regexp reads ~"re".
func (p *parser) regexp() Regexp {
	p.take("~")
	start := p.pos
	source := p.quoted()
	if p.err != nil {
		return Regexp{}
	}
	re, err := CompileRegexp(source)
	if err == nil {
		p.steps += re.steps()
	}
	if p.steps > maxRegexp {
		p.fail(start, "regular expressions of at most 10000 steps together")
	}
	if err != nil {
		p.fail(start, "a regular expression of RE2 ("+err.Error()+")")
	}
	return re
}
