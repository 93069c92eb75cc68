package column

import "bytes"

// Matcher says which values are wanted.
type Matcher interface {
	// Match reports whether a value is wanted.
	Match(value []byte) bool
	// Literal is what every wanted value contains; empty if nothing is known.
	Literal() []byte
}

// Containing is a [Matcher] that wants exactly the values that contain its literal: anywhere or, if Whole, at least
// once so that a token at an end of the literal is no part of a longer one.
type Containing interface {
	Matcher
	Whole() bool
}

// ContainsWhole reports whether value contains literal with no token going on beyond its ends.
func ContainsWhole(value, literal []byte) bool {
	if len(literal) == 0 {
		return true
	}
	first, last := class[literal[0]] != 0, class[literal[len(literal)-1]] != 0
	for at := 0; ; {
		i := bytes.Index(value[at:], literal)
		if i < 0 {
			return false
		}
		start, end := at+i, at+i+len(literal)
		if !(first && start > 0 && class[value[start-1]] != 0) && !(last && end < len(value) && class[value[end]] != 0) {
			return true
		}
		at = start + 1
	}
}

// Select takes the rows out of the set whose value is not wanted.
func (b *Block) Select(rows Rows, m Matcher) error {
	if b.encoding == encTemplates {
		return newSelection(b, rows, m).run()
	}
	if err := b.decode(); err != nil {
		return err
	}
	switch b.encoding {
	case encConstant:
		if !m.Match(b.value) {
			rows.Reset()
		}
	case encCodes:
		b.selectCodes(rows, m)
	default:
		wanted := make(Rows, len(rows))
		selectTexts(b.texts.Data, b.texts.Ends, m, func(i int) { wanted.Set(i) })
		rows.And(wanted)
	}
	return nil
}

// selectCodes asks once for each value of the dictionary that stands in the block.
func (b *Block) selectCodes(rows Rows, m Matcher) {
	values := b.column.values
	known := make([]uint8, values.Len()) // 1: not wanted, 2: wanted
	rows.Each(func(i int) bool {
		c := b.codes[i]
		if known[c] == 0 {
			known[c] = 1
			if m.Match(values.At(int(c))) {
				known[c] = 2
			}
		}
		if known[c] == 1 {
			rows.Clear(i)
		}
		return true
	})
}

// selectTexts calls found for every text that is wanted. Where there is a literal, the texts are searched for it as
// one, and only those that hold it are asked for.
func selectTexts(data []byte, ends []uint32, m Matcher, found func(i int)) {
	literal := m.Literal()
	start := uint32(0)
	if len(literal) == 0 {
		for i, end := range ends {
			if m.Match(data[start:end]) {
				found(i)
			}
			start = end
		}
		return
	}
	for i, at := 0, 0; at < len(data); {
		k := bytes.Index(data[at:], literal)
		if k < 0 {
			return
		}
		hit := uint32(at + k)
		for ends[i] <= hit {
			start = ends[i]
			i++
		}
		if at = int(ends[i]); m.Match(data[start:ends[i]]) {
			found(i)
		}
	}
}

// selection is a search in a block of templates.
type selection struct {
	*Block
	rows      Rows
	matcher   Matcher
	literal   []byte
	exact     bool // a value that contains the literal is wanted
	whole     bool
	tokenOnly bool // the literal is part of one token
	wanted    Rows
	members   [][]int32 // rows of each id, in the set
	scratch   []byte
	err       error
}

func newSelection(b *Block, rows Rows, m Matcher) *selection {
	s := &selection{Block: b, rows: rows, matcher: m, literal: m.Literal(), wanted: make(Rows, len(rows))}
	if c, ok := m.(Containing); ok {
		s.exact, s.whole = true, c.Whole()
	}
	s.tokenOnly = len(s.literal) > 0
	for _, c := range s.literal {
		s.tokenOnly = s.tokenOnly && class[c] != 0
	}
	return s
}

// A verdict is what a template says of its rows.
const (
	never  = iota // none is wanted
	always        // all are
	askRow        // the matcher must see the whole value
	askVar        // those are wanted whose variables hold the literal, if the matcher agrees
)

func (s *selection) run() error {
	if err := s.decodeIDs(); err != nil {
		return err
	}
	verdicts, any := make([]uint8, len(s.ids)), false
	for c, id := range s.ids {
		if verdicts[c] = askRow; id > 0 {
			verdicts[c] = s.verdict(&s.column.patterns[id-1])
		}
		any = any || verdicts[c] != never
	}
	if !any {
		s.rows.Reset()
		return nil
	}
	if err := s.decode(); err != nil {
		return err
	}
	s.sort(verdicts)
	for c, rows := range s.members {
		if len(rows) > 0 && s.err == nil {
			s.template(c, verdicts[c], rows)
		}
	}
	s.rows.And(s.wanted)
	return s.err
}

// sort gathers the rows in the set by their templates, of those that say something.
func (s *selection) sort(verdicts []uint8) {
	s.members = make([][]int32, len(s.ids))
	s.rows.Each(func(i int) bool {
		if c := s.codes[i]; verdicts[c] != never {
			s.members[c] = append(s.members[c], int32(i))
		}
		return true
	})
}

// verdict asks a template, without its variables.
func (s *selection) verdict(p *pattern) uint8 {
	switch {
	case len(s.literal) == 0:
		return askRow
	case p.constantHolds(s.literal, s.whole):
		if s.exact {
			return always
		}
		return askRow
	case !s.tokenOnly:
		if p.canHold(s.literal, func(k int, part []byte, start, end bool) bool { return p.open[k].canHold(part, start, end) }) {
			return askRow
		}
		return never
	}
	for k := range p.open {
		if p.open[k].canHold(s.literal, s.whole, s.whole) {
			return askVar
		}
	}
	return never
}

// template searches the rows of one template.
func (s *selection) template(code int, verdict uint8, rows []int32) {
	switch {
	case s.ids[code] == 0:
		s.plain(rows)
	case verdict == always:
		s.all(rows)
	case verdict == askVar:
		p, runs := &s.column.patterns[s.ids[code]-1], s.runsOf(code)
		for k := range runs {
			if p.open[k].canHold(s.literal, s.whole, s.whole) && s.err == nil {
				s.slot(&runs[k], rows)
			}
		}
	default:
		s.askIfRunsCan(code, rows)
	}
}

// askIfRunsCan asks the rows of a template, unless the runs of this block exclude what the template does not.
func (s *selection) askIfRunsCan(code int, rows []int32) {
	p, runs := &s.column.patterns[s.ids[code]-1], s.runsOf(code)
	if len(s.literal) == 0 || s.tokenOnly || p.canHold(s.literal, func(k int, part []byte, start, end bool) bool {
		return p.open[k].canHold(part, start, end) && runs[k].canHold(part, start, end)
	}) {
		s.ask(rows)
	}
}

// plain searches the rows that have no template.
func (s *selection) plain(rows []int32) {
	x := &s.runs[0]
	if s.err = s.need(x); s.err != nil {
		return
	}
	found := make(Rows, (int(x.n)+63)/64)
	selectTexts(x.data, x.ends, s.matcher, func(i int) { found.Set(i) })
	for _, i := range rows {
		if found.Has(int(s.places[i])) {
			s.wanted.Set(int(i))
		}
	}
}

// ask materializes rows of one template and asks the matcher.
func (s *selection) ask(rows []int32) {
	if s.err = s.needAll(s.runsOf(int(s.codes[rows[0]]))); s.err != nil {
		return
	}
	for _, i := range rows {
		s.scratch = s.append(s.scratch[:0], int(i))
		if s.matcher.Match(s.scratch) {
			s.wanted.Set(int(i))
		}
	}
}

// all wants rows without asking.
func (s *selection) all(rows []int32) {
	for _, i := range rows {
		s.wanted.Set(int(i))
	}
}

// slot searches one variable for a literal that is part of a token: it stands in the variable or nowhere.
func (s *selection) slot(x *run, rows []int32) {
	whole := s.exact && s.whole
	if !x.canHold(s.literal, whole, whole) {
		return
	}
	if x.kind == runConstant {
		s.take(rows)
		return
	}
	if s.err = s.need(x); s.err != nil {
		return
	}
	n, canonical, digits := decimal(s.literal)
	if x.kind == runDecimal && len(x.before)+len(x.after) == 0 && digits && (whole || x.below(pow10(len(s.literal)))) {
		for _, i := range rows { // no number has more digits than the literal: only the number itself holds it
			if !canonical {
				return
			}
			if x.number(int(s.places[i])) == n {
				s.take([]int32{i})
			}
		}
		return
	}
	for _, i := range rows {
		s.scratch = x.append(s.scratch[:0], int(s.places[i]))
		if whole && bytes.Equal(s.scratch, s.literal) || !whole && bytes.Contains(s.scratch, s.literal) {
			s.take([]int32{i})
		}
	}
}

// take wants rows that hold the literal, once the matcher agrees if it wants more than that.
func (s *selection) take(rows []int32) {
	if s.exact {
		s.all(rows)
	} else {
		s.ask(rows)
	}
}

// below reports whether no number of the run is as large as limit.
func (x *run) below(limit uint64) bool {
	return x.width < 8 && x.least >= 0 && uint64(x.least)+(1<<(8*x.width)-1) < limit
}

func pow10(n int) uint64 {
	p := uint64(1)
	for range min(n, 19) {
		p *= 10
	}
	return p
}

// canHold reports whether a value of the run can contain part; start and end say that it must begin or end with it.
func (x *run) canHold(part []byte, start, end bool) bool {
	if x.kind == runConstant {
		return start && end && bytes.Equal(x.before, part) || start && !end && bytes.HasPrefix(x.before, part) ||
			end && !start && bytes.HasSuffix(x.before, part) || !start && !end && bytes.Contains(x.before, part)
	}
	if x.kind == runText {
		return true
	}
	if len(x.before)+len(x.after) == 0 && x.kind == runDecimal && len(part) < 19 && len(part) > 1 && x.below(pow10(len(part)-1)) {
		return false
	}
	for _, c := range part {
		if !x.alphabet(c) && bytes.IndexByte(x.before, c) < 0 && bytes.IndexByte(x.after, c) < 0 {
			return false
		}
	}
	return true
}

// alphabet reports whether a byte can stand in what is between the affixes of the run.
func (x *run) alphabet(c byte) bool {
	switch x.kind {
	case runDecimal:
		return isDigit(c) || c == '-'
	case runPadded:
		return isDigit(c)
	case runHex:
		return isDigit(c) || c >= 'a' && c <= 'f'
	case runUpperHex:
		return isDigit(c) || c >= 'A' && c <= 'F'
	}
	return true
}
