package column

import (
	"math"
	"strconv"
	"time"
)

// A form is a way to write an integer. Its parse accepts only what its append gives back; width is that of all values
// of the list in bytes where the form has one, else 0.
type form struct {
	fixed  bool // all values are of the same length, which append must know
	parse  func(v []byte) (int64, bool)
	append func(dst []byte, x int64, width int) []byte
}

// Numbers of the kinds of lists.
const (
	kindText     = 0
	kindDecimal  = 1 // canonical decimal integers
	kindDigits   = 2 // up to 18 decimal digits, zeros in front
	kindHex      = 3 // up to 15 hexadecimal digits, lower case
	kindHexUpper = 4
	kindIPv4     = 5
	kindTime     = 6  // 2006-01-02T15:04:05.000000Z
	kindBytes    = 7  // hexadecimal, lower case, an even number of digits
	kindUUID     = 8  // lower case
	kindRepeats  = 9  // values that occur again stand in a list of their own once
	kindIPv6     = 11 // as RFC 5952 writes them
	kindUnsigned = 10 // canonical decimal integers from 0 to 10¹⁹-1, less 2⁶³
)

// formOf returns the form of a kind whose values are integers.
func formOf(kind byte) (form, bool) {
	switch kind {
	case kindDecimal:
		return form{false, parseDecimal, appendDecimal}, true
	case kindDigits:
		return form{true, parseDigits, appendDigits}, true
	case kindHex:
		return form{true, parseHex, appendHex}, true
	case kindHexUpper:
		return form{true, parseHexUpper, appendHexUpper}, true
	case kindIPv4:
		return form{false, parseIPv4, appendIPv4}, true
	case kindTime:
		return form{false, parseTime, appendTime}, true
	case kindUnsigned:
		return form{false, parseUnsigned, appendUnsigned}, true
	}
	return form{}, false
}

func parseDecimal(v []byte) (int64, bool) {
	digits := v
	if len(v) > 0 && v[0] == '-' {
		digits = v[1:]
	}
	if len(digits) == 0 || len(digits) > 19 || digits[0] == '0' && len(v) > 1 {
		return 0, false
	}
	x := uint64(0)
	for _, c := range digits {
		if c < '0' || c > '9' {
			return 0, false
		}
		x = x*10 + uint64(c-'0')
	}
	if x > math.MaxInt64 {
		return 0, false
	}
	if len(digits) < len(v) {
		return -int64(x), true
	}
	return int64(x), true
}

// parseUnsigned reads numbers below 10¹⁹, all of which an uint64 holds.
func parseUnsigned(v []byte) (int64, bool) {
	if len(v) == 0 || len(v) > 19 || v[0] == '0' && len(v) > 1 {
		return 0, false
	}
	x := uint64(0)
	for _, c := range v {
		if c < '0' || c > '9' {
			return 0, false
		}
		x = x*10 + uint64(c-'0')
	}
	return int64(x - 1<<63), true
}

func appendUnsigned(dst []byte, x int64, _ int) []byte {
	return strconv.AppendUint(dst, uint64(x)+1<<63, 10)
}

func appendDecimal(dst []byte, x int64, _ int) []byte {
	if 0 <= x && x < 10 {
		return append(dst, '0'+byte(x))
	}
	return strconv.AppendInt(dst, x, 10)
}

func parseDigits(v []byte) (int64, bool) {
	if len(v) == 0 || len(v) > 18 {
		return 0, false
	}
	x := int64(0)
	for _, c := range v {
		if c < '0' || c > '9' {
			return 0, false
		}
		x = x*10 + int64(c-'0')
	}
	return x, true
}

func appendDigits(dst []byte, x int64, width int) []byte {
	dst = append(dst, zeros[:width]...)
	for i := len(dst) - 1; width > 0; width-- {
		dst[i] += byte(uint64(x) % 10)
		x = int64(uint64(x) / 10)
		i--
	}
	return dst
}

const zeros = "000000000000000000"

func parseHex(v []byte) (int64, bool) { return parseHexOf(v, 'a') }

func parseHexUpper(v []byte) (int64, bool) { return parseHexOf(v, 'A') }

func parseHexOf(v []byte, a byte) (int64, bool) {
	if len(v) == 0 || len(v) > 15 {
		return 0, false
	}
	x := int64(0)
	for _, c := range v {
		d, ok := nibble(c, a)
		if !ok {
			return 0, false
		}
		x = x<<4 | int64(d)
	}
	return x, true
}

// nibble reads a hexadecimal digit whose letters begin at a.
func nibble(c, a byte) (byte, bool) {
	if c-'0' < 10 {
		return c - '0', true
	}
	return c - a + 10, c-a < 6
}

func appendHex(dst []byte, x int64, width int) []byte {
	return appendHexOf(dst, x, width, "0123456789abcdef")
}

func appendHexUpper(dst []byte, x int64, width int) []byte {
	return appendHexOf(dst, x, width, "0123456789ABCDEF")
}

func appendHexOf(dst []byte, x int64, width int, digits string) []byte {
	for shift := 4 * (width - 1); shift >= 0; shift -= 4 {
		dst = append(dst, digits[x>>shift&15])
	}
	return dst
}

func parseIPv4(v []byte) (int64, bool) {
	x, part, digits, dots := int64(0), 0, 0, 0
	for _, c := range v {
		switch {
		case c == '.' && digits > 0 && dots < 3:
			x, part, digits, dots = x<<8|int64(part), 0, 0, dots+1
		case c-'0' < 10 && (digits == 0 || part > 0):
			if part, digits = part*10+int(c-'0'), digits+1; part > 255 {
				return 0, false
			}
		default:
			return 0, false
		}
	}
	return x<<8 | int64(part), dots == 3 && digits > 0
}

func appendIPv4(dst []byte, x int64, _ int) []byte {
	for shift := 24; ; shift -= 8 {
		n := byte(x >> shift)
		if n >= 100 {
			dst = append(dst, '0'+n/100, '0'+n/10%10)
		} else if n >= 10 {
			dst = append(dst, '0'+n/10)
		}
		if dst = append(dst, '0'+n%10); shift == 0 {
			return dst
		}
		dst = append(dst, '.')
	}
}

const timeLayout = "2006-01-02T15:04:05.000000Z"

// parseTime reads a time of day in UTC with six digits of fraction, as µs since 1970.
func parseTime(v []byte) (int64, bool) {
	if len(v) != len(timeLayout) || v[19] != '.' {
		return 0, false
	}
	t, err := time.Parse(timeLayout, string(v))
	if err != nil {
		return 0, false
	}
	var again [len(timeLayout)]byte
	return t.UnixMicro(), string(appendTime(again[:0], t.UnixMicro(), 0)) == string(v)
}

func appendTime(dst []byte, x int64, _ int) []byte {
	return time.UnixMicro(x).UTC().AppendFormat(dst, timeLayout)
}
