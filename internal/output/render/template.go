package render

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"constat/entry"
	"constat/internal/output"
)

// piece is text, or what stands for a name.
type piece struct {
	text   string
	append func(dst []byte, x *output.Record) []byte
}

// Template returns a renderer for text with names in braces:
//
//	{time} {time:iso}   when, as Mmm dd hh:mm:ss or RFC 3339; {received:iso} when it came in
//	{host} {app} {pid}  as in syslog files; {tag} is APP[PID]:
//	{message} {pri} {level} {facility} {journal} {index}
//	{NAME}              the first value of a field; nothing if there is none
//
// "{{" is a brace. Control characters become #ooo.
func Template(text string, l *time.Location) (Func, error) {
	pieces, err := parseTemplate(text, l)
	if err != nil {
		return nil, err
	}
	return func(dst []byte, x *output.Record) []byte {
		begin := len(dst)
		for i := range pieces {
			if dst = append(dst, pieces[i].text...); pieces[i].append != nil {
				dst = pieces[i].append(dst, x)
			}
		}
		return escape(dst, begin)
	}, nil
}

func parseTemplate(text string, l *time.Location) (pieces []piece, err error) {
	for text != "" {
		before, rest, found := strings.Cut(text, "{")
		if !found {
			return append(pieces, piece{text: before}), nil
		}
		if strings.HasPrefix(rest, "{") {
			pieces, text = append(pieces, piece{text: before + "{"}), rest[1:]
			continue
		}
		name, after, closed := strings.Cut(rest, "}")
		if !closed {
			return nil, fmt.Errorf("template: %q has no closing brace; {{ is a brace", "{"+rest)
		}
		p, err := named(name, l)
		if err != nil {
			return nil, err
		}
		pieces, text = append(pieces, piece{before, p}), after
	}
	return pieces, nil
}

// named is the table of what stands for names.
func named(name string, l *time.Location) (func([]byte, *output.Record) []byte, error) {
	of := func(value func(*entry.Entry) []byte) func([]byte, *output.Record) []byte {
		return func(dst []byte, x *output.Record) []byte { return append(dst, value(x.Entry)...) }
	}
	switch name {
	case "time":
		return func(dst []byte, x *output.Record) []byte { return when(x.Entry).In(l).AppendFormat(dst, time.Stamp) }, nil
	case "time:iso":
		return func(dst []byte, x *output.Record) []byte { return appendISO(dst, x.Entry, when(x.Entry).In(l)) }, nil
	case "received:iso":
		return func(dst []byte, x *output.Record) []byte {
			return appendRFC3339(dst, time.UnixMicro(x.Entry.Received).In(l))
		}, nil
	case "host":
		return of(host), nil
	case "app":
		return of(app), nil
	case "pid":
		return of(pid), nil
	case "tag":
		return func(dst []byte, x *output.Record) []byte { return appendTag(dst, x.Entry) }, nil
	case "message":
		return message, nil
	case "pri":
		return func(dst []byte, x *output.Record) []byte { return strconv.AppendInt(dst, int64(priority(x.Entry)), 10) }, nil
	case "level":
		return of(func(e *entry.Entry) []byte { return []byte(entry.LevelName(priority(e) % 8)) }), nil
	case "facility":
		return of(func(e *entry.Entry) []byte { return []byte(entry.FacilityName(priority(e) / 8)) }), nil
	case "journal":
		return func(dst []byte, x *output.Record) []byte { return append(dst, x.Journal...) }, nil
	case "index":
		return func(dst []byte, x *output.Record) []byte { return strconv.AppendUint(dst, x.Index, 10) }, nil
	}
	if !entry.ValidName(name) || strings.ToLower(name) == name {
		return nil, fmt.Errorf("template: {%s}: want time, time:iso, received:iso, host, app, pid, tag, message, pri, level, facility, journal, index or the name of a field", name)
	}
	return of(func(e *entry.Entry) []byte { value, _ := e.Get(name); return value }), nil
}
