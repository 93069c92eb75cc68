package show

import (
	"fmt"

	"constat/entry"
)

// appendRaw prints the received octets, one LF after them unless they end in one; the message of an entry that a
// program made.
func (p *Printer) appendRaw(dst []byte, r *Record) ([]byte, error) {
	e := r.Entry
	if isAbsent(e, entry.Raw) {
		return dst, ErrOctets
	}
	out, ok, err := entry.AppendReceived(dst, e)
	switch {
	case err != nil:
		return dst, fmt.Errorf("%w: %w", ErrOctets, err)
	case !ok:
		if i := find(e, p.roles.message); i < 0 {
			return dst, nil
		} else if e.Fields[i].Form != entry.Inline {
			return dst, ErrOctets
		} else {
			out = append(out, e.Fields[i].Value...)
		}
	}
	if len(out) == len(dst) || out[len(out)-1] != '\n' {
		out = append(out, '\n')
	}
	return out, nil
}

// isAbsent reports whether the first field of that name has no value at hand. A packed list may hold it.
func isAbsent(e *entry.Entry, name string) bool {
	for i := range e.Fields {
		if f := &e.Fields[i]; f.Name == name || f.Form == entry.Packed {
			return f.Form != entry.Inline
		}
	}
	return false
}
