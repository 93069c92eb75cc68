package parse

import (
	"bytes"
	"encoding/binary"

	"constat/entry"
)

// structured reads STRUCTURED-DATA (RFC 5424, section 6.3). What follows is nothing, or begins with a blank.
func (p *Parser) structured(e *entry.Entry, b []byte) (rest []byte, ok bool) {
	switch {
	case len(b) > 0 && b[0] == '-':
		b = b[1:]
	case len(b) > 0 && b[0] == '[':
		for len(b) > 0 && b[0] == '[' {
			if b, ok = p.element(e, b[1:]); !ok || len(e.Fields) > maxFields {
				return nil, false
			}
		}
	default:
		return nil, false
	}
	return b, len(b) == 0 || b[0] == ' '
}

// element reads an SD-ELEMENT behind its '['.
func (p *Parser) element(e *entry.Entry, b []byte) (rest []byte, ok bool) {
	id := sdNameSize(b)
	if id == 0 {
		return nil, false
	}
	count := 0
	name := b[:id]
	b = b[id:]
	for len(b) > 0 && b[0] == ' ' {
		if b, ok = p.sdParam(e, name, b[1:]); !ok {
			return nil, false
		}
		count++
	}
	if len(b) == 0 || b[0] != ']' {
		return nil, false
	}
	if count == 0 {
		p.add(e, p.names.find(len(e.Fields), name).field, nil)
	}
	p.params = binary.AppendUvarint(binary.AppendUvarint(p.params, uint64(id)), uint64(count))
	return b[1:], true
}

// sdParam reads PARAM-NAME="PARAM-VALUE"; with p.unquoted also PARAM-NAME=VALUE, as VMware writes it.
func (p *Parser) sdParam(e *entry.Entry, id, b []byte) (rest []byte, ok bool) {
	n := sdNameSize(b)
	if n == 0 || n+len(id)+1 > entry.MaxName || len(b) < n+2 || b[n] != '=' || (b[n+1] != '"' && !p.unquoted) {
		return nil, false
	}
	p.scratch = append(append(append(p.scratch[:0], id...), '.'), b[:n]...)
	field := p.names.find(len(e.Fields), p.scratch).field
	if b[n+1] != '"' {
		n++
		end := bytes.IndexAny(b[n:], ` ]"`)
		if end < 0 || b[n+end] == '"' {
			return nil, false
		}
		p.add(e, field, b[n:n+end])
		return b[n+end:], true
	}
	b = b[n+2:]
	escaped := 0
	for i := 0; i < len(b); i++ {
		switch b[i] {
		case '\\':
			i++
			escaped++
		case '"':
			value := b[:i]
			if escaped > 0 {
				value = p.unescape(value)
			}
			p.add(e, field, value)
			return b[i+1:], true
		}
	}
	return nil, false
}

// unescape returns a PARAM-VALUE without its escapes (RFC 5424, section 6.3.3): a backslash that is not before '"',
// '\' or ']' stands for itself.
func (p *Parser) unescape(value []byte) []byte {
	room := p.arena.room(len(value))
	n := 0
	for i := 0; i < len(value); i++ {
		c := value[i]
		if c == '\\' && i+1 < len(value) && (value[i+1] == '"' || value[i+1] == '\\' || value[i+1] == ']') {
			i++
			c = value[i]
		}
		room[n] = c
		n++
	}
	return p.arena.keep(room, n)
}

// sdNameSize returns how many octets of b make an SD-NAME: printable ASCII without '=', blank, ']' and '"'. More than
// the 32 of the RFC are accepted.
func sdNameSize(b []byte) int {
	for i, c := range b {
		if i == entry.MaxName || c <= ' ' || c > '~' || c == '=' || c == ']' || c == '"' {
			return i
		}
	}
	return len(b)
}
