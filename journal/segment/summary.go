package segment

import (
	"encoding/binary"
	"fmt"
	"io"

	"constat/entry"
	"constat/journal/column"
	"constat/journal/frame"
)

// Summary is what decides whether a segment can hold what is asked for, without opening it. It is derived from the
// directory of the segment.
type Summary struct {
	First   uint64
	Kinds   uint8 // as [Segment.Kinds]
	Span          // of all entries
	Columns []SummaryColumn
}

// SummaryColumn is a column of a summary: its name and where its filter stands, if it has one.
type SummaryColumn struct {
	Name       string
	Provenance entry.Provenance
	Form       entry.Form
	Rest       bool // holds whole entries
	Params     bool // holds parameters of renderers

	tag        byte
	filter     int64
	filterSize int64
}

// End is the index behind the last entry.
func (s *Summary) End() uint64 { return s.First + uint64(s.To) }

// Summary makes the summary of a segment.
func (s *Segment) Summary() Summary {
	sum := Summary{First: s.First(), Kinds: s.Kinds(), Span: s.spans[0]}
	for i := range s.spans[1:] {
		sum.Span.join(&s.spans[i+1])
	}
	for i := range s.columns {
		c := &s.columns[i]
		sum.Columns = append(sum.Columns, newSummaryColumn(c.tag, c.name, c.filter.offset, int64(c.filter.size)))
	}
	return sum
}

func newSummaryColumn(tag byte, name string, filter, size int64) SummaryColumn {
	c := SummaryColumn{Name: name, Rest: tag == tagRest, Params: tag == tagParams, tag: tag, filter: filter, filterSize: size}
	if tag < tagParams {
		c.Provenance, c.Form = entry.Provenance(tag&3), entry.Form(tag>>2)
	}
	return c
}

// join widens a span by the one behind it.
func (s *Span) join(next *Span) {
	s.To = next.To
	s.MinEpoch, s.MaxEpoch = min(s.MinEpoch, next.MinEpoch), max(s.MaxEpoch, next.MaxEpoch)
	s.MinReceived, s.MaxReceived = min(s.MinReceived, next.MinReceived), max(s.MaxReceived, next.MaxReceived)
	s.AllEvent = s.AllEvent && next.AllEvent
	switch {
	case !next.HasEvent:
	case !s.HasEvent:
		s.HasEvent, s.MinEvent, s.MaxEvent = true, next.MinEvent, next.MaxEvent
	default:
		s.MinEvent, s.MaxEvent = min(s.MinEvent, next.MinEvent), max(s.MaxEvent, next.MaxEvent)
	}
}

// Filtered reports whether the column has a filter that can be asked.
func (c *SummaryColumn) Filtered() bool { return c.filterSize > 0 }

// Has asks the filter of a column in the file of its segment, as [Reader.Filter] does. Without a filter everything may
// be there.
func (c *SummaryColumn) Has(file io.ReaderAt, key []byte) (bool, error) {
	if !c.Filtered() {
		return true, nil
	}
	var line [column.LineSize]byte
	if _, err := file.ReadAt(line[:], c.filter+column.FilterLine(c.filterSize, key)); err != nil {
		return true, err
	}
	return column.FilterHas(line[:], key) || isZero(line[:]), nil
}

// Append writes the summary as a record: its size and checksum, 4 bytes each, and the content.
//
//	uvarint    first index
//	uvarint    number of entries
//	2 bytes    kinds; 1: an entry has an event time, 2: all have
//	uvarints   lowest and highest epoch
//	svarints   earliest and latest received time, earliest and latest event time
//	uvarint    number of columns, then for each
//	    1 byte     its tag in the directory
//	    string     name
//	    uvarints   offset and size of the filter, 0 if there is none
func (s *Summary) Append(dst []byte) []byte {
	start := len(dst)
	dst = append(dst, make([]byte, recordHeader)...)
	dst = binary.AppendUvarint(dst, s.First)
	dst = binary.AppendUvarint(dst, uint64(s.To))
	dst = append(dst, s.Kinds, eventFlags(&s.Span))
	dst = binary.AppendUvarint(dst, uint64(s.MinEpoch))
	dst = binary.AppendUvarint(dst, uint64(s.MaxEpoch))
	for _, t := range [...]int64{s.MinReceived, s.MaxReceived, s.MinEvent, s.MaxEvent} {
		dst = binary.AppendVarint(dst, t)
	}
	dst = binary.AppendUvarint(dst, uint64(len(s.Columns)))
	for i := range s.Columns {
		c := &s.Columns[i]
		dst = append(dst, c.tag)
		dst = binary.AppendUvarint(dst, uint64(len(c.Name)))
		dst = append(dst, c.Name...)
		dst = binary.AppendUvarint(dst, uint64(c.filter))
		dst = binary.AppendUvarint(dst, uint64(c.filterSize))
	}
	content := dst[start+recordHeader:]
	binary.LittleEndian.PutUint32(dst[start:], uint32(len(content)))
	binary.LittleEndian.PutUint32(dst[start+4:], frame.Checksum(content))
	return dst
}

const recordHeader = 8

func eventFlags(s *Span) (flags byte) {
	if s.HasEvent {
		flags |= 1
	}
	if s.AllEvent {
		flags |= 2
	}
	return flags
}

// ParseSummary reads the record at the beginning of b and returns what is behind it. The error wraps
// [frame.ErrDamaged].
func ParseSummary(b []byte) (s Summary, rest []byte, err error) {
	if len(b) < recordHeader {
		return s, nil, fmt.Errorf("%w: %d bytes are too few for a summary", frame.ErrDamaged, len(b))
	}
	size := binary.LittleEndian.Uint32(b)
	if uint64(size) > uint64(len(b)-recordHeader) {
		return s, nil, fmt.Errorf("%w: a summary is cut short", frame.ErrDamaged)
	}
	content, rest := b[recordHeader:recordHeader+size], b[recordHeader+size:]
	if frame.Checksum(content) != binary.LittleEndian.Uint32(b[4:]) {
		return s, nil, fmt.Errorf("%w: checksum of a summary", frame.ErrDamaged)
	}
	c := cutter{b: content}
	s.read(&c)
	if c.bad || c.at < len(content) || s.To < 1 || s.To > MaxRows {
		return Summary{}, nil, fmt.Errorf("%w: a summary", frame.ErrDamaged)
	}
	return s, rest, nil
}

func (s *Summary) read(c *cutter) {
	s.First, s.To = c.uvarint(), int(min(c.uvarint(), MaxRows+1))
	s.Kinds = c.byte()
	flags := c.byte()
	s.HasEvent, s.AllEvent = flags&1 != 0, flags&2 != 0
	s.MinEpoch, s.MaxEpoch = uint32(c.uvarint()), uint32(c.uvarint())
	for _, t := range [...]*int64{&s.MinReceived, &s.MaxReceived, &s.MinEvent, &s.MaxEvent} {
		*t = c.svarint()
	}
	n := c.uvarint()
	if n > uint64(len(c.b)) {
		c.bad = true
		return
	}
	s.Columns = make([]SummaryColumn, 0, n)
	for range n {
		tag := c.byte()
		name := c.string()
		s.Columns = append(s.Columns, newSummaryColumn(tag, string(c.b[name.start:name.end]), int64(c.uvarint()), int64(c.uvarint())))
	}
	for i := range s.Columns {
		x := &s.Columns[i]
		c.bad = c.bad || x.filter < 0 || x.filterSize < 0 || x.filterSize%column.LineSize != 0
	}
}
