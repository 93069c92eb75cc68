package mqtt

import (
	"bytes"
	"strings"
	"time"

	"constat/entry"
)

// Parser makes entries of payloads. It must not be used by two goroutines at once.
type Parser struct {
	location *time.Location
	rendered []byte // scratch of the check
}

// New returns a parser for times of a zone; nil is the local one.
func New(location *time.Location) *Parser {
	if location == nil {
		location = time.Local
	}
	return &Parser{location: location}
}

// Parse sets e to an event with what a payload says. received, in µs since 1970 UTC, becomes its received time. It never
// fails: what cannot be read is text. Values of e may point into the payload.
func (p *Parser) Parse(e *entry.Entry, payload []byte, received int64) {
	e.Reset()
	e.Params, e.Received = nil, received
	list, ok := membersOf(payload)
	if !ok {
		e.Renderer = entry.RenderText
		e.Add("MESSAGE", payload, entry.Claimed)
		return
	}
	p.fill(e, list, payload)
	if out, ok, err := entry.AppendReceived(p.rendered[:0], e); ok && err == nil && bytes.Equal(out, payload) {
		p.rendered = out
		return
	}
	e.Renderer, e.Params = entry.RenderNone, nil
	e.Add(entry.Raw, payload, entry.Observed)
}

// fill adds the fields, and how to make the payload of them again.
func (p *Parser) fill(e *entry.Entry, list []member, payload []byte) {
	flags, offset := style(payload)|entry.ZatoNoTime, 0
	if has(list, "error") && !has(list, "description") {
		flags |= entry.BrokerError
	}
	for _, m := range list {
		if m.key == "datetime" && m.text && !e.Event.Valid {
			if e.Event, offset = p.instant(m.value); e.Event.Valid {
				flags &^= entry.ZatoNoTime
				continue
			}
		}
		name := fieldName(m.key)
		if m.key == "error" && flags&entry.BrokerError != 0 {
			name = "MESSAGE"
		}
		e.Add(name, m.value, entry.Claimed)
	}
	e.Renderer, e.Params = entry.RenderBroker, entry.ZatoParams(nil, flags, int64(offset))
}

func has(list []member, key string) bool {
	for _, m := range list {
		if m.key == key {
			return true
		}
	}
	return false
}

// style says how the object is written.
func style(payload []byte) (flags byte) {
	if colon := bytes.Index(payload, []byte(`":`)); colon >= 0 && !bytes.HasPrefix(payload[colon:], []byte(`": `)) {
		flags = entry.ZatoCompact
	}
	if bytes.Contains(payload, []byte(`\/`)) {
		flags |= entry.ZatoSlash
	}
	if bytes.IndexFunc(payload, func(r rune) bool { return r >= 0x7f }) >= 0 {
		flags |= entry.ZatoUnicode
	}
	return flags
}

// fieldName is the name of the field that a member becomes.
func fieldName(key string) string {
	switch key {
	case "component":
		return "HOSTNAME"
	case "module":
		return "SYSLOG_IDENTIFIER"
	case "description":
		return "MESSAGE"
	case "HOSTNAME", "SYSLOG_IDENTIFIER", "MESSAGE", "PRIORITY", entry.TopicField:
		return "payload." + key
	}
	if strings.HasPrefix(key, "_") {
		return "payload." + key
	}
	return key
}

// stampForm is how times are written.
const stampForm = "2006-01-02 15:04:05.000"

// instant returns the time that a stamp says, and the seconds east of UTC that were assumed. Without Valid it is no time
// with three digits.
func (p *Parser) instant(stamp []byte) (t entry.Time, offset int) {
	at, err := time.ParseInLocation(stampForm, string(stamp), p.location)
	if err != nil || len(stamp) != len(stampForm) || at.Year() < 1 {
		return t, 0
	}
	_, offset = at.Zone()
	return entry.Time{Micros: at.UnixMicro(), Digits: 3, Valid: true}, offset
}

// Level returns the level that the last part of a topic names, as a number of syslog.
func Level(topic string) (level string, ok bool) {
	level, ok = levels[topic[strings.LastIndexByte(topic, '/')+1:]]
	return level, ok
}

// levels are the names of Python's logging in the levels of syslog.
var levels = map[string]string{"critical": "2", "error": "3", "warning": "4", "warn": "4", "info": "6", "debug": "7"}
