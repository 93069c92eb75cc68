package column

// MaxRows is the largest number of values in a block.
const MaxRows = 8192

// Texts is a list of byte strings, one behind the other. Value i ends at Ends[i].
type Texts struct {
	Data []byte
	Ends []uint32
}

// Len is the number of values.
func (t *Texts) Len() int { return len(t.Ends) }

// At returns value i. It points into Data.
func (t *Texts) At(i int) []byte {
	start := uint32(0)
	if i > 0 {
		start = t.Ends[i-1]
	}
	return t.Data[start:t.Ends[i]:t.Ends[i]]
}

// Append adds a value.
func (t *Texts) Append(v []byte) {
	t.Data = append(t.Data, v...)
	t.Ends = append(t.Ends, uint32(len(t.Data)))
}

// Reset empties the list and keeps its memory.
func (t *Texts) Reset() { t.Data, t.Ends = t.Data[:0], t.Ends[:0] }
