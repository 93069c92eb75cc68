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
	span *spanData
	at   int // position in the span
	run  *run
	row  int
}

// find finds the entry at a position. The values of its run are then in r.values.
func (r *Reader) find(position int) (x place, err error) {
	n := SpanOf(position)
	if x.span, err = r.span(n); err != nil {
		return x, err
	}
	if _, err = r.times(n); err != nil {
		return x, err
	}
	x.at = position - r.directory.spans[n].From
	x.row = int(x.span.rows[x.at])
	x.run = r.runOf(int(x.span.groups[x.at]), x.row)
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

// value returns value number i of an entry: parameters, fields, or the body of a rest row.
func (r *Reader) value(x *place, i int) ([]byte, error) {
	c := r.columnsOf(x.run.group)[i]
	t, err := r.texts(c, x.run.block)
	if err != nil {
		return nil, err
	}
	return t.At(int(x.run.values[i]) + x.row - x.run.first), nil
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
	n := r.shapeOf[x.run.group]
	if n == 0 {
		body, err := r.value(&x, 0)
		if err != nil {
			return err
		}
		return r.names.Decode(body, e)
	}
	return r.fill(&x, r.shapes[n-1], e)
}

// fill makes an entry of the values of its columns.
func (r *Reader) fill(x *place, s *shape, e *entry.Entry) (err error) {
	e.Reset()
	e.Kind, e.Renderer, e.Epoch, e.Received = s.Kind, s.Renderer, uint32(x.span.epochs[x.at]), x.span.received[x.at]
	if s.Event {
		e.Event = entry.Time{Valid: true, Digits: s.Digits, Zone: s.Zone, Micros: x.span.events[x.at], Nanos: uint16(x.span.nanos[x.at])}
	}
	if e.Params, err = r.value(x, 0); err != nil {
		return err
	}
	for i := range s.Fields {
		f := &s.Fields[i]
		v, err := r.value(x, i+1)
		if err != nil {
			return err
		}
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
	return nil
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
		body, err := r.value(&x, 0)
		return append(dst, body...), err
	}
	return r.appendBody(dst, &x, r.shapes[n-1])
}

func (r *Reader) appendBody(dst []byte, x *place, s *shape) ([]byte, error) {
	start := len(dst)
	dst = append(dst, entry.Version, byte(s.Kind))
	dst = binary.AppendUvarint(dst, uint64(x.span.epochs[x.at]))
	dst = binary.AppendVarint(dst, x.span.received[x.at])
	if s.Event {
		dst = binary.AppendVarint(append(dst, 1+s.Digits), x.span.events[x.at])
		if s.Digits > 6 {
			dst = binary.AppendUvarint(dst, uint64(x.span.nanos[x.at]))
		}
	} else {
		dst = append(dst, 0)
	}
	dst = append(dst, s.middle...)
	params, err := r.value(x, 0)
	if err != nil {
		return dst[:start], err
	}
	dst = append(binary.AppendUvarint(dst, uint64(len(params))), params...)
	dst = binary.AppendUvarint(dst, uint64(len(s.Fields)))
	for i := range s.Fields {
		v, err := r.value(x, i+1)
		if err != nil {
			return dst[:start], err
		}
		dst = append(dst, s.heads[i]...)
		if s.Fields[i].Form == entry.Inline {
			dst = binary.AppendUvarint(dst, uint64(len(v)))
		}
		dst = append(dst, v...)
	}
	return dst, nil
}

// Row is the body of an entry, valid until the next step.
type Row struct {
	Index uint64
	Body  []byte
}

// Bodies yields the canonical bodies of the indexes from to to-1, in order. Indexes that cannot be read come as
// [*MissingError], after which it goes on.
func (r *Reader) Bodies(from, to uint64) iter.Seq2[Row, error] {
	return func(yield func(Row, error) bool) {
		var body []byte
		var missing *MissingError
		for index := max(from, r.First()); index < min(to, r.End()); index++ {
			b, err := r.AppendBody(body[:0], index)
			body = b
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
			if !yield(Row{Index: index, Body: body}, nil) {
				return
			}
		}
		if missing != nil {
			yield(Row{}, missing)
		}
	}
}
