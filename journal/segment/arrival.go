package segment

import (
	"encoding/binary"
	"fmt"
	"slices"

	"constat/journal/column"
	"constat/journal/frame"
)

// spanData is what was read of an arrival block.
type spanData struct {
	ready    bool
	err      error
	before   []int64 // rows of each group before this block, nil until asked
	groups   []int64
	rows     []uint32 // row of each position
	epochs   series
	received series
	events   series
	nanos    series
	timesErr error
	timed    bool
}

// span reads which rows the positions of an arrival block are.
func (r *Reader) span(n int) (*spanData, error) {
	d := &r.spans[n]
	if d.ready {
		return d, d.err
	}
	d.ready = true
	d.err = r.readGroups(d, n)
	return d, d.err
}

func (r *Reader) readGroups(d *spanData, n int) error {
	p, s := r.arrival[n][groupPart], r.directory.spans[n]
	data, err := r.read(r.memory(), p, p.offset)
	if err != nil {
		return err
	}
	defer r.keep(data)
	r.Bytes += int64(len(data))
	size, used := binary.Uvarint(data)
	if used <= 0 || size > uint64(len(data)-used) {
		return fmt.Errorf("%w: arrival block %d", frame.ErrDamaged, n)
	}
	next, err := column.Ints(nil, data[used:used+int(size)], len(r.groups))
	if err != nil {
		return err
	}
	if d.groups, err = column.Ints(r.list(), data[used+int(size):], s.To-s.From); err != nil {
		return err
	}
	if k := len(r.numbers); k > 0 {
		d.rows, r.numbers = r.numbers[k-1], r.numbers[:k-1]
	}
	d.rows = slices.Grow(d.rows[:0], len(d.groups))[:len(d.groups)]
	for i, g := range d.groups {
		if g < 0 || g >= int64(len(next)) || next[g] < 0 || next[g] >= int64(r.groups[g].Count) {
			return fmt.Errorf("%w: arrival block %d", frame.ErrDamaged, n)
		}
		d.rows[i] = uint32(int64(r.groups[g].First) + next[g])
		next[g]++
	}
	return nil
}

// times reads the times of an arrival block.
func (r *Reader) times(n int) (*spanData, error) {
	d := &r.spans[n]
	if !d.timed {
		d.timed = true
		d.timesErr = r.readTimes(d, n)
	}
	return d, d.timesErr
}

func (r *Reader) readTimes(d *spanData, n int) (err error) {
	for _, x := range [...]struct {
		part int
		to   *series
	}{{epochPart, &d.epochs}, {receivedPart, &d.received}, {eventPart, &d.events}, {nanosPart, &d.nanos}} {
		if *x.to, err = r.series(n, x.part); err != nil {
			return err
		}
	}
	return nil
}

// A series is a list of integers; where all are the same, list is nil.
type series struct {
	same int64
	list []int64
}

func (s *series) at(i int) int64 {
	if s.list == nil {
		return s.same
	}
	return s.list[i]
}

// series reads one part of an arrival block; zeros if it is not there.
func (r *Reader) series(n, which int) (s series, err error) {
	p, span := r.arrival[n][which], r.directory.spans[n]
	if p.size == 0 {
		return s, nil
	}
	data, err := r.read(r.memory(), p, p.offset)
	if err != nil {
		return s, err
	}
	defer r.keep(data)
	r.Bytes += int64(len(data))
	var same bool
	if s.same, same, err = column.Same(data, span.To-span.From); same || err != nil {
		return s, err
	}
	s.list, err = column.Ints(r.list(), data, span.To-span.From)
	return s, err
}

// memory gives memory for bytes of the file.
func (r *Reader) memory() (b []byte) {
	if k := len(r.data); k > 0 {
		b, r.data = r.data[k-1], r.data[:k-1]
	}
	return b
}

// keep keeps the memory of bytes that are not needed any more.
func (r *Reader) keep(b []byte) { r.data = append(r.data, b) }

// list gives memory for a list of integers.
func (r *Reader) list() (v []int64) {
	if k := len(r.lists); k > 0 {
		v, r.lists = r.lists[k-1][:0], r.lists[:k-1]
	}
	return v
}

// keepLists keeps the memory of an arrival block that is not needed any more.
func (r *Reader) keepLists(d *spanData) {
	for _, s := range [...]*series{&d.epochs, &d.received, &d.events, &d.nanos} {
		if s.list != nil {
			r.lists = append(r.lists, s.list)
		}
	}
	if d.groups != nil {
		r.lists = append(r.lists, d.groups)
	}
	if d.rows != nil {
		r.numbers = append(r.numbers, d.rows)
	}
}

// ints appends one part of an arrival block, or as many zeros if it is not there.
func (r *Reader) ints(dst []int64, n, which int) ([]int64, error) {
	p, s := r.arrival[n][which], r.directory.spans[n]
	dst = slices.Grow(dst, s.To-s.From)
	if p.size == 0 {
		start := len(dst)
		dst = dst[:start+s.To-s.From]
		clear(dst[start:])
		return dst, nil
	}
	data, err := r.read(nil, p, p.offset)
	if err != nil {
		return dst, err
	}
	r.Bytes += int64(len(data))
	return column.Ints(dst, data, s.To-s.From)
}

// Received appends the received times of an arrival block (a number in [Segment.Spans]), in position order, µs.
func (r *Reader) Received(dst []int64, span int) ([]int64, error) {
	return r.ints(dst, span, receivedPart)
}

// Events appends the event times of an arrival block in position order, µs. Where an entry has none, that of the one
// before is repeated: [Reader.GroupNumbers] and [Shape.Event] tell.
func (r *Reader) Events(dst []int64, span int) ([]int64, error) { return r.ints(dst, span, eventPart) }

// Epochs appends the epochs of an arrival block in position order.
func (r *Reader) Epochs(dst []int64, span int) ([]int64, error) { return r.ints(dst, span, epochPart) }

// SpanOf returns the number of the arrival block that holds a position.
func SpanOf(position int) int { return position / BlockRows }

// Rows returns the row of each position of an arrival block, valid until Reset.
func (r *Reader) Rows(span int) ([]uint32, error) {
	d, err := r.span(span)
	if err != nil {
		return nil, err
	}
	return d.rows, nil
}

// GroupNumbers returns the group of each position of an arrival block, valid until Reset.
func (r *Reader) GroupNumbers(span int) ([]int64, error) {
	d, err := r.span(span)
	if err != nil {
		return nil, err
	}
	return d.groups, nil
}

// NoPosition stands for the position of a row that cannot be known.
const NoPosition = ^uint32(0)

// Positions returns the position of each row, [NoPosition] where its arrival block cannot be read; the error then
// says why.
func (r *Reader) Positions() ([]uint32, error) {
	out := make([]uint32, r.rows)
	for i := range out {
		out[i] = NoPosition
	}
	var first error
	for n, s := range r.directory.spans {
		d, err := r.span(n)
		if err != nil {
			first = err
			continue
		}
		for i, row := range d.rows {
			out[row] = uint32(s.From + i)
		}
	}
	return out, first
}
