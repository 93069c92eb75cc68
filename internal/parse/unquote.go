package parse

import (
	"bytes"
	"unicode/utf16"
	"unicode/utf8"

	"constat/entry"
)

// unquote returns what is between the quotes of a string, without the escapes, which are known to be good. A surrogate
// without its other half becomes U+FFFD.
func (p *Parser) unquote(s []byte) []byte {
	room := p.arena.room(len(s))
	out := room[:0]
	for i := 0; i < len(s); {
		if n := bytes.IndexByte(s[i:], '\\'); n != 0 {
			if n < 0 {
				n = len(s) - i
			}
			out = append(out, s[i:i+n]...)
			i += n
			continue
		}
		if s[i+1] == '/' {
			p.style |= entry.JSONSlash
		}
		if s[i+1] != 'u' {
			out = append(out, unescaped(s[i+1]))
			i += 2
			continue
		}
		unit, _ := hex4(s[i:])
		p.style |= styleOf(unit)
		i += 6
		if utf16.IsSurrogate(unit) {
			low, _ := hex4(s[i:])
			if unit = utf16.DecodeRune(unit, low); unit != utf8.RuneError {
				i += 6
			}
		}
		out = utf8.AppendRune(out, unit)
	}
	return p.arena.keep(room, len(out))
}

// styleOf returns the flag of those who escape a code unit that could stand for itself, 0 if there is none.
func styleOf(unit rune) byte {
	switch {
	case unit == '<' || unit == '>' || unit == '&' || unit == 0x2028 || unit == 0x2029:
		return entry.JSONHTML
	case unit >= 0x7f:
		return entry.JSONASCII
	}
	return 0
}

func unescaped(c byte) byte {
	switch c {
	case 'b':
		return '\b'
	case 'f':
		return '\f'
	case 'n':
		return '\n'
	case 'r':
		return '\r'
	case 't':
		return '\t'
	}
	return c
}

// escapeSize returns the length of the escape at the head of b, 0 if it is none.
func escapeSize(b []byte) int {
	if len(b) < 2 {
		return 0
	}
	switch b[1] {
	case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
		return 2
	case 'u':
		if _, ok := hex4(b); ok {
			return 6
		}
	}
	return 0
}

// hex4 returns the code unit of a \uXXXX at the head of b.
func hex4(b []byte) (unit rune, ok bool) {
	if len(b) < 6 || b[0] != '\\' || b[1] != 'u' {
		return 0, false
	}
	for _, c := range b[2:6] {
		switch {
		case c >= '0' && c <= '9':
			c -= '0'
		case c|0x20 >= 'a' && c|0x20 <= 'f':
			c = c | 0x20 - 'a' + 10
		default:
			return 0, false
		}
		unit = unit<<4 | rune(c)
	}
	return unit, true
}
