package column

import (
	"fmt"
	"math"
)

// Lists in which values occur again: a list of ones for values that are new and zeros for others, a list that says for
// each of the others which of the new ones it is, and the list of the new ones.

// putRepeats writes the list so, if that is expected to be shorter.
func (s *sink) putRepeats(v [][]byte) bool {
	total := 0
	for _, x := range v {
		total += len(x)
	}
	if len(v) < 4 || total < 4*len(v) {
		return false
	}
	if s.numbers == nil {
		s.numbers = map[string]int64{}
	}
	clear(s.numbers)
	s.fresh, s.flags, s.refs = s.fresh[:0], s.flags[:0], s.refs[:0]
	for _, x := range v {
		if n, ok := s.numbers[string(x)]; ok {
			s.flags, s.refs = append(s.flags, 0), append(s.refs, n)
			continue
		}
		s.numbers[string(x)] = int64(len(s.fresh))
		s.flags, s.fresh = append(s.flags, 1), append(s.fresh, x)
	}
	if !s.repeatsPay(len(v), total) {
		return false
	}
	s.meta = append(s.meta, kindRepeats)
	s.meta = appendUvarint(s.meta, len(s.fresh))
	s.putInts(s.flags, false)
	s.putInts(s.refs, false)
	s.putOnce(s.fresh)
	return true
}

// repeatsPay guesses whether the numbers are shorter than the values in whose place they stand: a value takes two
// fifths of its length, and no more than zstd needs to point to where it stood before.
func (s *sink) repeatsPay(n, total int) bool {
	if len(s.fresh) == 1 {
		return false
	}
	value := min(0.42*float64(total)/float64(n), 3.5)
	number := math.Log2(float64(len(s.fresh))) / 8
	return float64(len(s.refs))*(value-number) > float64(n)/8+6
}

// repeats appends the values of a list in which some occur again.
func (b *Block) repeats(dst *Texts, l listAt) error {
	b.fresh.Reset()
	if err := b.list(&b.fresh, *l.fresh); err != nil {
		return err
	}
	start := len(dst.Data)
	err := b.eachRepeat(l, func(_, n int) {
		if len(dst.Data) <= 2*MaxRaw {
			dst.Data = append(dst.Data, b.fresh.At(n)...)
		}
		dst.end()
	})
	if err == nil && len(dst.Data) > 2*MaxRaw {
		err = fmt.Errorf("%w: list of more than %d bytes", ErrDamaged, len(dst.Data)-start)
	}
	return err
}

// eachRepeat calls do with the number of each value of the list and with its number among those that stand once.
func (b *Block) eachRepeat(l listAt, do func(i, n int)) error {
	flags, err := b.ints(b.flags, l.ints)
	if err != nil {
		return err
	}
	b.flags = flags
	refs, err := b.ints(b.ints64, l.refs)
	if err != nil {
		return err
	}
	b.ints64 = refs
	next := 0
	for i, flag := range flags {
		n := next
		if flag == 0 && len(refs) > 0 {
			n, refs = int(refs[0]), refs[1:]
		} else {
			next++
		}
		if uint(n) >= uint(l.fresh.n) {
			return fmt.Errorf("%w: value %d of a list of %d", ErrDamaged, n, l.fresh.n)
		}
		do(i, n)
	}
	return nil
}
