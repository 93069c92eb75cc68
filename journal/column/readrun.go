package column

import (
	"encoding/binary"
	"strconv"
)

// run is a run that can be read at any place, once its streams are there: see [Block.need].
type run struct {
	kind          byte
	width         uint8  // of stored integers
	length        uint8  // of padded numbers and hex digits
	n             int32  // values
	at            uint32 // where it begins in its streams of integers, hex or lengths
	text          uint32 // where it begins in the stream of texts
	lengthsSize   uint32
	textSize      uint32
	least         int64
	before, after []byte     // what was cut off; before is the value if it is constant
	data          []byte     // of hex digits or texts
	ends          []uint32   // of texts
	planes        *[8][]byte // of stored integers
	ready         bool
}

// Numbers of the streams of a block behind its heads.
const (
	hexStream     = numberStreams
	lengthsStream = numberStreams + 1
	textStream    = numberStreams + 2
	allStreams    = numberStreams + 3
)

// heads reads the heads of runs, one behind the other.
type heads struct {
	source
	streams *[allStreams]lazy
	used    [allStreams]int // bytes of the runs so far
}

// run reads the head of the next run, of n values.
func (h *heads) run(n int) run {
	x := run{kind: h.byte(), n: int32(n)}
	if x.kind == runAffixed {
		x.before, x.after = h.string(), h.string()
		x.kind = h.byte()
	}
	switch x.kind {
	case runConstant:
		x.before = h.string()
	case runPadded:
		x.length = uint8(h.number(18))
		h.integers(&x)
	case runDecimal:
		h.integers(&x)
	case runHex, runUpperHex:
		if x.length = uint8(h.number(255)); x.length%2 != 0 {
			h.fail("%d hex digits", x.length)
		}
		x.at = h.reserve(hexStream, n*int(x.length)/2)
	case runText:
		x.lengthsSize, x.textSize = uint32(h.number(maxRaw)), uint32(h.number(maxRaw))
		x.at, x.text = h.reserve(lengthsStream, int(x.lengthsSize)), h.reserve(textStream, int(x.textSize))
	default:
		h.fail("run of type %d", x.kind)
	}
	return x
}

func (h *heads) string() []byte { return h.take(h.number(len(h.b))) }

// reserve takes the next bytes of a stream for a run, and returns where they begin.
func (h *heads) reserve(stream, size int) uint32 {
	at := h.used[stream]
	if size > h.streams[stream].raw-at {
		h.fail("stream ends early")
		return 0
	}
	h.used[stream] += size
	return uint32(at)
}

func (h *heads) integers(x *run) {
	x.least = h.svarint()
	width := h.number(8)
	if widthFor(1<<(8*width)-1) != width {
		h.fail("integers of %d bytes", width)
		return
	}
	x.width = uint8(width)
	for k := range width {
		x.at = h.reserve(planeOf(width)+k, int(x.n))
	}
}

// need reads the streams of a run.
func (b *Block) need(x *run) (err error) {
	if x.ready {
		return nil
	}
	var stream []byte
	switch x.kind {
	case runDecimal, runPadded:
		x.planes = new([8][]byte)
		for k := range int(x.width) {
			if stream, err = b.streams[planeOf(int(x.width))+k].bytes(); err != nil {
				return err
			}
			x.planes[k] = stream[x.at:][:x.n]
		}
	case runHex, runUpperHex:
		if stream, err = b.streams[hexStream].bytes(); err != nil {
			return err
		}
		x.data = stream[x.at:][:int(x.n)*int(x.length)/2]
	case runText:
		if err = b.needTexts(x); err != nil {
			return err
		}
	}
	x.ready = true
	return nil
}

func (b *Block) needTexts(x *run) error {
	lengths, err := b.streams[lengthsStream].bytes()
	if err != nil {
		return err
	}
	text, err := b.streams[textStream].bytes()
	if err != nil {
		return err
	}
	lengths, x.data = lengths[x.at:][:x.lengthsSize], text[x.text:][:x.textSize]
	x.ends = make([]uint32, x.n)
	end := uint64(0)
	for i := range x.ends {
		n, used := binary.Uvarint(lengths)
		if used <= 0 || n > uint64(len(x.data))-end {
			return damaged("lengths of texts")
		}
		lengths = lengths[used:]
		end += n
		x.ends[i] = uint32(end)
	}
	if len(lengths) != 0 || end != uint64(len(x.data)) {
		return damaged("lengths of texts")
	}
	return nil
}

// number returns the integer of value i.
func (x *run) number(i int) int64 {
	u := uint64(0)
	for k := range x.width {
		u |= uint64(x.planes[k][i]) << (8 * k)
	}
	return x.least + int64(u)
}

const (
	lowerDigits = "0123456789abcdef"
	upperDigits = "0123456789ABCDEF"
)

// append appends value i.
func (x *run) append(dst []byte, i int) []byte {
	dst = append(dst, x.before...)
	switch x.kind {
	case runConstant:
	case runDecimal:
		dst = strconv.AppendInt(dst, x.number(i), 10)
	case runPadded:
		dst = appendPadded(dst, uint64(x.number(i)), int(x.length))
	case runText:
		dst = append(dst, x.textAt(i)...)
	default:
		digits := lowerDigits
		if x.kind == runUpperHex {
			digits = upperDigits
		}
		size := int(x.length) / 2
		for _, b := range x.data[i*size : (i+1)*size] {
			dst = append(dst, digits[b>>4], digits[b&15])
		}
	}
	return append(dst, x.after...)
}

func (x *run) textAt(i int) []byte {
	start := uint32(0)
	if i > 0 {
		start = x.ends[i-1]
	}
	return x.data[start:x.ends[i]]
}

func appendPadded(dst []byte, n uint64, length int) []byte {
	start := len(dst)
	for range length {
		dst = append(dst, '0')
	}
	for i := start + length - 1; i >= start; i-- {
		dst[i] = byte('0' + n%10)
		n /= 10
	}
	return dst
}
