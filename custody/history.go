package custody

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"strconv"
	"time"
	"unicode/utf8"

	"constat/entry"
)

// Path is the path of a file. In JSON it is a string, or {"base64":…} if it is not UTF-8.
type Path string

// MarshalJSON implements [json.Marshaler].
func (p Path) MarshalJSON() ([]byte, error) {
	if utf8.ValidString(string(p)) {
		return json.Marshal(string(p))
	}
	return json.Marshal(map[string]string{"base64": base64.StdEncoding.EncodeToString([]byte(p))})
}

// Step is an event with what the journal knows of it.
type Step struct {
	Event
	Journal  string
	Index    uint64
	Received time.Time // by the ingest clock
	UID      string    // of who wrote it, as the kernel told the journal; empty if that was not observed
	Program  string    // that wrote it, in the same way; any bytes
	By       string    // both, for people
}

// Session is everything that a journal says of one treatment.
type Session struct {
	ID    string
	Steps []Step // in the order of the journal
	// Partial says that only some of its events are at hand: counts are not compared then.
	Partial bool
	// Trusted are those who may write its events, as [Step] names them; empty: everybody.
	Trusted []string
	bad     []Finding // entries that are no valid events
}

// History sorts entries by session. The zero value is empty.
type History struct {
	sessions []*Session
	places   map[string]int // by id
}

// Add takes an entry, in the order of its journal. What is no event of custody is passed over; an event that is not
// valid is kept as something wrong with its session.
func (h *History) Add(journal string, index uint64, e *entry.Entry) {
	if !IsEvent(e) {
		return
	}
	ev, err := Decode(e)
	s := h.session(sessionOf(e))
	switch {
	case errors.Is(err, ErrPath):
		s.bad = append(s.bad, s.entryFinding("path", index, ev.Path, err.Error()))
	case err != nil:
		s.bad = append(s.bad, s.entryFinding("event", index, ev.Path, err.Error()))
	default:
		uid, program := writer(e)
		s.Steps = append(s.Steps, Step{Event: ev, Journal: journal, Index: index, Received: timeOf(e.Received), UID: uid, Program: program, By: writerText(uid, program)})
	}
}

func (s *Session) entryFinding(rule string, index uint64, path, text string) Finding {
	f := newFinding(rule, path, strconv.FormatUint(index, 10), text)
	f.Index = &index
	return f
}

// sessionOf is the id of the session that an entry names, valid or not.
func sessionOf(e *entry.Entry) string {
	id, _ := e.Get(FieldSession)
	return string(id)
}

func (h *History) session(id string) *Session {
	i, known := h.places[id]
	if !known {
		if h.places == nil {
			h.places = map[string]int{}
		}
		i, h.sessions = len(h.sessions), append(h.sessions, &Session{ID: id})
		h.places[id] = i
	}
	return h.sessions[i]
}

// Sessions are the sessions in the order of their first entries.
func (h *History) Sessions() []*Session { return h.sessions }

// writer is who wrote an entry, as the kernel told the daemon.
func writer(e *entry.Entry) (uid, program string) { return observed(e, "_UID"), observed(e, "_EXE") }

// observed is a value that the daemon vouches for.
func observed(e *entry.Entry, name string) string {
	for i := range e.Fields {
		if f := &e.Fields[i]; f.Name == name && f.Provenance == entry.Observed && f.Form == entry.Inline {
			return string(f.Value)
		}
	}
	return ""
}

// writerText names who wrote an entry.
func writerText(uid, program string) string {
	switch {
	case uid == "":
		return ""
	case program == "":
		return "uid " + Show(uid) + ", an unknown program"
	}
	return "uid " + Show(uid) + ", " + Show(program)
}
