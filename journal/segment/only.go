package segment

import (
	"math/bits"

	"constat/journal/column"
)

// Only says at which positions entries will be asked for from now on (position i is bit i&63 of word i>>6): of each
// block that is then decoded, only their values are. Others can still be read, one at a time. With nil, all are decoded.
// What entries pointed to is no longer valid.
func (r *Reader) Only(positions []uint64) {
	for i := range r.loaded {
		if x := &r.loaded[i]; x.partial {
			x.values.Reset()
			r.free = append(r.free, x.values)
			x.decoded, x.partial, x.own, x.values = false, false, false, nil
		}
	}
	clear(r.runs)
	r.only = nil
	if positions != nil {
		r.only = r.rowsOf(positions)
	}
}

// rowsOf returns the rows of positions. Those whose arrival block cannot be read are left out: they cannot be read either.
func (r *Reader) rowsOf(positions []uint64) column.Rows {
	rows := make(column.Rows, (r.rows+63)>>6)
	for w, word := range positions {
		for ; word != 0; word &= word - 1 {
			p := w<<6 + bits.TrailingZeros64(word)
			n := SpanOf(p)
			if d, err := r.span(n); err == nil {
				rows.Set(int(d.rows[p-r.directory.spans[n].From]))
			}
		}
	}
	return rows
}

// wantedOf returns which values of column c in block b belong to the rows that will be asked for.
func (r *Reader) wantedOf(c, b int) column.Rows {
	values := make(column.Rows, (int(r.places.counts[c][b])+63)>>6)
	for i := range r.places.byBlock[b] {
		x := &r.places.byBlock[b][i]
		for k, other := range r.columnsOf(x.group) {
			if other != c {
				continue
			}
			for row := r.only.Next(x.first); row >= 0 && row < x.first+x.count; row = r.only.Next(row + 1) {
				values.Set(int(x.values[k]) + row - x.first)
			}
		}
	}
	return values
}
