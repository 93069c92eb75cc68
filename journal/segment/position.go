package segment

import (
	"encoding/binary"
	"fmt"
	"sort"

	"constat/journal/column"
	"constat/journal/frame"
)

// PositionOf returns the position of a row. It reads only the arrival block that holds it, and of others how many rows
// of each group stand before them. An error says that one of them cannot be read.
func (r *Reader) PositionOf(row int) (position uint32, err error) {
	g := sort.Search(len(r.groups), func(i int) bool { return r.groups[i].First+r.groups[i].Count > row })
	if g == len(r.groups) || row < r.groups[g].First {
		return NoPosition, fmt.Errorf("%w: row %d is in no group", frame.ErrDamaged, row)
	}
	rank := int64(row - r.groups[g].First)
	n := sort.Search(len(r.directory.spans), func(n int) bool {
		counts, failed := r.before(n)
		if failed != nil {
			err = failed
			return true
		}
		return counts[g] > rank
	}) - 1
	if err != nil {
		return NoPosition, err
	}
	if n < 0 {
		return NoPosition, fmt.Errorf("%w: row %d has no position", frame.ErrDamaged, row)
	}
	d, err := r.span(n)
	if err != nil {
		return NoPosition, err
	}
	for i, other := range d.rows {
		if int(other) == row {
			return uint32(r.directory.spans[n].From + i), nil
		}
	}
	return NoPosition, fmt.Errorf("%w: row %d has no position", frame.ErrDamaged, row)
}

// before returns how many rows of each group stand before an arrival block.
func (r *Reader) before(n int) ([]int64, error) {
	d := &r.spans[n]
	if d.before != nil {
		return d.before, nil
	}
	p := r.arrival[n][groupPart]
	data, err := r.read(nil, p, p.offset)
	if err != nil {
		return nil, err
	}
	size, used := binary.Uvarint(data)
	if used <= 0 || size > uint64(len(data)-used) {
		return nil, fmt.Errorf("%w: arrival block %d", frame.ErrDamaged, n)
	}
	d.before, err = column.Ints(nil, data[used:used+int(size)], len(r.groups))
	return d.before, err
}
