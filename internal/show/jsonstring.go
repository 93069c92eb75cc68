package show

// jsonEscape says how a byte stands in a JSON string: 0 as it is, 'u' as \u00XX, else after a backslash (RFC 8259,
// section 7; DEL need not be escaped).
var jsonEscape = [256]byte{
	0: 'u', 1: 'u', 2: 'u', 3: 'u', 4: 'u', 5: 'u', 6: 'u', 7: 'u', '\b': 'b', '\t': 't', '\n': 'n', 11: 'u', '\f': 'f', '\r': 'r',
	14: 'u', 15: 'u', 16: 'u', 17: 'u', 18: 'u', 19: 'u', 20: 'u', 21: 'u', 22: 'u', 23: 'u', 24: 'u', 25: 'u', 26: 'u', 27: 'u',
	28: 'u', 29: 'u', 30: 'u', 31: 'u', '"': '"', '\\': '\\', 127: 'u',
}

// hexDigits are the digits of escapes.
const hexDigits = "0123456789abcdef"

// appendJSONString appends s, which must be UTF-8, as a JSON string.
func appendJSONString[T string | []byte](dst []byte, s T) []byte {
	dst = append(dst, '"')
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
