package search

import (
	"bytes"
	"strconv"

	"constat/entry"
	"constat/internal/parse"
)

// newUnpack returns a stage that reads the text of a field as JSON ("json"), logfmt ("logfmt") or a syslog line
// ("syslog") and adds what it finds as fields. A text that is none stays as it is.
func newUnpack(next stage, format, from string) stage {
	if format == "logfmt" {
		return newEdit(next, func(x *edit, r *Result) error {
			text, _ := r.get(from)
			eachLogfmt(text, func(name string, value []byte) { x.set(r, name, x.keep(value)) })
			return nil
		})
	}
	f := parse.JSONLines
	if format == "syslog" {
		f = parse.Syslog
	}
	u := &unpacker{parser: parse.New(f, parse.Options{})}
	return newEdit(next, func(x *edit, r *Result) error { return u.unpack(x, r, from) })
}

// unpacker reads texts with a parser of received octets.
type unpacker struct {
	parser *parse.Parser
	octets []byte
	found  entry.Entry
}

func (u *unpacker) unpack(x *edit, r *Result, from string) error {
	text, ok := r.get(from)
	if !ok {
		return nil
	}
	u.octets = append(u.octets[:0], text...)
	u.found.Reset()
	u.parser.Parse(&u.found, u.octets, 0)
	defer u.parser.Release()
	if len(u.found.Fields) == 1 && u.found.Fields[0].Name == "MESSAGE" && bytes.Equal(u.found.Fields[0].Value, text) {
		return nil
	}
	for i := range u.found.Fields {
		if f := &u.found.Fields[i]; f.Name != entry.Raw {
			x.set(r, f.Name, x.keep(f.Value))
		}
	}
	return nil
}

// eachLogfmt calls f for each name=value of a text. Words without "=" are passed over.
func eachLogfmt(text []byte, f func(name string, value []byte)) {
	for {
		text = bytes.TrimLeft(text, " \t")
		end := bytes.IndexAny(text, "= \t")
		if end < 0 {
			return
		}
		name := text[:end]
		if text[end] != '=' {
			text = text[end:]
			continue
		}
		var value []byte
		value, text = logfmtValue(text[end+1:])
		if entry.ValidName(string(name)) {
			f(string(name), value)
		}
	}
}

// logfmtValue cuts a value off: a quoted string, or what runs to a space.
func logfmtValue(text []byte) (value, rest []byte) {
	if len(text) > 0 && text[0] == '"' {
		if quoted, err := strconv.QuotedPrefix(string(text)); err == nil {
			if s, err := strconv.Unquote(quoted); err == nil {
				return []byte(s), text[len(quoted):]
			}
		}
	}
	if end := bytes.IndexAny(text, " \t"); end >= 0 {
		return text[:end], text[end:]
	}
	return text, nil
}
