package entry

import (
	"encoding/base64"
	"strings"
	"unicode/utf8"
)

// The parameters of [RenderJSON]. Empty: compact, every value a string. Otherwise
//
//	flags  byte      [JSONSpaced] and the others below; any other is an error
//	op     repeated  what is not a plain string, in the order of the fields, to the end of the parameters:
//	         uvarint   steps << 2 | kind: so many fields after the field of the operation before (from 0)
//	         uvarint   only for JSONArray: how many fields, from that one on, are its elements; at least 1
//	                   only for JSONKey: how many underscores, 1…255
//
// Every field is a member: its name is the key, its value the string. An array begins before its first element, which
// may have operations of its own with 0 steps. A JSONKey comes before the other operations of its field. Keys and strings escape '"' and '\', write \b \f \n \r \t for these
// controls and \u00xx in lower case for the other octets below 0x20; all other octets stand for themselves, unless a flag
// says otherwise.
const (
	JSONSpaced = 1 // a blank after each ':' and ',' as Python writes them
	JSONASCII  = 2 // 0x7f and what is beyond ASCII is escaped as UTF-16, in lower case: Python's ensure_ascii
	JSONSlash  = 4 // '/' is escaped: PHP
	JSONHTML   = 8 // '<', '>', '&', U+2028 and U+2029 are escaped as \uXXXX: Go
	jsonFlags  = JSONSpaced | JSONASCII | JSONSlash | JSONHTML

	JSONLiteral = 0 // the value is JSON text: a number, true, false, null, a nested array or object
	JSONBase64  = 1 // the value is written {"base64":"…"}, standard alphabet, padded (RFC 4648, section 4)
	JSONArray   = 2 // an array of strings: a field for each element
	JSONKey     = 3 // underscores stand before the name in the key: no sender sets a field that begins with one
)

// jsonOps reads the operations.
type jsonOps struct {
	params []byte
	field  uint64 // the field that the operation at hand is about
	kind   byte
	more   bool // there is an operation at hand
}

// step reads the next operation.
func (o *jsonOps) step() error {
	o.more = len(o.params) > 0
	if !o.more {
		return nil
	}
	op, rest, err := param(o.params)
	if err != nil {
		return err
	}
	o.params = rest
	o.field += op >> 2
	o.kind = byte(op & 3)
	return nil
}

// at reports whether the operation at hand is that one.
func (o *jsonOps) at(field uint64, kind byte) bool {
	return o.more && o.field == field && o.kind == kind
}

// appendJSON renders one object without a line end.
func appendJSON(dst []byte, e *Entry) ([]byte, error) {
	w := jsonWriter{out: dst, comma: ",", colon: ":"}
	if len(e.Params) > 0 {
		if w.style = e.Params[0] &^ JSONSpaced; e.Params[0] > jsonFlags {
			return dst, errParams
		}
		if e.Params[0]&JSONSpaced != 0 {
			w.comma, w.colon = ", ", ": "
		}
		w.ops.params = e.Params[1:]
	}
	if err := w.object(e.Fields); err != nil {
		return dst, err
	}
	return w.out, nil
}

type jsonWriter struct {
	out          []byte
	comma, colon string
	style        byte // JSONASCII, JSONSlash, JSONHTML
	ops          jsonOps
	array        string // name of the array being written
	left         uint64 // its elements that are still to come
}

func (w *jsonWriter) object(fields []Field) error {
	if err := w.ops.step(); err != nil {
		return err
	}
	r := received{fields: fields}
	w.out = append(w.out, '{')
	for n := uint64(0); ; n++ {
		f := r.next()
		if f == nil {
			break
		}
		if n > 0 {
			w.out = append(w.out, w.comma...)
		}
		if err := w.member(n, f); err != nil {
			return err
		}
	}
	if r.err == nil && (w.left > 0 || w.ops.more) {
		return errParams
	}
	w.out = append(w.out, '}')
	return r.err
}

// member renders a key and its value, or the next element of an array.
func (w *jsonWriter) member(n uint64, f *Field) error {
	inside := w.left > 0
	if !inside {
		if err := w.key(n, f.Name); err != nil {
			return err
		}
		if w.ops.at(n, JSONArray) {
			if err := w.openArray(f.Name); err != nil {
				return err
			}
			inside = true
		}
	} else if f.Name != w.array {
		return errParams
	}
	if err := w.value(n, f.Value, inside); err != nil {
		return err
	}
	if inside {
		if w.left--; w.left == 0 {
			w.out = append(w.out, ']')
		}
	}
	return nil
}

// key renders the key of field n and what sets it off.
func (w *jsonWriter) key(n uint64, name string) (err error) {
	if w.ops.at(n, JSONKey) {
		var count uint64
		if count, w.ops.params, err = param(w.ops.params); err != nil || count < 1 || count > 255 {
			return errParams
		}
		name = strings.Repeat("_", int(count)) + name
		if err = w.ops.step(); err != nil {
			return err
		}
	}
	w.quoted([]byte(name))
	w.out = append(w.out, w.colon...)
	return nil
}

// quoted renders a string in the style of the object.
func (w *jsonWriter) quoted(s []byte) {
	if w.style == 0 {
		w.out = appendQuoted(w.out, s)
		return
	}
	w.out = append(w.out, '"')
	for len(s) > 0 {
		c, size := rune(s[0]), 1
		if c >= utf8.RuneSelf {
			c, size = utf8.DecodeRune(s)
		}
		w.rune(c, s[:size])
		s = s[size:]
	}
	w.out = append(w.out, '"')
}

func (w *jsonWriter) rune(c rune, octets []byte) {
	switch {
	case c < utf8.RuneSelf && escapes[c]:
		w.out = appendEscape(w.out, octets[0])
	case c == '/' && w.style&JSONSlash != 0:
		w.out = append(w.out, '\\', '/')
	case w.style&JSONHTML != 0 && (c == '<' || c == '>' || c == '&' || c == 0x2028 || c == 0x2029):
		w.out = appendUnit(w.out, c)
	case c < 0x7f || w.style&JSONASCII == 0:
		w.out = append(w.out, octets...)
	default:
		w.out = appendUTF16(w.out, c)
	}
}

func (w *jsonWriter) openArray(name string) (err error) {
	if w.left, w.ops.params, err = param(w.ops.params); err != nil || w.left == 0 {
		return errParams
	}
	w.array = name
	w.out = append(w.out, '[')
	return w.ops.step()
}

func (w *jsonWriter) value(n uint64, value []byte, inside bool) error {
	switch {
	case w.ops.at(n, JSONLiteral) && !inside:
		w.out = append(w.out, value...)
		return w.ops.step()
	case w.ops.at(n, JSONBase64):
		w.out = append(append(append(w.out, `{"base64"`...), w.colon...), '"')
		w.out = base64.StdEncoding.AppendEncode(w.out, value)
		w.out = append(w.out, `"}`...)
		return w.ops.step()
	}
	if w.ops.more && w.ops.field <= n {
		return errParams
	}
	w.quoted(value)
	return nil
}

// appendQuoted appends s as a JSON string (RFC 8259, section 7).
func appendQuoted[T string | []byte](dst []byte, s T) []byte {
	dst = append(dst, '"')
	start := 0
	for i := 0; i < len(s); i++ {
		if escapes[s[i]] {
			dst = appendEscape(append(dst, s[start:i]...), s[i])
			start = i + 1
		}
	}
	return append(append(dst, s[start:]...), '"')
}

func appendEscape(dst []byte, c byte) []byte {
	const hex = "0123456789abcdef"
	switch c {
	case '"', '\\':
		return append(dst, '\\', c)
	case '\b':
		return append(dst, '\\', 'b')
	case '\f':
		return append(dst, '\\', 'f')
	case '\n':
		return append(dst, '\\', 'n')
	case '\r':
		return append(dst, '\\', 'r')
	case '\t':
		return append(dst, '\\', 't')
	}
	return append(dst, '\\', 'u', '0', '0', hex[c>>4], hex[c&15])
}

// escapes says which octets do not stand for themselves in a JSON string.
var escapes = [256]bool{
	0: true, 1: true, 2: true, 3: true, 4: true, 5: true, 6: true, 7: true, 8: true, 9: true, 10: true, 11: true,
	12: true, 13: true, 14: true, 15: true, 16: true, 17: true, 18: true, 19: true, 20: true, 21: true, 22: true,
	23: true, 24: true, 25: true, 26: true, 27: true, 28: true, 29: true, 30: true, 31: true, '"': true, '\\': true,
}
