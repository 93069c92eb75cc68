package main

import "strconv"

// appendField appends a value for a field of a text: one flat switch.
func (g *generator) appendField(b []byte, field string) []byte {
	switch field {
	case "ip":
		return g.appendAddress(b)
	case "port":
		return strconv.AppendInt(b, int64(1024+g.below(64000)), 10)
	case "num":
		return strconv.AppendInt(b, int64(g.few(100_000)), 10)
	case "small":
		return strconv.AppendInt(b, int64(1+g.below(48)), 10)
	case "ms":
		b = strconv.AppendInt(b, int64(g.few(400)), 10)
		return strconv.AppendInt(append(b, '.'), int64(g.below(10)), 10)
	case "hex":
		return appendHex(b, g.again(&g.numbers), 8)
	case "id":
		return appendHex(b, g.again(&g.requests), 16)
	case "key":
		return appendHex(b, mix(uint64(g.few(500))), 16)
	case "user":
		return append(b, users[g.few(len(users))]...)
	case "path":
		return append(b, paths[g.few(len(paths))]...)
	case "host":
		return append(b, g.host()...)
	}
	return b
}

// appendAddress appends one of some thousand addresses; few of them speak most.
func (g *generator) appendAddress(b []byte) []byte {
	peer := mix(uint64(g.few(5000)))
	b = append(b, "10."...)
	b = strconv.AppendInt(b, int64(peer%24), 10)
	b = append(b, '.')
	b = strconv.AppendInt(b, int64(peer>>8%256), 10)
	b = append(b, '.')
	return strconv.AppendInt(b, int64(1+peer>>16%254), 10)
}

// again is the number of something that several lines speak of: every fourth is new, the others were seen lately.
func (g *generator) again(newest *uint64) uint64 {
	if g.below(4) == 0 {
		*newest++
	}
	return mix(*newest - uint64(g.few(32)))
}

// appendDigits appends the last digits of n.
func appendDigits(b []byte, n, digits int) []byte {
	for range digits {
		b = append(b, '0')
	}
	for i := len(b) - 1; n > 0; i-- {
		b[i] = byte('0' + n%10)
		n /= 10
	}
	return b
}

func appendHex(b []byte, n uint64, digits int) []byte {
	const alphabet = "0123456789abcdef"
	for range digits {
		b = append(b, alphabet[n&15])
		n >>= 4
	}
	return b
}

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
