package beep

import (
	"errors"
	"fmt"
	"math"
	"strconv"
)

// Kind is what a frame is.
type Kind uint8

// The kinds of frames.
const (
	MSG Kind = iota
	RPY
	ERR
	ANS
	NUL
	SEQ
)

var keywords = [...]string{"MSG", "RPY", "ERR", "ANS", "NUL", "SEQ"}

// String is the keyword.
func (k Kind) String() string {
	if int(k) < len(keywords) {
		return keywords[k]
	}
	return fmt.Sprintf("kind(%d)", uint8(k))
}

// ErrProtocol says that the other side does not speak BEEP, or breaks its rules. The session ends without an answer.
var ErrProtocol = errors.New("not BEEP")

// MaxNumber is the highest channel and message number, and the largest payload of a frame.
const MaxNumber = math.MaxInt32

// maxHeader is the longest header in octets, with CR LF.
const maxHeader = len("ANS 2147483647 2147483647 . 4294967295 2147483647 4294967295\r\n")

const trailer = "END\r\n"

// emptyHead are the octets of a payload without headers and body: CR LF. A NUL frame should have none at all, but
// liblogging 1.0.8 sends these.
const emptyHead = 2

// Header is a frame without its payload.
type Header struct {
	Kind    Kind
	Channel uint32
	Number  uint32 // of the message; not of SEQ
	More    bool   // other frames of the message follow
	Seq     uint32 // of the first octet; of SEQ, of the octet that is awaited
	Size    uint32 // octets of payload; of SEQ, of the window
	Answer  uint32 // of ANS
}

// AppendFrame appends a frame; h.Size is set. A SEQ frame has no payload, and its h.Size stays.
func AppendFrame(b []byte, h Header, payload []byte) []byte {
	b = append(b, h.Kind.String()...)
	b = appendNumber(b, h.Channel)
	if h.Kind == SEQ {
		b = appendNumber(b, h.Seq)
		b = appendNumber(b, h.Size)
		return append(b, "\r\n"...)
	}
	b = appendNumber(b, h.Number)
	if h.More {
		b = append(b, " *"...)
	} else {
		b = append(b, " ."...)
	}
	b = appendNumber(b, h.Seq)
	b = appendNumber(b, uint32(len(payload)))
	if h.Kind == ANS {
		b = appendNumber(b, h.Answer)
	}
	b = append(b, "\r\n"...)
	b = append(b, payload...)
	return append(b, trailer...)
}

func appendNumber(b []byte, n uint32) []byte {
	return strconv.AppendUint(append(b, ' '), uint64(n), 10)
}

// parseHeader reads a header, without CR LF.
func parseHeader(line []byte) (h Header, err error) {
	p := headerParser{line: line}
	p.keyword(&h)
	h.Channel = p.number("channel", MaxNumber)
	if h.Kind == SEQ {
		h.Seq = p.number("acknowledged number", math.MaxUint32)
		h.Size = p.number("window", MaxNumber)
		return h, p.end()
	}
	h.Number = p.number("message number", MaxNumber)
	h.More = p.more()
	h.Seq = p.number("sequence number", math.MaxUint32)
	h.Size = p.number("size", MaxNumber)
	if h.Kind == ANS {
		h.Answer = p.number("answer number", math.MaxUint32)
	}
	if err := p.end(); err != nil {
		return h, err
	}
	if h.Kind == NUL && (h.More || h.Size != 0 && h.Size != emptyHead) {
		return h, fmt.Errorf("%w: a NUL frame with octets, or that does not end its message", ErrProtocol)
	}
	return h, nil
}

// headerParser takes the parts of a header off, one by one. After an error it returns zeros.
type headerParser struct {
	line []byte
	err  error
}

func (p *headerParser) fail(what string) {
	if p.err == nil {
		p.err = fmt.Errorf("%w: a frame without %s: %.40q", ErrProtocol, what, p.line)
	}
}

func (p *headerParser) keyword(h *Header) {
	for k, word := range keywords {
		if len(p.line) >= len(word) && string(p.line[:len(word)]) == word {
			h.Kind = Kind(k)
			p.line = p.line[len(word):]
			return
		}
	}
	p.fail("keyword")
}

// blank takes the one blank before a part.
func (p *headerParser) blank() bool {
	if p.err != nil || len(p.line) == 0 || p.line[0] != ' ' {
		return false
	}
	p.line = p.line[1:]
	return true
}

func (p *headerParser) number(what string, most uint64) uint32 {
	if !p.blank() {
		p.fail(what)
		return 0
	}
	n := 0
	for n < len(p.line) && '0' <= p.line[n] && p.line[n] <= '9' {
		n++
	}
	value, err := strconv.ParseUint(string(p.line[:n]), 10, 32)
	if err != nil || value > most {
		p.fail(what)
		return 0
	}
	p.line = p.line[n:]
	return uint32(value)
}

func (p *headerParser) more() bool {
	if !p.blank() || len(p.line) == 0 || p.line[0] != '.' && p.line[0] != '*' {
		p.fail(`"." or "*"`)
		return false
	}
	more := p.line[0] == '*'
	p.line = p.line[1:]
	return more
}

func (p *headerParser) end() error {
	if len(p.line) > 0 {
		p.fail("CR LF behind its header")
	}
	return p.err
}
