package query

import "slices"

// Parse reads a query. The error is an [*Error]. A text that is empty, or begins with a pipe, asks for everything.
func Parse(text string) (Query, error) {
	p := &parser{src: text}
	if len(text) > maxQuery {
		p.fail(maxQuery, "a query of at most 65536 bytes")
	}
	q := Query{Filter: All{}}
	p.blanks()
	if p.pos < len(text) && p.peek() != '|' {
		q.Filter = p.filter()
	}
	for p.takeAfter("|") {
		q.Pipes = append(q.Pipes, p.pipe())
	}
	if p.blanks(); p.pos < len(text) {
		p.fail(p.pos, "a condition, | or the end")
	}
	if p.err != nil {
		return Query{}, p.err
	}
	return q, nil
}

// filter reads a whole filter. Printing it may need a bracket for every list in a list, so its height is bounded too.
func (p *parser) filter() Node {
	p.blanks()
	start := p.pos
	n := p.or()
	if height(n) >= maxDepth {
		p.fail(start, "a filter with at most 200 of AND, OR and NOT in each other")
	}
	return n
}

// height counts the nodes from n down to the deepest leaf.
func height(n Node) int {
	deepest := 0
	for _, child := range children(n) {
		deepest = max(deepest, height(child))
	}
	return deepest + 1
}

// or reads terms with AND, which may be left out, binding more tightly than OR.
func (p *parser) or() Node {
	nodes := []Node{p.and()}
	for p.takeWord("OR") {
		nodes = append(nodes, p.and())
	}
	if len(nodes) == 1 {
		return nodes[0]
	}
	return Or{nodes}
}

func (p *parser) and() Node {
	nodes := []Node{p.not()}
	for p.takeWord("AND") || p.atTerm() {
		nodes = append(nodes, p.not())
	}
	if len(nodes) == 1 {
		return nodes[0]
	}
	return And{nodes}
}

// atTerm reports whether another term follows.
func (p *parser) atTerm() bool {
	p.blanks()
	if p.pos == len(p.src) || p.peek() == ')' || p.peek() == '|' {
		return false
	}
	start := p.pos
	isOr := p.takeWord("OR")
	p.pos = start
	return !isOr
}

func (p *parser) not() Node {
	p.blanks()
	p.depth++
	defer func() { p.depth-- }()
	if p.depth > maxDepth {
		p.fail(p.pos, "at most 200 brackets and NOT in each other")
	}
	switch {
	case p.takeWord("NOT"), p.take("-"), p.take("!"):
		return Not{p.not()}
	case p.take("("):
		n := p.or()
		p.need(")")
		return n
	}
	n := p.term()
	if !p.ends("") {
		p.fail(p.pos, `a blank, ")" or "|" behind the condition, or quotes around all of the value`)
	}
	return n
}

const wantTerm = "a word, a phrase between quotes, field:value, NOT or ("

// term reads one condition: on the message if no field is named.
func (p *parser) term() Node {
	if p.peek() == '~' {
		return Match{Op: p.regexp()}
	}
	start := p.pos
	s := p.piece(":", wantTerm)
	switch {
	case s.text == "" && !s.quoted:
		return All{}
	case !s.quoted && isReserved(s.text):
		p.fail(start, wantTerm)
	case p.peek() == '(' && !s.quoted && s.text == "i":
		p.pos = start
		return Match{Op: p.textual(AtToken)}
	case p.peek() != ':' || s.before || s.after:
		return Match{Op: s.textOp(AtToken, false)}
	}
	p.take(":")
	return p.named(s)
}

// selectors are the names that mean something else than a field, unless they stand between quotes.
var selectors = [...]string{"time", "received", "event", "index", "boot", "kind", "journal", "imported"}

// named reads what stands behind "name:".
func (p *parser) named(name piece) Node {
	if !name.quoted && slices.Contains(selectors[:], name.text) {
		return p.selector(name.text)
	}
	return p.match(name, false)
}

func (p *parser) match(name piece, imported bool) Node {
	if name.text == "" {
		p.fail(name.pos, "the name of a field")
	}
	m := Match{Field: name.text, Imported: imported}
	if m.Field == "message" {
		m.Field = ""
	}
	switch m.Field {
	case "level":
		m.Op = p.levels()
	case "facility":
		m.Op = p.facilities()
	default:
		m.Op = p.operation(m.Field)
	}
	return m
}
