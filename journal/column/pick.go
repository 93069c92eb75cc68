package column

import (
	"fmt"
	"net/netip"
)

// fewOf tells whether so few of n values are wanted that picking them costs less than decoding all.
func fewOf(rows Rows, n int) bool { return rows != nil && 4*rows.Count() < n }

// errTooLong says that the values of a block together are longer than an encoder lets them be.
var errTooLong = fmt.Errorf("%w: block of more than %d bytes", ErrDamaged, 2*MaxRaw)

// pickTemplates is fromTemplates for few rows: of each list only the values of these rows are written down.
func (b *Block) pickTemplates(dst *Texts, rows Rows, owners []int64) error {
	picked := make([][]int, len(b.used)) // of each template the rows that are wanted, counted within it
	seen := make([]int, len(b.used))
	for i, t := range owners {
		if rows.Has(i) {
			picked[t] = append(picked[t], seen[t])
		}
		seen[t]++
	}
	b.slots.Reset()
	for t, at := range picked {
		seen[t] = b.slots.Len() // from now on the next value of the first slot
		if len(at) == 0 {
			continue
		}
		for _, l := range b.used[t].lists {
			if err := b.pick(&b.slots, l, at); err != nil {
				return err
			}
		}
	}
	for i, t := range owners {
		if rows.Has(i) {
			dst.Data = b.used[t].append(dst.Data, &b.slots, seen[t], len(picked[t]))
			seen[t]++
		}
		dst.end()
		if len(dst.Data) > 2*MaxRaw {
			return errTooLong
		}
	}
	return nil
}

// append appends a value of the template: that of slot i is number k+i·step of slots.
func (u *used) append(dst []byte, slots *Texts, k, step int) []byte {
	dst = append(dst, u.parts[0]...)
	for _, piece := range u.parts[1:] {
		dst = append(append(dst, slots.At(k)...), piece...)
		k += step
	}
	return dst
}

// pickList appends the values of a list that are in rows, and an empty one for each of the others.
func (b *Block) pickList(dst *Texts, l listAt, rows Rows) error {
	at := rows.numbers()
	b.whole.Reset()
	if err := b.pick(&b.whole, l, at); err != nil {
		return err
	}
	k := 0
	for i := range l.n {
		if rows.Has(i) {
			dst.Data = append(dst.Data, b.whole.At(k)...)
			k++
		}
		dst.end()
	}
	return nil
}

// pickCodes is fromDictionary for few rows.
func (b *Block) pickCodes(dst *Texts, rows Rows) error {
	codes, err := b.someInts(b.ints64, b.codes, rows.numbers())
	if err != nil {
		return err
	}
	b.ints64 = codes
	for i := range b.n {
		if rows.Has(i) {
			code := codes[0]
			if codes = codes[1:]; uint64(code) >= uint64(b.column.values.Len()) {
				return fmt.Errorf("%w: value %d of a dictionary of %d", ErrDamaged, code, b.column.values.Len())
			}
			dst.Data = append(dst.Data, b.column.values.At(int(code))...)
		}
		dst.end()
		if len(dst.Data) > 2*MaxRaw {
			return errTooLong
		}
	}
	return nil
}

// pick appends the values of a list that have these numbers, which rise, in their order.
func (b *Block) pick(dst *Texts, l listAt, at []int) error {
	some := l
	some.n = len(at)
	if err := fitsFront(dst, some); err != nil {
		return err
	}
	if l.kind == kindRepeats {
		return b.pickRepeats(dst, l, at)
	}
	return b.pickOnce(dst, l, at)
}

// pickRepeats is pick for a list in which values occur again.
func (b *Block) pickRepeats(dst *Texts, l listAt, at []int) error {
	numbers := make([]int, 0, len(at))
	err := b.eachRepeat(l, func(i, n int) {
		if k := len(numbers); k < len(at) && at[k] == i {
			numbers = append(numbers, n)
		}
	})
	if err != nil {
		return err
	}
	return b.pickOnce(dst, *l.fresh, numbers)
}

// pickOnce is pick for the other lists, with numbers in any order.
func (b *Block) pickOnce(dst *Texts, l listAt, at []int) error {
	switch l.kind {
	case kindText:
		return b.pickText(dst, l, at)
	case kindBytes, kindUUID, kindIPv6:
		return b.pickBytes(dst, l, at)
	}
	v, err := b.someInts(b.ints64, l.ints, at)
	if err != nil {
		return err
	}
	b.ints64 = v
	f, _ := formOf(l.kind)
	for _, x := range v {
		dst.Data = f.append(append(dst.Data, l.front...), x, l.width)
		dst.end()
	}
	return nil
}

func (b *Block) pickText(dst *Texts, l listAt, at []int) error {
	ends, err := b.ints(b.ints64, l.ints)
	if err != nil {
		return err
	}
	b.ints64 = ends
	data, err := b.stream(streamText)
	if err != nil {
		return err
	}
	data = data[l.at : l.at+l.width]
	end := int64(0)
	for i, n := range ends {
		if n < 0 || n > int64(len(data))-end {
			return fmt.Errorf("%w: length of a text", ErrDamaged)
		}
		end += n
		ends[i] = end
	}
	if end < int64(len(data)) {
		return fmt.Errorf("%w: %d bytes behind the last text", ErrDamaged, int64(len(data))-end)
	}
	for _, i := range at {
		start := int64(0)
		if i > 0 {
			start = ends[i-1]
		}
		dst.Data = append(append(dst.Data, l.front...), data[start:ends[i]]...)
		dst.end()
		if len(dst.Data) > 2*MaxRaw {
			return errTooLong
		}
	}
	return nil
}

func (b *Block) pickBytes(dst *Texts, l listAt, at []int) error {
	which := streamRadix
	if l.kind == kindIPv6 {
		which = streamText
	}
	data, err := b.stream(which)
	if err != nil {
		return err
	}
	data = data[l.at:]
	size := l.bytes()
	for _, i := range at {
		dst.Data = append(dst.Data, l.front...)
		if l.kind == kindIPv6 {
			dst.Data = addressAt(data, i, l.n).AppendTo(dst.Data)
		} else {
			dst.Data = appendHexBytes(dst.Data, data[i*size:(i+1)*size], l.kind)
		}
		dst.end()
	}
	return nil
}

// addressAt gives address i of n, whose first bytes stand together in data, then all second bytes, and so on.
func addressAt(data []byte, i, n int) netip.Addr {
	var a [16]byte
	for j := range a {
		a[j] = data[j*n+i]
	}
	return netip.AddrFrom16(a)
}
