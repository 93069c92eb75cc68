package column

import (
	"bytes"
	"slices"
)

// MaxRows is the largest number of values in a block.
const MaxRows = 8192

// MaxRaw is the largest number of bytes of all values of a block together.
const MaxRaw = 64 << 20

// Texts is a list of byte strings, one behind the other: value i ends at Ends[i] and begins where the one before it
// ends, the first at 0.
type Texts struct {
	Data []byte
	Ends []uint32
}

// Len returns the number of values.
func (t *Texts) Len() int { return len(t.Ends) }

// At returns value i, 0 ≤ i < Len. It is valid until the list is changed.
func (t *Texts) At(i int) []byte {
	start := uint32(0)
	if i > 0 {
		start = t.Ends[i-1]
	}
	return t.Data[start:t.Ends[i]:t.Ends[i]]
}

// Append appends a copy of v.
func (t *Texts) Append(v []byte) {
	t.Data = append(t.Data, v...)
	t.end()
}

// Reset empties the list and keeps its memory.
func (t *Texts) Reset() { t.Data, t.Ends = t.Data[:0], t.Ends[:0] }

// end ends the value whose bytes have been appended to Data.
func (t *Texts) end() { t.Ends = append(t.Ends, uint32(len(t.Data))) }

// sound tells whether the ends rise and stay within the data.
func (t *Texts) sound() bool {
	last := uint32(0)
	for _, e := range t.Ends {
		if e < last {
			return false
		}
		last = e
	}
	return uint64(last) <= uint64(len(t.Data))
}

// equal tells whether both lists, which are sound, hold the same values.
func (t *Texts) equal(u *Texts) bool {
	if !slices.Equal(t.Ends, u.Ends) {
		return false
	}
	end := uint32(0)
	if n := t.Len(); n > 0 {
		end = t.Ends[n-1]
	}
	return bytes.Equal(t.Data[:end], u.Data[:end])
}
