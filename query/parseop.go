package query

import (
	"net/netip"
	"strings"
)

const wantValue = `a value, such as web01, web*, "two words", ~"re", >5, [1 .. 5], in(a, b), i(any case), cidr(10.0.0.0/8) or *`

// operation reads a condition on a value.
func (p *parser) operation(field string) Op {
	edge := AtValue
	if field == "" {
		edge = AtToken
	}
	if p.take("=") {
		return p.textual(AtValue)
	}
	switch p.peek() {
	case '~':
		return p.regexp()
	case '<', '>', '[', '(':
		low, high := p.bounds(p.decimal)
		return Range{low, high}
	}
	start := p.pos
	switch {
	case p.take("*") && p.ends(""):
		return Exists{}
	case p.take("cidr("):
		return p.cidr()
	case p.take("word("):
		op := p.textual(AtToken)
		p.need(")")
		return op
	}
	p.pos = start
	return p.textual(edge)
}

// textual reads a text, i(…) or in(…).
func (p *parser) textual(edge Edge) Op {
	start := p.pos
	switch {
	case p.take("i("):
		list := p.list()
		if len(list) == 1 {
			return list[0].textOp(edge, true)
		}
		if edge != AtValue {
			p.fail(start, "one text in i(…)")
		}
		return p.equal(list, true)
	case p.take("in("):
		return p.equal(p.list(), false)
	}
	s := p.piece(",", wantValue)
	if s.text == "" && !s.quoted {
		p.fail(start, wantValue)
	}
	return s.textOp(edge, false)
}

// list reads texts with commas between them up to the bracket that ends the list.
func (p *parser) list() (list []piece) {
	for {
		p.blanks()
		s := p.piece(",", "a value")
		if s.text == "" && !s.quoted {
			p.fail(s.pos, "a value")
		}
		list = append(list, s)
		if p.takeAfter(",") {
			continue
		}
		if !p.takeAfter(")") {
			p.fail(p.pos, `"," or ")"`)
		}
		return list
	}
}

func (p *parser) equal(list []piece, fold bool) Op {
	op := Equal{Fold: fold}
	for _, s := range list {
		if s.before || s.after {
			p.fail(s.pos, "a whole value; asterisks do not stand in lists")
		}
		op.Values = append(op.Values, s.text)
	}
	return op
}

// textOp makes the condition of a text whose ends, where no asterisk stands, fulfil edge.
func (s piece) textOp(edge Edge, fold bool) Op {
	if edge == AtValue && !s.before && !s.after {
		return Equal{[]string{s.text}, fold}
	}
	op := Text{s.text, edge, edge, fold}
	if s.before {
		op.Start = Anywhere
	}
	if s.after {
		op.End = Anywhere
	}
	return op
}

func (p *parser) cidr() Op {
	p.blanks()
	s := p.piece(",", "an address and a length, such as 10.0.0.0/8")
	prefix, err := netip.ParsePrefix(s.text)
	if err != nil || s.before || s.after {
		p.fail(s.pos, "an address and a length, such as 10.0.0.0/8")
	}
	if prefix.Addr().Is4In6() {
		p.fail(s.pos, "IPv4 addresses without ::ffff:")
	}
	p.need(")")
	return CIDR{prefix.Masked()}
}

// bounds reads >A, >=A, <A, <=A or [A .. B], where a round bracket leaves the bound out; read reads one bound.
func (p *parser) bounds(read func() string) (low, high Bound) {
	switch {
	case p.take(">="):
		return Bound{Text: read()}, high
	case p.take(">"):
		return Bound{read(), true}, high
	case p.take("<="):
		return low, Bound{Text: read()}
	case p.take("<"):
		return low, Bound{read(), true}
	case p.take("("):
		low.Open = true
	case !p.take("["):
		p.fail(p.pos, ">, >=, <, <= or [from .. to]")
	}
	p.blanks()
	low.Text = read()
	p.need("..")
	p.blanks()
	high.Text = read()
	if high.Open = p.takeAfter(")"); !high.Open && !p.take("]") {
		p.fail(p.pos, "] or )")
	}
	return low, high
}

// bound reads a bound as text.
func (p *parser) bound(want string) string {
	if strings.HasPrefix(p.src[p.pos:], "..") {
		p.fail(p.pos, want)
	}
	s := p.piece(",]", want)
	if s.before || s.after || s.text == "" {
		p.fail(s.pos, want)
	}
	return s.text
}

func (p *parser) decimal() string {
	start := p.pos
	text := p.bound("a decimal number")
	if _, ok := readNumber(text); !ok {
		p.fail(start, "a decimal number, such as 5, -1 or 2.50")
	}
	return text
}
