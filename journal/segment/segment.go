package segment

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"sync"

	"constat/entry"
	"constat/journal/column"
	"constat/journal/frame"
)

// Segment is an open segment. Its methods may be called concurrently.
type Segment struct {
	file   io.ReaderAt
	size   int64
	header frame.FileHeader
	meta   int64 // where the directory was read
	trailer
	*directory
	damage []Damage

	once   sync.Once
	placed placement
	shares []share // by column
}

// share is the shared part of a column, read when it is needed.
type share struct {
	once   sync.Once
	column *column.Column
	err    error
}

// Damage is a part of a segment that is not as it was written.
type Damage struct {
	Offset, Size int64
	Text         string
	Derived      bool  // nothing is lost: it stands twice, or can be made again
	End          bool  // it is the header or a trailer, which say what the file is
	Cause        error // wraps [frame.ErrDamaged] unless reading failed
}

// Span is an arrival block: positions From to To-1 with one epoch or several, and bounds of their times in µs.
// Within one epoch received time never goes backwards.
type Span struct {
	From, To                 int // positions
	MinEpoch, MaxEpoch       uint32
	MinReceived, MaxReceived int64
	HasEvent                 bool  // an entry has an event time
	AllEvent                 bool  // every entry has one
	MinEvent, MaxEvent       int64 // of those that have one
}

// Field is one field of a shape. Name is empty for entry.Packed.
type Field struct {
	Name       string
	Provenance entry.Provenance
	Form       entry.Form
	Column     int // number of the column that holds the values
}

// Shape is what all rows of a group have in common.
type Shape struct {
	Kind     entry.Kind
	Renderer entry.Renderer
	Event    bool // has an event time, with these digits and this zone
	Digits   uint8
	Zone     string
	Fields   []Field
	Params   int // column of the renderer's parameters
}

// Group is the rows of one application and one shape. They are rows First to First+Count-1.
type Group struct {
	Shape *Shape // nil for the group of rest rows, whose only column holds bodies
	First int
	Count int
}

// Block is a range of rows. Each column has one payload for it, unless no row of it has that column.
type Block struct{ First, Count int }

// Column describes a column.
type Column struct {
	Name       string // of the field; "" for parameters and for bodies of rest rows
	Provenance entry.Provenance
	Form       entry.Form
	Rest       bool  // holds the bodies of rest rows
	Params     bool  // holds parameters
	Nth        int   // how many fields of the same name, provenance and form stand before it in an entry
	Size       int64 // bytes in the file, shared part and filter included
	FilterSize int64
}

// headBytes is what is read of a file at once to open it.
const headBytes = 8 << 10

// Open reads header, trailer and directory of a segment of size bytes and compares the header with want. What stands
// twice may be damaged once: see [Segment.Damage]. Errors wrap [frame.ErrNotOurs], [frame.ErrNewer] or
// [frame.ErrDamaged], or are those of reading.
func Open(f io.ReaderAt, size int64, want frame.FileHeader) (*Segment, error) {
	want.Kind = frame.Segment
	s := &Segment{file: f, size: size, header: want}
	head := make([]byte, min(size, headBytes))
	if n, err := f.ReadAt(head, 0); n < len(head) && !errors.Is(err, io.EOF) {
		return nil, err
	}
	headerErr := s.checkHeader(head)
	if frame.IsOther(headerErr) || errors.Is(headerErr, errForeign) {
		return nil, headerErr
	}
	if err := s.findTrailer(head); err != nil {
		return nil, errors.Join(headerErr, err)
	}
	if headerErr != nil {
		s.derived(0, frame.HeadHeaderSize, "header", headerErr)
		s.damage[len(s.damage)-1].End = true
	}
	if err := s.findDirectory(head); err != nil {
		return nil, err
	}
	s.shares = make([]share, len(s.columns))
	return s, nil
}

// errForeign says that a header is sound, but of another file.
var errForeign = fmt.Errorf("%w: belongs to another journal or place", frame.ErrDamaged)

func (s *Segment) checkHeader(head []byte) error {
	_, err := frame.ParseFileHeader(head, frame.Segment)
	if err == nil && !bytes.Equal(head[:frame.HeadHeaderSize], frame.AppendFileHeader(nil, s.header)) {
		return errForeign
	}
	return err
}

func (s *Segment) derived(offset, size int64, what string, cause error) {
	s.damage = append(s.damage, Damage{Offset: offset, Size: size, Text: what + ": " + cause.Error(), Derived: true, Cause: cause})
}

// findTrailer reads the trailer behind the header or, where that is damaged, the one at the end.
func (s *Segment) findTrailer(head []byte) (err error) {
	if len(head) < metaOffset {
		return fmt.Errorf("%w: %d bytes are too few for a segment", frame.ErrDamaged, len(head))
	}
	if s.trailer, err = parseTrailer(head[frame.HeadHeaderSize:], s.header); err == nil {
		if s.trailer.size() != s.size {
			text := fmt.Sprintf("file has %d bytes instead of %d", s.size, s.trailer.size())
			s.damage = append(s.damage, Damage{Offset: s.size, Text: text, Cause: frame.ErrDamaged})
		}
		return nil
	}
	s.derived(frame.HeadHeaderSize, trailerSize, "trailer behind the header", err)
	s.damage[len(s.damage)-1].End = true
	var b [trailerSize]byte
	if _, readErr := s.file.ReadAt(b[:], s.size-trailerSize); readErr != nil && !errors.Is(readErr, io.EOF) {
		return readErr
	}
	t, endErr := parseTrailer(b[:], s.header)
	if endErr != nil {
		return errors.Join(err, endErr)
	}
	if t.size() != s.size {
		return fmt.Errorf("%w: file has %d bytes instead of %d", frame.ErrDamaged, s.size, t.size())
	}
	s.trailer = t
	return nil
}

// findDirectory reads one of the two directories.
func (s *Segment) findDirectory(head []byte) error {
	var errs []error
	for _, offset := range [...]int64{metaOffset, s.trailer.copy} {
		data, err := s.slice(head, offset, int(s.trailer.directory))
		if err == nil && frame.Checksum(data) != s.trailer.sum {
			err = fmt.Errorf("%w: checksum", frame.ErrDamaged)
		}
		if err == nil {
			s.directory, err = parseDirectory(data, s.trailer.parts)
		}
		if err == nil {
			s.meta = offset
			return s.fit()
		}
		what := fmt.Sprintf("directory at byte %d", offset)
		s.derived(offset, int64(s.trailer.directory), what, err)
		errs = append(errs, fmt.Errorf("%s: %w", what, err))
	}
	return errors.Join(errs...)
}

// fit checks that the parts end where the trailer says.
func (s *Segment) fit() error {
	end, shared := s.trailer.parts, int64(0)
	for _, parts := range s.arrival {
		for _, p := range parts {
			end += int64(p.size)
		}
	}
	for i := range s.columns {
		c := &s.columns[i]
		end += int64(c.filter.size)
		shared += int64(c.shared.size)
		for _, p := range c.blocks {
			end += int64(p.size)
		}
	}
	if end != s.trailer.copy || shared != int64(s.trailer.shared) {
		return fmt.Errorf("%w: directory contradicts the trailer", frame.ErrDamaged)
	}
	return nil
}

// slice returns bytes of the file, out of what was read already if they are there.
func (s *Segment) slice(head []byte, offset int64, n int) ([]byte, error) {
	if offset+int64(n) <= int64(len(head)) {
		return head[offset : offset+int64(n)], nil
	}
	return s.bytes(nil, offset, n)
}

// bytes reads n bytes at offset into dst if that is large enough.
func (s *Segment) bytes(dst []byte, offset int64, n int) ([]byte, error) {
	if int64(n) > s.size-offset {
		return nil, fmt.Errorf("%w: the file ends at byte %d, before what should stand at byte %d", frame.ErrDamaged, s.size, offset)
	}
	if cap(dst) < n {
		dst = make([]byte, n)
	}
	dst = dst[:n]
	if got, err := s.file.ReadAt(dst, offset); got < n {
		if err == nil || errors.Is(err, io.EOF) {
			return nil, fmt.Errorf("%w: the file ends early", frame.ErrDamaged)
		}
		return nil, err
	}
	return dst, nil
}

// read reads a part and compares its checksum.
func (s *Segment) read(dst []byte, p part, offset int64) ([]byte, error) {
	data, err := s.bytes(dst, offset, int(p.size))
	if err == nil && frame.Checksum(data) != p.crc {
		err = fmt.Errorf("%w: checksum of %d bytes at byte %d", frame.ErrDamaged, p.size, offset)
	}
	return data, err
}

// File is what the segment is read from.
func (s *Segment) File() io.ReaderAt { return s.file }

// First is the index of the first entry.
func (s *Segment) First() uint64 { return s.header.First }

// Count is the number of entries.
func (s *Segment) Count() int { return s.rows }

// End is the index behind the last entry.
func (s *Segment) End() uint64 { return s.header.First + uint64(s.rows) }

// Kinds has bit k for each kind k of an entry in it.
func (s *Segment) Kinds() uint8 { return s.kinds }

// Spans returns the arrival blocks, in order.
func (s *Segment) Spans() []Span { return s.spans }

// Groups returns the groups in row order.
func (s *Segment) Groups() []Group { return s.groups }

// Blocks returns the blocks in row order.
func (s *Segment) Blocks() []Block { return s.blocks }

// Damage returns what opening found damaged. The segment can be read all the same.
func (s *Segment) Damage() []Damage { return s.damage }

// Columns returns the columns; their numbers are those of [Field.Column].
func (s *Segment) Columns() []Column {
	list := make([]Column, len(s.columns))
	for i := range s.columns {
		c := &s.columns[i]
		list[i] = Column{Name: c.name, Rest: c.tag == tagRest, Params: c.tag == tagParams, Nth: c.nth,
			FilterSize: int64(c.filter.size), Size: int64(c.filter.size) + 2*int64(c.shared.size)}
		if c.tag < tagParams {
			list[i].Provenance, list[i].Form = entry.Provenance(c.tag&3), entry.Form(c.tag>>2)
		}
		for _, p := range c.blocks {
			list[i].Size += int64(p.size)
		}
	}
	return list
}

// Shared returns the shared part of column c: its dictionary or templates.
func (s *Segment) Shared(c int) (*column.Column, error) {
	x := &s.shares[c]
	x.once.Do(func() { x.column, x.err = s.openShared(&s.columns[c]) })
	return x.column, x.err
}

// Lacks tells whether column c is known to have none of the values, where that can be told without opening its shared
// part. False means nothing.
func (s *Segment) Lacks(c int, values [][]byte) bool {
	data, err := s.readShared(&s.columns[c])
	return err == nil && column.Lacks(data, values)
}

func (s *Segment) openShared(c *columnEntry) (*column.Column, error) {
	data, err := s.readShared(c)
	if err != nil {
		return nil, err
	}
	return column.Open(data)
}

// readShared reads the shared part of a column from where the directory was read, or else from the other place.
func (s *Segment) readShared(c *columnEntry) ([]byte, error) {
	var first error
	for _, meta := range [...]int64{s.meta, metaOffset + s.trailer.copy - s.meta} {
		data, err := s.read(nil, c.shared, meta+int64(s.trailer.directory)+c.shared.offset)
		if err == nil {
			return data, nil
		}
		first = errors.Join(first, err)
	}
	return nil, first
}

// ArrivalSizes returns the bytes of what is in position order: group numbers, epochs, received times, event times and
// nanoseconds.
func (s *Segment) ArrivalSizes() [5]int64 {
	var sizes [spanParts]int64
	for i := range s.arrival {
		for k, p := range s.arrival[i] {
			sizes[k] += int64(p.size)
		}
	}
	return sizes
}

// BlockSize returns the bytes that a block of a column has in the file; 0 if no row of it has the column.
func (s *Segment) BlockSize(c, block int) int64 { return int64(s.columns[c].blocks[block].size) }

// SharedSize returns the bytes of the shared part of a column, which stands in the file twice.
func (s *Segment) SharedSize(c int) int64 { return int64(s.columns[c].shared.size) }
