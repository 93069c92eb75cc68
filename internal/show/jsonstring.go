package show

import "encoding/binary"

// jsonEscape says how a byte stands in a JSON string: 0 as it is, 'u' as \u00XX, else after a backslash (RFC 8259,
// section 7; DEL need not be escaped).
var jsonEscape = [256]byte{
	0: 'u', 1: 'u', 2: 'u', 3: 'u', 4: 'u', 5: 'u', 6: 'u', 7: 'u', '\b': 'b', '\t': 't', '\n': 'n', 11: 'u', '\f': 'f', '\r': 'r',
	14: 'u', 15: 'u', 16: 'u', 17: 'u', 18: 'u', 19: 'u', 20: 'u', 21: 'u', 22: 'u', 23: 'u', 24: 'u', 25: 'u', 26: 'u', 27: 'u',
	28: 'u', 29: 'u', 30: 'u', 31: 'u', '"': '"', '\\': '\\', 127: 'u',
}

// hexDigits are the digits of escapes.
const hexDigits = "0123456789abcdef"

// appendJSONString appends s, which must be UTF-8, as a JSON string. It copies first and looks then: nearly always that
// was all.
func appendJSONString[T string | []byte](dst []byte, s T) []byte {
	start := len(dst) + 1
	dst = append(append(dst, '"'), s...)
	if isJSONPlain(dst[start:]) {
		return append(dst, '"')
	}
	dst = dst[:start]
	done := 0
	for i := 0; i < len(s); i++ {
		escape := jsonEscape[s[i]]
		if escape == 0 {
			continue
		}
		dst = append(append(dst, s[done:i]...), '\\', escape)
		if escape == 'u' {
			dst = append(dst, '0', '0', hexDigits[s[i]>>4], hexDigits[s[i]&15])
		}
		done = i + 1
	}
	return append(append(dst, s[done:]...), '"')
}

// isJSONPlain reports whether s is ASCII without anything to escape.
func isJSONPlain(s []byte) bool {
	if len(s) < 8 {
		for _, c := range s {
			if c >= 0x80 || jsonEscape[c] != 0 {
				return false
			}
		}
		return true
	}
	odd := uint64(0)
	for i := 0; i+8 < len(s); i += 8 {
		odd |= oddBytes(binary.LittleEndian.Uint64(s[i:]))
	}
	return odd|oddBytes(binary.LittleEndian.Uint64(s[len(s)-8:])) == 0
}

// oddBytes is 0 if none of the 8 bytes of w is a control, a quote, a backslash, DEL or above ASCII. For a byte x below
// 0x80, the top bit of x-n, without borrow from below, says that x < n; the lowest odd byte has no borrow.
func oddBytes(w uint64) uint64 {
	const ones, tops = 0x0101010101010101, 0x8080808080808080
	quote, backslash, del := w^ones*'"', w^ones*'\\', w^ones*0x7f
	return (w | (w-ones*0x20)&^w | (quote-ones)&^quote | (backslash-ones)&^backslash | (del-ones)&^del) & tops
}
