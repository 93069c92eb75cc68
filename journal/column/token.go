package column

// A token is a run of [0-9A-Za-z_] and bytes ≥ 0x80 that is as long as it can be. A variable is a token with a digit.

const (
	isToken = 1
	digit   = 2
)

// class says of each byte whether it belongs to tokens, and whether it is a digit.
var class = func() (c [256]uint8) {
	for i := range c {
		switch b := byte(i); {
		case isDigit(b):
			c[i] = isToken | digit
		case b >= 'a' && b <= 'z', b >= 'A' && b <= 'Z', b == '_', b >= 0x80:
			c[i] = isToken
		}
	}
	return c
}()

// IsToken reports whether a byte belongs to tokens.
func IsToken(b byte) bool { return class[b] != 0 }

// span is where a token is.
type span struct{ start, end uint32 }

// nextVariable returns the first variable at or behind from; ok is false if there is none.
func nextVariable(b []byte, from int) (start, end int, ok bool) {
	for i := from; i < len(b); {
		c := class[b[i]]
		if c == 0 {
			i++
			continue
		}
		start, seen := i, uint8(0)
		for i < len(b) && class[b[i]] != 0 {
			seen |= class[b[i]]
			i++
		}
		if seen&digit != 0 {
			return start, i, true
		}
	}
	return 0, 0, false
}

// eachToken calls visit for every token.
func eachToken(b []byte, visit func(token []byte, hasDigit bool)) {
	for i := 0; i < len(b); {
		if class[b[i]] == 0 {
			i++
			continue
		}
		start, seen := i, uint8(0)
		for i < len(b) && class[b[i]] != 0 {
			seen |= class[b[i]]
			i++
		}
		visit(b[start:i], seen&digit != 0)
	}
}
