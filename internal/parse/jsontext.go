package parse

import (
	"bytes"
	"unicode/utf16"
	"unicode/utf8"
)

// maxDepth is how deep arrays and objects may be nested inside a member.
const maxDepth = 64

// jsonText walks over JSON text (RFC 8259) without making values of it.
type jsonText struct {
	b  []byte
	at int
}

// blanks steps over insignificant whitespace.
func (t *jsonText) blanks() {
	for t.at < len(t.b) && t.b[t.at] <= ' ' {
		switch t.b[t.at] {
		case ' ', '\t', '\n', '\r':
			t.at++
		default:
			return
		}
	}
}

// eat steps over c if it is next.
func (t *jsonText) eat(c byte) bool {
	if t.at < len(t.b) && t.b[t.at] == c {
		t.at++
		return true
	}
	return false
}

// quoted reads a string and returns what is between the quotes. Octets that are not UTF-8 may stand in it, control
// characters may not.
func (t *jsonText) quoted() (inside []byte, escaped, ok bool) {
	if !t.eat('"') {
		return nil, false, false
	}
	b := t.b
	for i := t.at; ; {
		if i += plainSize(b[i:]); i == len(b) {
			return nil, false, false
		}
		switch b[i] {
		case '"':
			inside, t.at = b[t.at:i], i+1
			return inside, escaped, true
		case '\\':
			size := escapeSize(b[i:])
			if size == 0 {
				return nil, false, false
			}
			escaped = true
			i += size
		default:
			return nil, false, false
		}
	}
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
		if s[i+1] != 'u' {
			out = append(out, unescaped(s[i+1]))
			i += 2
			continue
		}
		unit, _ := hex4(s[i:])
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

// skip steps over one value at that depth and reports whether it is well formed.
func (t *jsonText) skip(depth int) bool {
	if t.at == len(t.b) || depth > maxDepth {
		return false
	}
	switch t.b[t.at] {
	case '"':
		_, _, ok := t.quoted()
		return ok
	case '{':
		return t.skipList('}', depth)
	case '[':
		return t.skipList(']', depth)
	case 't':
		return t.word("true")
	case 'f':
		return t.word("false")
	case 'n':
		return t.word("null")
	}
	return t.number()
}

// skipList steps over an array or an object, which ends in end.
func (t *jsonText) skipList(end byte, depth int) bool {
	t.at++
	if t.blanks(); t.eat(end) {
		return true
	}
	for {
		t.blanks()
		if end == '}' {
			if _, _, ok := t.quoted(); !ok {
				return false
			}
			if t.blanks(); !t.eat(':') {
				return false
			}
			t.blanks()
		}
		if !t.skip(depth + 1) {
			return false
		}
		if t.blanks(); t.eat(end) {
			return true
		}
		if !t.eat(',') {
			return false
		}
	}
}

func (t *jsonText) word(w string) bool {
	if len(t.b)-t.at < len(w) || string(t.b[t.at:t.at+len(w)]) != w {
		return false
	}
	t.at += len(w)
	return true
}

// number steps over a number (RFC 8259, section 6).
func (t *jsonText) number() bool {
	t.eat('-')
	if !t.eat('0') && !t.digits() {
		return false
	}
	if t.eat('.') && !t.digits() {
		return false
	}
	if t.eat('e') || t.eat('E') {
		if !t.eat('-') {
			t.eat('+')
		}
		return t.digits()
	}
	return true
}

func (t *jsonText) digits() bool {
	start := t.at
	for t.at < len(t.b) && digit(t.b[t.at]) >= 0 {
		t.at++
	}
	return t.at > start
}
