package show

import (
	"slices"
	"strconv"

	"constat/entry"
)

// meta is a line about the entry that is made here; see the package comment.
type meta uint8

const (
	metaCursor meta = iota
	metaRealtime
	metaJournal
	metaIndex
	metaReceived
	metaEventTime
	metaKind
	metaCount
)

// metaNames are the names of the lines, in the order in which they are printed.
var metaNames = [metaCount]string{
	"__CURSOR", "__REALTIME_TIMESTAMP", "__JOURNAL", "__INDEX", "__RECEIVED", "__EVENT_TIME", "__KIND",
}

// metaMembers are the same as they begin a member of a JSON object.
var metaMembers = [metaCount]string{
	`"__CURSOR":`, `"__REALTIME_TIMESTAMP":`, `"__JOURNAL":`, `"__INDEX":`, `"__RECEIVED":`, `"__EVENT_TIME":`, `"__KIND":`,
}

// ours reports whether a stored field of that name is not printed.
func (m meta) ours() bool { return m == metaCursor || m == metaJournal || m == metaIndex }

// metaOf returns the line of that name; metaCount if there is none.
func metaOf(name string) meta {
	if len(name) < 2 || name[0] != '_' || name[1] != '_' {
		return metaCount
	}
	for m, n := range metaNames {
		if n == name {
			return meta(m)
		}
	}
	return metaCount
}

// metaSet is a set of lines, a bit each.
type metaSet uint8

func (s metaSet) has(m meta) bool { return s>>m&1 != 0 }

// replaced returns the lines in whose place a stored field stands.
func replaced(e *entry.Entry) (set metaSet) {
	for i := range e.Fields {
		if m := metaOf(e.Fields[i].Name); m < metaCount && !m.ours() {
			set |= 1 << m
		}
	}
	return set
}

// appendMeta appends our value of a line; ok is false if there is nothing to say.
func (p *Printer) appendMeta(dst []byte, m meta, r *Record) (out []byte, ok bool) {
	switch m {
	case metaCursor:
		return appendCursor(dst, r.ID, r.Index), true
	case metaRealtime:
		return strconv.AppendInt(dst, r.micros(), 10), true
	case metaJournal:
		return append(dst, r.Journal...), true
	case metaIndex:
		return strconv.AppendUint(dst, r.Index, 10), true
	case metaReceived:
		return p.utc.append(dst, r.Entry.Received), true
	case metaEventTime:
		if r.Entry.Event.Valid {
			return p.event.append(dst, &r.Entry.Event), true
		}
	case metaKind:
		if r.Entry.Kind != entry.Event {
			return append(dst, r.Entry.Kind.String()...), true
		}
	}
	return dst, false
}

// selection is what json, full and export print.
type selection struct {
	all   bool // no list was given
	metas metaSet
	names []string
}

func newSelection(names []string) selection {
	s := selection{all: len(names) == 0, names: slices.Clone(names)}
	for _, name := range names {
		if m := metaOf(name); m < metaCount {
			s.metas |= 1 << m
		}
	}
	return s
}

// hides reports whether stored fields of a name are not printed.
func (s *selection) hides(name string) bool {
	return metaOf(name).ours() || (!s.all && !slices.Contains(s.names, name))
}
