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
func (r *Reader) decodeAlone(x *place) (err error) {
	r.alone, r.ends = r.alone[:0], r.ends[:0]
	for i, c := range r.columnsOf(x.run.group) {
		l := r.load(c, x.run.block)
		if l.err != nil {
			return l.err
		}
		n := int(x.run.values[i]) + x.row
		r.decodeCodes(l)
		if l.decoded && !l.partial {
			r.alone = append(r.alone, l.at(n)...)
		} else if r.alone, err = l.block.AppendValue(r.alone, n); err != nil {
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
