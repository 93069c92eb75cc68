package beep

import (
	"encoding/base64"
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// Bounds of channel 0.
const (
	maxManagement = 16 << 10 // octets of a message
	maxContent    = 4 << 10  // octets of the first message in a start (RFC 3080 §2.3.1.2)
)

// greeting is what a listener says first.
func greeting(profiles []string) string {
	if len(profiles) == 0 {
		return "<greeting />"
	}
	var b strings.Builder
	b.WriteString("<greeting>\r\n")
	for _, p := range profiles {
		fmt.Fprintf(&b, "<profile uri='%s' />\r\n", escape(p))
	}
	b.WriteString("</greeting>")
	return b.String()
}

// Unavailable is what a listener says instead of a greeting if it has no room (RFC 3080 §2.4).
func Unavailable() []byte {
	e := Error{CodeUnavailable, "too many connections"}
	return AppendFrame(nil, Header{Kind: ERR}, XML(e.Element()))
}

// manage takes a message or a reply on channel 0.
func (s *Session) manage(h Header, p *part) (Event, error) {
	if h.Kind == ANS || h.Kind == NUL {
		return Event{}, fmt.Errorf("%w: %s on channel 0", ErrProtocol, h.Kind)
	}
	e, err := ParseElement(Body(p.payload))
	if p.octets > maxManagement {
		err = &Error{CodeParameters, fmt.Sprintf("a message of more than %d octets on channel 0", maxManagement)}
	}
	if h.Kind != MSG {
		s.Release(0, p.octets)
		return s.manageReply(h, e, err)
	}
	event := Event{Number: h.Number}
	if err == nil {
		switch e.Name {
		case "start":
			event, err = s.start(h.Number, e)
		case "close":
			event, err = s.close(h.Number, e)
		default:
			err = &Error{CodeSyntax, fmt.Sprintf("unexpected element %.40s", e.Name)}
		}
	}
	if wrong := (*Error)(nil); errors.As(err, &wrong) {
		s.Refuse(event, wrong)
		return Event{}, nil
	}
	return event, err
}

// manageReply takes the greeting of the other side, and what it says to a close.
func (s *Session) manageReply(h Header, e *Element, err error) (Event, error) {
	want := "ok"
	if !s.greeted {
		want = "greeting"
	} else if h.Kind == ERR {
		want = "error"
	}
	if err != nil || e.Name != want {
		return Event{}, fmt.Errorf("%w: no <%s> in the reply to message %d on channel 0 (%v)", ErrProtocol, want, h.Number, err)
	}
	if !s.greeted {
		if h.Kind == ERR {
			return Event{}, fmt.Errorf("%w: an error for a greeting", ErrProtocol)
		}
		s.greeted = true
		return Event{}, nil
	}
	number, closing := s.closing[h.Number]
	delete(s.closing, h.Number)
	if !closing || h.Kind == ERR || s.channels[number] == nil {
		return Event{}, nil
	}
	if number != 0 {
		s.drop(number)
	}
	return Event{What: Closed, Channel: number}, nil
}

// start reads <start>.
func (s *Session) start(message uint32, e *Element) (Event, error) {
	event := Event{What: Start, Number: message}
	number, err := channelNumber(e)
	switch {
	case err != nil || number == 0:
		return event, &Error{CodeParameters, "number attribute in <start> element is no channel number"}
	case number%2 == 0:
		return event, &Error{CodeParameters, "number attribute in <start> element must be odd-valued"}
	case s.channels[number] != nil:
		return event, &Error{CodeRefused, fmt.Sprintf("channel %d is open", number)}
	case len(s.channels) > s.config.MaxChannels:
		return event, &Error{CodeRefused, fmt.Sprintf("more than %d channels", s.config.MaxChannels)}
	}
	event.Channel = number
	for _, child := range e.Children {
		uri, found := child.Lookup("uri")
		if child.Name != "profile" || !found {
			return event, &Error{CodeParameters, "no <profile> with uri in <start>"}
		}
		content, err := contentOf(child)
		if err != nil {
			return event, err
		}
		event.Wanted = append(event.Wanted, Profile{uri, content})
	}
	if len(event.Wanted) == 0 {
		return event, &Error{CodeParameters, "no <profile> in <start>"}
	}
	return event, nil
}

// contentOf is the first message of a channel, which comes with its profile.
func contentOf(profile *Element) ([]byte, error) {
	text := strings.TrimSpace(profile.Text)
	if len(text) > maxContent {
		return nil, &Error{CodeParameters, fmt.Sprintf("more than %d octets in <profile>", maxContent)}
	}
	switch profile.Attr("encoding") {
	case "", "none":
		return []byte(text), nil
	case "base64":
		content, err := base64.StdEncoding.DecodeString(text)
		if err != nil {
			return nil, &Error{CodeParameters, "<profile> is not in base64"}
		}
		return content, nil
	}
	return nil, &Error{CodeParameters, "encoding of <profile> is neither none nor base64"}
}

func channelNumber(e *Element) (uint32, error) {
	n, err := strconv.ParseUint(e.Attr("number"), 10, 31)
	return uint32(n), err
}

// close reads <close>. Without a number it is the session that is to be closed.
func (s *Session) close(message uint32, e *Element) (Event, error) {
	event := Event{What: Close, Number: message}
	if _, found := e.Lookup("number"); found {
		number, err := channelNumber(e)
		if err != nil {
			return event, &Error{CodeParameters, "number attribute in <close> element is no channel number"}
		}
		event.Channel = number
	}
	if code := e.Attr("code"); len(code) != 3 || strings.Trim(code, "0123456789") != "" {
		return event, &Error{CodeParameters, "code attribute in <close> element is no code"}
	}
	if s.channels[event.Channel] == nil {
		return event, &Error{CodeInvalid, fmt.Sprintf("channel %d is not open", event.Channel)}
	}
	return event, nil
}

// Accept starts the channel of a Start with one of the profiles; reply, if not empty, goes along.
func (s *Session) Accept(e Event, profile string, reply string) {
	s.open(e.Channel, s.config.Window)
	element := fmt.Sprintf("<profile uri='%s' />", escape(profile))
	if reply != "" {
		element = fmt.Sprintf("<profile uri='%s'><![CDATA[%s]]></profile>", escape(profile), strings.ReplaceAll(reply, "]]>", "]]]]><![CDATA[>"))
	}
	s.Reply(0, e.Number, RPY, XML(element))
}

// Refuse answers a Start or Close with an error.
func (s *Session) Refuse(e Event, err *Error) { s.Reply(0, e.Number, ERR, XML(err.Element())) }

// Agree closes the channel of a Close. All messages on it have been answered, and the answers have been taken by Output.
func (s *Session) Agree(e Event) {
	if e.Channel != 0 && s.channels[e.Channel] != nil {
		s.drop(e.Channel)
	}
	s.Reply(0, e.Number, RPY, XML(OK))
}

// CloseChannel asks the other side to close a channel, or, if it is 0, to end the session.
func (s *Session) CloseChannel(channel uint32, code int) {
	if s.channels[channel] == nil {
		return
	}
	number := s.Message(0, XML(fmt.Sprintf("<close number='%d' code='%d' />", channel, code)))
	s.closing[number] = channel
}
