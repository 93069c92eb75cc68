package column

import "bytes"

// asTemplates encodes a column by templates and says how many rows are of none. It gives nil if no template is worth
// keeping.
func (e *Encoder) asTemplates(blocks []Texts) (out *Encoded, plain int) {
	s := &e.splitter
	s.split(blocks)
	kept, numbers, plain := s.keep()
	if kept.Len() == 1 {
		return nil, plain
	}
	w := templateWriter{e: e, first: make([]int, kept.Len()+1), local: make([]int, kept.Len())}
	for i := range kept.Len() {
		w.first[i+1] = w.first[i] + countLists(kept.At(i))
	}
	w.slots = make([]slot, w.first[kept.Len()])
	e.keys.reset()
	out = &Encoded{}
	row := 0
	for i := range blocks {
		n := blocks[i].Len()
		w.takeRows(&blocks[i], s.rows[row:row+n], s.spans[i], numbers, s)
		row += n
		out.Blocks = append(out.Blocks, w.block())
	}
	for i := range kept.Len() {
		eachPiece(kept.At(i), func(piece []byte) { eachToken(piece, e.key) })
	}
	out.Shared = appendStream([]byte{sharedTemplates}, appendTemplates(nil, &kept, w.slots), e.zip)
	out.Filter = appendFilter(nil, e.keys.all())
	return out, plain
}

// A templateWriter writes the blocks of a column of templates.
type templateWriter struct {
	e     *Encoder
	first []int  // number of the first slot of each template
	slots []slot // of all templates

	octets [256]bool // which numbers of addresses are keys of the filter

	rows   []uint32 // template of each row of the block
	values [][]byte // slots of the block, row by row
	starts []int    // first of values for each row
	order  []int    // rows by template
	local  []int    // rows of each template in the block, then where its rows end in order
	used   []int    // templates of the block
	codes  []int64  // for each row the place of its template in used
}

// takeRows takes the rows of a block. Rows of templates that are not kept become rows of template 0.
func (w *templateWriter) takeRows(b *Texts, rows, spans, numbers []uint32, s *splitter) {
	w.rows, w.values, w.starts = w.rows[:0], w.values[:0], w.starts[:0]
	for i, n := range rows {
		slots := countLists(s.keys.At(int(n)))
		w.rows = append(w.rows, numbers[n])
		w.starts = append(w.starts, len(w.values))
		if numbers[n] == 0 {
			w.values = append(w.values, b.At(i))
		} else {
			for j := range slots {
				w.values = append(w.values, b.Data[spans[2*j]:spans[2*j+1]])
			}
		}
		spans = spans[2*slots:]
	}
	w.sort()
}

// sort groups the rows by template.
func (w *templateWriter) sort() {
	clear(w.local)
	for _, t := range w.rows {
		w.local[t]++
	}
	w.used = w.used[:0]
	end := 0
	for t, n := range w.local {
		if n > 0 {
			w.used = append(w.used, t)
		}
		w.local[t] = end // where the next row goes
		end += n
	}
	w.order = grow(w.order, len(w.rows))
	for i, t := range w.rows {
		w.order[w.local[t]] = i
		w.local[t]++
	}
}

// block writes the block.
func (w *templateWriter) block() []byte {
	s := &w.e.sink
	s.reset()
	s.meta = appendUvarint(s.meta, len(w.used))
	last, start := -1, 0
	w.codes = grow(w.codes, len(w.rows))
	for i, t := range w.used {
		s.meta = appendUvarint(s.meta, t-last-1)
		s.meta = appendUvarint(s.meta, w.local[t]-start)
		for _, row := range w.order[start:w.local[t]] {
			w.codes[row] = int64(i)
		}
		last, start = t, w.local[t]
	}
	s.putCodes(w.codes)
	start = 0
	for _, t := range w.used {
		for j := range w.first[t+1] - w.first[t] {
			w.list(t, j, w.order[start:w.local[t]])
		}
		start = w.local[t]
	}
	return w.e.payload(blockTemplates)
}

// list writes the list of a slot.
func (w *templateWriter) list(t, j int, rows []int) {
	slot := &w.slots[w.first[t]+j]
	w.e.list = w.e.list[:0]
	for _, row := range rows {
		v := w.values[w.starts[row]+j]
		w.e.list = append(w.e.list, v)
		slot.most = max(slot.most, len(v))
	}
	s := &w.e.sink
	start := len(s.meta)
	s.putList(w.e.list)
	kind, front, values := s.meta[start], s.meta[start+1], w.e.list
	if kind == kindRepeats {
		values = s.fresh
	}
	for _, v := range values {
		w.key(t, v)
	}
	if kind == kindDecimal && front == 0 {
		slot.alphabet |= digitBits // without asking each of them; a token holds no sign
		return
	}
	for _, v := range values {
		slot.alphabet |= alphabetOf(v)
	}
}

// key puts the tokens of a value of a slot of template t into the filter.
func (w *templateWriter) key(t int, v []byte) {
	if t == 0 {
		eachToken(v, w.e.key)
		return
	}
	if bytes.IndexByte(v, '.') < 0 {
		w.e.keys.add(hash(v))
		return
	}
	address, _ := parseIPv4(v) // no other slot holds a dot
	for range 4 {
		octet := byte(address)
		if address >>= 8; !w.octets[octet] {
			w.octets[octet] = true
			w.e.keys.add(hash(appendDecimal(nil, int64(octet), 0)))
		}
	}
}
