package render

import (
	"bytes"
	"slices"
	"strconv"
	"time"

	"constat/entry"
	"constat/internal/output"
)

// Element is the SD-ID under which what constat knows of an entry stands (RFC 5424, section 6.3.2). 32473 is the number
// for examples: there is no registered one. An SD-ID stands in a message only once (same section): a message that comes with
// that of another constat, or claims to, gets "constat.2@32473", and so on. So the highest number is what was observed
// last.
const Element = "constat@32473"

// element is the SD-ID that is not in structured data yet.
func element(data []byte) string {
	id := Element
	for n := 2; bytes.Contains(data, []byte("["+id)); n++ {
		id = "constat." + strconv.Itoa(n) + "@32473"
	}
	return id
}

// Limits of RFC 5424, section 6, in octets.
const (
	maxHost  = 255
	maxApp   = 48
	maxPID   = 128
	maxID    = 32
	maxParam = 32
)

// rfc5424 renders RFC 5424. Where that came in, the octets stay and get one element more.
func rfc5424(dst []byte, x *output.Record) []byte {
	e := x.Entry
	if e.Kind == entry.Event && e.Renderer == entry.RenderRFC5424 {
		if out, ok := inserted(dst, e); ok {
			return out
		}
	}
	dst = append(strconv.AppendInt(append(dst, '<'), int64(priority(e)), 10), ">1 "...)
	dst = appendTime5424(dst, e)
	dst = appendWord(dst, host(e), maxHost)
	dst = appendWord(dst, app(e), maxApp)
	dst = appendWord(dst, pid(e), maxPID)
	id, _ := e.Get("SYSLOG_MSGID")
	dst = append(appendWord(dst, id, maxID), ' ')
	before := len(dst)
	if dst = appendElement(dst, e, Element, false); len(dst) == before {
		dst = append(dst, '-')
	}
	if text, ok := e.Message(); ok {
		dst = append(append(dst, ' '), text...)
	}
	return dst
}

// inserted renders the octets that came in, with the element before their own structured data. ok is false if they are
// not at hand or have another shape.
func inserted(dst []byte, e *entry.Entry) (out []byte, ok bool) {
	begin := len(dst)
	out, ok, err := entry.AppendReceived(dst, e)
	if err != nil || !ok {
		return dst[:begin], false
	}
	at := begin
	for range 6 { // the words before STRUCTURED-DATA
		i := bytes.IndexByte(out[at:], ' ')
		if i < 0 {
			return dst[:begin], false
		}
		at += i + 1
	}
	end := len(out)
	if at == end || out[at] != '[' && out[at] != '-' {
		return dst[:begin], false
	}
	if out = appendElement(out, e, element(out[at:]), true); len(out) == end {
		return out, true
	}
	if out[at] == '-' { // no structured data
		copy(out[at:], out[at+1:])
		out, end = out[:len(out)-1], end-1
	}
	rotate(out[at:], end-at)
	return out, true
}

// rotate brings the octets from n on before those up to n.
func rotate(b []byte, n int) {
	slices.Reverse(b[:n])
	slices.Reverse(b[n:])
	slices.Reverse(b)
}

// appendTime5424 appends TIMESTAMP: the sender's as written if it has a zone, else in UTC; at most six digits.
func appendTime5424(dst []byte, e *entry.Entry) []byte {
	if _, zoned := e.Event.Offset(); e.Event.Valid && zoned && e.Event.Digits <= 6 && len(e.Event.Zone) != 3 && len(e.Event.Zone) != 5 {
		return e.Event.AppendRFC3339(dst)
	}
	return when(e).UTC().AppendFormat(dst, "2006-01-02T15:04:05.000000Z07:00")
}

// appendWord appends a blank and a word of PRINTUSASCII, NIL if it is empty. Other octets become "_".
func appendWord(dst, word []byte, limit int) []byte {
	dst = append(dst, ' ')
	if len(word) == 0 {
		return append(dst, '-')
	}
	for _, c := range word[:min(len(word), limit)] {
		if c <= ' ' || c >= 0x7f {
			c = '_'
		}
		dst = append(dst, c)
	}
	return dst
}

// appendElement appends one SD-ELEMENT with the fields that the header does not say: all of them, or only observed ones
// where the others stand in the octets. It appends nothing if there are none.
func appendElement(dst []byte, e *entry.Entry, id string, onlyObserved bool) []byte {
	begun := false
	for i := range e.Fields {
		f := &e.Fields[i]
		if f.Form != entry.Inline || isUsed(f.Name) || onlyObserved && f.Provenance != entry.Observed {
			continue
		}
		if !begun {
			begun = true
			dst = append(append(dst, '['), id...)
		}
		dst = appendParam(dst, f.Name, f.Value)
	}
	if begun {
		dst = append(dst, ']')
	}
	return dst
}

// appendParam appends a SD-PARAM. Of its name, what RFC 5424 does not allow becomes "_".
func appendParam(dst []byte, name string, value []byte) []byte {
	dst = append(dst, ' ')
	for i := range min(len(name), maxParam) {
		c := name[i]
		if c <= ' ' || c >= 0x7f || c == '=' || c == ']' || c == '"' {
			c = '_'
		}
		dst = append(dst, c)
	}
	dst = append(dst, '=', '"')
	for _, c := range value {
		if c == '"' || c == '\\' || c == ']' {
			dst = append(dst, '\\')
		}
		dst = append(dst, c)
	}
	return append(dst, '"')
}

// appendRFC3339 appends a time of a location with six digits.
func appendRFC3339(dst []byte, t time.Time) []byte {
	return t.AppendFormat(dst, "2006-01-02T15:04:05.000000Z07:00")
}
