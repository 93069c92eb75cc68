package show

import (
	"encoding/base64"
	"unicode/utf8"

	"constat/entry"
)

// appendJSON prints one object.
func (p *Printer) appendJSON(dst []byte, r *Record) ([]byte, error) {
	dst = append(dst, '{')
	dst = p.appendJSONLines(dst, r)
	dst = p.appendJSONFields(dst, r.Entry.Fields)
	if last := len(dst) - 1; dst[last] == ',' {
		dst = dst[:last]
	}
	return append(dst, "}\n"...), nil
}

// appendJSONLines prints the lines about the entry, a comma after each.
func (p *Printer) appendJSONLines(dst []byte, r *Record) []byte {
	stored := replaced(r.Entry)
	for m := range metaCount {
		if stored.has(m) || (!p.chosen.all && !p.chosen.metas.has(m)) {
			continue
		}
		start, ok := len(dst), true
		dst = append(dst, metaMembers[m]...)
		switch m {
		case metaIndex:
			dst, ok = p.appendMeta(dst, m, r)
		case metaJournal, metaEventTime:
			p.scratch, ok = p.appendMeta(p.scratch[:0], m, r)
			dst = appendJSONText(dst, p.scratch)
		default:
			dst, ok = p.appendMeta(append(dst, '"'), m, r)
			dst = append(dst, '"')
		}
		if !ok {
			dst = dst[:start]
			continue
		}
		dst = append(dst, ',')
	}
	return dst
}

// fewFields is how many fields are looked through for a name rather than sorted.
const fewFields = 64

// appendJSONFields prints the stored fields, a comma after each. It goes on as if no name stood twice until one does.
func (p *Printer) appendJSONFields(dst []byte, fields []entry.Field) []byte {
	if len(fields) > fewFields {
		return p.appendRepeated(dst, fields)
	}
	start := len(dst)
	p.entry++
	for i := range fields {
		f := &fields[i]
		slot, used := p.slot(f.Name)
		if used && stands(fields[:i], f.Name) {
			return p.appendRepeated(dst[:start], fields)
		}
		if slot.hidden || f.Form == entry.Packed {
			continue
		}
		dst = appendJSONValue(append(dst, slot.member...), f)
		dst = append(dst, ',')
	}
	return dst
}

// stands reports whether a field has that name.
func stands(fields []entry.Field, name string) bool {
	for i := range fields {
		if fields[i].Name == name {
			return true
		}
	}
	return false
}

func appendJSONValue(dst []byte, f *entry.Field) []byte {
	switch {
	case f.Form == entry.Private && f.Erased:
		return append(dst, `{"erased":true}`...)
	case f.Form == entry.Private:
		return append(dst, `{"private":true}`...)
	case f.Form != entry.Inline:
		return append(dst, "null"...)
	}
	return appendJSONText(dst, f.Value)
}

// appendJSONText appends a string if s is UTF-8 and {"base64":"…"} (RFC 4648, section 4) if not.
func appendJSONText(dst, s []byte) []byte {
	if isJSONPlain(s) {
		return append(append(append(dst, '"'), s...), '"')
	}
	if utf8.Valid(s) {
		return appendJSONString(dst, s)
	}
	dst = append(dst, `{"base64":"`...)
	dst = base64.StdEncoding.AppendEncode(dst, s)
	return append(dst, `"}`...)
}
