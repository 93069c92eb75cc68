package segment

import (
	"encoding/binary"
	"fmt"
	"slices"

	"constat/entry"
	"constat/journal/column"
	"constat/journal/frame"
)

// Reader decodes a segment. It remembers what it has decoded until it is reset: at most the entries of one segment.
// Not for concurrent use; several readers of one segment may run side by side.
type Reader struct {
	Bytes int64 // read from the file since the reader was made

	*Segment
	places *placement
	loaded []loaded // by column and block
	spans  []spanData
	names  entry.Decoder
	free   []*column.Texts
	data   [][]byte    // memory of payloads, free
	lists  [][]int64   // memory of integers, free
	runs   [][]*loaded // by number of the run, the columns of its values, once they are decoded
	only   column.Rows // rows that will be asked for; nil: any
	alone  []byte      // values of the entry that was asked alone, and where they end
	ends   []int
	one    []loaded
}

// loaded is what was read of one column in one block. Once it is decoded, value i is constant, or values.At(codes[i]),
// or values.At(i) if there are no codes.
type loaded struct {
	payload  []byte
	block    *column.Block
	err      error
	decoded  bool
	constant []byte
	codes    []uint32
	values   *column.Texts
	own      bool // values are memory of the reader
	partial  bool // of the values only those of wanted rows were decoded
}

// at returns value i.
func (x *loaded) at(i int) []byte {
	switch {
	case x.codes != nil:
		return x.values.At(int(x.codes[i]))
	case x.values != nil:
		return x.values.At(i)
	}
	return x.constant
}

// spanData is what was read of an arrival block.
type spanData struct {
	ready    bool
	err      error
	before   []int64 // rows of each group before this block, nil until asked
	groups   []int64
	rows     []uint32 // row of each position
	epochs   []int64
	received []int64
	events   []int64
	nanos    []int64
	timesErr error
	timed    bool
}

// NewReader returns a reader.
func (s *Segment) NewReader() *Reader {
	r := &Reader{}
	r.Reset(s)
	return r
}

// Reset forgets what was decoded and goes on with another segment.
func (r *Reader) Reset(s *Segment) {
	for i := range r.loaded {
		r.release(&r.loaded[i])
	}
	r.Segment, r.places, r.only = s, s.place(), nil
	r.loaded = append(r.loaded[:0], make([]loaded, len(s.columns)*len(s.blocks))...)
	r.spans = append(r.spans[:0], make([]spanData, len(s.directory.spans))...)
	r.runs = append(r.runs[:0], make([][]*loaded, r.places.runs)...)
}

// Column returns block number b of column c, and the number of values in it; nil if no row of the block has it.
// The values are those of the rows of the block whose group's shape has the column, in row order: see [Segment.Runs].
func (r *Reader) Column(c, b int) (*column.Block, int, error) {
	x, n := r.load(c, b), int(r.places.counts[c][b])
	return x.block, n, x.err
}

func (r *Reader) load(c, b int) *loaded {
	x, n := &r.loaded[c*len(r.Segment.blocks)+b], int(r.places.counts[c][b])
	if x.block != nil || x.err != nil || n == 0 {
		return x
	}
	p := r.columns[c].blocks[b]
	var shared *column.Column
	if shared, x.err = r.Shared(c); x.err != nil {
		return x
	}
	if k := len(r.data); k > 0 {
		x.payload, r.data = r.data[k-1], r.data[:k-1]
	}
	if x.payload, x.err = r.read(x.payload, p, p.offset); x.err != nil {
		return x
	}
	r.Bytes += int64(len(x.payload))
	x.block, x.err = shared.Block(x.payload, n)
	return x
}

// release gives back the memory of a block, which must not be used any more.
func (r *Reader) release(x *loaded) {
	if x.block != nil {
		x.block.Release()
		r.data = append(r.data, x.payload)
	}
	if x.own {
		x.values.Reset()
		r.free = append(r.free, x.values)
	}
	*x = loaded{}
}

// Forget gives back the memory of a block of column c that [Reader.Column] returned, and that is not needed for the
// time being. The block must not be used any more. Where all its values were decoded, it stays.
func (r *Reader) Forget(c, b int) {
	if x := &r.loaded[c*len(r.Segment.blocks)+b]; !x.decoded && x.err == nil {
		r.release(x)
	}
}

// decode decodes all values of a column in a block.
func (r *Reader) decode(c, b int) *loaded {
	x := r.load(c, b)
	if x.decoded || x.err != nil || x.block == nil {
		return x
	}
	if r.decodeCodes(x); x.decoded {
		return x
	}
	x.decoded = true
	x.values, x.own = new(column.Texts), true
	if n := len(r.free); n > 0 {
		x.values, r.free = r.free[n-1], r.free[:n-1]
	}
	if x.partial = r.only != nil; x.partial {
		x.err = x.block.Some(x.values, r.wantedOf(c, b))
	} else {
		x.err = x.block.Texts(x.values)
	}
	return x
}

// decodeCodes decodes the values if they are constant or out of a dictionary, which costs little.
func (r *Reader) decodeCodes(x *loaded) {
	if x.decoded || x.block == nil {
		return
	}
	if x.constant, x.decoded = x.block.Constant(); !x.decoded {
		x.codes, x.values, x.decoded = x.block.Codes(nil)
	}
}

// columns returns the decoded columns of a run.
func (r *Reader) columnsOfRun(x *run) ([]*loaded, error) {
	if list := r.runs[x.number]; list != nil {
		return list, nil
	}
	list := make([]*loaded, 0, len(x.values))
	for _, c := range r.columnsOf(x.group) {
		l := r.decode(c, x.block)
		if l.err != nil {
			return nil, l.err
		}
		list = append(list, l)
	}
	r.runs[x.number] = list
	return list, nil
}

// Filter reports whether the filter of column c lets a key pass: false means that no value can have it. True if the
// column has no filter, and if nothing but zeros stands there: that is a page that was lost.
func (r *Reader) Filter(c int, key []byte) (bool, error) {
	f := r.columns[c].filter
	if f.size == 0 {
		return true, nil
	}
	r.Bytes += 64
	line, err := r.bytes(nil, f.offset+column.FilterLine(int64(f.size), key), 64)
	return err != nil || column.FilterHas(line, key) || isZero(line), err
}

func isZero(b []byte) bool {
	for _, x := range b {
		if x != 0 {
			return false
		}
	}
	return true
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
	data, err := r.read(nil, p, p.offset)
	if err != nil {
		return err
	}
	r.Bytes += int64(len(data))
	size, used := binary.Uvarint(data)
	if used <= 0 || size > uint64(len(data)-used) {
		return fmt.Errorf("%w: arrival block %d", frame.ErrDamaged, n)
	}
	next, err := column.Ints(nil, data[used:used+int(size)], len(r.groups))
	if err != nil {
		return err
	}
	if d.groups, err = column.Ints(nil, data[used+int(size):], s.To-s.From); err != nil {
		return err
	}
	d.rows = make([]uint32, len(d.groups))
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
		to   *[]int64
	}{{epochPart, &d.epochs}, {receivedPart, &d.received}, {eventPart, &d.events}, {nanosPart, &d.nanos}} {
		if k := len(r.lists); k > 0 {
			*x.to, r.lists = r.lists[k-1][:0], r.lists[:k-1]
		}
		if *x.to, err = r.ints(*x.to, n, x.part); err != nil {
			return err
		}
	}
	return nil
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
