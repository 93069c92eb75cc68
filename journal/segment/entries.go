package segment

import (
	"encoding/binary"
	"fmt"
	"iter"

	"constat/entry"
	"constat/journal/frame"
)

// MissingError says that entries of a segment cannot be read. What lies beside them can.
type MissingError struct {
	First, Last uint64 // indexes
	Cause       error
}

// Error names the indexes.
func (e *MissingError) Error() string {
	return fmt.Sprintf("entries %d to %d cannot be read: %v", e.First, e.Last, e.Cause)
}

// Unwrap returns the cause.
func (e *MissingError) Unwrap() error { return e.Cause }

// place is where an entry is.
type place struct {
	span   *spanData
	at     int // position in the span
	run    *run
	row    int // in the run
	values []*loaded
}

// value returns value number i: parameters, fields, or the body of a rest row.
func (x *place) value(i int) []byte { return x.values[i].at(int(x.run.values[i]) + x.row) }

// find finds the entry at a position, its columns decoded.
func (r *Reader) find(position int) (x place, err error) {
	if x, err = r.locate(position); err != nil {
		return x, err
	}
	if r.only != nil && !r.only.Has(x.run.first+x.row) {
		return x, r.decodeAlone(&x)
	}
	x.values, err = r.columnsOfRun(x.run)
	return x, err
}

// locate finds where the entry at a position is.
func (r *Reader) locate(position int) (x place, err error) {
	n := SpanOf(position)
	if x.span, err = r.span(n); err != nil {
		return x, err
	}
	if _, err = r.times(n); err != nil {
		return x, err
	}
	x.at = position - r.directory.spans[n].From
	row := int(x.span.rows[x.at])
	x.run = r.runOf(int(x.span.groups[x.at]), row)
	x.row = row - x.run.first
	return x, nil
}

// runOf returns the run that holds a row of a group.
func (r *Reader) runOf(group, row int) *run {
	runs := r.places.byGroup[group]
	for _, x := range runs[:len(runs)-1] {
		if row < x.first+x.count {
			return x
		}
	}
	return runs[len(runs)-1]
}

// Entry sets e to the entry at index. Names are shared; values and parameters point into memory of the reader, valid
// until Reset. An error says that this entry cannot be read.
func (r *Reader) Entry(index uint64, e *entry.Entry) error {
	if index < r.First() || index >= r.End() {
		return fmt.Errorf("entry %d is not in the segment of %d to %d", index, r.First(), r.End()-1)
	}
	x, err := r.find(int(index - r.First()))
	if err != nil {
		return err
	}
	return r.entryAt(&x, e)
}

// entryAt sets e to the entry at a place whose values are known.
func (r *Reader) entryAt(x *place, e *entry.Entry) error {
	n := r.shapeOf[x.run.group]
	if n == 0 {
		return r.names.Decode(x.value(0), e)
	}
	return x.fill(r.shapes[n-1], e)
}

// fill makes an entry of the values of its columns.
func (x *place) fill(s *shape, e *entry.Entry) error {
	e.Reset()
	e.Kind, e.Renderer, e.Epoch, e.Received = s.Kind, s.Renderer, uint32(x.span.epochs.at(x.at)), x.span.received.at(x.at)
	if s.Event {
		e.Event = entry.Time{Valid: true, Digits: s.Digits, Zone: s.Zone, Micros: x.span.events.at(x.at), Nanos: uint16(x.span.nanos.at(x.at))}
	}
	e.Params = x.value(0)
	for i := range s.Fields {
		f := &s.Fields[i]
		v := x.value(i + 1)
		to := entry.Field{Name: f.Name, Provenance: f.Provenance, Form: f.Form, Value: v}
		if f.Form == entry.Blob || f.Form == entry.Packed {
			if len(v) < entry.DigestSize {
				return fmt.Errorf("%w: reference to a blob", frame.ErrDamaged)
			}
			to.Value = v[:entry.DigestSize]
			to.Size, _ = binary.Uvarint(v[entry.DigestSize:])
		}
		e.Fields = append(e.Fields, to)
	}
	return e.Known()
}

// AppendBody appends the canonical body of the entry at index.
func (r *Reader) AppendBody(dst []byte, index uint64) ([]byte, error) {
	if index < r.First() || index >= r.End() {
		return dst, fmt.Errorf("entry %d is not in the segment of %d to %d", index, r.First(), r.End()-1)
	}
	x, err := r.find(int(index - r.First()))
	if err != nil {
		return dst, err
	}
	n := r.shapeOf[x.run.group]
	if n == 0 {
		return append(dst, x.value(0)...), nil
	}
	return x.appendBody(dst, r.shapes[n-1]), nil
}

func (x *place) appendBody(dst []byte, s *shape) []byte {
	dst = append(dst, entry.Version, byte(s.Kind))
	dst = binary.AppendUvarint(dst, uint64(x.span.epochs.at(x.at)))
	dst = binary.AppendVarint(dst, x.span.received.at(x.at))
	if s.Event {
		dst = binary.AppendVarint(append(dst, 1+s.Digits), x.span.events.at(x.at))
		if s.Digits > 6 {
			dst = binary.AppendUvarint(dst, uint64(x.span.nanos.at(x.at)))
		}
	} else {
		dst = append(dst, 0)
	}
	dst = append(dst, s.middle...)
	params := x.value(0)
	dst = append(binary.AppendUvarint(dst, uint64(len(params))), params...)
	dst = binary.AppendUvarint(dst, uint64(len(s.Fields)))
	for i := range s.Fields {
		v := x.value(i + 1)
		dst = append(dst, s.heads[i]...)
		if s.Fields[i].Form == entry.Inline {
			dst = binary.AppendUvarint(dst, uint64(len(v)))
		}
		dst = append(dst, v...)
	}
	return dst
}

// Row is the body of an entry, valid until the next step.
type Row struct {
	Index uint64
	Body  []byte
	// Shape is that of the entry; nil for a rest row. Bodies of one shape differ in epoch, received time, event time,
	// parameters and values only, and all of these are written in their shortest form.
	Shape    *Shape
	Epoch    int64 // as the segment says; of a rest row 0, as is Received
	Received int64 // µs
}

// row makes the row at an index, which is in the segment, its body in buf.
func (r *Reader) row(buf []byte, index uint64) (Row, error) {
	x, err := r.find(int(index - r.First()))
	if err != nil {
		return Row{Body: buf}, err
	}
	n := r.shapeOf[x.run.group]
	if n == 0 {
		return Row{Index: index, Body: append(buf, x.value(0)...)}, nil
	}
	s := r.shapes[n-1]
	return Row{Index: index, Body: x.appendBody(buf, s), Shape: &s.Shape, Epoch: x.span.epochs.at(x.at), Received: x.span.received.at(x.at)}, nil
}

// Bodies yields the canonical bodies of the indexes from to to-1, in order. Indexes that cannot be read come as
// [*MissingError], after which it goes on.
func (r *Reader) Bodies(from, to uint64) iter.Seq2[Row, error] {
	return func(yield func(Row, error) bool) {
		var body []byte
		var missing *MissingError
		for index := max(from, r.First()); index < min(to, r.End()); index++ {
			row, err := r.row(body[:0], index)
			body = row.Body
			if err != nil && missing != nil && missing.Cause.Error() == err.Error() {
				missing.Last = index
				continue
			}
			if missing != nil && !yield(Row{}, missing) {
				return
			}
			missing = nil
			if err != nil {
				missing = &MissingError{First: index, Last: index, Cause: err}
				continue
			}
			if !yield(row, nil) {
				return
			}
		}
		if missing != nil {
			yield(Row{}, missing)
		}
	}
}
