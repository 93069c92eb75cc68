package show

import (
	"cmp"
	"slices"
	"strings"

	"constat/entry"
)

// link says where the name of a field stands again.
type link struct {
	next   int32 // position of the next field of the name; 0: none
	repeat bool  // the name stood before
}

// appendRepeated prints fields of which a name may stand twice, a comma after each.
func (p *Printer) appendRepeated(dst []byte, fields []entry.Field) []byte {
	p.linkRepeats(fields)
	for i := range fields {
		f := &fields[i]
		if f.Form == entry.Packed || p.links[i].repeat {
			continue
		}
		slot, _ := p.slot(f.Name)
		if slot.hidden {
			continue
		}
		dst = append(dst, slot.member...)
		if p.links[i].next > 0 {
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

// linkRepeats sets p.links. The time is O(n log n) in the number of fields, whoever chose their names.
func (p *Printer) linkRepeats(fields []entry.Field) {
	p.order, p.links = p.order[:0], p.links[:0]
	for i := range fields {
		p.order = append(p.order, int32(i))
		p.links = append(p.links, link{})
	}
	slices.SortFunc(p.order, func(a, b int32) int {
		return cmp.Or(strings.Compare(fields[a].Name, fields[b].Name), cmp.Compare(a, b))
	})
	for i := 1; i < len(p.order); i++ {
		before, at := p.order[i-1], p.order[i]
		if fields[before].Name == fields[at].Name {
			p.links[before].next, p.links[at].repeat = at, true
		}
	}
}
