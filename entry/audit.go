package entry

import (
	"encoding/json"
	"strings"
	"unicode/utf8"
)

// AuditValue returns the value of the field that a member of "extra" becomes. A string is itself, so that it can be
// searched for, unless it would read as JSON: "12", "true" and "{}" stay in quotes. Everything else is its JSON text.
func AuditValue(text []byte) []byte {
	if len(text) == 0 || text[0] != '"' {
		return text
	}
	var s string
	if err := json.Unmarshal(text, &s); err != nil || json.Valid([]byte(s)) {
		return text
	}
	return []byte(s)
}

// What stands in [AppendAudit] for a value that is private, and for one that was erased.
const (
	PrivateText = "<private>"
	ErasedText  = "<erased>"
)

// AppendAudit appends the JSON object of an audit entry: cid, op, current_user, target_user, result and extra, in this
// order, cid and op always, the others if they are not empty. It is written as Python's json does: a blank after ','
// and ':', and everything beyond ASCII escaped. It never fails: a value that is not at hand becomes
// [PrivateText] or [ErasedText].
func AppendAudit(dst []byte, e *Entry) []byte {
	w := objectWriter{out: append(dst, '{')}
	for _, name := range [...]string{AuditCID, AuditOp, AuditCurrent, AuditTarget, AuditResult} {
		f := find(e.Fields, name)
		var text []byte
		if f != nil {
			text = atHand(f)
		}
		if len(text) == 0 && name != AuditCID && name != AuditOp {
			continue
		}
		w.key(name)
		w.string(text)
	}
	w.extra(e.Fields)
	return append(w.out, '}')
}

// extra writes the members of extra, wherever they stand among the fields.
func (w *objectWriter) extra(fields []Field) {
	rest := find(fields, AuditExtra)
	var members []byte
	if rest != nil {
		members, _ = membersOf(atHand(rest))
	}
	inner := objectWriter{out: []byte{'{'}, flags: w.flags}
	for i := range fields {
		if name, ok := strings.CutPrefix(fields[i].Name, AuditPrefix); ok && fields[i].Form != Packed {
			inner.key(name)
			inner.value(atHand(&fields[i]))
		}
	}
	switch {
	case len(members) > 0:
		inner.separate()
		inner.out = append(inner.out, members...)
	case rest != nil && len(inner.out) == 1:
		w.key(AuditExtra)
		w.value(atHand(rest))
		return
	}
	if len(inner.out) > 1 {
		w.key(AuditExtra)
		w.out = append(append(w.out, inner.out...), '}')
	}
}

// membersOf returns what stands between the braces of an object.
func membersOf(text []byte) ([]byte, bool) {
	if len(text) < 2 || text[0] != '{' || !json.Valid(text) {
		return nil, false
	}
	return []byte(strings.Trim(string(text[1:len(text)-1]), " \t\r\n")), true
}

func find(fields []Field, name string) *Field {
	for i := range fields {
		if fields[i].Name == name {
			return &fields[i]
		}
	}
	return nil
}

func atHand(f *Field) []byte {
	switch {
	case f.Form == Inline:
		return f.Value
	case f.Erased:
		return []byte(ErasedText)
	}
	return []byte(PrivateText)
}

// appendObject renders the fields that are members of an object, in their order. Members of extra stand together.
func appendObject(dst []byte, fields []Field, flags byte) ([]byte, error) {
	r := received{fields: fields}
	w := objectWriter{out: append(dst, '{'), flags: flags}
	for f := r.peek(); f != nil; f = r.peek() {
		if !isAuditName(f.Name) {
			return dst, errParams
		}
		if strings.HasPrefix(f.Name, AuditPrefix) {
			w.key(AuditExtra)
			w.members(&r)
			continue
		}
		w.key(f.Name)
		if r.next(); f.Name == AuditExtra {
			w.value(f.Value)
		} else {
			w.string(f.Value)
		}
	}
	return append(w.out, '}'), r.err
}

func (w *objectWriter) members(r *received) {
	inner := objectWriter{out: append(w.out, '{'), flags: w.flags}
	for f := r.peek(); f != nil && strings.HasPrefix(f.Name, AuditPrefix); f = r.peek() {
		inner.key(f.Name[len(AuditPrefix):])
		inner.value(f.Value)
		r.next()
	}
	w.out = append(inner.out, '}')
}

// objectWriter writes JSON as Python does.
type objectWriter struct {
	out   []byte
	flags byte // ZatoCompact, ZatoUnicode, ZatoSlash
}

// separate appends a comma unless an object has just begun.
func (w *objectWriter) separate() {
	if w.out[len(w.out)-1] == '{' {
		return
	}
	if w.out = append(w.out, ','); w.flags&ZatoCompact == 0 {
		w.out = append(w.out, ' ')
	}
}

func (w *objectWriter) key(name string) {
	w.separate()
	w.string([]byte(name))
	if w.out = append(w.out, ':'); w.flags&ZatoCompact == 0 {
		w.out = append(w.out, ' ')
	}
}

// value writes the value of a member of extra; see [AuditValue].
func (w *objectWriter) value(v []byte) {
	var s string
	switch {
	case !json.Valid(v):
		w.string(v)
	case v[0] == '"' && json.Unmarshal(v, &s) == nil:
		w.string([]byte(s))
	default:
		w.out = append(w.out, v...)
	}
}

// string writes a JSON string (RFC 8259, section 7).
func (w *objectWriter) string(s []byte) {
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

func (w *objectWriter) rune(c rune, octets []byte) {
	switch {
	case c == '/' && w.flags&ZatoSlash != 0:
		w.out = append(w.out, '\\', '/')
	case c < utf8.RuneSelf && escapes[c]:
		w.out = appendEscape(w.out, byte(c))
	case c < 0x7f || w.flags&ZatoUnicode != 0:
		w.out = append(w.out, octets...)
	default:
		w.out = appendUTF16(w.out, c)
	}
}

// appendUTF16 appends one or two \uXXXX.
func appendUTF16(dst []byte, c rune) []byte {
	if c <= 0xffff {
		return appendUnit(dst, c)
	}
	c -= 0x10000
	return appendUnit(appendUnit(dst, 0xd800+c>>10), 0xdc00+c&0x3ff)
}

// appendUnit appends \uXXXX.
func appendUnit(dst []byte, c rune) []byte {
	const hex = "0123456789abcdef"
	return append(dst, '\\', 'u', hex[c>>12&15], hex[c>>8&15], hex[c>>4&15], hex[c&15])
}
