package rule

import "strings"

// condition reads "if CONDITION then …" and the "else" that may follow.
func (b *body) condition(made Rule, depth int) bool {
	begin := b.pos
	text := b.l.text[begin:]
	p, end, mixed, err := parseCondition(text)
	if err != nil {
		b.error(begin+err.at, "%s", err.text)
		return false
	}
	if mixed {
		b.warn(begin, "\"and\" and \"or\" beside each other are read from left to right, as rsyslog reads them: write brackets")
	}
	b.pos = begin + end
	if !b.guarded(b.within(made, begin, text[:end], p), depth) {
		return false
	}
	b.skip()
	if begin = b.pos; !b.next("else") {
		return true
	}
	b.repeat = false
	otherwise := *p
	otherwise.Not = !p.Not
	return b.guarded(b.within(made, begin, "else", &otherwise), depth)
}

// within is a rule in the block of another: what is made so far, and one more condition.
func (b *body) within(made Rule, at int, selector string, p *Property) Rule {
	inner := Rule{Selector: strings.TrimRight(selector, blanks), Select: made.Select, Property: both(made.Property, p)}
	inner.Line, inner.column = b.l.place(at)
	return inner
}

// both is the condition that two hold; nil is none.
func both(a, b *Property) *Property {
	switch {
	case a == nil:
		return b
	case b == nil:
		return a
	}
	var list []*Property
	for _, p := range []*Property{a, b} {
		if p.Op == opAll && !p.Not {
			list = append(list, p.List...)
		} else {
			list = append(list, p)
		}
	}
	return &Property{Op: opAll, List: list}
}

// property reads a filter in a block.
func (b *body) property(made Rule, depth int) bool {
	begin := b.pos
	p, end, err := parseProperty(b.l.text[begin:], false)
	if err != nil {
		b.error(begin+err.at, "%s", err.text)
		return false
	}
	b.pos = begin + end
	return b.guarded(b.within(made, begin, b.l.text[begin:b.pos], p), depth)
}

// selectors reads selectors in a block.
func (b *body) selectors(made Rule, depth int) bool {
	begin := b.pos
	word := b.l.text[begin:]
	word = word[:strings.IndexAny(word, blanks)]
	s := parseSelectors(word, Accumulate)
	for _, n := range s.notes {
		b.warn(begin+n.at, "%s", n.text)
	}
	if s.err != nil {
		b.error(begin+s.err.at, "%s", s.err.text)
		return false
	}
	b.pos = begin + len(word)
	inner := b.within(made, begin, word, nil)
	inner.around = &made.Select
	inner.Select = s.set.and(inner.around)
	return b.guarded(inner, depth)
}
