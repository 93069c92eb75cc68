package query

import (
	"strconv"
)

const wantPipe = "fields, drop, limit, offset, sort, first, last, stats, top, uniq, extract, unpack, format, rename, context, " +
	"patterns, sample, verify or where"

// pipe reads one pipe: a flat switch over their names.
func (p *parser) pipe() Pipe {
	p.blanks()
	start := p.pos
	switch p.bare(",") {
	case "fields":
		return Fields{p.fieldList()}
	case "drop":
		return Drop{p.fieldList()}
	case "limit", "head":
		return Limit{p.count(0)}
	case "offset":
		return Offset{p.count(0)}
	case "sort":
		p.needWord("by")
		return Sort{p.keys()}
	case "first":
		return First{p.count(1), p.byKeys()}
	case "last":
		return Last{p.count(1), p.byKeys()}
	case "stats":
		return p.stats()
	case "top":
		n := p.count(1)
		p.takeWord("by")
		return Top{n, p.field()}
	case "uniq":
		p.takeWord("by")
		return Uniq{p.bracketed()}
	case "extract":
		return p.extract()
	case "unpack":
		return p.unpack()
	case "format":
		return p.format()
	case "rename":
		return p.rename()
	case "context":
		return p.context()
	case "patterns":
		n := 0
		if p.blanks(); !p.ends("") {
			n = p.count(1)
		}
		return Patterns{n}
	case "sample":
		return Sample{p.count(1)}
	case "verify":
		return Verify{}
	case "where", "filter":
		return Where{p.filter()}
	}
	p.err = nil
	p.fail(start, wantPipe)
	return nil
}

func (p *parser) needWord(word string) {
	if !p.takeWord(word) {
		p.blanks()
		p.fail(p.pos, word)
	}
}

// count reads a whole number that is least or more.
func (p *parser) count(least int) int {
	p.blanks()
	start := p.pos
	n, err := strconv.Atoi(p.bare(","))
	if err != nil || n < least || n > 1_000_000_000 {
		p.fail(start, "a whole number, "+strconv.Itoa(least)+" to 1000000000")
	}
	return n
}

// newName reads a name that a column gets.
func (p *parser) newName() string {
	p.blanks()
	s := p.piece(",:", "the name of a field")
	if s.before || s.after || s.text == "" {
		p.fail(s.pos, "the name of a field; quote what is no letter, digit, _ or .")
	}
	return s.text
}

// field reads the name of a field that is there; "message" is the role.
func (p *parser) field() string {
	if name := p.newName(); name != "message" {
		return name
	}
	return ""
}

func (p *parser) fieldList() (names []string) {
	names = append(names, p.field())
	for p.takeAfter(",") {
		names = append(names, p.field())
	}
	return names
}

// bracketed reads (a, b).
func (p *parser) bracketed() []string {
	p.need("(")
	names := p.fieldList()
	p.need(")")
	return names
}

// byKeys reads "by (…)" if it is there.
func (p *parser) byKeys() []Key {
	if !p.takeWord("by") {
		return nil
	}
	return p.keys()
}

// keys reads (a, b desc).
func (p *parser) keys() (keys []Key) {
	p.need("(")
	for {
		k := Key{Field: p.field()}
		if k.Desc = p.takeWord("desc"); !k.Desc {
			p.takeWord("asc")
		}
		keys = append(keys, k)
		if !p.takeAfter(",") {
			p.need(")")
			return keys
		}
	}
}

func (p *parser) from() string {
	if p.takeWord("from") {
		return p.field()
	}
	return ""
}

func (p *parser) extract() Pipe {
	p.blanks()
	start := p.pos
	if p.peek() == '~' {
		re := p.regexp()
		if p.err == nil && !hasGroupName(re) {
			p.fail(start, "a regular expression with a named group such as (?P<ip>[0-9.]+)")
		}
		return Extract{Regexp: &re, From: p.from()}
	}
	pattern := p.pattern()
	if p.err == nil && !pattern.extractable() {
		p.fail(start, "a text between any two <names>, or nothing tells where one ends")
	}
	return Extract{Pattern: pattern, From: p.from()}
}

func hasGroupName(re Regexp) bool {
	for _, name := range re.RE.SubexpNames() {
		if name != "" {
			return true
		}
	}
	return false
}

func (p *parser) pattern() *Pattern {
	start := p.pos
	source := p.quoted()
	pattern, err := CompilePattern(source)
	if err != nil {
		p.fail(start, `a pattern such as "<host>: <_>" (`+err.Error()+")")
		return nil
	}
	return pattern
}

func (p *parser) unpack() Pipe {
	for _, format := range [...]string{"json", "logfmt", "syslog"} {
		if p.takeWord(format) {
			return Unpack{format, p.from()}
		}
	}
	p.blanks()
	p.fail(p.pos, "json, logfmt or syslog")
	return nil
}

func (p *parser) format() Pipe {
	p.blanks()
	f := Format{Template: p.pattern()}
	if p.takeWord("as") {
		f.As = p.newName()
	}
	return f
}

func (p *parser) rename() Pipe {
	var r Rename
	for {
		from := p.field()
		p.needWord("as")
		r.Pairs = append(r.Pairs, Renaming{from, p.newName()})
		if !p.takeAfter(",") {
			return r
		}
	}
}

func (p *parser) context() Pipe {
	var c Context
	before := p.takeWord("before")
	if before {
		c.Before = p.count(0)
	}
	after := p.takeWord("after")
	if after {
		c.After = p.count(0)
	}
	if !before && !after {
		c.Before = p.count(0)
		c.After = c.Before
	}
	return c
}
