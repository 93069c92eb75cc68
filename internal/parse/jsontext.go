package parse

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
