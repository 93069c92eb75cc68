package parse

import (
	"bytes"

	"constat/entry"
)

// zato reads a line of audit-pii.log: STAMP - LEVEL - PID:THREAD - LOGGER:LINE - OBJECT, without the stamp as Zato's
// documentation shows it, or with text in place of the object. Members of "extra" become fields of their own.
func (p *Parser) zato(e *entry.Entry, octets []byte) bool {
	flags, offset, rest := byte(entry.ZatoNoTime), int64(0), octets
	var s stamp
	if size := s.cutISO(octets); size > 0 {
		t, assumed, ok := p.clock.instant(&s, e.Received)
		if !ok || !bytes.HasPrefix(octets[size:], []byte(zatoGap)) {
			return false
		}
		e.Event, offset, flags = t, assumed, 0
		rest = octets[size+len(zatoGap):]
	}
	if rest = p.zatoHead(e, rest); rest == nil {
		return false
	}
	if before := len(e.Fields); !p.zatoObject(e, rest) {
		e.Fields = e.Fields[:before]
		flags |= entry.ZatoText
		p.add(e, "MESSAGE", rest)
	} else {
		flags |= zatoStyle(rest)
	}
	e.Renderer = entry.RenderZato
	p.params = entry.ZatoParams(p.params[:0], flags, offset)
	if len(p.params) > 0 {
		e.Params = p.arena.copy(p.params)
	}
	return true
}

const zatoGap = " - "

// zatoHead reads LEVEL - PID:THREAD - LOGGER:LINE and returns what follows; nil if it is something else.
func (p *Parser) zatoHead(e *entry.Entry, b []byte) []byte {
	level, b, ok1 := bytes.Cut(b, []byte(zatoGap))
	process, b, ok2 := bytes.Cut(b, []byte(zatoGap))
	logger, b, ok3 := bytes.Cut(b, []byte(zatoGap))
	pid, thread, ok4 := bytes.Cut(process, []byte{':'})
	number, known := zatoLevels[string(level)]
	colon := bytes.LastIndexByte(logger, ':')
	if !ok1 || !ok2 || !ok3 || !ok4 || !known || colon < 0 || !allDigits(pid) || !allDigits(logger[colon+1:]) {
		return nil
	}
	p.add(e, "PRIORITY", p.numbers[number])
	p.add(e, "SYSLOG_PID", pid)
	p.add(e, "THREAD_NAME", thread)
	p.add(e, "SYSLOG_IDENTIFIER", logger[:colon])
	p.add(e, "CODE_LINE", logger[colon+1:])
	return b
}

// zatoLevels are the levels of Python's logging in those of syslog.
var zatoLevels = map[string]int{"CRITICAL": 2, "ERROR": 3, "WARNING": 4, "INFO": 6, "DEBUG": 7}

func allDigits(b []byte) bool {
	for _, c := range b {
		if digit(c) < 0 {
			return false
		}
	}
	return len(b) > 0
}

// zatoStyle says how an object is written.
func zatoStyle(b []byte) (flags byte) {
	if colon := bytes.IndexByte(b, ':'); colon >= 0 && !bytes.HasPrefix(b[colon:], []byte(": ")) {
		flags = entry.ZatoCompact
	}
	if bytes.Contains(b, []byte(`\/`)) {
		flags |= entry.ZatoSlash
	}
	if bytes.IndexFunc(b, func(r rune) bool { return r >= 0x7f }) >= 0 {
		flags |= entry.ZatoUnicode
	}
	return flags
}

// zatoObject reads the object of an audit entry.
func (p *Parser) zatoObject(e *entry.Entry, b []byte) bool {
	o := object{jsonText: jsonText{b: b}, p: p, e: e}
	ok := o.each(func(key []byte) bool {
		name := p.names.find(len(e.Fields), key).field
		switch {
		case name == entry.AuditExtra:
			return o.extra()
		case o.at < len(b) && b[o.at] == '"':
			value, ok := o.text()
			p.add(e, name, value)
			return ok
		}
		return o.literal(name)
	})
	return ok && o.at == len(b)
}

// each reads an object and calls member with every key, standing before the value, which it must read.
func (o *object) each(member func(key []byte) bool) bool {
	if !o.eat('{') {
		return false
	}
	if o.blanks(); o.eat('}') {
		return true
	}
	for {
		o.blanks()
		key, ok := o.text()
		if o.blanks(); !ok || len(o.e.Fields) >= maxFields || !o.eat(':') {
			return false
		}
		if o.blanks(); !member(key) {
			return false
		}
		if o.blanks(); o.eat('}') {
			return true
		}
		if !o.eat(',') {
			return false
		}
	}
}

// literal adds a field with a value as it is written; of a string, what is between the quotes.
func (o *object) literal(name string) bool {
	start := o.at
	if !o.skip(0) {
		return false
	}
	o.p.add(o.e, name, entry.AuditValue(o.b[start:o.at]))
	return true
}

// extra reads the value of "extra". An object makes a field of each member, unless a key cannot name one.
func (o *object) extra() bool {
	before, fields := *o, len(o.e.Fields)
	ok := o.each(func(key []byte) bool {
		name := entry.AuditPrefix + string(key)
		return entry.ValidName(name) && o.literal(name)
	})
	if ok && len(o.e.Fields) > fields {
		return true
	}
	*o = before
	o.e.Fields = o.e.Fields[:fields]
	return o.literal(entry.AuditExtra)
}
