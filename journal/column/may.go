package column

import "strings"

// may tells whether a value of the list can contain v, as far as its header knows.
func (l listAt) may(v []byte) bool {
	switch {
	case l.kind == kindRepeats:
		return l.fresh.may(v)
	case len(l.front) > 0 && overlaps(l.front, v):
		return true
	}
	switch l.kind {
	case kindText:
		return true
	case kindDecimal:
		return l.mayDecimal(v)
	case kindUnsigned:
		return madeOf(v, "", len("18446744073709551615"), digitBits)
	case kindDigits:
		return madeOf(v, "", l.width, digitBits)
	case kindIPv4:
		return madeOf(v, ".", 3, digitBits)
	case kindTime:
		return madeOf(v, "-T:.Z", 6, digitBits)
	case kindIPv6:
		return madeOf(v, ":", 4, hexBits)
	case kindUUID:
		return madeOf(v, "-", 12, hexBits)
	}
	if l.kind == kindHexUpper {
		return madeOf(v, "", l.width, upperHexBits)
	}
	return madeOf(v, "", l.width, hexBits)
}

// mayDecimal is may for integers: no more digits than the largest has, where the header tells it.
func (l listAt) mayDecimal(v []byte) bool {
	if !madeOf(v, "-", 19, digitBits) {
		return false
	}
	if most := l.ints.most(); most >= 0 && l.ints.min >= 0 && l.ints.way&intsDeltas == 0 {
		return len(v) <= len(appendDecimal(nil, most, 0))
	}
	return true
}

// Alphabets of hexadecimal numbers, in the bits of bitOf.
const (
	hexBits      = digitBits | 0x3f<<37
	upperHexBits = digitBits | 0x3f<<10
)

// madeOf tells whether v is made of marks, and of runs of at most most bytes of an alphabet.
func madeOf(v []byte, marks string, most int, alphabet uint64) bool {
	run := 0
	for _, c := range v {
		switch {
		case strings.IndexByte(marks, c) >= 0:
			run = 0
		case bitOf[c]&alphabet == 0 || run == most:
			return false
		default:
			run++
		}
	}
	return true
}
