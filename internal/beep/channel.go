package beep

import "fmt"

// Bounds of a session, beside those of [Config].
const (
	firstWindow = 4096    // octets; RFC 3081 §3.1.1
	maxAnswers  = 64      // of one message that are under way at a time
	maxDue      = 16384   // messages that are not answered, of all channels
	maxFrame    = 4096    // octets of payload of frames that we send
	maxParts    = 1 << 20 // octets of messages without end, of all channels, unless two messages have more
)

// channelState is one side's view of a channel.
type channelState struct {
	number uint32

	// What comes.
	next   uint32               // the sequence number that is awaited
	edge   uint32               // behind the last octet that may come
	kept   int                  // octets of whole messages that nobody has released
	window int                  // octets that may be under way or kept
	last   Header               // of the last frame; of none there is no more
	part   *part                // of a message or reply whose frames come
	due    []*reply             // in the order of the messages
	dueTo  map[uint32]*reply    // the same, by number
	asked  map[uint32]*exchange // messages of ours that are not answered

	// What goes.
	out     uint32 // the sequence number of the next octet
	may     uint32 // behind the last octet that may be sent
	ask     uint32 // of our next message
	queue   []*outgoing
	sending *outgoing // the one whose frames go
}

// part is a message of which not all frames came.
type part struct {
	payload []byte
	octets  int // of all that came
}

// reply is what is due to a message.
type reply struct {
	number uint32
	octets int       // of the message, which are kept until the reply is sent
	out    *outgoing // nil until it is known
}

// exchange is a message of ours and what came in reply.
type exchange struct {
	last    Kind
	any     bool
	frames  uint32 // of answers
	answers map[uint32]*part
}

// outgoing is a message that is sent.
type outgoing struct {
	kind    Kind
	number  uint32
	payload []byte
}

func newChannel(number uint32, window int) *channelState {
	return &channelState{number: number, edge: firstWindow, may: firstWindow, window: max(window, firstWindow), asked: map[uint32]*exchange{}, dueTo: map[uint32]*reply{}}
}

// check holds a frame to RFC 3080 §2.2.1.1, and to its window.
func (c *channelState) check(h Header) error {
	wrong := func(text string, args ...any) error {
		return fmt.Errorf("%w: channel %d: %s", ErrProtocol, c.number, fmt.Sprintf(text, args...))
	}
	if c.last.More && (h.Number != c.last.Number || (h.Kind == MSG) != (c.last.Kind == MSG)) {
		return wrong("%s %d within %s %d", h.Kind, h.Number, c.last.Kind, c.last.Number)
	}
	if h.Kind == MSG {
		if c.dueTo[h.Number] != nil {
			return wrong("message %d again, which is not answered", h.Number)
		}
	} else if err := c.checkReply(h); err != nil {
		return wrong("%s", err.Error())
	}
	if h.Seq != c.next {
		return wrong("sequence number %d where %d should be", h.Seq, c.next)
	}
	if h.Size > c.edge-c.next {
		return wrong("%d octets where the window has %d", h.Size, c.edge-c.next)
	}
	return nil
}

// counted corrects the message number of senders that count the frames of their answers there (liblogging 1.0.8), where
// all are to message 0.
func (c *channelState) counted(h Header) Header {
	if x := c.asked[0]; x != nil && len(c.asked) == 1 && (h.Kind == ANS || h.Kind == NUL) && h.Number == x.frames {
		h.Number = 0
	}
	return h
}

func (c *channelState) checkReply(h Header) error {
	x := c.asked[h.Number]
	if x == nil {
		return fmt.Errorf("%s to message %d, which was not sent or is answered", h.Kind, h.Number)
	}
	if x.any && h.Kind != x.last && (h.Kind != NUL || x.last != ANS) {
		return fmt.Errorf("%s behind %s in reply to message %d", h.Kind, x.last, h.Number)
	}
	if h.Kind == NUL && len(x.answers) > 0 {
		return fmt.Errorf("NUL before the end of an answer to message %d", h.Number)
	}
	if h.Kind == ANS && x.answers[h.Answer] == nil && len(x.answers) == maxAnswers {
		return fmt.Errorf("more than %d answers to message %d at a time", maxAnswers, h.Number)
	}
	return nil
}

// take takes a frame that was checked. whole is the message or reply that it ends; nil is none.
func (c *channelState) take(h Header, payload []byte, limit int) (whole *part) {
	c.next += h.Size
	c.last = h
	if h.Kind == ANS {
		return c.asked[h.Number].take(h, payload, limit)
	}
	if c.part == nil {
		c.part = &part{}
	}
	c.part.add(payload, limit)
	if h.Kind != MSG {
		x := c.asked[h.Number]
		x.any, x.last = true, h.Kind
	}
	if h.More {
		return nil
	}
	whole, c.part = c.part, nil
	if h.Kind == MSG {
		c.owe(&reply{number: h.Number, octets: whole.octets})
	} else {
		delete(c.asked, h.Number)
	}
	return whole
}

func (c *channelState) owe(r *reply) {
	c.due = append(c.due, r)
	c.dueTo[r.number] = r
}

func (x *exchange) take(h Header, payload []byte, limit int) (whole *part) {
	x.any, x.last = true, ANS
	x.frames++
	p := x.answers[h.Answer]
	if p == nil {
		p = &part{}
	}
	p.add(payload, limit)
	if !h.More {
		delete(x.answers, h.Answer)
		return p
	}
	if x.answers == nil {
		x.answers = map[uint32]*part{}
	}
	x.answers[h.Answer] = p
	return nil
}

// add adds a frame; octets above the limit are counted only.
func (p *part) add(payload []byte, limit int) {
	p.octets += len(payload)
	p.payload = append(p.payload, payload[:min(len(payload), max(limit-len(p.payload), 0))]...)
}

// parts calls f for each message of which not all frames came.
func (c *channelState) parts(f func(*part)) {
	if c.part != nil {
		f(c.part)
	}
	for _, x := range c.asked {
		for _, p := range x.answers {
			f(p)
		}
	}
}

// busy is whether something is not answered, by us or by the other side.
func (c *channelState) busy() bool { return len(c.due) > 0 || len(c.asked) > 0 || c.part != nil }
