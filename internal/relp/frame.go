package relp

import (
	"errors"
	"fmt"
	"strconv"
)

// Limits of the protocol.
const (
	MaxNumber  = 999_999_999 // of a command; behind it comes 1
	MaxData    = 999_999_999 // octets
	maxDigits  = 9
	maxCommand = 32                                         // letters
	maxHeader  = maxDigits + 1 + maxCommand + 1 + maxDigits // octets before the blank or LF
)

// Commands.
const (
	Open        = "open"
	Syslog      = "syslog"
	Close       = "close"
	Rsp         = "rsp"
	ServerClose = "serverclose"
)

// ErrProtocol says that the other side does not speak RELP, or breaks its rules.
var ErrProtocol = errors.New("not RELP")

// Header is a frame without its data.
type Header struct {
	Number  uint32 // 0 is a hint
	Command string
	Size    int // octets of data
}

// AppendFrame appends a frame. The number is at most [MaxNumber], the data at most [MaxData].
func AppendFrame(b []byte, number uint32, command string, data []byte) []byte {
	b = strconv.AppendUint(b, uint64(number), 10)
	b = append(b, ' ')
	b = append(b, command...)
	b = append(b, ' ')
	b = strconv.AppendInt(b, int64(len(data)), 10)
	if len(data) > 0 {
		b = append(b, ' ')
		b = append(b, data...)
	}
	return append(b, '\n')
}

// next is the number behind a number.
func next(number uint32) uint32 {
	if number >= MaxNumber {
		return 1
	}
	return number + 1
}

// parseHeader reads a header at the beginning of b: n are its octets, without the blank or LF behind it, and 0 if it is
// not complete. What is longer than any header is an error.
func parseHeader(b []byte) (h Header, n int, err error) {
	number, n, err := parseNumber(b, 0, "number")
	if n == 0 || err != nil {
		return h, 0, err
	}
	if b[n] != ' ' {
		return h, 0, fmt.Errorf("%w: %q behind the number of a command", ErrProtocol, b[n])
	}
	command, n, err := parseCommand(b, n+1)
	if n == 0 || err != nil {
		return h, 0, err
	}
	size, n, err := parseNumber(b, n+1, "length")
	if n == 0 || err != nil {
		return h, 0, err
	}
	return Header{uint32(number), string(command), size}, n, nil
}

// parseNumber reads digits from b[from:]; end is where they end, and 0 if that is not known yet.
func parseNumber(b []byte, from int, what string) (value, end int, err error) {
	for i := from; i < len(b); i++ {
		c := b[i]
		switch {
		case '0' <= c && c <= '9' && i-from < maxDigits:
			value = 10*value + int(c-'0')
		case '0' <= c && c <= '9':
			return 0, 0, fmt.Errorf("%w: a %s of more than %d digits", ErrProtocol, what, maxDigits)
		case i == from:
			return 0, 0, fmt.Errorf("%w: %q where a %s should begin", ErrProtocol, c, what)
		default:
			return value, i, nil
		}
	}
	return 0, 0, nil
}

// parseCommand reads letters and a blank from b[from:]; end is where the blank is, and 0 if that is not known yet.
func parseCommand(b []byte, from int) (command []byte, end int, err error) {
	for i := from; i < len(b); i++ {
		c := b[i]
		switch {
		case c == ' ' && i > from:
			return b[from:i], i, nil
		case !isLetter(c):
			return nil, 0, fmt.Errorf("%w: %q in the name of a command", ErrProtocol, c)
		case i-from == maxCommand:
			return nil, 0, fmt.Errorf("%w: a command of more than %d letters", ErrProtocol, maxCommand)
		}
	}
	return nil, 0, nil
}

func isLetter(c byte) bool { return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' }
