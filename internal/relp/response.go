package relp

import (
	"bytes"
	"fmt"
	"strconv"
)

// Codes of answers.
const (
	OK      = 200
	Refused = 500
)

// AppendOK appends the answer that a command was carried out.
func AppendOK(b []byte, number uint32) []byte { return AppendFrame(b, number, Rsp, okData) }

var okData = []byte("200 OK")

// AppendRefusal appends the answer that a command was not carried out. The text has one line. A client that gets it for
// a message tries again later: it is for what may get better.
func AppendRefusal(b []byte, number uint32, text string) []byte {
	return AppendFrame(b, number, Rsp, fmt.Appendf(nil, "%d %s", Refused, text))
}

// AppendServerClose appends the hint that the server ends the session.
func AppendServerClose(b []byte) []byte { return AppendFrame(b, 0, ServerClose, nil) }

// parseResponse reads the data of an answer: CODE [SP TEXT] [LF DATA]. An empty one, as "close" gets it, is 200.
func parseResponse(data []byte) (code int, text string, rest []byte, err error) {
	if len(data) == 0 {
		return OK, "", nil, nil
	}
	line, rest, _ := bytes.Cut(data, []byte("\n"))
	number, words, _ := bytes.Cut(line, []byte(" "))
	if code, err = strconv.Atoi(string(number)); err != nil || len(number) != 3 {
		return 0, "", nil, fmt.Errorf("%w: the answer %.40q has no code", ErrProtocol, line)
	}
	return code, string(words), rest, nil
}

// RefusedError is an answer other than 200.
type RefusedError struct {
	Command string
	Code    int
	Text    string // as the server says it
	Others  int    // messages behind it that the server has acknowledged meanwhile
}

// Error implements error.
func (e *RefusedError) Error() string {
	return fmt.Sprintf("%s refused by the server: %d %s", e.Command, e.Code, e.Text)
}
