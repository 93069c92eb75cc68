package segment

import (
	"errors"
	"fmt"
	"io"
	"iter"

	"constat/entry"
	"constat/journal/column"
	"constat/journal/frame"
)

// Limits of a segment.
const (
	MaxRows    = 65536   // entries
	BlockRows  = 8192    // of a block, in rows and in positions
	BlockBytes = 1 << 20 // of the values of one column in a block; a longer value has a block of its own
)

var errNotYet = errors.New("segment: not written yet")

// Builder makes the image of a segment. It keeps its memory for the next one. Not for concurrent use.
type Builder struct{}

// NewBuilder returns a builder.
func NewBuilder() *Builder { return &Builder{} }

// Reset begins a segment with that header, whose Kind must be frame.Segment.
func (b *Builder) Reset(h frame.FileHeader) {}

// Add takes the canonical body of the next entry, which it copies. An error means that it is not canonical.
func (b *Builder) Add(body []byte) error { return errNotYet }

// Image returns the whole file, decoded again and compared with what was added. It is valid until the next Reset.
func (b *Builder) Image() ([]byte, error) { return nil, errNotYet }

// Segment is an open segment. Its methods may be called concurrently.
type Segment struct{}

// Open reads header, trailer and directory of a segment of size bytes and compares the header with want. Errors wrap
// [frame.ErrNotOurs], [frame.ErrNewer] or [frame.ErrDamaged], or are those of reading.
func Open(f io.ReaderAt, size int64, want frame.FileHeader) (*Segment, error) { return nil, errNotYet }

// First is the index of the first entry, Count the number of entries.
func (s *Segment) First() uint64 { return 0 }
func (s *Segment) Count() int    { return 0 }

// Kinds has bit k for each kind k of an entry in it.
func (s *Segment) Kinds() uint8 { return 0 }

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

// Spans returns the arrival blocks, in order.
func (s *Segment) Spans() []Span { return nil }

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

// Groups returns the groups in row order.
func (s *Segment) Groups() []Group { return nil }

// Block is a range of rows. Each column has one payload for it, unless no row of it has that column.
type Block struct{ First, Count int }

// Blocks returns the blocks in row order.
func (s *Segment) Blocks() []Block { return nil }

// Column describes a column.
type Column struct {
	Name       string // of the field; "" for parameters and for bodies of rest rows
	Provenance entry.Provenance
	Form       entry.Form
	Nth        int   // how many fields of the same name, provenance and form stand before it in an entry
	Size       int64 // bytes in the file, shared part and filter included
	FilterSize int64
}

// Columns returns the columns; their numbers are those of [Field.Column].
func (s *Segment) Columns() []Column { return nil }

// MissingError says that positions of a segment cannot be read. What lies beside them can.
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

// Reader decodes a segment. It remembers the blocks that it decoded last. Not for concurrent use; several readers of
// one segment may run side by side.
type Reader struct{}

// NewReader returns a reader.
func (s *Segment) NewReader() *Reader { return &Reader{} }

// Row is the body of an entry, valid until the next step.
type Row struct {
	Index uint64
	Body  []byte
}

// Bodies yields the canonical bodies of the indexes from to to-1, in order. Indexes that cannot be read come as
// [*MissingError], after which it goes on; any other error ends it. It is the fast way to all of a segment.
func (r *Reader) Bodies(from, to uint64) iter.Seq2[Row, error] {
	return func(yield func(Row, error) bool) { yield(Row{}, errNotYet) }
}

// Entry sets e to the entry at index. Names are interned; values and parameters point into memory of the reader, valid
// until the next call on it. It is fast whether all entries are asked for in order (either way) or only a few.
func (r *Reader) Entry(index uint64, e *entry.Entry) error { return errNotYet }

// Column returns block number block of column c, and the number of values in it; nil if no row of the block has it.
// The values are those of the rows of the block whose group's shape has the column, in row order: see [Reader.Value].
func (r *Reader) Column(c, block int) (*column.Block, int, error) { return nil, 0, errNotYet }

// Filter reports whether the filter of column c lets a key pass: false means that no value can have it. True if the
// column has no filter.
func (r *Reader) Filter(c int, key []byte) (bool, error) { return true, errNotYet }

// Shared returns the shared part of column c: its dictionary or templates.
func (r *Reader) Shared(c int) (*column.Column, error) { return nil, errNotYet }

// Positions returns the position of each row, valid as long as the reader.
func (r *Reader) Positions() ([]uint32, error) { return nil, errNotYet }

// GroupNumbers returns the group of each position, valid as long as the reader.
func (r *Reader) GroupNumbers() ([]uint16, error) { return nil, errNotYet }

// Received appends the received times of an arrival block (a number in [Segment.Spans]), in position order, µs.
func (r *Reader) Received(dst []int64, span int) ([]int64, error) { return dst, errNotYet }

// Events appends the event times of an arrival block in position order, µs; 0 where the shape has none.
func (r *Reader) Events(dst []int64, span int) ([]int64, error) { return dst, errNotYet }
