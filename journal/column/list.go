package column

import (
	"bytes"
	"fmt"
)

// putList writes a list of values: what they have in common in front and behind, and the rest in the first form that
// gives every one of them back.
func (s *sink) putList(v [][]byte) {
	if len(v) == 0 {
		return
	}
	if s.putRepeats(v) {
		return
	}
	s.putOnce(v)
}

// putOnce writes a list without looking for values that occur again.
func (s *sink) putOnce(v [][]byte) {
	for _, kind := range []byte{kindDecimal, kindDigits, kindHex, kindHexUpper, kindIPv4, kindTime, kindUnsigned} {
		if s.putForm(kind, v) {
			return
		}
	}
	if s.putBytes(v) || s.putIPv6(v) {
		return
	}
	s.putText(v)
}

// putForm writes the list in a form whose values are integers, if it is of that form.
func (s *sink) putForm(kind byte, v [][]byte) bool {
	f, _ := formOf(kind)
	front := commonFront(v)
	for front > 0 && inForm(kind, v[0][front-1]) {
		front--
	}
	width := len(v[0]) - front
	s.ints = s.ints[:0]
	for _, x := range v {
		if f.fixed && len(x)-front != width {
			return false
		}
		i, ok := f.parse(x[front:])
		if !ok {
			return false
		}
		s.ints = append(s.ints, i)
	}
	s.putHead(kind, v[0][:front])
	if f.fixed {
		s.meta = append(s.meta, byte(width))
	}
	s.putInts(s.ints, true)
	return true
}

// inForm tells whether c could stand within a value of that kind, so that it is not taken off in front.
func inForm(kind, c byte) bool {
	switch {
	case '0' <= c && c <= '9', c == '.' && kind == kindIPv4, c == '-' && kind != kindHex && kind != kindHexUpper:
		return true
	case 'a' <= c && c <= 'f':
		return kind == kindHex
	case 'A' <= c && c <= 'F':
		return kind == kindHexUpper
	case c == 'T' || c == ':':
		return kind == kindTime
	}
	return false
}

func (s *sink) putHead(kind byte, front []byte) {
	s.meta = append(s.meta, kind)
	s.meta = appendUvarint(s.meta, len(front))
	s.meta = append(s.meta, front...)
}

// putBytes writes a list of hexadecimal numbers of the same, even length, or of UUIDs.
func (s *sink) putBytes(v [][]byte) bool {
	width := len(v[0])
	kind := byte(kindBytes)
	if width == uuidSize && v[0][8] == '-' {
		kind = kindUUID
	}
	if kind == kindBytes && width%2 != 0 || width == 0 || width > 255 {
		return false
	}
	start := len(s.radix)
	for _, x := range v {
		ok := len(x) == width
		if ok {
			s.radix, ok = appendUnhex(s.radix, x, kind)
		}
		if !ok {
			s.radix = s.radix[:start]
			return false
		}
	}
	s.putHead(kind, nil)
	s.meta = append(s.meta, byte(width))
	return true
}

const uuidSize = 36

// dash tells whether a UUID has a dash there.
func dash(i int) bool { return i == 8 || i == 13 || i == 18 || i == 23 }

func appendUnhex(dst, x []byte, kind byte) ([]byte, bool) {
	for i := 0; i+1 < len(x); {
		if kind == kindUUID && dash(i) {
			if x[i] != '-' {
				return dst, false
			}
			i++
			continue
		}
		high, ok := nibble(x[i], 'a')
		low, ok2 := nibble(x[i+1], 'a')
		if !ok || !ok2 {
			return dst, false
		}
		dst = append(dst, high<<4|low)
		i += 2
	}
	return dst, true
}

func appendHexBytes(dst, x []byte, kind byte) []byte {
	for i, c := range x {
		if kind == kindUUID && (i == 4 || i == 6 || i == 8 || i == 10) {
			dst = append(dst, '-')
		}
		dst = appendHexOf(dst, int64(c), 2, "0123456789abcdef")
	}
	return dst
}

// putText writes a list of any values.
func (s *sink) putText(v [][]byte) {
	front := commonFront(v)
	s.putHead(kindText, v[0][:front])
	s.ints = s.ints[:0]
	total := 0
	for _, x := range v {
		s.ints = append(s.ints, int64(len(x)-front))
		s.text = append(s.text, x[front:]...)
		total += len(x) - front
	}
	s.meta = appendUvarint(s.meta, total)
	s.putInts(s.ints, false)
}

// commonFront returns how many bytes all values begin with.
func commonFront(v [][]byte) int {
	front := v[0]
	for _, x := range v[1:] {
		if len(x) < len(front) {
			front = front[:len(x)]
		}
		for !bytes.HasPrefix(x, front) {
			front = front[:len(front)-1]
		}
	}
	return len(front)
}

// A listAt is where a list stands in the streams of a block.
type listAt struct {
	kind  byte
	front []byte
	width int // of each value, without front, where the kind fixes it; else bytes of the text
	at    int // in the stream of texts or of radix numbers
	ints  intsAt
	n     int

	refs  intsAt // of kindRepeats, whose ints say which values are new
	fresh *listAt
}

// takeList reads the header of a list of n values.
func (r *reader) takeList(l *listAt, n int, o *offsets) {
	*l = listAt{}
	if n == 0 {
		return
	}
	kind := r.byte()
	if kind != kindRepeats {
		r.takeOnce(l, kind, n, o)
		return
	}
	fresh := r.size(n)
	l.kind, l.n = kind, n
	r.takeInts(&l.ints, n, o)
	r.takeInts(&l.refs, n-fresh, o)
	if fresh == 0 {
		r.fail()
		*l = listAt{}
		return
	}
	l.fresh = new(listAt)
	r.takeOnce(l.fresh, r.byte(), fresh, o)
}

// takeOnce reads the header of a list that is not one of repeats.
func (r *reader) takeOnce(l *listAt, kind byte, n int, o *offsets) {
	l.kind, l.n = kind, n
	l.front = r.take(r.size(len(r.b)))
	switch l.kind {
	case kindText:
		l.width, l.at = r.size(MaxRaw), o.text
		o.text += l.width
		r.takeInts(&l.ints, n, o)
	case kindDigits, kindHex, kindHexUpper:
		l.width = int(r.byte())
		r.takeInts(&l.ints, n, o)
		if l.width < 1 || l.width > 18 || l.kind != kindDigits && l.width > 15 {
			r.fail()
		}
	case kindDecimal, kindIPv4, kindTime, kindUnsigned:
		r.takeInts(&l.ints, n, o)
	case kindBytes, kindUUID:
		l.width, l.at = int(r.byte()), o.radix
		o.radix += n * l.bytes()
		if l.kind == kindUUID && l.width != uuidSize || l.kind == kindBytes && l.width%2 != 0 {
			r.fail()
		}
	case kindIPv6:
		l.at = o.text
		o.text += 16 * n
	default:
		r.fail()
	}
}

// bytes is how many bytes a value takes that is kept as bytes.
func (l listAt) bytes() int {
	if l.kind == kindUUID {
		return 16
	}
	return l.width / 2
}

// list appends the values of a list to dst.
func (b *Block) list(dst *Texts, l listAt) error {
	if l.n == 0 {
		return nil
	}
	if err := fitsFront(dst, l); err != nil {
		return err
	}
	switch l.kind {
	case kindRepeats:
		return b.repeats(dst, l)
	case kindText:
		return b.text(dst, l)
	case kindBytes, kindUUID:
		return b.hexBytes(dst, l)
	case kindIPv6:
		return b.ipv6(dst, l)
	}
	v, err := b.ints(b.ints64, l.ints)
	if err != nil {
		return err
	}
	b.ints64 = v
	if l.kind == kindDecimal {
		for _, x := range v {
			dst.Data = appendDecimal(append(dst.Data, l.front...), x, 0)
			dst.end()
		}
		return nil
	}
	f, _ := formOf(l.kind)
	for _, x := range v {
		dst.Data = f.append(append(dst.Data, l.front...), x, l.width)
		dst.end()
	}
	return nil
}

func (b *Block) hexBytes(dst *Texts, l listAt) error {
	data, err := b.stream(streamRadix)
	if err != nil {
		return err
	}
	data = data[l.at:]
	size := l.bytes()
	for range l.n {
		dst.Data = appendHexBytes(append(dst.Data, l.front...), data[:size], l.kind)
		dst.end()
		data = data[size:]
	}
	return nil
}

func (b *Block) text(dst *Texts, l listAt) error {
	lengths, err := b.ints(b.ints64, l.ints)
	if err != nil {
		return err
	}
	b.ints64 = lengths
	data, err := b.stream(streamText)
	if err != nil {
		return err
	}
	data = data[l.at : l.at+l.width]
	for _, n := range lengths {
		if n < 0 || n > int64(len(data)) {
			return fmt.Errorf("%w: length of a text", ErrDamaged)
		}
		dst.Data = append(append(dst.Data, l.front...), data[:n]...)
		dst.end()
		data = data[n:]
	}
	if len(data) > 0 {
		return fmt.Errorf("%w: %d bytes behind the last text", ErrDamaged, len(data))
	}
	return nil
}

// fitsFront refuses a front that would make the values of a list larger than a block may be.
func fitsFront(dst *Texts, l listAt) error {
	if len(dst.Data)+l.n*len(l.front)+l.width > 2*MaxRaw {
		return fmt.Errorf("%w: %d values with %d bytes in front", ErrDamaged, l.n, len(l.front))
	}
	return nil
}
