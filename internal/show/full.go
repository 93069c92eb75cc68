package show

import (
	"strconv"

	"constat/entry"
)

// fullIndent is how far the second and later lines of a value are indented, in blanks: further than any field.
const fullIndent = 8

// provenanceMarks stand before the name of a field: claimed, observed, imported.
var provenanceMarks = [...]byte{entry.Claimed: 'c', entry.Observed: 'o', entry.Imported: 'i'}

// appendFull prints a line TIME JOURNAL:INDEX CURSOR KIND and every field on a line of its own, indented, its
// provenance before it: c claimed, o observed, i imported.
func (p *Printer) appendFull(dst []byte, r *Record) ([]byte, error) {
	dst = append(p.clock.append(dst, r.micros()), ' ')
	dst = append(p.appendName(dst, r.Journal), ':')
	dst = append(strconv.AppendUint(dst, r.Index, 10), ' ')
	dst = append(appendCursor(dst, r.ID, r.Index), ' ')
	dst = append(append(dst, r.Entry.Kind.String()...), '\n')
	for m := range metaCount {
		dst = p.appendFullLine(dst, m, r)
	}
	for i := range r.Entry.Fields {
		f := &r.Entry.Fields[i]
		if f.Form == entry.Packed || p.chosen.hides(f.Name) {
			continue
		}
		mark := byte('?')
		if int(f.Provenance) < len(provenanceMarks) {
			mark = provenanceMarks[f.Provenance]
		}
		dst = p.appendFullField(dst, mark, f.Name, p.shown(f))
	}
	return dst, nil
}

// appendFullLine prints a line about the entry that was asked for, or the time that the header does not show.
func (p *Printer) appendFullLine(dst []byte, m meta, r *Record) []byte {
	wanted := p.chosen.metas.has(m)
	if p.chosen.all {
		wanted = m == metaEventTime || (m == metaReceived && r.EventAxis && r.Entry.Event.Valid)
	}
	if !wanted || replaced(r.Entry).has(m) {
		return dst
	}
	value, ok := p.appendMeta(p.scratch[:0], m, r)
	p.scratch = value
	if !ok {
		return dst
	}
	mark := byte('o')
	if m == metaEventTime {
		mark = 'c'
	}
	return p.appendFullField(dst, mark, metaNames[m], value)
}

func (p *Printer) appendFullField(dst []byte, mark byte, name string, value []byte) []byte {
	dst = append(dst, ' ', ' ', mark, ' ')
	dst = append(p.appendName(dst, name), '=')
	return append(p.appendLines(dst, value, fullIndent, ""), '\n')
}

// appendName appends a name of a journal or a field.
func (p *Printer) appendName(dst []byte, name string) []byte {
	p.name = append(p.name[:0], name...)
	return p.appendInline(dst, p.name)
}
