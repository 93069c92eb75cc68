package events

// random is a counter whose values are mixed until they look random.
type random uint64

func (r *random) next() uint64 {
	*r += 0xd1b54a32d192ed03
	return mix(uint64(*r))
}

// mix makes of a number another one that looks random.
func mix(x uint64) uint64 {
	x = (x ^ x>>29) * 0xff51afd7ed558ccd
	x = (x ^ x>>32) * 0x9e6c63d0676a9a99
	return x ^ x>>30
}

// below is from 0 to n-1, all alike; n is at most 2^32.
func (r *random) below(n int) int { return int(r.next() >> 32 * uint64(n) >> 32) }

// few is from 0 to n-1, the small ones far more often: a quarter of all draws gives the lowest sixty-fourth.
func (r *random) few(n int) int {
	u := r.next() >> 32
	return int(u * u >> 32 * u >> 32 * uint64(n) >> 32)
}

// pool holds the values of a slot that came up lately.
type pool struct {
	values [256]uint64
	newest uint8
}

func (p *pool) fill(r *random) {
	for i := range p.values {
		p.values[i] = r.next()
	}
}

// draw is a new value, or as often one that was seen lately.
func (p *pool) draw(r *random) uint64 {
	x := r.next()
	if x&1 == 0 {
		return p.values[p.newest-uint8(r.few(256))]
	}
	p.newest++
	p.values[p.newest] = mix(x)
	return p.values[p.newest]
}
