package column

import (
	"encoding/binary"
	"math/bits"
)

// LineSize is the number of bytes of a line of a filter.
const LineSize = 64

// filterBits is the number of bits of a filter for each distinct key, filterProbes the number of them that a key sets.
const (
	filterBits   = 12
	filterProbes = 6
)

// hash is the hash of a key for filters. It is part of the format.
func hash(key []byte) uint64 {
	const m = 0x9FB21C651E98DF25
	h := uint64(len(key))*m ^ 0x2545F4914F6CDD1D
	for ; len(key) >= 8; key = key[8:] {
		h = (h ^ binary.LittleEndian.Uint64(key)) * m
		h ^= h >> 29
	}
	var w uint64
	for i, c := range key {
		w |= uint64(c) << (8 * i)
	}
	return mix((h^w)*m ^ w>>31)
}

// mix spreads every bit of h over all of them.
func mix(h uint64) uint64 {
	h ^= h >> 32
	h *= 0xD6E8FEB86659FD93
	h ^= h >> 32
	h *= 0xD6E8FEB86659FD93
	return h ^ h>>32
}

// FilterLine returns where in a filter of that size in bytes the line of [LineSize] bytes stands that answers for key.
// The size must be a multiple of LineSize and not 0.
func FilterLine(filterSize int64, key []byte) (offset int64) {
	return lineOf(filterSize, hash(key))
}

func lineOf(size int64, h uint64) int64 {
	line, _ := bits.Mul64(h, uint64(size/LineSize))
	return int64(line) * LineSize
}

// FilterHas tells whether the line of key says that the column may hold it. A line that is too short says yes.
func FilterHas(line []byte, key []byte) bool {
	if len(line) < LineSize {
		return true
	}
	h := mix(hash(key))
	for range filterProbes {
		bit := h & 511
		if line[bit>>3]>>(bit&7)&1 == 0 {
			return false
		}
		h >>= 9
	}
	return true
}

// appendFilter appends a filter for keys with those hashes, none of which stands there twice.
func appendFilter(dst []byte, hashes []uint64) []byte {
	if len(hashes) == 0 {
		return dst
	}
	size := int64(len(hashes)*filterBits+LineSize*8-1) / (LineSize * 8) * LineSize
	start := len(dst)
	dst = append(dst, make([]byte, size)...)
	for _, h := range hashes {
		line := dst[start+int(lineOf(size, h)):]
		g := mix(h)
		for range filterProbes {
			line[g&511>>3] |= 1 << (g & 7)
			g >>= 9
		}
	}
	return dst
}
