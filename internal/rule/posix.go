package rule

import (
	"fmt"
	"regexp"
	"strings"
)

// compile makes the expression.
func (p *Property) compile(at int) *fault {
	expression := p.Value
	if p.Op == opBasic {
		expression = extended(expression)
	}
	flags := "(?s:"
	if p.Fold {
		flags = "(?is:"
	}
	re, err := regexp.Compile(flags + re2(expression) + ")")
	if err != nil {
		return &fault{at, fmt.Sprintf("%v: want a POSIX expression without references such as \\1, and a backslash twice in quotes", err)}
	}
	p.re = re
	return nil
}

// extended writes a basic regular expression (POSIX, with \+ \? and \| of GNU) as an extended one: what is special with a
// backslash there is so without, and the other way round. ^ and $ are special only at the ends, and * not at the beginning.
func extended(basic string) string {
	var b strings.Builder
	first := true // nothing stands before it
	for i := 0; i < len(basic); i++ {
		c := basic[i]
		begins := false
		switch {
		case c == '\\' && i+1 < len(basic):
			i++
			begins = basic[i] == '(' || basic[i] == '|'
			if strings.IndexByte("(){}+?|", basic[i]) < 0 {
				b.WriteByte('\\')
			}
			b.WriteByte(basic[i])
		case c == '[':
			end := endOfBrackets(basic[i:])
			b.WriteString(basic[i : i+end])
			i += end - 1
		case c == '^' && first:
			b.WriteByte(c)
			begins = true
		case strings.IndexByte("(){}+?|^", c) >= 0, c == '*' && first, c == '$' && !endsBasic(basic[i+1:]):
			b.WriteString(`\` + string(c))
		default:
			b.WriteByte(c)
		}
		first = begins
	}
	return b.String()
}

// endsBasic reports whether a part of a basic expression ends before rest.
func endsBasic(rest string) bool {
	return rest == "" || strings.HasPrefix(rest, `\)`) || strings.HasPrefix(rest, `\|`)
}

// endOfBrackets returns how long the list is that a text begins with, such as "[^]a]" or "[[:digit:]-]".
func endOfBrackets(text string) int {
	i := 1
	for _, first := range []string{"^]", "]", "^"} {
		if strings.HasPrefix(text[1:], first) {
			i += len(first)
			break
		}
	}
	for ; i < len(text); i++ {
		if text[i] == ']' {
			return i + 1
		}
		if strings.HasPrefix(text[i:], "[:") {
			if end := strings.Index(text[i:], ":]"); end > 0 {
				i += end + 1
			}
		}
	}
	return len(text)
}

// re2 writes an extended regular expression of POSIX, as GNU reads it, for package regexp, which would read some of it
// otherwise and not complain: {,3}, a backslash in a list or before a letter, \< and \>, and a second repetition.
func re2(posix string) string {
	var b strings.Builder
	for i := 0; i < len(posix); i++ {
		switch rest := posix[i:]; {
		case rest[0] == '\\' && len(rest) > 1:
			b.WriteString(escaped(rest[1]))
			i++
		case rest[0] == '[':
			end := endOfBrackets(rest)
			if list := rest[1:end]; strings.Contains(list, "[.") || strings.Contains(list, "[=") {
				b.WriteString(refused)
			}
			b.WriteString(strings.ReplaceAll(rest[:end], `\`, `\\`))
			i += end - 1
		case strings.HasPrefix(rest, "{,"):
			b.WriteString("{0,")
			i++
		case strings.HasPrefix(rest, "+?"), strings.HasPrefix(rest, "*?"):
			b.WriteByte('*')
			i++
		case strings.HasPrefix(rest, "??"):
			b.WriteByte('?')
			i++
		case strings.HasPrefix(rest, "}?"), strings.HasPrefix(rest, "(?"):
			b.WriteString(rest[:1] + refused)
		default:
			b.WriteByte(rest[0])
		}
	}
	return b.String()
}

// refused is what package regexp does not take.
const refused = "**"

// escaped is what a backslash and a byte mean.
func escaped(c byte) string {
	switch {
	case c == '<' || c == '>':
		return `\b`
	case c == '`':
		return `\A`
	case c == '\'':
		return `\z`
	case isLetter(c) && strings.IndexByte("wWsSbB", c) < 0:
		return string(c)
	}
	return `\` + string(c)
}
