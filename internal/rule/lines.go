package rule

import (
	"slices"
	"strings"
)

// maxLine is the length of a line with all that continues it, in bytes.
const maxLine = 64 << 10

// line is a logical line: continuations joined, comments gone, blanks trimmed.
type line struct {
	text   string
	pieces []piece // where the bytes of text come from
	active bool    // a block that stands behind "#"
	open   bool    // a bracket or comment was not closed before the end of the file
	long   bool    // it was cut after maxLine bytes
}

// piece says that the text from at on comes from a line and column of the file, both from 1.
type piece struct{ at, line, column int }

// place returns line and column of a byte of the text.
func (l *line) place(offset int) (row, column int) {
	found := piece{0, 1, 1}
	for _, p := range l.pieces {
		if p.at > offset {
			break
		}
		found = p
	}
	return found.line, found.column + offset - found.at
}

// scanner cuts a file into logical lines.
type scanner struct {
	rest    string
	row     int // of the line that was read last, from 1
	dialect Dialect
	blocks  []int // rows that are comments here and blocks elsewhere
}

// raw takes one line of the file.
func (s *scanner) raw() (text string, ok bool) {
	if s.rest == "" {
		return "", false
	}
	text, s.rest, _ = strings.Cut(s.rest, "\n")
	s.row++
	return strings.TrimSuffix(text, "\r"), true
}

// next returns the next line that is not empty.
func (s *scanner) next() (l line, ok bool) {
	for {
		raw, ok := s.raw()
		if !ok {
			return line{}, false
		}
		if strings.HasPrefix(strings.TrimLeft(raw, blanks), "/*") {
			if !s.skipComment(raw) {
				return line{text: "/*", pieces: []piece{{0, s.row, 1}}, open: true}, true
			}
			continue
		}
		b := builder{}
		if s.isActive(raw) {
			b.active = true
			raw = " " + raw[1:]
		} else if looksActive(raw) {
			s.blocks = append(s.blocks, s.row)
		}
		if s.read(&b, raw); b.text.Len() > 0 || b.long {
			return b.line(), true
		}
	}
}

// blanks separate. A line feed stands in a logical line only where a bracket or "then" joined two lines.
const blanks = " \t\v\f\n"

// skipComment takes lines up to "*/". What stands behind that on its line is lost, as nobody writes anything there.
func (s *scanner) skipComment(raw string) (closed bool) {
	raw = strings.TrimLeft(raw, blanks)[len("/*"):]
	for !strings.Contains(raw, "*/") {
		var ok bool
		if raw, ok = s.raw(); !ok {
			return false
		}
	}
	return true
}

// isActive reports whether a comment is none, as BSD has it for blocks: "#!prog" is "!prog" to daemons that know it and
// nothing to others.
func (s *scanner) isActive(raw string) bool {
	if s.dialect != BSD || len(raw) < 2 || raw[0] != '#' {
		return false
	}
	switch raw[1] {
	case '!', ':':
		return true
	case '+', '-':
		return len(raw) > 2 && (isNameByte(raw[2]) && raw[2] != '-' || strings.IndexByte("@*", raw[2]) >= 0) // not a ruled line
	}
	return false
}

// looksActive reports whether a comment is probably meant as a block: "#!su" or "#+alpha" and nothing else.
func looksActive(raw string) bool {
	if len(raw) < 3 || raw[0] != '#' || raw[1] != '!' && raw[1] != '+' {
		return false
	}
	for i := 2; i < len(raw); i++ {
		if c := raw[i]; !isNameByte(c) && strings.IndexByte(".,*+@", c) < 0 {
			return false
		}
	}
	return true
}

// read reads a line and what continues it: lines behind a backslash, and lines of a script until brackets are closed.
func (s *scanner) read(b *builder, raw string) {
	script := isScript(raw)
	for {
		ended := b.add(raw, s.row, s.dialect, script)
		more := script && (b.depth > 0 || !b.long && s.goesOn(b.text.String()))
		if !ended && !more {
			return
		}
		next, ok := s.raw()
		if !ok {
			b.open = more || b.quoted != 0
			return
		}
		if raw = next; b.long {
			continue // only its end is looked for
		} else if more && !ended {
			b.text.WriteByte('\n')
		} else {
			b.glue(raw)
		}
	}
}

// goesOn reports whether a statement goes on with the next line: behind a word that wants something more, and before one that
// begins nothing by itself.
func (s *scanner) goesOn(text string) bool {
	text = strings.TrimRight(text, blanks)
	last := text[len(strings.TrimRightFunc(text, isLetterRune)):]
	if len(last) < len(text) && strings.IndexByte(blanks+")'\"}", text[len(text)-len(last)-1]) >= 0 && isIn(last, "then", "else", "and", "or", "not") {
		return true
	}
	return isIn(s.nextWord(), "then", "else", "and", "or")
}

// nextWord returns the word that the next line begins with which is neither empty nor a comment.
func (s *scanner) nextWord() string {
	for rest := s.rest; rest != ""; {
		var line string
		line, rest, _ = strings.Cut(rest, "\n")
		if line = strings.TrimLeft(line, blanks); line != "" && line[0] != '#' && line != "\r" {
			word, _ := wordOf(line)
			return word
		}
	}
	return ""
}

func isLetterRune(c rune) bool { return c < 0x80 && isLetter(byte(c)) }

// isIn reports whether a word is one of a list, in any case.
func isIn(word string, list ...string) bool {
	return slices.ContainsFunc(list, func(one string) bool { return strings.EqualFold(word, one) })
}

// builder puts a logical line together.
type builder struct {
	text         strings.Builder
	pieces       []piece
	depth        int  // brackets that are open, in a script
	quoted       byte // the quote that is open, in a script
	active, open bool
	long         bool
}

func (b *builder) line() line {
	return line{strings.TrimRight(b.text.String(), blanks), b.pieces, b.active, b.open, b.long}
}

// glue joins a line to the next. Blanks at its beginning go, but where the selectors seem complete one stays, so that
// the action may stand on a line of its own.
func (b *builder) glue(next string) {
	trimmed := strings.TrimLeft(next, blanks)
	before := b.text.String()
	if trimmed == next || trimmed == "" || before == "" || strings.IndexByte(";,.!=<>", before[len(before)-1]) >= 0 || strings.IndexByte(";,.", trimmed[0]) >= 0 {
		return
	}
	b.text.WriteByte(' ')
}

// add appends a line of the file without its comment. It reports whether a backslash says that it goes on.
func (b *builder) add(raw string, row int, d Dialect, script bool) (goesOn bool) {
	start := len(raw) - len(strings.TrimLeft(raw, blanks))
	end, comment := b.endOf(raw, d, script)
	text := strings.TrimRight(raw[:end], blanks)
	if !comment && strings.HasSuffix(text, `\`) {
		text, goesOn = text[:len(text)-1], true
	}
	if start >= len(text) {
		return goesOn
	}
	if b.text.Len()+len(text) > maxLine {
		if b.long = true; len(b.pieces) == 0 {
			b.pieces = append(b.pieces, piece{0, row, start + 1})
		}
		return goesOn
	}
	for {
		b.pieces = append(b.pieces, piece{b.text.Len(), row, start + 1})
		escape := strings.Index(text[start:], `\#`)
		if escape < 0 {
			b.text.WriteString(text[start:])
			return goesOn
		}
		b.text.WriteString(text[start:start+escape] + "#")
		start += escape + len(`\#`)
		if start == len(text) {
			return goesOn
		}
	}
}

// isTemplate reports whether a line is $template, whose text stands in quotes.
func isTemplate(raw string) bool {
	name, found := strings.CutPrefix(strings.TrimLeft(raw, blanks), "$")
	word, _ := wordOf(name)
	return found && strings.EqualFold(word, "template")
}

// endOf finds where the comment of a line begins. In scripts and filters quotes protect what is in them.
func (b *builder) endOf(raw string, d Dialect, script bool) (end int, comment bool) {
	quotes := script || strings.HasPrefix(strings.TrimLeft(raw, blanks), ":") || isTemplate(raw)
	for i := 0; i < len(raw); i++ {
		c := raw[i]
		switch {
		case c == '\\':
			i++ // whatever it is, it is escaped
		case b.quoted != 0:
			if c == b.quoted {
				b.quoted = 0
			}
		case quotes && (c == '"' || c == '\'' && script):
			b.quoted = c
		case c == '#' && (d == BSD || i == 0 || strings.IndexByte(blanks, raw[i-1]) >= 0 || script):
			return i, true
		case script && (c == '(' || c == '{' || c == '['):
			b.depth++
		case script && (c == ')' || c == '}' || c == ']'):
			b.depth--
		}
	}
	if !script {
		b.quoted = 0
	}
	return len(raw), false
}
