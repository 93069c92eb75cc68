package evidence

import (
	"encoding/hex"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"constat/entry"
)

// Limits of the page: entries in its table and characters of a message.
const (
	maxRows = 200
	maxText = 400
)

// row is a line of the table on the page, as text. The script of the page makes the same of the leaf, and compares.
type row [6]string

// rowOf makes the row of an entry: index, received, the sender's time, host, program, message.
func rowOf(s *shownEntry) row {
	e := s.entry
	r := row{fmt.Sprintf("%s %d", s.journal, s.index), strings.Replace(strings.TrimSuffix(timeText(e.Received), "Z"), "T", " ", 1)}
	if e.Event.Valid {
		r[2] = strings.Replace(string(e.Event.AppendRFC3339(nil)), "T", " ", 1)
	}
	r[3], r[4] = s.role("host"), s.role("app")
	r[5] = s.message()
	return r
}

// role is the value of the first field that plays a role.
func (s *shownEntry) role(role string) string {
	for _, name := range entry.RoleNames(role) {
		for i := range s.entry.Fields {
			if s.entry.Fields[i].Name == name {
				return s.text(i)
			}
		}
	}
	return ""
}

// message is the message, or all fields if there is none, and the private fields.
func (s *shownEntry) message() string {
	var parts []string
	m := s.role("message")
	if m != "" {
		parts = append(parts, m)
	}
	for i := range s.entry.Fields {
		f := &s.entry.Fields[i]
		if f.Form == entry.Packed && s.disclosure(i) != nil {
			continue // its fields follow
		}
		if f.Form == entry.Private || m == "" {
			parts = append(parts, plain(f.Name)+"="+s.text(i))
		}
	}
	return strings.Join(parts, " · ")
}

// text is a value for people: at most so many characters, none that moves a cursor or turns text around.
func (s *shownEntry) text(field int) string {
	f, d := &s.entry.Fields[field], s.disclosure(field)
	switch {
	case f.Form == entry.Inline:
		return valueText(f.Value)
	case d == nil && f.Form == entry.Private:
		return "[private: withheld]"
	case d == nil:
		return fmt.Sprintf("[%d bytes: withheld]", f.Size)
	case d.Erased:
		return "[private: erased]"
	}
	return valueText(d.Value)
}

// valueText prints bytes.
func valueText(value []byte) string {
	if !utf8.Valid(value) {
		if len(value) > maxText/2 {
			return "0x" + hex.EncodeToString(value[:maxText/2]) + more(len(value))
		}
		return "0x" + hex.EncodeToString(value)
	}
	runes := []rune(string(value))
	if len(runes) > maxText {
		return plain(string(runes[:maxText])) + more(len(value))
	}
	return plain(string(value))
}

func more(n int) string { return fmt.Sprintf("… (%d bytes, whole in %s)", n, entriesName) }

// plain escapes what is no letter to the eye.
func plain(s string) string {
	var b strings.Builder
	for _, r := range s {
		if r < 0x20 || r >= 0x7f && r < 0xa0 || r >= 0x2028 && r <= 0x202e || r >= 0x2066 && r <= 0x2069 {
			fmt.Fprintf(&b, "\\u{%x}", r)
		} else {
			b.WriteRune(r)
		}
	}
	return b.String()
}

// span is how people read a time of a question.
func span(first, last string) string {
	from, err := time.Parse(time.RFC3339Nano, first)
	to, err2 := time.Parse(time.RFC3339Nano, last)
	if err != nil || err2 != nil {
		return "none"
	}
	const layout = "2006-01-02 15:04:05"
	return from.UTC().Format(layout) + " to " + to.UTC().Format(layout) + " UTC"
}
