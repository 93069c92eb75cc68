package xen

import (
	"bytes"
	"time"
	"unicode/utf8"

	"constat/entry"
)

// Header reports whether a line begins an entry: YYYY-MM-DD hh:mm:ss,mmm LEVEL DOMAIN [MODULE] and a blank. All other
// lines go on with the entry before.
func Header(line []byte) bool {
	_, ok := cutHeader(line)
	return ok
}

// header is what stands before the message of a line.
type header struct {
	date           [3]int // year, month, day
	clock          [4]int // hour, minute, second, millisecond
	level          byte   // digit of syslog
	domain, module []byte
	size           int
}

const stampSize = len("2006-01-02 15:04:05,000")

func cutHeader(b []byte) (h header, ok bool) {
	if len(b) <= stampSize || b[stampSize] != ' ' || !h.cutStamp(b) {
		return h, false
	}
	rest := b[stampSize+1:]
	name, rest, ok := cutColumn(rest, entry.StationLevel)
	if ok {
		h.level, ok = levels[string(name)]
	}
	if !ok {
		return h, false
	}
	if h.domain, rest, ok = cutColumn(rest, entry.StationDomain); !ok || len(rest) == 0 || rest[0] != '[' {
		return h, false
	}
	if h.module, rest, ok = cutModule(rest[1:]); !ok {
		return h, false
	}
	h.size = len(b) - len(rest)
	return h, true
}

// levels are the names of Python's logging, in digits of syslog.
var levels = map[string]byte{"CRITICAL": '2', "ERROR": '3', "WARNING": '4', "INFO": '6', "DEBUG": '7'}

// cutStamp reads the time, whose numbers may be out of range.
func (h *header) cutStamp(b []byte) bool {
	const shape = "dddd-dd-dd dd:dd:dd,ddd"
	for i := range len(shape) {
		if c := b[i]; shape[i] != 'd' && c != shape[i] || shape[i] == 'd' && (c < '0' || c > '9') {
			return false
		}
	}
	h.date = [3]int{number(b[:4]), number(b[5:7]), number(b[8:10])}
	h.clock = [4]int{number(b[11:13]), number(b[14:16]), number(b[17:19]), number(b[20:23])}
	return true
}

func number(b []byte) (n int) {
	for _, c := range b {
		n = n*10 + int(c-'0')
	}
	return n
}

// cutColumn reads a word that is filled up with blanks to so many characters, and the blank behind.
func cutColumn(b []byte, width int) (word, rest []byte, ok bool) {
	end := bytes.IndexByte(b, ' ')
	if end <= 0 {
		return nil, nil, false
	}
	word, rest = b[:end], b[end:]
	blanks := max(width-utf8.RuneCount(word), 0) + 1
	if len(rest) < blanks || len(bytes.TrimLeft(rest[:blanks], " ")) > 0 {
		return nil, nil, false
	}
	return word, rest[blanks:], true
}

// cutModule reads what stands in brackets, at least so many characters, and the blank behind.
func cutModule(b []byte) (module, rest []byte, ok bool) {
	at := 0
	for range entry.StationModule {
		_, size := utf8.DecodeRune(b[at:])
		if size == 0 {
			return nil, nil, false
		}
		at += size
	}
	end := bytes.Index(b[at:], []byte("] "))
	if end < 0 || bytes.IndexByte(b[:at+end], '\n') >= 0 {
		return nil, nil, false
	}
	return bytes.TrimRight(b[:at+end], " "), b[at+end+2:], true
}

// shows reports whether a clock shows at t what the header says.
func (h *header) shows(t time.Time) bool {
	return h.date == [3]int{t.Year(), int(t.Month()), t.Day()} && h.clock[0] == t.Hour() && h.clock[1] == t.Minute() &&
		h.clock[2] == t.Second()
}

// text reads a line with a header, and those behind it.
func (p *Parser) text(e *entry.Entry, octets []byte) bool {
	h, ok := cutHeader(octets)
	if !ok {
		return false
	}
	e.Fields = e.Fields[:0]
	offset := int64(0)
	t := time.Date(h.date[0], time.Month(h.date[1]), h.date[2], h.clock[0], h.clock[1], h.clock[2], h.clock[3]*1e6, p.location)
	if h.shows(t) { // 30 February is no time
		_, east := t.Zone()
		offset = int64(east)
		e.Event = entry.Time{Micros: t.UnixMicro(), Digits: 3, Valid: true}
	}
	body, tail := cutTail(octets[h.size:])
	add(e, "PRIORITY", []byte{h.level})
	add(e, "HOSTNAME", h.domain)
	add(e, "SYSLOG_IDENTIFIER", h.module)
	add(e, "MESSAGE", body)
	e.Renderer = entry.RenderStation
	p.params = entry.StationParams(p.params[:0], tail, offset)
	e.Params = bytes.Clone(p.params)
	return true
}
