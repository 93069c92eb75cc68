package relp

import (
	"fmt"
	"slices"
)

// Session is the server's side of a session: it says what a frame asks for and what to answer, and does no input or
// output. The zero value is a session that has not begun.
type Session struct {
	// Software is what the server says of itself, such as "constat,1.0,https://example.org"; "" is nothing.
	Software string

	open bool
	last uint32 // number of the last command
	peer offers
}

// Step is what a frame asks for.
type Step uint8

// Steps. Answer: the answer is to be sent, behind those that are still due. Message: the data is a message, which is
// to be answered when it is safe, by [AppendOK] or [AppendRefusal]. End: the answer is to be sent, behind those that are still due, and
// then the connection is to be closed.
const (
	Answer Step = iota
	Message
	End
)

// PeerSoftware is what the client says of itself; it is a claim, and as long as the client likes it.
func (s *Session) PeerSoftware() string { return s.peer.software }

// Take takes a frame. The data of a syslog command is not looked at. The error says what is wrong with a frame that
// ends the session for that; the answer is to be sent all the same.
func (s *Session) Take(h Header, data []byte) (step Step, answer []byte, err error) {
	if h.Number == 0 {
		return Answer, nil, nil // a hint
	}
	if want := next(s.last); h.Number != want {
		return End, AppendServerClose(nil), fmt.Errorf("%w: command %d where %d should be", ErrProtocol, h.Number, want)
	}
	s.last = h.Number
	switch {
	case h.Command == Open && !s.open:
		return s.begin(h, data)
	case h.Command == Open:
		answer = AppendRefusal(nil, h.Number, "session is open already")
		return End, AppendServerClose(answer), fmt.Errorf("%w: opened twice", ErrProtocol)
	case h.Command == Close && s.open:
		return End, AppendServerClose(AppendFrame(nil, h.Number, Rsp, nil)), nil
	case h.Command == Syslog && s.open:
		return Message, nil, nil
	case h.Command == Syslog:
		return Answer, AppendRefusal(nil, h.Number, "command disabled: session is not open"), nil
	}
	return End, AppendServerClose(nil), fmt.Errorf("%w: unexpected command %q", ErrProtocol, h.Command)
}

// begin answers "open".
func (s *Session) begin(h Header, data []byte) (Step, []byte, error) {
	refuse := func(text string, err error) (Step, []byte, error) {
		return End, AppendServerClose(AppendRefusal(nil, h.Number, text)), err
	}
	o, err := parseOffers(data)
	if err != nil {
		return refuse("offers cannot be read", err)
	}
	if !slices.Contains(o.commands, Syslog) {
		return refuse("required command not supported by client", fmt.Errorf("%w: the client does not offer syslog", ErrProtocol))
	}
	s.open, s.peer = true, o
	own := offers{min(version, o.version), s.Software, []string{Syslog}}
	return Answer, AppendFrame(nil, h.Number, Rsp, own.append([]byte("200 OK\n"))), nil
}
