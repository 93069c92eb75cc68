package query

import (
	"strconv"
	"strings"
	"unicode/utf8"
)

// parser reads a query from left to right. The first error is kept, and ends reading: pos is the end then.
type parser struct {
	src   string
	pos   int
	depth int
	steps int // of all regular expressions so far
	err   *Error
}

// maxQuery and maxDepth bound what one query may cost to read: bytes, and brackets in each other.
const (
	maxQuery = 1 << 16
	maxDepth = 200
)

func (p *parser) fail(pos int, want string) {
	if p.err == nil {
		p.err = &Error{p.src, utf8.RuneCountInString(p.src[:pos]) + 1, want}
	}
	p.pos = len(p.src)
}

func (p *parser) blanks() {
	for p.pos < len(p.src) && strings.IndexByte(" \t\r\n", p.src[p.pos]) >= 0 {
		p.pos++
	}
}

// peek returns the next byte, 0 at the end.
func (p *parser) peek() byte {
	if p.pos < len(p.src) {
		return p.src[p.pos]
	}
	return 0
}

// take skips s if it comes next.
func (p *parser) take(s string) bool {
	if !strings.HasPrefix(p.src[p.pos:], s) {
		return false
	}
	p.pos += len(s)
	return true
}

// takeAfter is take after blanks.
func (p *parser) takeAfter(s string) bool {
	p.blanks()
	return p.take(s)
}

// need is takeAfter for what must come.
func (p *parser) need(s string) {
	if !p.takeAfter(s) {
		p.fail(p.pos, s)
	}
}

// ends reports whether what is read may end here: at a blank, ")", "|" or the end; within lists at "," and "]" too.
func (p *parser) ends(extra string) bool {
	return p.pos == len(p.src) || strings.IndexByte(" \t\r\n)|"+extra, p.src[p.pos]) >= 0
}

// takeWord skips a word in letters if it stands alone.
func (p *parser) takeWord(word string) bool {
	start := p.pos
	p.blanks()
	if p.take(word) && (p.ends("(,") || p.peek() == '"') {
		return true
	}
	p.pos = start
	return false
}

// piece is a text, bare or between quotes, with or without asterisks.
type piece struct {
	text          string
	pos           int
	quoted        bool
	before, after bool // an asterisk there
}

// piece reads one; bare text ends at a blank and at the bytes of stops.
func (p *parser) piece(stops, want string) piece {
	s := piece{pos: p.pos, before: p.take("*")}
	if p.peek() == '"' {
		s.quoted, s.text = true, p.quoted()
	} else {
		s.text = p.bare(stops)
	}
	if (s.text != "" || s.quoted) && p.take("*") {
		s.after = true
	}
	if s.text == "" && !s.quoted && !s.before {
		p.fail(s.pos, want)
	}
	return s
}

func (p *parser) bare(stops string) string {
	start := p.pos
	for p.pos < len(p.src) && strings.IndexByte(" \t\r\n\"()|*"+stops, p.src[p.pos]) < 0 {
		p.pos++
	}
	if text := p.src[start:p.pos]; utf8.ValidString(text) {
		return text
	}
	p.fail(start, `UTF-8; write other bytes between quotes as \xff`)
	return ""
}

// quoted reads a text between quotes.
func (p *parser) quoted() string {
	start := p.pos
	if !p.take(`"`) {
		p.fail(p.pos, `a text between quotes`)
		return ""
	}
	var b strings.Builder
	for p.pos < len(p.src) {
		c := p.src[p.pos]
		p.pos++
		switch c {
		case '"':
			return b.String()
		case '\\':
			p.escape(&b)
		default:
			b.WriteByte(c)
		}
	}
	p.fail(start, `a second quote that ends the text which begins here`)
	return ""
}

const escapes = `\" \\ \n \t \r or \x and two hexadecimal digits`

func (p *parser) escape(b *strings.Builder) {
	at := p.pos - 1
	switch c := p.peek(); c {
	case '"', '\\':
		b.WriteByte(c)
	case 'n':
		b.WriteByte('\n')
	case 't':
		b.WriteByte('\t')
	case 'r':
		b.WriteByte('\r')
	case 'x':
		digits := p.src[p.pos+1 : min(p.pos+3, len(p.src))]
		n, err := strconv.ParseUint(digits, 16, 8)
		if err != nil || len(digits) != 2 {
			p.fail(at, escapes)
			return
		}
		b.WriteByte(byte(n))
		p.pos += 2
	default:
		p.fail(at, escapes)
		return
	}
	p.pos++
}
