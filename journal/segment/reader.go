package segment

import (
	"constat/entry"
	"constat/journal/column"
)

// Reader decodes a segment. It remembers what it has decoded until it is reset: at most the entries of one segment.
// Not for concurrent use; several readers of one segment may run side by side.
type Reader struct {
	Bytes int64 // read from the file since the reader was made

	*Segment
	places  *placement
	loaded  []loaded // by column and block
	spans   []spanData
	names   entry.Decoder
	free    []*column.Texts
	data    [][]byte    // memory of payloads, free
	lists   [][]int64   // memory of integers, free
	numbers [][]uint32  // memory of rows, free
	runs    [][]*loaded // by number of the run, the columns of its values, once they are decoded
	only    column.Rows // rows that will be asked for; nil: any
	alone   []byte      // values of the entry that was asked alone, and where they end
	ends    []int
	one     []loaded
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
	for i := range r.spans {
		r.keepLists(&r.spans[i])
	}
	r.spans = append(r.spans[:0], make([]spanData, len(s.directory.spans))...)
	r.runs = append(r.runs[:0], make([][]*loaded, r.places.runs)...)
}

// Column returns block number b of column c, and the number of values in it; nil if no row of the block has it.
// The values are those of the rows of the block whose group's shape has the column, in row order: see [Segment.Runs].
func (r *Reader) Column(c, b int) (*column.Block, int, error) {
	x, n := r.load(c, b), int(r.places.counts[c][b])
	return x.block, n, x.err
}

// load reads a block and its headers, unless they are there.
func (r *Reader) load(c, b int) *loaded {
	x, n := r.loadedAt(c, b), int(r.places.counts[c][b])
	if x.block != nil || x.err != nil || n == 0 {
		return x
	}
	var shared *column.Column
	if shared, x.err = r.Shared(c); x.err != nil {
		return x
	}
	if x.payload == nil {
		p := r.columns[c].blocks[b]
		if x.payload, x.err = r.read(r.memory(), p, p.offset); x.err != nil {
			return x
		}
		r.Bytes += int64(len(x.payload))
	}
	x.block, x.err = shared.Block(x.payload, n)
	return x
}

func (r *Reader) loadedAt(c, b int) *loaded { return &r.loaded[c*len(r.Segment.blocks)+b] }

// close gives back what the block needs for decoding. It is opened again when it is loaded.
func (x *loaded) close() {
	if x.block != nil {
		x.block.Release()
		x.block = nil
	}
}

// release gives back the memory of a block, which must not be used any more.
func (r *Reader) release(x *loaded) {
	x.close()
	if x.payload != nil {
		r.keep(x.payload)
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
	if x := r.loadedAt(c, b); !x.decoded && x.err == nil {
		r.release(x)
	}
}

// decode decodes the values of a column in a block: all, or those that will be asked for.
func (r *Reader) decode(c, b int) *loaded {
	if x := r.loadedAt(c, b); x.decoded {
		return x
	}
	x := r.load(c, b)
	if x.err != nil || x.block == nil {
		return x
	}
	defer x.close()
	few := r.only != nil
	if x.constant, x.decoded = x.block.Constant(); !x.decoded && !few {
		r.decodeCodes(x)
	}
	if x.decoded {
		return x
	}
	x.decoded = true
	x.values, x.own = new(column.Texts), true
	if n := len(r.free); n > 0 {
		x.values, r.free = r.free[n-1], r.free[:n-1]
	}
	if x.partial = few; few {
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
