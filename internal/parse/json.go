package parse

import (
	"bytes"
	"encoding/binary"
	"slices"

	"constat/entry"
)

// json reads one flat object (RFC 8259, section 4). A member that is a string is a field; an array of strings is a
// field for each; {"base64":"…"} is the bytes it stands for; every other value is its JSON text.
func (p *Parser) json(e *entry.Entry, octets []byte) bool {
	o := object{jsonText: jsonText{b: octets}, p: p, e: e}
	p.params, p.style = append(p.params[:0], 0), 0
	if !o.members() {
		return false
	}
	if o.blanks(); o.at != len(o.b) {
		return false
	}
	e.Renderer = entry.RenderJSON
	p.params[0] |= p.style
	if len(p.params) > 1 || p.params[0] != 0 {
		e.Params = p.arena.copy(p.params)
	}
	return true
}

// object is the reading of one line.
type object struct {
	jsonText
	p      *Parser
	e      *entry.Entry
	lastOp int   // the field that the last operation of the parameters is about
	rank   uint8 // of the key that the event time was taken from; 0: none yet
}

func (o *object) members() bool {
	if o.blanks(); !o.eat('{') {
		return false
	}
	if o.blanks(); o.eat('}') {
		return true
	}
	for first := true; ; first = false {
		o.blanks()
		key, ok := o.text()
		if !ok || len(o.e.Fields) >= maxFields {
			return false
		}
		if o.blanks(); !o.eat(':') {
			return false
		}
		if first && o.at < len(o.b) && o.b[o.at] == ' ' {
			o.p.params[0] = entry.JSONSpaced
		}
		if o.blanks(); !o.value(o.p.names.find(len(o.e.Fields), key)) {
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

// text reads a string and takes its escapes away.
func (o *object) text() (value []byte, ok bool) {
	value, escaped, ok := o.quoted()
	if escaped && ok {
		value = o.p.unquote(value)
	}
	return value, ok
}

// value reads what a member holds and adds its fields.
func (o *object) value(key *name) bool {
	if o.at == len(o.b) {
		return false
	}
	o.underscores(key)
	switch o.b[o.at] {
	case '"':
		value, ok := o.text()
		if ok {
			o.eventTime(key, value)
			o.p.add(o.e, key.field, value)
		}
		return ok
	case '[':
		if o.array(key) {
			return true
		}
	case '{':
		if o.base64(key) {
			return true
		}
	}
	start := o.at
	if !o.skip(0) {
		return false
	}
	literal := o.b[start:o.at]
	if key.written == realtime {
		o.eventTime(key, literal)
	}
	o.operation(entry.JSONLiteral)
	o.p.add(o.e, key.field, literal)
	return true
}

// underscores notes those that a key begins with and its field does not.
func (o *object) underscores(key *name) {
	if n := len(key.written) - len(key.field); n > 0 && n < 256 && key.written[0] == '_' && key.written[n:] == key.field {
		o.operation(entry.JSONKey)
		o.p.params = binary.AppendUvarint(o.p.params, uint64(n))
	}
}

// operation notes how the next field is written.
func (o *object) operation(kind uint64) {
	next := len(o.e.Fields)
	o.p.params = binary.AppendUvarint(o.p.params, uint64(next-o.lastOp)<<2|kind)
	o.lastOp = next
}

// array reads an array of at least one string or {"base64":"…"} and of nothing else. If it returns false it has
// changed nothing.
func (o *object) array(key *name) bool {
	before, fields, params := *o, len(o.e.Fields), len(o.p.params)
	o.operation(entry.JSONArray)
	slot := len(o.p.params) // where the count goes
	if !o.elements(key) {
		*o = before
		o.e.Fields, o.p.params = o.e.Fields[:fields], o.p.params[:params]
		return false
	}
	o.p.scratch = binary.AppendUvarint(o.p.scratch[:0], uint64(len(o.e.Fields)-fields))
	o.p.params = slices.Insert(o.p.params, slot, o.p.scratch...)
	return true
}

func (o *object) elements(key *name) bool {
	for o.at++; ; {
		if o.blanks(); o.at == len(o.b) || len(o.e.Fields) >= maxFields {
			return false
		}
		if o.b[o.at] == '"' {
			value, ok := o.text()
			if !ok {
				return false
			}
			o.p.add(o.e, key.field, value)
		} else if !o.base64(key) {
			return false
		}
		if o.blanks(); o.eat(']') {
			return true
		}
		if !o.eat(',') {
			return false
		}
	}
}

// base64 reads {"base64":"…"}, in standard base64 with padding. If it returns false it has changed nothing.
func (o *object) base64(key *name) bool {
	rest := o.b[o.at:]
	rest, found := bytes.CutPrefix(rest, []byte(`{"base64":`))
	if !found {
		return false
	}
	rest = bytes.TrimPrefix(rest, []byte(" "))
	if len(rest) == 0 || rest[0] != '"' {
		return false
	}
	coded, after, found := bytes.Cut(rest[1:], []byte(`"`))
	if !found || len(after) == 0 || after[0] != '}' {
		return false
	}
	room := o.p.arena.room(o.p.base64.DecodedLen(len(coded)))
	n, err := o.p.base64.Decode(room, coded)
	if err != nil {
		o.p.arena.keep(room, 0)
		return false
	}
	o.operation(entry.JSONBase64)
	o.p.add(o.e, key.field, o.p.arena.keep(room, n))
	o.at = len(o.b) - len(after) + 1
	return true
}
