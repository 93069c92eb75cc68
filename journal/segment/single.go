package segment

import "constat/entry"

// Single is like [Reader.Entry] where only a few entries of a segment are wanted: it decodes the values of this one
// and nothing beside them. Values and parameters point into memory of the reader, valid until the next Single.
func (r *Reader) Single(index uint64, e *entry.Entry) error {
	if index < r.First() || index >= r.End() {
		return r.Entry(index, e)
	}
	x, err := r.locate(int(index - r.First()))
	if err == nil {
		err = r.decodeAlone(&x)
	}
	if err != nil {
		return err
	}
	return r.entryAt(&x, e)
}

// decodeAlone decodes the values of one place.
func (r *Reader) decodeAlone(x *place) error {
	r.alone, r.ends = r.alone[:0], r.ends[:0]
	for i, c := range r.columnsOf(x.run.group) {
		if err := r.appendAlone(c, x.run.block, int(x.run.values[i])+x.row); err != nil {
			return err
		}
		r.ends = append(r.ends, len(r.alone))
	}
	r.one = r.one[:0]
	start := 0
	for _, end := range r.ends {
		r.one = append(r.one, loaded{constant: r.alone[start:end:end]})
		start = end
	}
	x.values = x.values[:0]
	for i := range r.one {
		x.values = append(x.values, &r.one[i])
	}
	return nil
}

// appendAlone appends value n of a column in a block to those of the entry that was asked alone.
func (r *Reader) appendAlone(c, b, n int) (err error) {
	x := r.loadedAt(c, b)
	if !x.decoded || x.partial {
		x = r.load(c, b)
	}
	if x.err != nil {
		return x.err
	}
	if r.decodeCodes(x); x.decoded && !x.partial {
		r.alone = append(r.alone, x.at(n)...)
		return nil
	}
	r.alone, err = x.block.AppendValue(r.alone, n)
	return err
}
