package parse

import (
	"fmt"
	"strings"
)

// Format is how an input writes its entries.
type Format uint8

// The formats. Auto decides line by line; it never takes a line for Export, which has many lines an entry. Syslog is
// what senders put on the network: every octet string is a message of it, so Auto never takes a line for that either. Zato is audit-pii.log, never
// guessed: its lines look like those of many a program.
const (
	Auto Format = iota
	RFC3164
	RFC5424
	JSONLines
	Export
	Text
	Syslog
	Zato
)

var formatNames = [...]string{"auto", "rfc3164", "rfc5424", "jsonl", "export", "text", "syslog", "zato"}

// String returns the name of the format as it is written on the command line.
func (f Format) String() string {
	if int(f) < len(formatNames) {
		return formatNames[f]
	}
	return fmt.Sprintf("format(%d)", uint8(f))
}

// FormatByName is the inverse of [Format.String].
func FormatByName(name string) (Format, error) {
	for i, known := range formatNames {
		if name == known {
			return Format(i), nil
		}
	}
	return Auto, fmt.Errorf("format %q: want one of %s", name, strings.Join(formatNames[:], ", "))
}

// lineFormat says what Auto takes a line for.
func lineFormat(line []byte) Format {
	switch {
	case len(line) == 0:
		return Text
	case line[0] == '{':
		return JSONLines
	case line[0] == '<':
		_, rest, found := cutPRI(line)
		switch {
		case !found:
			return Text
		case len(rest) >= 2 && rest[0] == '1' && rest[1] == ' ':
			return RFC5424
		}
		return RFC3164
	}
	if _, size, _ := stampShape(line); size > 0 {
		return RFC3164
	}
	return Text
}
