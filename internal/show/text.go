package show

import (
	"bytes"
	"unicode/utf8"

	"constat/entry"
)

// Colours of messages by level, as journalctl uses them; every line ends with colourOff.
const (
	colourError   = "\x1b[0;1;31m" // err and worse: bold red
	colourWarning = "\x1b[0;33m"   // yellow
	colourNotice  = "\x1b[0;1m"    // bold
	colourDebug   = "\x1b[0;90m"   // grey
	colourOff     = "\x1b[0m"
)

// colour returns the colour of the message of an entry, "" for none. A loss that says no level is a warning.
func (p *Printer) colour(e *entry.Entry) string {
	if !p.options.Colour {
		return ""
	}
	level, ok := e.Level()
	switch {
	case !ok && e.Kind == entry.Loss, ok && level == 4:
		return colourWarning
	case !ok:
		return ""
	case level <= 3:
		return colourError
	case level == 5:
		return colourNotice
	case level == 7:
		return colourDebug
	}
	return ""
}

// appendLines appends text, the lines after the first indented by so many blanks unless they are empty, each line in
// the colour.
func (p *Printer) appendLines(dst, s []byte, indent int, colour string) []byte {
	for {
		end := bytes.IndexByte(s, '\n')
		line := s
		if end >= 0 {
			line = s[:end]
		}
		if colour == "" || len(line) == 0 {
			dst = p.appendInline(dst, line)
		} else {
			dst = append(p.appendInline(append(dst, colour...), line), colourOff...)
		}
		if end < 0 {
			return dst
		}
		dst = append(dst, '\n')
		s = s[end+1:]
		for i := 0; i < indent && len(s) > 0 && s[0] != '\n'; i++ {
			dst = append(dst, ' ')
		}
	}
}

// appendInline appends text that must stay on its line: LF is always escaped, what else [Options.Escape] says too.
func (p *Printer) appendInline(dst, s []byte) []byte {
	done := 0
	for i := 0; i < len(s); {
		if c := s[i]; c >= ' ' && c < 0x7f {
			i++
			continue
		}
		size, escape := 1, s[i] == '\n'
		if p.options.Escape {
			size, escape = control(s[i:])
		}
		if escape {
			dst = appendEscaped(append(dst, s[done:i]...), s[i:i+size])
			done = i + size
		}
		i += size
	}
	return append(dst, s[done:]...)
}

// control returns the size of the first character of s, and whether it is one that could act on a terminal: a control
// character (C0 but TAB, DEL, C1), a bidirectional control, or a byte that is not UTF-8.
func control(s []byte) (size int, is bool) {
	if c := s[0]; c < utf8.RuneSelf {
		return 1, c < 0x20 && c != '\t' || c == 0x7f
	}
	c, size := utf8.DecodeRune(s)
	switch {
	case c == utf8.RuneError && size == 1:
		return 1, true
	case c <= 0x9f, c >= 0x202a && c <= 0x202e, c >= 0x2066 && c <= 0x2069:
		return size, true
	}
	return size, false
}

// appendEscaped appends every byte as \xNN.
func appendEscaped(dst, s []byte) []byte {
	for _, c := range s {
		dst = append(dst, '\\', 'x', hexDigits[c>>4], hexDigits[c&15])
	}
	return dst
}
