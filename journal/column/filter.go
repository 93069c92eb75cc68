package column

import (
	"math"
	"math/bits"
)

// A filter is a Bloom filter in lines of 64 bytes, so that one read answers for one key. The line of a key with hash h
// is number ⌊(h >> 32) · lines / 2^32⌋; in it five bits are set: those that the lowest five groups of nine bits of
// h · 0x9E3779B97F4A7C15 (mod 2^64) name.

const (
	lineSize   = 64
	probes     = 5
	bitsPerKey = 8
	leastKey   = 4 // bytes; shorter words are not in the filter of messages: nearly every block has them
	multiplier = 0x9E3779B97F4A7C15
)

// hash is FNV-1a of 64 bits, and then the finalizer of MurmurHash3, which spreads short keys over all bits.
func hash(key []byte) uint64 {
	h := uint64(0xcbf29ce484222325)
	for _, b := range key {
		h = (h ^ uint64(b)) * 0x100000001b3
	}
	h = (h ^ h>>33) * 0xff51afd7ed558ccd
	h = (h ^ h>>33) * 0xc4ceb9fe1a85ec53
	return h ^ h>>33
}

func lineOf(h, lines uint64) uint64 { return (h >> 32) * lines >> 32 }

// FilterLine returns where in a filter of that size the line of 64 bytes is that answers for a key.
func FilterLine(size int64, key []byte) (offset int64) {
	return int64(lineOf(hash(key), uint64(size)/lineSize)) * lineSize
}

// FilterHas reports whether a key may be in the column whose filter has that line for it. False is certain.
func FilterHas(line, key []byte) bool {
	if len(line) != lineSize {
		return true
	}
	x := hash(key) * multiplier
	for range probes {
		if line[x>>3&63]>>(x&7)&1 == 0 {
			return false
		}
		x >>= 9
	}
	return true
}

// filterKeys collects the keys of a column.
type filterKeys struct {
	hashes []uint64
	seen   []uint64 // bitmap by which distinct keys are counted
}

func (f *filterKeys) reset() { f.hashes = f.hashes[:0] }

func (f *filterKeys) add(key []byte) {
	h := hash(key)
	if n := len(f.hashes); n == 0 || f.hashes[n-1] != h {
		f.hashes = append(f.hashes, h)
	}
}

// text adds a value that stands as it is.
func (f *filterKeys) text(v []byte, use Use) {
	if use == Values {
		f.add(v)
		return
	}
	eachToken(v, func(token []byte, _ bool) {
		if len(token) >= leastKey {
			f.add(token)
		}
	})
}

func (f *filterKeys) texts(t *Texts, use Use) {
	for i := range t.Ends {
		f.text(t.At(i), use)
	}
}

// variables adds the values of a run of a message.
func (f *filterKeys) variables(v *values, use Use) {
	if use != Message {
		return
	}
	for _, b := range v.list {
		if len(b) >= leastKey {
			f.add(b)
		}
	}
}

// countBits is the size of the bitmap that counts distinct keys (linear counting: Whang and others, 1990).
const countBits = 1 << 21

// distinct estimates the number of different keys.
func (f *filterKeys) distinct() int {
	if f.seen == nil {
		f.seen = make([]uint64, countBits/64)
	}
	clear(f.seen)
	for _, h := range f.hashes {
		f.seen[h%countBits/64] |= 1 << (h % 64)
	}
	free := countBits
	for _, w := range f.seen {
		free -= bits.OnesCount64(w)
	}
	if free == 0 {
		return len(f.hashes)
	}
	return int(-countBits * math.Log(float64(free)/countBits))
}

// build makes the filter; nil without a key.
func (f *filterKeys) build() []byte {
	if len(f.hashes) == 0 {
		return nil
	}
	lines := (f.distinct()*bitsPerKey + lineSize*8 - 1) / (lineSize * 8)
	out := make([]byte, max(lines, 1)*lineSize)
	for _, h := range f.hashes {
		line := out[lineOf(h, uint64(len(out))/lineSize)*lineSize:][:lineSize]
		x := h * multiplier
		for range probes {
			line[x>>3&63] |= 1 << (x & 7)
			x >>= 9
		}
	}
	return out
}
