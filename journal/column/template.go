package column

import (
	"bytes"
	"encoding/binary"
	"fmt"
)

// A template is what the values of many rows have in common: pieces of text that are the same in all of them, and
// between two pieces a slot for what is not. Pieces begin and end with bytes that are no part of a token, slots are
// whole tokens that hold a digit. Template 0 is a single slot for anything: rows that are like few others.
//
// An IPv4 address is one list of values and four slots.
type template struct {
	pieces [][]byte
	slots  []slot
	parts  [][]byte // the pieces between lists: those without the dots of addresses
	first  []int    // of each list, the number of its first slot
	dotted bool     // a part holds a dot
}

// address tells whether list j is one of addresses.
func (t *template) address(j int) bool {
	end := len(t.slots)
	if j+1 < len(t.first) {
		end = t.first[j+1]
	}
	return end-t.first[j] == 4
}

// A slot says what all values of a slot in all blocks have in common.
type slot struct {
	alphabet uint64 // the classes of the bytes that occur, see alphabetOf
	most     int    // bytes of the longest value
}

// Marks in the text of a template stand for a slot and for the four of an IPv4 address. Rows that hold one of these
// bytes are kept in template 0.
const (
	slotMark    = 1
	addressMark = 2
)

// countLists counts the marks in the text of a template.
func countLists(key []byte) int {
	return bytes.Count(key, []byte{slotMark}) + bytes.Count(key, []byte{addressMark})
}

// templateMemory holds what many templates are made of, so that each does not take memory of its own.
type templateMemory struct {
	pieces [][]byte
	slots  []slot
	first  []int
}

// reserve takes the memory for n templates with those texts.
func (m *templateMemory) reserve(texts []byte, n int) {
	lists, addresses := bytes.Count(texts, []byte{slotMark}), bytes.Count(texts, []byte{addressMark})
	slots := lists + 4*addresses
	m.pieces = make([][]byte, 0, slots+lists+addresses+2*n)
	m.slots, m.first = make([]slot, 0, slots), make([]int, 0, lists+addresses)
}

// template makes a template of its text. Slots of addresses are complete, the others empty.
func (m *templateMemory) template(key []byte) (t template) {
	lists := 0
	for _, c := range key {
		if c == slotMark || c == addressMark {
			lists++
		}
	}
	parts, slots, first := len(m.pieces), len(m.slots), len(m.first)
	m.cut(key)
	t.parts = m.pieces[parts:len(m.pieces):len(m.pieces)]
	pieces, list := len(m.pieces), 0
	for i, part := range t.parts {
		t.dotted = t.dotted || bytes.IndexByte(part, '.') >= 0
		m.pieces = append(m.pieces, part)
		if i == lists {
			break
		}
		m.first = append(m.first, len(m.slots)-slots)
		list += len(part)
		m.slot(key[list])
		list++
	}
	t.pieces, t.slots, t.first = m.pieces[pieces:len(m.pieces):len(m.pieces)], m.slots[slots:len(m.slots):len(m.slots)], m.first[first:len(m.first):len(m.first)]
	return t
}

// cut appends what stands between the marks of a text.
func (m *templateMemory) cut(key []byte) {
	start := 0
	for i, c := range key {
		if c == slotMark || c == addressMark {
			m.pieces = append(m.pieces, key[start:i:i])
			start = i + 1
		}
	}
	m.pieces = append(m.pieces, key[start:])
}

// eachPiece calls do for what stands between the marks of a text.
func eachPiece(text []byte, do func(piece []byte)) {
	for piece := range bytes.FieldsFuncSeq(text, func(c rune) bool { return c == slotMark || c == addressMark }) {
		do(piece)
	}
}

// dot stands between the numbers of an address.
var dot = []byte{'.'}

// slot appends the slot of a mark, or the four of an address.
func (m *templateMemory) slot(mark byte) {
	if mark != addressMark {
		m.slots = append(m.slots, slot{})
		return
	}
	octet := slot{alphabet: digitBits, most: 3}
	m.slots = append(m.slots, octet)
	for range 3 {
		m.pieces, m.slots = append(m.pieces, dot), append(m.slots, octet)
	}
}

// address returns the end of the IPv4 address that begins at i, or i if none does.
func address(v []byte, i int) int {
	end := i
	for end < len(v) && end < i+16 && (classes[v[end]] == isDigit || v[end] == '.') {
		end++
	}
	for end > i && v[end-1] == '.' {
		end--
	}
	if end < len(v) && classes[v[end]] != isOther || end-i < 7 {
		return i
	}
	if _, ok := parseIPv4(v[i:end]); !ok {
		return i
	}
	return end
}

// Classes of bytes.
const (
	isOther = iota
	isToken
	isDigit
)

// classOf tells whether a byte is part of a token, and whether it is a digit.
func classOf(c byte) uint8 {
	switch {
	case '0' <= c && c <= '9':
		return isDigit
	case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', c == '_', c >= 0x80:
		return isToken
	}
	return isOther
}

// classes is classOf as a table.
var classes = func() (t [256]uint8) {
	for i := range t {
		t[i] = classOf(byte(i))
	}
	return t
}()

// bitOf gives the bit of a byte of a token in an alphabet: ten digits, the letters, the underscore, all bytes ≥ 0x80.
// Other bytes have none.
var bitOf = func() (t [256]uint64) {
	bit := uint64(1)
	for _, c := range []byte("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz") {
		t[c] = bit
		bit <<= 1
	}
	for i := 0x80; i < 256; i++ {
		t[i] = bit
	}
	return t
}()

// digitBits is the alphabet of the ten digits.
const digitBits = 1<<10 - 1

// alphabetOf gives the alphabet of v.
func alphabetOf(v []byte) uint64 {
	a := uint64(0)
	for _, c := range v {
		a |= bitOf[c]
	}
	return a
}

// token returns the end of the token that begins at i, or i if none does, and whether it holds a digit.
func token(v []byte, i int) (end int, digit bool) {
	seen := uint8(0)
	for ; i < len(v) && classes[v[i]] != isOther; i++ {
		seen |= classes[v[i]]
	}
	return i, seen&isDigit != 0
}

// eachToken calls do with every token of v.
func eachToken(v []byte, do func(token []byte)) {
	for i := 0; i < len(v); {
		end, _ := token(v, i)
		if end == i {
			i++
			continue
		}
		do(v[i:end])
		i = end
	}
}

// appendTemplates appends the raw shared part of a column of templates; slots has one for each list.
func appendTemplates(dst []byte, texts *Texts, slots []slot) []byte {
	dst = appendTexts(dst, texts)
	for _, c := range texts.Data {
		if c != slotMark && c != addressMark {
			continue
		}
		s := slots[0]
		if slots = slots[1:]; c == addressMark {
			continue
		}
		dst = append(dst, byte(min(s.most, 255)))
		if s.alphabet == digitBits {
			dst = append(dst, 0)
			continue
		}
		dst = append(dst, 1)
		dst = binary.LittleEndian.AppendUint64(dst, s.alphabet)
	}
	return dst
}

// parseTemplates reads what appendTemplates wrote and keeps it.
func parseTemplates(raw []byte) ([]template, error) {
	r := reader{b: raw}
	texts := r.texts()
	if countLists(texts.Data) > maxLists {
		return nil, fmt.Errorf("%w: templates with more than %d slots", ErrDamaged, maxLists)
	}
	all := make([]template, texts.Len())
	var m templateMemory
	m.reserve(texts.Data, len(all))
	for i := range all {
		all[i] = m.template(texts.At(i))
	}
	for i := range all {
		for j := range all[i].slots {
			if all[i].slots[j].most == 0 {
				all[i].slots[j] = r.slot()
			}
		}
	}
	if r.bad || len(r.b) > 0 || len(all) == 0 || len(all[0].slots) != 1 {
		return nil, fmt.Errorf("%w: templates", ErrDamaged)
	}
	return all, nil
}

func (r *reader) slot() slot {
	s := slot{most: int(r.byte()), alphabet: digitBits}
	if s.most == 255 {
		s.most = MaxRaw
	}
	switch r.byte() {
	case 0:
	case 1:
		if b := r.take(8); b != nil {
			s.alphabet = binary.LittleEndian.Uint64(b)
		}
	default:
		r.fail()
	}
	return s
}

// used is a template that occurs in a block.
type used struct {
	*template
	id    int      // of the template in the column
	count int      // rows
	lists []listAt // one for each slot
}

// takeTemplates reads the header of a block of templates.
func (b *Block) takeTemplates(m *reader, o *offsets) {
	b.used = make([]used, m.size(min(len(b.column.templates), b.n)))
	id, sum := -1, 0
	for i := range b.used {
		id += 1 + m.size(len(b.column.templates))
		count := m.size(b.n)
		if sum += count; id >= len(b.column.templates) || m.bad {
			m.fail()
			return
		}
		b.used[i] = used{template: &b.column.templates[id], id: id, count: count}
	}
	if sum != b.n {
		m.fail()
		return
	}
	m.takeCodes(&b.codes, b.n, o)
	b.lists, b.before = *m, *o
	*m = reader{bad: m.bad}
}

// readLists reads the headers of the lists of a block of templates, which a search that finds nothing does not need.
func (b *Block) readLists() error {
	if b.hasLists {
		return nil
	}
	m, o, total := b.lists, b.before, 0
	for i := range b.used {
		total += len(b.used[i].first)
	}
	b.listsAt = grow(b.listsAt, total)
	rest := b.listsAt
	for i := range b.used {
		u := &b.used[i]
		u.lists, rest = rest[:len(u.first)], rest[len(u.first):]
		for j := range u.lists {
			m.takeList(&u.lists[j], u.count, &o)
		}
	}
	if m.bad || len(m.b) > 0 || !b.fits(o) {
		return fmt.Errorf("%w: headers of lists", ErrDamaged)
	}
	b.hasLists = true
	return nil
}

// templateOfRows gives for each row the number of its template in b.used.
func (b *Block) templateOfRows() ([]int64, error) {
	if b.hasOwned {
		return b.owners, nil
	}
	v, err := b.ints(b.owners, b.codes)
	if err != nil {
		return nil, err
	}
	count := make([]int, len(b.used))
	for _, t := range v {
		if uint64(t) >= uint64(len(count)) {
			return nil, fmt.Errorf("%w: template %d of %d", ErrDamaged, t, len(count))
		}
		count[t]++
	}
	for i, n := range count {
		if n != b.used[i].count {
			return nil, fmt.Errorf("%w: %d rows of a template, %d announced", ErrDamaged, n, b.used[i].count)
		}
	}
	b.owners, b.hasOwned = v, true
	return v, nil
}

// fromTemplates puts the wanted values together again. Only lists of templates that are wanted are read.
func (b *Block) fromTemplates(dst *Texts, rows Rows) error {
	if err := b.readLists(); err != nil {
		return err
	}
	owners, err := b.templateOfRows()
	if err != nil {
		return err
	}
	if fewOf(rows, b.n) {
		return b.pickTemplates(dst, rows, owners)
	}
	wanted := make([]bool, len(b.used))
	for i, t := range owners {
		if rows == nil || rows.Has(i) {
			wanted[t] = true
		}
	}
	slots := &b.slots // all lists, one behind the other
	slots.Reset()
	next := make([]int, len(b.used))
	for t := range b.used {
		next[t] = slots.Len()
		if !wanted[t] {
			continue
		}
		for _, l := range b.used[t].lists {
			if err := b.list(slots, l); err != nil {
				return err
			}
		}
	}
	for i, t := range owners {
		u := &b.used[t]
		k := next[t]
		next[t]++
		if rows != nil && !rows.Has(i) {
			dst.end()
			continue
		}
		dst.Data = u.append(dst.Data, slots, k, u.count)
		dst.end()
		if len(dst.Data) > 2*MaxRaw {
			return errTooLong
		}
	}
	return nil
}
