package show

import (
	"cmp"
	"encoding/base64"
	"slices"
	"strings"
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
		start := len(dst)
		dst = append(append(append(dst, '"'), metaNames[m]...), `":`...)
		ok := true
		switch m {
		case metaIndex:
			dst, _ = m.append(dst, r)
		case metaJournal, metaEventTime:
			p.scratch, ok = m.append(p.scratch[:0], r)
			dst = appendJSONText(dst, p.scratch)
		default:
			dst, ok = m.append(append(dst, '"'), r)
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

// appendJSONFields prints the stored fields, a comma after each.
func (p *Printer) appendJSONFields(dst []byte, fields []entry.Field) []byte {
	repeats := p.linkRepeats(fields)
	for i := range fields {
		f := &fields[i]
		if p.chosen.hides(f) || (repeats && p.links[i].repeat) {
			continue
		}
		dst = append(appendJSONString(dst, f.Name), ':')
		if repeats && p.links[i].next > 0 {
			dst = p.appendJSONArray(dst, fields, int32(i))
		} else {
			dst = appendJSONValue(dst, f)
		}
		dst = append(dst, ',')
	}
	return dst
}

func (p *Printer) appendJSONArray(dst []byte, fields []entry.Field, first int32) []byte {
	dst = append(dst, '[')
	dst = appendJSONValue(dst, &fields[first])
	for i := p.links[first].next; i > 0; i = p.links[i].next {
		dst = appendJSONValue(append(dst, ','), &fields[i])
	}
	return append(dst, ']')
}

func appendJSONValue(dst []byte, f *entry.Field) []byte {
	if f.Form != entry.Inline {
		return append(dst, "null"...)
	}
	return appendJSONText(dst, f.Value)
}

// appendJSONText appends a string if s is UTF-8 and {"base64":"…"} (RFC 4648, section 4) if not.
func appendJSONText(dst, s []byte) []byte {
	if utf8.Valid(s) {
		return appendJSONString(dst, s)
	}
	dst = append(dst, `{"base64":"`...)
	dst = base64.StdEncoding.AppendEncode(dst, s)
	return append(dst, `"}`...)
}

// link says where the name of a field stands again.
type link struct {
	next   int32 // position of the next field of the name; 0: none
	repeat bool  // the name stood before
}

// linkRepeats reports whether a name stands twice and, if so, sets p.links. The time is O(n log n) in the number of
// fields, whoever chose their names.
func (p *Printer) linkRepeats(fields []entry.Field) bool {
	if len(fields) <= 64 && !repeats(fields) {
		return false
	}
	p.order, p.links = p.order[:0], p.links[:0]
	for i := range fields {
		p.order = append(p.order, int32(i))
		p.links = append(p.links, link{})
	}
	slices.SortFunc(p.order, func(a, b int32) int {
		return cmp.Or(strings.Compare(fields[a].Name, fields[b].Name), cmp.Compare(a, b))
	})
	found := false
	for i, at := range p.order[min(1, len(p.order)):] {
		if before := p.order[i]; fields[before].Name == fields[at].Name {
			p.links[before].next, p.links[at].repeat = at, true
			found = true
		}
	}
	return found
}

// repeats reports whether a name stands twice in a short list. Names that differ in length or last byte modulo 64, as
// nearly all do, are not compared.
func repeats(fields []entry.Field) bool {
	seen := uint64(0)
	for i := range fields {
		name := fields[i].Name
		mark := uint64(1)
		if len(name) > 0 {
			mark = 1 << ((len(name)*7 + int(name[len(name)-1])) & 63)
		}
		if seen&mark != 0 {
			for j := range fields[:i] {
				if fields[j].Name == name {
					return true
				}
			}
		}
		seen |= mark
	}
	return false
}
