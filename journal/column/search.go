package column

import "bytes"

// Matcher says which values are wanted.
type Matcher interface {
	Match(value []byte) bool
	// Literal is a string of bytes that every value that matches contains; nil if none is known.
	Literal() []byte
}

// A finding says what a template lets us know of a literal.
type finding struct {
	constant bool // every value contains it
	inside   bool // a value of a slot may contain it
	across   bool // it may begin or end in a slot and go beyond it
}

func (f finding) may() bool { return f.constant || f.inside || f.across }

// A question is what the templates of a column let us know of a literal.
type question struct {
	literal  []byte
	findings []finding
}

// findings says for each template where literal may stand. The last answer is kept: block after block asks the same.
func (c *Column) findings(literal []byte) []finding {
	if q := c.asked.Load(); q != nil && bytes.Equal(q.literal, literal) {
		return q.findings
	}
	q := &question{bytes.Clone(literal), make([]finding, len(c.templates))}
	for i := range c.templates {
		q.findings[i] = c.templates[i].test(literal)
	}
	c.asked.Store(q)
	return q.findings
}

// constantHolds tells whether a piece contains literal.
func (t *template) constantHolds(literal []byte) bool {
	for _, p := range t.pieces {
		if bytes.Contains(p, literal) {
			return true
		}
	}
	return false
}

// anything tells whether the template is number 0, whose slot may hold anything.
func (t *template) anything() bool {
	return len(t.slots) == 1 && len(t.pieces[0])+len(t.pieces[1]) == 0
}

// test finds where literal may stand.
func (t *template) test(literal []byte) finding {
	if t.anything() {
		return finding{inside: true}
	}
	if t.constantHolds(literal) {
		return finding{constant: true}
	}
	run, _ := token(literal, 0)
	if run == len(literal) {
		for i := range t.slots {
			if t.slots[i].may(literal) {
				return finding{inside: true}
			}
		}
		return finding{}
	}
	for i := range t.slots {
		if run > 0 && t.slots[i].may(literal[:run]) && t.follows(i+1, literal[run:]) {
			return finding{across: true} // begins in the slot
		}
		piece := t.pieces[i]
		for at := max(0, len(piece)-len(literal)+1); at < len(piece); at++ { // begins in the piece before it
			if bytes.HasPrefix(literal, piece[at:]) && t.slotFollows(i, literal[len(piece)-at:]) {
				return finding{across: true}
			}
		}
	}
	return finding{}
}

// may tells whether a value of the slot may contain v, which is part of a token.
func (s *slot) may(v []byte) bool { return len(v) <= s.most && alphabetOf(v)&^s.alphabet == 0 }

// follows tells whether rest, not empty, may stand at the beginning of piece i and of what comes behind it.
func (t *template) follows(i int, rest []byte) bool {
	piece := t.pieces[i]
	if len(rest) <= len(piece) {
		return bytes.HasPrefix(piece, rest)
	}
	return i < len(t.slots) && bytes.HasPrefix(rest, piece) && t.slotFollows(i, rest[len(piece):])
}

// slotFollows tells whether rest, not empty, may stand at the beginning of slot i and of what comes behind it.
func (t *template) slotFollows(i int, rest []byte) bool {
	run, digit := token(rest, 0)
	if run == 0 || !t.slots[i].may(rest[:run]) {
		return false
	}
	return run == len(rest) || digit && t.follows(i+1, rest[run:])
}

// Select takes the rows out of the set whose value does not match. Errors wrap [ErrDamaged]; then the set is of no use.
func (b *Block) Select(rows Rows, m Matcher) error {
	literal := m.Literal()
	x, ok := m.(Containing)
	sure := ok && !x.Whole() && literal != nil
	switch {
	case b.kind == blockCodes:
		return b.selectCodes(rows, m)
	case b.kind == blockTemplates && len(literal) > 0:
		return b.selectTemplates(rows, m, literal, sure)
	}
	return b.selectValues(rows, m, sure)
}

// selectValues decodes the rows of the set and asks the matcher.
func (b *Block) selectValues(rows Rows, m Matcher, sure bool) error {
	t := &b.answer
	t.Reset()
	if err := b.Some(t, rows); err != nil {
		return err
	}
	literal := m.Literal()
	for i := rows.Next(0); i >= 0; i = rows.Next(i + 1) {
		v := t.At(i)
		if !bytes.Contains(v, literal) || !sure && !m.Match(v) {
			rows.Clear(i)
		}
	}
	return nil
}

// selectCodes asks the matcher once for each value of the dictionary.
func (b *Block) selectCodes(rows Rows, m Matcher) error {
	codes, err := b.dictionaryCodes()
	if err != nil {
		return err
	}
	answers := make([]uint8, b.column.values.Len()) // 0 not asked, 1 no, 2 yes
	for i := rows.Next(0); i >= 0 && i < len(codes); i = rows.Next(i + 1) {
		a := &answers[codes[i]]
		if *a == 0 {
			*a = 1
			if m.Match(b.column.values.At(int(codes[i]))) {
				*a = 2
			}
		}
		if *a == 1 {
			rows.Clear(i)
		}
	}
	return nil
}

// selectTemplates reads only the lists whose slots may hold the literal, or the part of it that is a token.
func (b *Block) selectTemplates(rows Rows, m Matcher, literal []byte, sure bool) error {
	certain, possible := false, false
	found := make([]finding, len(b.used))
	all := b.column.findings(literal)
	for i := range b.used {
		found[i] = all[b.used[i].id]
		certain = certain || found[i].constant
		possible = possible || found[i].inside || found[i].across
	}
	if !certain && !possible {
		clear(rows)
		return nil
	}
	hits, some, err := b.candidates(found, literal)
	if err != nil {
		return err
	}
	if !certain && !some {
		clear(rows)
		return nil
	}
	owners, err := b.templateOfRows()
	if err != nil {
		return err
	}
	seen := make([]int, len(b.used))
	ask := false
	for i, t := range owners {
		k := seen[t]
		seen[t]++
		if rows.Has(i) && !found[t].constant && (hits[t] == nil || !hits[t].Has(k)) {
			rows.Clear(i)
		} else if rows.Has(i) && !(sure && !found[t].across) {
			ask = true
		}
	}
	if !ask || rows.Empty() {
		return nil
	}
	return b.selectValues(rows, m, sure)
}

// candidates gives for each template the rows, counted within it, whose slots hold what they must, and whether there
// are any.
func (b *Block) candidates(found []finding, literal []byte) (hits []Rows, some bool, err error) {
	if err := b.readLists(); err != nil {
		return nil, false, err
	}
	hits = make([]Rows, len(b.used))
	run, dotted := longestRun(literal), longestDotted(literal)
	for t := range b.used {
		u := &b.used[t]
		switch f := found[t]; {
		case f.inside:
			hits[t], err = b.mark(u, literal)
		case f.across && dotted != nil && !u.dotted:
			hits[t], err = b.markAddresses(u, dotted)
			found[t] = finding{inside: len(dotted) == len(literal), across: len(dotted) < len(literal)}
		case f.across && (run == nil || u.constantHolds(run)):
			hits[t] = NewRows(u.count)
		case f.across:
			hits[t], err = b.mark(u, run)
		}
		if err != nil {
			return nil, false, err
		}
		some = some || hits[t] != nil
	}
	return hits, some, nil
}

// longestRun gives the longest run of token bytes with a digit in literal, nil if there is none.
func longestRun(literal []byte) (run []byte) {
	eachToken(literal, func(token []byte) {
		if len(token) > len(run) && bytes.ContainsAny(token, "0123456789") {
			run = token
		}
	})
	return run
}

// longestDotted gives the longest run of digits and dots in literal with a dot in it, nil if there is none. Where no
// part of a template holds a dot, it can only stand in an address.
func longestDotted(literal []byte) (run []byte) {
	for i := 0; i < len(literal); i++ {
		end := i
		for end < len(literal) && (classes[literal[end]] == isDigit || literal[end] == '.') {
			end++
		}
		if r := literal[i:end]; len(r) > len(run) && bytes.IndexByte(r, '.') >= 0 {
			run = r
		}
		i = end
	}
	return run
}

// markAddresses gives the rows of a template that have an address that contains v, nil if there are none.
func (b *Block) markAddresses(u *used, v []byte) (hits Rows, err error) {
	for j, l := range u.lists {
		if !u.address(j) {
			continue
		}
		if hits, err = b.markList(hits, l, v); err != nil {
			return nil, err
		}
	}
	return hits, nil
}

// mark gives the rows of a template that have a slot whose value contains v, nil if there are none.
func (b *Block) mark(u *used, v []byte) (hits Rows, err error) {
	for j, l := range u.lists {
		if !u.anything() && !u.slots[u.first[j]].may(v) {
			continue
		}
		if hits, err = b.markList(hits, l, v); err != nil {
			return nil, err
		}
	}
	return hits, nil
}

// markList adds the rows of a list whose value contains v. hits may be nil as long as there are none.
func (b *Block) markList(hits Rows, l listAt, v []byte) (Rows, error) {
	found, err := b.scan(l, v)
	if err != nil || !found {
		return hits, err
	}
	if l.kind == kindRepeats {
		return b.markRepeats(hits, l, v)
	}
	b.whole.Reset()
	if err := b.list(&b.whole, l); err != nil {
		return nil, err
	}
	eachHit(&b.whole, v, func(i int) {
		if hits == nil {
			hits = make(Rows, (l.n+63)>>6)
		}
		hits.Set(i)
	})
	return hits, nil
}

// markRepeats is markList for values that stand once, and numbers of them.
func (b *Block) markRepeats(hits Rows, l listAt, v []byte) (Rows, error) {
	fresh, err := b.markList(nil, *l.fresh, v)
	if err != nil || fresh == nil {
		return hits, err
	}
	if hits == nil {
		hits = make(Rows, (l.n+63)>>6)
	}
	err = b.eachRepeat(l, func(i, n int) {
		if fresh.Has(n) {
			hits.Set(i)
		}
	})
	return hits, err
}

// scan tells whether the list may hold a value that contains v, by the cheapest look at it that there is.
func (b *Block) scan(l listAt, v []byte) (bool, error) {
	if !l.may(v) {
		return false, nil
	}
	switch {
	case l.kind == kindRepeats:
		return b.scan(*l.fresh, v)
	case l.kind == kindText && !overlaps(l.front, v):
		data, err := b.stream(streamText)
		if err != nil {
			return false, err
		}
		return bytes.Contains(data[l.at:l.at+l.width], v), nil
	case l.kind == kindDecimal && len(l.front) == 0:
		return b.scanInts(l.ints, v)
	}
	return true, nil
}

// overlaps tells whether front contains v or ends with what v begins with.
func overlaps(front, v []byte) bool {
	for at := range front {
		if rest := front[at:]; bytes.HasPrefix(v, rest) || bytes.HasPrefix(rest, v) {
			return true
		}
	}
	return false
}

// scanInts looks for the digits v in the numbers of a list without writing them down. Where it cannot, it says yes.
func (b *Block) scanInts(a intsAt, v []byte) (bool, error) {
	if len(v) > 18 {
		return true, nil
	}
	wanted, unit := uint64(0), uint64(1)
	for _, c := range v {
		if classes[c] != isDigit {
			return true, nil
		}
		wanted, unit = wanted*10+uint64(c-'0'), unit*10
	}
	values, err := b.ints(b.ints64, a)
	if err != nil {
		return false, err
	}
	b.ints64 = values
	for _, x := range values {
		if hasDigits(x, wanted, unit) {
			return true, nil
		}
	}
	return false, nil
}

// hasDigits tells whether the decimal digits of x contain those of wanted, which are as many as unit has zeros.
func hasDigits(x int64, wanted, unit uint64) bool {
	y := uint64(x)
	if x < 0 {
		y = -y
	}
	if y == 0 {
		return wanted == 0 && unit == 10
	}
	for ; y >= unit/10; y /= 10 {
		if y%unit == wanted {
			return true
		}
		if y < 10 {
			break
		}
	}
	return false
}

// eachHit calls do with the number of every value that contains v, which is not empty.
func eachHit(t *Texts, v []byte, do func(i int)) {
	row := 0
	for at := 0; ; {
		i := bytes.Index(t.Data[at:], v)
		if i < 0 {
			return
		}
		at += i
		for int(t.Ends[row]) <= at {
			row++
		}
		if end := int(t.Ends[row]); at+len(v) <= end {
			do(row)
			at = end
		} else {
			at++
		}
		if at >= len(t.Data) {
			return
		}
	}
}
