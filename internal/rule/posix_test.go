package rule

import "testing"

// TestPosix: expressions that package regexp would read otherwise than the C library does, and what must be refused.
func TestPosix(t *testing.T) {
	for _, c := range []struct {
		op, expression, text string
		want                 bool
	}{
		{opRegexp, `^[\d]$`, "7", false}, {opRegexp, `^[\d]$`, `\`, true}, {opRegexp, `^\d$`, "7", false}, {opRegexp, `^\d$`, "d", true},
		{opRegexp, `^a{,2}$`, "aa", true}, {opRegexp, `^a{,2}$`, "a{,2}", false}, {opRegexp, `^a+?$`, "", true}, {opRegexp, `\<of\>`, "x of y", true}, {opRegexp, `\<of\>`, "offer", false},
		{opRegexp, `a.b`, "a\nb", true}, {opRegexp, `^[]a]+$`, "]a]", true}, {opRegexp, `^[^]a]+$`, "b", true}, {opRegexp, `[[:digit:]\]]`, "7]", true}, {opRegexp, `\$5`, "$5", true},
		{opBasic, `a^b$c`, "a^b$c", true}, {opBasic, `^a$`, "a", true}, {opBasic, `\(^a$\)\|b`, "a", true}, {opBasic, `*a`, "*a", true}, {opBasic, `\(*a\)`, "*a", true}, {opBasic, `a*b`, "aab", true}, {opBasic, `a|b`, "a", false},
		{opBasic, `[\(]`, `\`, true}, {opBasic, `a\{2\}$`, "baa", true}, {opBasic, `a{2}`, "a{2}", true},
	} {
		p := Property{Name: propHost, Op: c.op}
		if err := p.setValue(0, c.expression, false); err != nil {
			t.Errorf("%s: %s", c.expression, err.text)
		} else if p.test([]byte(c.text)) != c.want {
			t.Errorf("%s %s matches %q: %t", c.op, c.expression, c.text, !c.want)
		}
	}
	for _, wrong := range []string{`(?i)a`, `(a)\1`, `a{2}?`, `a(`, `[a`, `[[.a.]]`} {
		p := Property{Name: propHost, Op: opRegexp}
		if err := p.setValue(0, wrong, false); err == nil {
			t.Errorf("%s is read as %s", wrong, p.re)
		}
	}
}
