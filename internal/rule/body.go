package rule

import (
	"slices"
	"strings"
)

// body is a logical line whose statements are read, behind a filter: an action, a block of statements, or one more filter.
type body struct {
	*reader
	pos    int
	last   Rule // what "&" repeats
	repeat bool // there is such a rule
}

// body reads what stands at a byte of the line behind a filter, which is made so far, and wants nothing behind that.
func (r *reader) body(made Rule, at int) {
	r.previous = brokenRule
	b := &body{reader: r, pos: at}
	b.end(b.guarded(made, 0))
}

// condition reads "if CONDITION then …", with or without an "else", which is a filter in other words.
func (r *reader) condition() {
	r.previous = brokenRule
	b := &body{reader: r}
	b.end(b.condition(Rule{Select: Everything()}, 0))
}

// end reads what is left of the line: more statements behind a block, as rsyslog has it.
func (b *body) end(ok bool) {
	for ok && b.skip() != "" {
		rest := b.skip()
		word, _ := wordOf(rest)
		b.repeat = false
		switch {
		case strings.EqualFold(word, "else"):
			b.error(b.pos, "an \"else\" without an \"if\" before it")
		case strings.EqualFold(word, "if") || isAction(rest) || rest[0] == ':' && !isModuleAction(rest) || isSelectors(rest):
			made := Rule{Selector: "*.*", Select: Everything()}
			made.Line, made.column = b.l.place(b.pos)
			ok = b.statement(made, 0)
			continue
		default:
			b.error(b.pos, "want a statement with its filter, or nothing, behind the \"}\" or \")\" on this line")
		}
		b.previous, ok = brokenRule, false
	}
}

// skip leaves blanks out, and returns the rest.
func (b *body) skip() string {
	rest := strings.TrimLeft(b.l.text[b.pos:], blanks)
	b.pos = len(b.l.text) - len(rest)
	return rest
}

// next reads a word, if it comes next.
func (b *body) next(word string) bool {
	found, rest := wordOf(b.skip())
	if !strings.EqualFold(found, word) {
		return false
	}
	b.pos = len(b.l.text) - len(rest)
	return true
}

// guarded reads what a filter is for. It returns false where an error says that the rest of the line cannot be read.
func (b *body) guarded(made Rule, depth int) bool {
	rest := b.skip()
	if !strings.HasPrefix(rest, "{") {
		return b.statement(made, depth)
	}
	begin := b.pos
	b.pos++
	for count := 0; ; count++ {
		b.repeat = b.repeat && count > 0
		switch rest = b.skip(); {
		case rest == "":
			b.error(begin, "the block that begins here has no end")
			return false
		case rest[0] == '}' && count == 0:
			b.error(begin, "want { ACTION }, with an action on each line")
			return false
		case rest[0] == '}':
			b.pos++
			b.repeat, b.previous = false, blockEnded
			return true
		}
		if !b.statement(made, depth) {
			return false
		}
		made.also = true
	}
}

// statement reads an action, or one more filter with what it is for.
func (b *body) statement(made Rule, depth int) bool {
	if depth++; depth > maxStatements {
		b.error(b.pos, "conditions stand more than %d deep in each other: write them as rules of their own", maxStatements)
		return false
	}
	rest := b.skip()
	word, _ := wordOf(rest)
	switch word = strings.ToLower(word); {
	case rest == "":
		b.error(b.pos, "no action: want %s", wantAction)
		return false
	case word == "if":
		return b.condition(made, depth)
	case word == "continue" && strings.Trim(b.line(), blanks) == word:
		return b.next(word)
	case slices.Contains(scriptWords, word) && word != "action" && isScript(rest):
		b.error(b.pos, "%s is not supported behind a condition: want %s", word, wantAction)
		return false
	case rest[0] == '&':
		return b.also()
	case rest[0] == ':' && !isModuleAction(rest):
		return b.property(made, depth)
	case isSelectors(rest):
		return b.selectors(made, depth)
	}
	return b.action(made)
}

// maxStatements is how many conditions, also behind "else", can stand in each other.
const maxStatements = 100

// also reads "& ACTION".
func (b *body) also() bool {
	if !b.repeat {
		b.error(b.pos, "\"&\" repeats the filter of the action before it, and there is none")
		return false
	}
	b.pos++
	b.skip()
	return b.action(b.last)
}

// action reads an action: up to the end of its line, its block, or its bracket.
func (b *body) action(made Rule) bool {
	at, text := b.pos, strings.TrimRight(b.line(), blanks)
	if isAction(text) {
		_, rest, ok := parseObject(b.l.text[at:])
		if ok {
			text = strings.TrimRight(strings.TrimSuffix(b.l.text[at:], rest), blanks)
		}
	}
	if text == "" {
		b.error(at, "no action: want %s", wantAction)
		return false
	}
	b.pos = at + len(text)
	b.add(made, at, text)
	b.last, b.repeat = made, true
	b.last.also = true
	return true
}

// line is the rest of the line of the file, up to what closes the block.
func (b *body) line() string {
	rest := b.l.text[b.pos:]
	quote, depth := byte(0), 0
	for i := 0; i < len(rest); i++ {
		switch c := rest[i]; {
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
			if depth--; depth < 0 && c == '}' {
				return rest[:i]
			}
		case c == '\n' && depth == 0:
			return rest[:i]
		}
	}
	return rest
}

// isModuleAction reports whether a text that begins with a colon is an action, such as :omusrmsg:root.
func isModuleAction(text string) bool {
	name, rest := wordOf(text[1:])
	return name != "" && strings.HasPrefix(rest, ":")
}

// isSelectors reports whether a text begins with selectors and goes on.
func isSelectors(text string) bool {
	end := strings.IndexAny(text, blanks)
	if end < 0 || strings.IndexByte("/-@|?~^>$", text[0]) >= 0 || isAction(text) {
		return false
	}
	return strings.Contains(text[:end], ".") && strings.Trim(text[end:], " \t\v\f")[0] != '\n'
}
