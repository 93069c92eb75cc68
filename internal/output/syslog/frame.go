package syslog

import (
	"bytes"
	"strconv"
)

// Framing is how messages stand behind each other in a stream.
type Framing uint8

// The framings of RFC 6587: octet counting (section 3.4.1), and a LF behind each message (section 3.4.2). With LF, one
// that stands in a message becomes "#012", as rsyslog writes it; those at its end are left out.
const (
	Octets Framing = iota
	LF
)

// appendFramed appends a message as it stands in a stream.
func appendFramed(dst, message []byte, f Framing) []byte {
	if f == LF {
		return appendLine(dst, message)
	}
	dst = append(strconv.AppendInt(dst, int64(len(message)), 10), ' ')
	return append(dst, message...)
}

// appendLine appends a message and the LF that ends it.
func appendLine(dst, message []byte) []byte {
	message = bytes.TrimRight(message, "\n")
	for {
		i := bytes.IndexByte(message, '\n')
		if i < 0 {
			return append(append(dst, message...), '\n')
		}
		dst = append(append(dst, message[:i]...), "#012"...)
		message = message[i+1:]
	}
}

// cut returns the beginning of a message that is longer than a limit, up to the last whole character of UTF-8.
func cut(message []byte, limit int) []byte {
	if len(message) <= limit {
		return message
	}
	end := limit
	for end > 0 && end > limit-4 && message[end]&0xc0 == 0x80 {
		end--
	}
	return message[:end]
}
