package xen

import (
	"bytes"
	"strconv"
	"time"

	"constat/entry"
)

// IsFrame reports whether a line begins like a frame, be it whole or torn.
func IsFrame(line []byte) bool { return bytes.HasPrefix(line, []byte(entry.FrameMagic)) }

// Frame is what a reader of the channel needs of a frame. Run points into the line.
type Frame struct {
	Kind   byte
	Run    []byte
	Number uint64
}

// CutFrame reads kind, run and number of a line without its LF; a CR at its end is passed over. ok is false if the line
// is no frame, or not as it was sent.
func CutFrame(line []byte) (f Frame, ok bool) {
	line, _ = cutTail(line)
	w, ok := open(line)
	return Frame{w.frame.Kind, w.frame.Run, w.frame.Number}, ok
}

// walk is a frame being read. Values are as written, with their escapes.
type walk struct {
	frame   entry.Frame
	rest    []byte // behind the module
	message []byte
}

// open checks a frame from its magic to its checksum, and reads all but time, fields and escapes.
func open(line []byte) (w walk, ok bool) {
	n := len(line) - entry.FrameCheck
	if n < len(entry.FrameMagic) || !IsFrame(line) || !printable(line) {
		return w, false
	}
	var sum [entry.FrameCheck]byte
	if !bytes.Equal(entry.AppendFrameCheck(sum[:0], line[:n]), line[n:]) {
		return w, false
	}
	var parts [6][]byte
	rest := line[len(entry.FrameMagic):n]
	for i := range parts {
		if parts[i], rest, ok = bytes.Cut(rest, []byte{' '}); !ok || len(parts[i]) == 0 {
			return w, false
		}
	}
	f := &w.frame
	if len(parts[0]) != 1 || !isRun(parts[1]) || len(parts[4]) != 1 || parts[4][0] < '0' || parts[4][0] > '7' {
		return w, false
	}
	f.Kind, f.Run, f.Level, f.Module = parts[0][0], parts[1], int(parts[4][0]-'0'), parts[5]
	if f.Number, ok = numbered(parts[2]); !ok || f.Number == 0 && f.Kind == entry.FrameMessage {
		return w, false
	}
	if f.Time, ok = stamp(parts[3]); !ok {
		return w, false
	}
	w.rest = rest
	switch f.Kind {
	case entry.FrameMessage, entry.FrameHeartbeat, entry.FrameEnd:
		return w, w.fields()
	}
	return w, false
}

// fields finds the fields and the message.
func (w *walk) fields() bool {
	rest := w.rest
	for range entry.MaxFrameFields + 1 {
		if len(rest) > 0 && rest[0] == ':' {
			w.message = rest[1:]
			return escaped(w.message) && escaped(w.frame.Module)
		}
		field, more, found := bytes.Cut(rest, []byte{' '})
		name, value, isField := bytes.Cut(field, []byte{'='})
		if !found || !isField || !entry.ValidFrameName(name) || !escaped(value) {
			return false
		}
		rest = more
		w.frame.Fields = append(w.frame.Fields, entry.Field{Name: string(name), Value: value})
	}
	return false
}

// frame reads a frame with a message.
func (p *Parser) frame(e *entry.Entry, octets []byte) bool {
	line, tail := cutTail(octets)
	w, ok := open(line)
	if !ok || w.frame.Kind != entry.FrameMessage {
		return false
	}
	f := &w.frame
	e.Event = f.Time
	add(e, entry.FrameRun, f.Run)
	add(e, entry.FrameNumber, strconv.AppendUint(nil, f.Number, 10))
	add(e, "PRIORITY", []byte{byte('0' + f.Level)})
	if len(f.Module) != 1 || f.Module[0] != '-' {
		add(e, "SYSLOG_IDENTIFIER", unescape(f.Module))
	}
	for i := range f.Fields {
		add(e, f.Fields[i].Name, unescape(f.Fields[i].Value))
	}
	add(e, "MESSAGE", unescape(w.message))
	e.Renderer, e.Params = entry.RenderFrame, entry.StationParams(nil, tail, 0)
	return true
}

// printable reports whether a line has no octet that a frame escapes whatever stands beside it.
func printable(b []byte) bool {
	for _, c := range b {
		if c < ' ' || c == 0x7f {
			return false
		}
	}
	return true
}

func isRun(b []byte) bool {
	if len(b) != entry.FrameRunSize {
		return false
	}
	for _, c := range b {
		if nibble(c) < 0 {
			return false
		}
	}
	return true
}

func numbered(b []byte) (n uint64, ok bool) {
	if len(b) > 1 && b[0] == '0' || b[0] == '+' {
		return 0, false
	}
	n, err := strconv.ParseUint(string(b), 10, 63)
	return n, err == nil
}

// stamp reads the time of a frame; "-" is none.
func stamp(b []byte) (t entry.Time, ok bool) {
	if len(b) == 1 && b[0] == '-' {
		return t, true
	}
	const plain = "2006-01-02T15:04:05"
	if len(b) <= len(plain) {
		return t, false
	}
	at, err := time.Parse(time.RFC3339Nano, string(b))
	if err != nil {
		return t, false
	}
	zone := b[len(plain):]
	if zone[0] == ',' { // ISO 8601 would allow it
		return t, false
	}
	if zone[0] == '.' {
		zone = bytes.TrimLeft(zone[1:], "0123456789")
		t.Digits = uint8(min(len(b)-len(plain)-1-len(zone), 10))
	}
	if t.Digits > 9 || len(zone) != len("+00:00") && string(zone) != "Z" {
		return entry.Time{}, false
	}
	t.Micros, t.Nanos, t.Zone, t.Valid = at.UnixMicro(), uint16(at.Nanosecond()%1000), string(zone), true
	return t, true
}

// nibble is the value of a lower-case hex digit, or -1.
func nibble(c byte) int {
	switch {
	case c >= '0' && c <= '9':
		return int(c - '0')
	case c >= 'a' && c <= 'f':
		return int(c-'a') + 10
	}
	return -1
}

// escaped reports whether every '\' of text begins an escape.
func escaped(b []byte) bool {
	for i := 0; i < len(b); i++ {
		if b[i] != '\\' {
			continue
		}
		switch rest := b[i+1:]; {
		case len(rest) > 0 && rest[0] == '\\':
			i++
		case len(rest) > 2 && rest[0] == 'x' && nibble(rest[1]) >= 0 && nibble(rest[2]) >= 0:
			i += 3
		default:
			return false
		}
	}
	return true
}

// unescape returns text without its escapes, which are good.
func unescape(b []byte) []byte {
	at := bytes.IndexByte(b, '\\')
	if at < 0 {
		return b
	}
	out := append(make([]byte, 0, len(b)), b[:at]...)
	for i := at; i < len(b); i++ {
		switch {
		case b[i] != '\\':
			out = append(out, b[i])
		case b[i+1] == '\\':
			out = append(out, '\\')
			i++
		default:
			out = append(out, byte(nibble(b[i+2])<<4|nibble(b[i+3])))
			i += 3
		}
	}
	return out
}
