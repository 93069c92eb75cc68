package column

import "bytes"

// constantHolds reports whether a constant part of the template holds the literal. Beside a constant stands a
// variable, which is never empty and has nothing but token bytes, or the end of the text.
func (p *pattern) constantHolds(literal []byte, whole bool) bool {
	for i, c := range p.constants {
		if !whole {
			if bytes.Contains(c, literal) {
				return true
			}
			continue
		}
		if p.holdsWhole(c, i > 0, i < p.slots(), literal) {
			return true
		}
	}
	return false
}

// holdsWhole is [ContainsWhole] for a constant with a variable before or behind it.
func (p *pattern) holdsWhole(c []byte, before, behind bool, literal []byte) bool {
	first, last := class[literal[0]] != 0, class[literal[len(literal)-1]] != 0
	for at := 0; ; {
		i := bytes.Index(c[at:], literal)
		if i < 0 {
			return false
		}
		start, end := at+i, at+i+len(literal)
		goesOn := first && (start > 0 && class[c[start-1]] != 0 || start == 0 && before) ||
			last && (end < len(c) && class[c[end]] != 0 || end == len(c) && behind)
		if !goesOn {
			return true
		}
		at = start + 1
	}
}

// slotTest reports whether variable k can contain part; start and end say that it must begin or end with it.
type slotTest func(k int, part []byte, start, end bool) bool

// canHold reports whether a text of the template can contain the literal, given what its variables can.
func (p *pattern) canHold(literal []byte, test slotTest) bool {
	for i, c := range p.constants {
		for at := range c {
			if c[at] == literal[0] && p.follow(i, c[at:], literal, test) {
				return true
			}
		}
		if i == p.slots() {
			break
		}
		part := leadingToken(literal)
		if len(part) == 0 {
			continue
		}
		if len(part) == len(literal) {
			if test(i, part, false, false) {
				return true
			}
		} else if test(i, part, false, true) && p.follow(i+1, p.constants[i+1], literal[len(part):], test) {
			return true
		}
	}
	return false
}

// follow reports whether the text goes on with rest, from where only c is left of constant i.
func (p *pattern) follow(i int, c, rest []byte, test slotTest) bool {
	for {
		n := min(len(c), len(rest))
		if !bytes.Equal(c[:n], rest[:n]) {
			return false
		}
		if rest = rest[n:]; len(rest) == 0 {
			return true
		}
		part := leadingToken(rest)
		if i == p.slots() || len(part) == 0 {
			return false
		}
		if len(part) == len(rest) {
			return test(i, part, true, false)
		}
		if !test(i, part, true, true) {
			return false
		}
		rest = rest[len(part):]
		i++
		c = p.constants[i]
	}
}

func leadingToken(b []byte) []byte {
	n := 0
	for n < len(b) && class[b[n]] != 0 {
		n++
	}
	return b[:n]
}

// Need tells what must be true of a column of messages for one of its rows to contain a literal (whole: with no token
// going on beyond its ends): every key must be in the filter. If possible is false, no row contains it, whatever the
// filter says.
func (c *Column) Need(literal []byte, whole bool) (keys [][]byte, possible bool) {
	if len(literal) == 0 {
		return nil, true
	}
	c.eachWhole(literal, whole, func(token []byte, hasDigit bool) {
		if len(token) >= leastKey && (hasDigit || !c.inTemplate(token)) {
			keys = append(keys, token)
		}
	})
	if c.plain || c.patterns == nil {
		return keys, true
	}
	any := func(_ int, part []byte, start, end bool) bool { return !start || !end || hasDigit(part) }
	for i := range c.patterns {
		if c.patterns[i].canHold(literal, any) {
			return keys, true
		}
	}
	return nil, false
}

func hasDigit(b []byte) bool {
	return bytes.IndexFunc(b, func(r rune) bool { return r >= '0' && r <= '9' }) >= 0
}

// inTemplate reports whether a word stands in a constant part of a template.
func (c *Column) inTemplate(token []byte) bool {
	for i := range c.patterns {
		if c.patterns[i].constantHolds(token, false) {
			return true
		}
	}
	return false
}

// eachWhole calls visit for the tokens of a literal that are whole tokens in every text that contains it.
func (c *Column) eachWhole(literal []byte, whole bool, visit func(token []byte, hasDigit bool)) {
	at := 0
	eachToken(literal, func(token []byte, hasDigit bool) {
		start := at + bytes.Index(literal[at:], token)
		at = start + len(token)
		if whole || start > 0 && at < len(literal) {
			visit(token, hasDigit)
		}
	})
}
