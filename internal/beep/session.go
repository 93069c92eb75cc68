package beep

import (
	"fmt"
	"slices"
)

// Config says how a listener works.
type Config struct {
	// Profiles are those that the greeting names.
	Profiles []string
	// Window is how many octets of a channel may be under way or kept; at least 4096, which all channels begin with.
	Window int
	// Limit is how many octets of a message are kept. The rest is counted.
	Limit int
	// MaxChannels is how many channels there may be beside channel 0; 0 is 256 (RFC 3080 §2.3).
	MaxChannels int
}

// Session is the listener's side of a session. It does no input or output: [Session.Check] and [Session.Take] take frames,
// [Session.Output] gives those to be sent. It belongs to one goroutine at a time.
type Session struct {
	config   Config
	channels map[uint32]*channelState
	order    []*channelState // as they were started
	greeted  bool            // the other side has greeted
	due      int             // messages that are not answered, of all channels
	closing  map[uint32]uint32
}

// Event is what a frame brought to its end.
type Event struct {
	What    What
	Kind    Kind // of the frame
	Channel uint32
	Number  uint32 // of the message
	Payload []byte // of Message and Answer, as far as it is kept
	Octets  int    // of the payload as it came; those of an answer are to be released

	Wanted []Profile // of Start, in the order of preference
}

// What is what an event is.
type What uint8

// Events. Nothing: go on. Message: a message on a channel other than 0, to be replied to. Answer: one of the answers to
// a message of ours. Done: the last of them has come, or a reply. Start: the other side wants to start channel
// Event.Channel, to be answered by Accept or Refuse. Close: it wants to close it, or, if it is 0, to end the session: to be
// answered by Agree or Refuse. Closed: the other side agrees that the channel is closed.
const (
	Nothing What = iota
	Message
	Answer
	Done
	Start
	Close
	Closed
)

// Profile is one of those for which a channel may be started.
type Profile struct {
	URI     string
	Content []byte // the first message, which came along
}

// NewListener returns a session that greets.
func NewListener(c Config) *Session {
	if c.MaxChannels <= 0 {
		c.MaxChannels = 256
	}
	s := &Session{config: c, channels: map[uint32]*channelState{}, closing: map[uint32]uint32{}}
	zero := s.open(0, firstWindow)
	zero.ask = 1
	zero.asked[0] = &exchange{} // the greeting of the other side replies to nothing
	s.due++
	zero.due = []*reply{{out: &outgoing{RPY, 0, XML(greeting(c.Profiles))}}} // it replies to no message
	return s
}

func (s *Session) open(number uint32, window int) *channelState {
	c := newChannel(number, window)
	s.channels[number] = c
	s.order = append(s.order, c)
	return c
}

func (s *Session) drop(number uint32) {
	s.due -= len(s.channels[number].due)
	s.order = slices.DeleteFunc(s.order, func(c *channelState) bool { return c.number == number })
	delete(s.channels, number)
}

// Greeted reports whether the other side has greeted.
func (s *Session) Greeted() bool { return s.greeted }

// Unfinished reports whether there is a message of which not all frames came.
func (s *Session) Unfinished() bool {
	found := false
	for _, c := range s.order {
		c.parts(func(*part) { found = true })
	}
	return found
}

// Parts calls f for each message or answer on a channel other than 0 of which not all frames came.
func (s *Session) Parts(f func(number uint32, payload []byte, octets int)) {
	for _, c := range s.order {
		if c.number != 0 {
			c.parts(func(p *part) { f(c.number, p.payload, p.octets) })
		}
	}
}

// Busy reports whether a message of a channel, by whichever side, has no reply, or not all of it; for channel 0, whether
// that is so on any other channel.
func (s *Session) Busy(channel uint32) bool {
	return slices.ContainsFunc(s.order, func(c *channelState) bool {
		return c.number != 0 && (channel == 0 || c.number == channel) && c.busy()
	})
}

// Check holds a frame to the rules before its payload is read. It takes SEQ frames, which have none.
func (s *Session) Check(h Header) error {
	c := s.channels[h.Channel]
	switch {
	case c == nil:
		return fmt.Errorf("%w: %s on channel %d, which there is not", ErrProtocol, h.Kind, h.Channel)
	case h.Kind == SEQ:
		return c.widen(h)
	case !s.greeted && (h.Kind != RPY && h.Kind != ERR || h.Number != 0):
		return fmt.Errorf("%w: %s %d before the greeting", ErrProtocol, h.Kind, h.Number)
	}
	return c.check(c.counted(h))
}

// widen takes a SEQ frame. A window never shrinks.
func (c *channelState) widen(h Header) error {
	if int32(c.out-h.Seq) < 0 {
		return fmt.Errorf("%w: channel %d: octet %d awaited, before %d was sent", ErrProtocol, c.number, h.Seq, c.out)
	}
	if edge := h.Seq + h.Size; int32(edge-c.may) > 0 {
		c.may = edge
	}
	return nil
}

// Take takes a frame that was checked, with its payload, which stays the caller's.
func (s *Session) Take(h Header, payload []byte) (Event, error) {
	c := s.channels[h.Channel]
	h = c.counted(h)
	limit := s.config.Limit
	if h.Channel == 0 {
		limit = maxManagement
	}
	if h.Kind == NUL && len(Body(payload)) > 0 {
		return Event{}, fmt.Errorf("%w: a NUL frame with octets", ErrProtocol)
	}
	whole := c.take(h, payload, limit)
	if err := s.bounded(); err != nil {
		return Event{}, err
	}
	if whole == nil {
		return Event{}, nil
	}
	if h.Kind == MSG {
		s.due++
	}
	c.kept += whole.octets
	if h.Channel == 0 {
		return s.manage(h, whole)
	}
	e := Event{What: Done, Kind: h.Kind, Channel: h.Channel, Number: h.Number}
	switch h.Kind {
	case MSG:
		e.What = Message
	case ANS:
		e.What = Answer
	}
	e.Payload, e.Octets = whole.payload, whole.octets
	return e, nil
}

// bounded ends a session that has begun too much.
func (s *Session) bounded() error {
	octets := 0
	for _, c := range s.order {
		c.parts(func(p *part) { octets += len(p.payload) })
	}
	if s.due >= maxDue || octets > max(2*s.config.Limit, maxParts) {
		return fmt.Errorf("%w: %d messages without reply, %d octets of messages without end", ErrProtocol, s.due, octets)
	}
	return nil
}
