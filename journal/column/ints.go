package column

import (
	"fmt"
	"math"
	"math/bits"
	"slices"
)

// Numbers of the ways in which a list of integers is kept. deltas is added to the others: the first value stands in
// the header, and the list is that of the differences.
const (
	intsSame   = 0 // all the same
	intsRadix  = 1 // above the smallest, as digits in a base
	intsPlanes = 2 // above the smallest, all lowest bytes, all second bytes, …
	intsDeltas = 4
)

// A sink collects the streams of a block while its lists are written. Radix numbers are not compressed, the others are.
type sink struct {
	meta, radix, low, high, text, codes []byte
	scratch, deltas                     []uint64
	ints, diffs, flags, refs            []int64
	fresh                               [][]byte
	numbers                             map[string]int64
	logs                                []float64 // n·log₂ n
}

func (s *sink) reset() {
	s.meta, s.radix, s.low, s.high = s.meta[:0], s.radix[:0], s.low[:0], s.high[:0]
	s.text, s.codes = s.text[:0], s.codes[:0]
}

// putInts writes a list of integers. Differences are tried only if asked for.
func (s *sink) putInts(v []int64, deltas bool) {
	plain := s.planInts(v, &s.scratch)
	if !deltas || len(v) < 2 {
		s.putPlanned(plain)
		return
	}
	s.diffs = s.diffs[:0]
	for i, x := range v[1:] {
		s.diffs = append(s.diffs, x-v[i])
	}
	if !steady(s.diffs, plain.span) {
		s.putPlanned(plain)
		return
	}
	d := s.planInts(s.diffs, &s.deltas)
	if d.cost+8 >= plain.cost {
		s.putPlanned(plain)
		return
	}
	s.meta = append(s.meta, intsDeltas+d.way)
	s.meta = appendVarint(s.meta, v[0])
	s.putBody(d)
}

// steady tells whether differences are worth a try: they span far less than the values do, or most are like the one
// before them.
func steady(diffs []int64, span uint64) bool {
	same, least, most := 0, diffs[0], diffs[0]
	for i, d := range diffs {
		least, most = min(least, d), max(most, d)
		if i > 0 && d == diffs[i-1] {
			same++
		}
	}
	return 2*same >= len(diffs) || uint64(most)-uint64(least) < span/2
}

// putCodes writes a list of integers whose low bytes stand in a stream of their own.
func (s *sink) putCodes(v []int64) {
	s.low, s.codes = s.codes, s.low
	s.putInts(v, false)
	s.low, s.codes = s.codes, s.low
}

func (s *sink) putPlanned(p plan) {
	s.meta = append(s.meta, p.way)
	s.putBody(p)
}

func (s *sink) putBody(p plan) {
	s.meta = appendVarint(s.meta, p.min)
	switch p.way {
	case intsRadix:
		s.meta = appendUvarint64(s.meta, p.span)
		s.radix = newRadix(p.span+1).append(s.radix, p.v)
	case intsPlanes:
		s.meta = append(s.meta, byte(p.width))
		for _, x := range p.v {
			s.low = append(s.low, byte(x))
		}
		for j := 1; j < p.width; j++ {
			for _, x := range p.v {
				s.high = append(s.high, byte(x>>(8*j)))
			}
		}
	}
}

// A plan is how a list of integers will be kept.
type plan struct {
	way   byte
	min   int64
	span  uint64 // largest less smallest
	width int    // bytes of span
	v     []uint64
	cost  float64 // bytes, about
}

// planInts finds the way that is expected to be the smallest.
func (s *sink) planInts(v []int64, scratch *[]uint64) plan {
	var p plan
	if len(v) == 0 {
		return p
	}
	p.min = v[0]
	most := v[0]
	for _, x := range v {
		p.min, most = min(p.min, x), max(most, x)
	}
	p.span = uint64(most) - uint64(p.min)
	if p.span == 0 {
		return p
	}
	p.v = (*scratch)[:0]
	for _, x := range v {
		p.v = append(p.v, uint64(x)-uint64(p.min))
	}
	*scratch = p.v
	p.width = (bits.Len64(p.span) + 7) / 8
	p.way, p.cost = intsPlanes, s.planesCost(p.v, p.width)
	if p.span == math.MaxUint64 {
		return p
	}
	if c := float64(newRadix(p.span + 1).bytes(len(v))); c <= p.cost {
		p.way, p.cost = intsRadix, c
	}
	return p
}

// planesCost guesses what byte planes take when compressed: their entropy, and a table for each.
func (s *sink) planesCost(v []uint64, width int) float64 {
	cost, whole := 0.0, s.log(len(v))
	for j := range width {
		var count [256]uint32
		for _, x := range v {
			count[byte(x>>(8*j))]++
		}
		c, distinct := whole, 0
		for _, n := range count {
			if n > 0 {
				c -= s.log(int(n))
				distinct++
			}
		}
		if distinct > 1 {
			cost += c/8 + float64(distinct)/2
		}
	}
	return cost
}

// log gives n·log₂ n.
func (s *sink) log(n int) float64 {
	for len(s.logs) <= min(n, MaxRows) {
		x := float64(len(s.logs))
		s.logs = append(s.logs, x*math.Log2(max(x, 1)))
	}
	if n < len(s.logs) {
		return s.logs[n]
	}
	return float64(n) * math.Log2(float64(n))
}

// An intsAt is where a list of integers stands in the streams of a block.
type intsAt struct {
	n, rest          int // values, and those that are not in the header
	way              byte
	first, min       int64
	span             uint64
	width            int
	radix, low, high int // offsets in the streams
	lane             int // the stream of low bytes
	shape            radix
}

// An offsets counts how much of each stream the lists before take.
type offsets struct{ radix, low, high, text, codes int }

// takeCodes reads the header of what putCodes wrote.
func (r *reader) takeCodes(a *intsAt, n int, o *offsets) {
	o.low, o.codes = o.codes, o.low
	r.takeInts(a, n, o)
	o.low, o.codes = o.codes, o.low
	a.lane = streamCodes
}

// takeInts reads the header of a list of n integers.
func (r *reader) takeInts(a *intsAt, n int, o *offsets) {
	*a = intsAt{n: n, rest: n, way: r.byte(), radix: o.radix, low: o.low, high: o.high, lane: streamLow}
	if a.way&intsDeltas != 0 {
		a.first = r.varint()
		a.rest--
	}
	if a.way&^intsDeltas > intsPlanes || a.rest < 0 {
		r.fail()
		return
	}
	a.min = r.varint()
	switch a.way &^ intsDeltas {
	case intsRadix:
		if a.span = r.uvarint(); a.span == math.MaxUint64 {
			r.fail()
			return
		}
		a.shape = r.radixOf(a.span + 1)
		o.radix += a.shape.bytes(a.rest)
	case intsPlanes:
		if a.width = int(r.byte()); a.width < 1 || a.width > 8 {
			r.fail()
			return
		}
		o.low += a.rest
		o.high += a.rest * (a.width - 1)
	}
}

// radixOf is newRadix, which remembers what it found: most bases are small and come again.
func (r *reader) radixOf(base uint64) radix {
	x := &r.radixes[base%uint64(len(r.radixes))]
	if x.base != base {
		*x = newRadix(base)
	}
	return *x
}

// most is the largest number that the list can hold, as far as its header knows. It is not less than the largest there.
func (a intsAt) most() int64 {
	span := a.span
	switch {
	case a.way == intsSame:
		return a.min
	case a.way == intsPlanes && a.width < 8:
		span = 1<<(8*a.width) - 1
	case a.way != intsRadix:
		return math.MaxInt64
	}
	if s := a.min + int64(span); s >= a.min && span <= math.MaxInt64 {
		return s
	}
	return math.MaxInt64
}

// ints gives the values of a list; dst is overwritten.
func (b *Block) ints(dst []int64, a intsAt) ([]int64, error) {
	dst = grow(dst, a.n)
	v := dst[a.n-a.rest:]
	switch a.way &^ intsDeltas {
	case intsSame:
		for i := range v {
			v[i] = a.min
		}
	case intsRadix:
		data, err := b.stream(streamRadix)
		if err != nil {
			return nil, err
		}
		a.shape.read(v, data[a.radix:], a.min)
	case intsPlanes:
		if err := b.planes(v, a); err != nil {
			return nil, err
		}
	}
	if a.way&intsDeltas != 0 {
		dst[0] = a.first
		for i := 1; i < len(dst); i++ {
			dst[i] += dst[i-1]
		}
	}
	return dst, nil
}

func (b *Block) planes(v []int64, a intsAt) error {
	low, err := b.stream(a.lane)
	if err != nil {
		return err
	}
	low = low[a.low:]
	for i := range v {
		v[i] = a.min + int64(low[i])
	}
	if a.width == 1 {
		return nil
	}
	high, err := b.stream(streamHigh)
	if err != nil {
		return err
	}
	high = high[a.high:]
	for j := 1; j < a.width; j++ {
		for i := range v {
			v[i] += int64(uint64(high[i]) << (8 * j))
		}
		high = high[len(v):]
	}
	return nil
}

// grow returns a list of n integers in the memory of v if that is large enough.
func grow[T any](v []T, n int) []T {
	if cap(v) < n {
		return make([]T, n, n+n/4)
	}
	return v[:n]
}

// AppendInts appends integers in the order of positions (times, numbers of groups) to dst, in whatever form is
// expected to be the smallest. It does not say how many there are.
func (e *Encoder) AppendInts(dst []byte, v []int64) []byte {
	e.sink.reset()
	e.sink.putInts(v, true)
	return e.appendStreams(dst)
}

// Ints appends to dst the n integers that [Encoder.AppendInts] wrote to data. Errors wrap [ErrDamaged]. n is the
// caller's: a list of integers that are all the same takes few bytes and any n.
func Ints(dst []int64, data []byte, n int) ([]int64, error) {
	b := new(Column).newBlock(n)
	defer b.Release()
	a, err := b.takeOnlyInts(data)
	if err != nil {
		return nil, err
	}
	start := len(dst)
	dst = slices.Grow(dst, n)
	if _, err := b.ints(dst[start:start:cap(dst)], a); err != nil {
		return nil, err
	}
	return dst[:start+n], nil
}

// Same tells whether the n integers that [Encoder.AppendInts] wrote to data are all the same one, as far as the header
// knows. Errors are those of [Ints].
func Same(data []byte, n int) (v int64, same bool, err error) {
	b := new(Column).newBlock(n)
	defer b.Release()
	a, err := b.takeOnlyInts(data)
	return a.min, err == nil && a.way == intsSame, err
}

// takeOnlyInts reads the header of a block that is a list of integers and nothing else.
func (b *Block) takeOnlyInts(data []byte) (a intsAt, err error) {
	r := reader{b: data}
	meta, err := b.takeStreams(&r)
	if err != nil {
		return a, err
	}
	m := reader{b: meta}
	var o offsets
	m.takeInts(&a, b.n, &o)
	if m.bad || len(m.b) > 0 || b.n < 0 || !b.fits(o) {
		return a, fmt.Errorf("%w: header of a list of integers", ErrDamaged)
	}
	return a, nil
}

// someInts gives the values of a list that have the numbers at; dst is overwritten.
func (b *Block) someInts(dst []int64, a intsAt, at []int) (_ []int64, err error) {
	dst = grow(dst, len(at))
	switch a.way {
	case intsSame:
		for i := range dst {
			dst[i] = a.min
		}
	case intsRadix:
		data, err := b.stream(streamRadix)
		if err != nil {
			return nil, err
		}
		for i, n := range at {
			dst[i] = a.min + int64(a.shape.at(data[a.radix:], n, a.rest))
		}
	case intsPlanes:
		err = b.somePlanes(dst, a, at)
	default:
		if b.all, err = b.ints(b.all, a); err != nil {
			return nil, err
		}
		for i, n := range at {
			dst[i] = b.all[n]
		}
	}
	return dst, err
}

// somePlanes is planes for the values that have the numbers at.
func (b *Block) somePlanes(v []int64, a intsAt, at []int) error {
	low, err := b.stream(a.lane)
	if err != nil {
		return err
	}
	high, err := b.stream(streamHigh)
	if err != nil {
		return err
	}
	for i, n := range at {
		v[i] = a.min + int64(low[a.low+n])
		for j := 1; j < a.width; j++ {
			v[i] += int64(uint64(high[a.high+(j-1)*a.rest+n]) << (8 * j))
		}
	}
	return nil
}
