package column

import (
	"fmt"

	"github.com/klauspost/compress/zstd"
)

// Encoder encodes columns. It keeps its memory from one to the next and is not safe for concurrent use.
type Encoder struct {
	zip      *zipper
	sink     sink
	keys     keySet
	list     [][]byte
	out      []byte
	splitter splitter
}

// NewEncoder returns an encoder.
func NewEncoder() *Encoder {
	zip, err := zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1), zstd.WithEncoderCRC(false), zstd.WithEncoderLevel(zstd.SpeedBetterCompression))
	if err != nil {
		return &Encoder{} // compresses nothing; these options are never refused
	}
	return &Encoder{zip: &zipper{zstd: zip}}
}

// Encode encodes the blocks of one column, at most [MaxRows] values and [MaxRaw] bytes each, which must not change
// until it returns. A form is taken only for values that it can write in the same way again; whoever puts the result in
// the place of the values decodes it and compares all the same.
func (e *Encoder) Encode(blocks []Texts, use Use) (*Encoded, error) {
	rows := 0
	for i := range blocks {
		b := &blocks[i]
		if b.Len() > MaxRows || len(b.Data) > MaxRaw || !b.sound() {
			return nil, fmt.Errorf("column block %d: %d values of %d bytes, at most %d of %d are allowed", i, b.Len(), len(b.Data), MaxRows, MaxRaw)
		}
		rows += b.Len()
	}
	return e.encode(blocks, use, rows), nil
}

func (e *Encoder) encode(blocks []Texts, use Use, rows int) *Encoded {
	most := rows/4 + 1
	if use == Message {
		most = rows/64 + 1
	}
	if out := e.asDictionary(blocks, min(most, maxDictionary)); out != nil {
		return out
	}
	if use == Values {
		return e.asLists(blocks, use)
	}
	out, plain := e.asTemplates(blocks)
	if out == nil || plain > rows/2 {
		if lists := e.asLists(blocks, use); out == nil || lists.size() < out.size() {
			return lists
		}
	}
	return out
}

// size is the number of bytes that the column takes in a segment, where the shared part stands twice.
func (c *Encoded) size() int {
	n := 2*len(c.Shared) + len(c.Filter)
	for _, b := range c.Blocks {
		n += len(b)
	}
	return n
}

// maxDictionary is the largest number of values of a dictionary.
const maxDictionary = 1 << 16

// asDictionary encodes a column of at most that many different values, else it gives nil.
func (e *Encoder) asDictionary(blocks []Texts, most int) *Encoded {
	var values Texts
	numbers := map[string]int64{}
	codes := make([][]int64, len(blocks))
	for i := range blocks {
		codes[i] = make([]int64, 0, blocks[i].Len())
		last, number := []byte(nil), int64(-1)
		for j := range blocks[i].Ends {
			v := blocks[i].At(j)
			if number < 0 || string(v) != string(last) {
				var known bool
				if number, known = numbers[string(v)]; !known {
					if number = int64(values.Len()); values.Len() == most || len(values.Data)+len(v) > maxShared {
						return nil
					}
					numbers[string(v)] = number
					values.Append(v)
				}
				last = v
			}
			codes[i] = append(codes[i], number)
		}
	}
	e.list = e.list[:0]
	for i := range values.Ends {
		e.list = append(e.list, values.At(i))
	}
	e.sink.reset()
	e.sink.putList(e.list)
	out := &Encoded{Shared: e.appendStreams(appendUvarint([]byte{sharedDictionary}, values.Len()))}
	for i := range blocks {
		e.sink.reset()
		e.sink.putInts(codes[i], true)
		out.Blocks = append(out.Blocks, e.payload(blockCodes))
	}
	return out
}

// key makes a key of the filter.
func (e *Encoder) key(b []byte) { e.keys.add(hash(b)) }

// asLists encodes each block as one list, with a filter.
func (e *Encoder) asLists(blocks []Texts, use Use) *Encoded {
	out := &Encoded{}
	e.keys.reset()
	for i := range blocks {
		e.list = e.list[:0]
		for j := range blocks[i].Ends {
			e.list = append(e.list, blocks[i].At(j))
		}
		e.sink.reset()
		e.sink.putList(e.list)
		out.Blocks = append(out.Blocks, e.payload(blockList))
		for _, v := range e.list {
			if use == Values {
				e.keys.add(hash(v))
			} else {
				eachToken(v, e.key)
			}
		}
	}
	out.Filter = appendFilter(nil, e.keys.all())
	return out
}
