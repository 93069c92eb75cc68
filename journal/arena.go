package journal

import "constat/entry"

// Arena is memory for entries that are to stay valid for longer than a step of [View.Entries]: see [Range]. The zero
// value is ready.
type Arena struct {
	octets []byte        // values and parameters, or the bodies that hold them
	fields []entry.Field // of all entries
	size   int
}

// Sizes of an arena. What has grown above the larger is let go.
const (
	arenaFields = 1024
	arenaOctets = 64 << 10
	arenaKept   = 2 << 20 // bytes
)

// Size is the number of octets that the entries take, less what they share.
func (a *Arena) Size() int { return a.size }

// Reset makes all entries invalid that lie in the arena, and uses their memory again.
func (a *Arena) Reset() {
	a.octets, a.fields, a.size = a.octets[:0], a.fields[:0], 0
	if cap(a.octets) > arenaKept {
		a.octets = nil
	}
	if cap(a.fields) > arenaKept/56 {
		a.fields = nil
	}
}

// lend gives an entry that is about to be decoded the room behind the fields of the others.
func (a *Arena) lend(e *entry.Entry) {
	if cap(a.fields)-len(a.fields) < arenaFields/16 {
		a.fields = make([]entry.Field, 0, max(2*cap(a.fields), arenaFields)) // the full one is left to those who point into it
	}
	e.Fields = a.fields[len(a.fields):]
}

// take keeps the fields of an entry where lend has put them; those of one that had too many are not in the arena.
func (a *Arena) take(e *entry.Entry) {
	n := len(e.Fields)
	if cap(e.Fields) == cap(a.fields)-len(a.fields) {
		a.fields = a.fields[:len(a.fields)+n]
	}
	e.Fields = e.Fields[:n:n]
}

// copy returns a copy of an entry that lies in the arena, with all it points to.
func (a *Arena) copy(e entry.Entry) entry.Entry {
	e.Params = a.copyOctets(e.Params)
	if cap(a.fields)-len(a.fields) < len(e.Fields) {
		a.fields = make([]entry.Field, 0, max(2*cap(a.fields), arenaFields, len(e.Fields)))
	}
	from := len(a.fields)
	for _, f := range e.Fields {
		f.Value = a.copyOctets(f.Value)
		a.fields = append(a.fields, f)
	}
	e.Fields = a.fields[from:len(a.fields):len(a.fields)]
	return e
}

func (a *Arena) copyOctets(value []byte) []byte {
	if cap(a.octets)-len(a.octets) < len(value) {
		a.octets = make([]byte, 0, max(min(2*cap(a.octets), arenaKept), arenaOctets, len(value)))
	}
	from := len(a.octets)
	a.octets = append(a.octets, value...)
	a.size += len(value)
	return a.octets[from:len(a.octets):len(a.octets)]
}
