package beep

import "slices"

// Output appends the frames that may be sent now: what windows have no room for stays. Whoever calls it sends what it
// returns, and calls it again when frames were taken or something was answered.
func (s *Session) Output(b []byte) []byte {
	for _, c := range s.order {
		b = c.announce(b)
	}
	for again := true; again; {
		again = false
		for _, c := range s.order {
			n := len(b)
			b = s.sendFrame(b, c)
			again = again || len(b) > n
		}
	}
	return b
}

// Waiting reports whether there is something to send that a window has no room for, once Output was called.
func (s *Session) Waiting() bool {
	return slices.ContainsFunc(s.order, func(c *channelState) bool {
		return c.sending != nil || len(c.queue) > 0 || len(c.due) > 0 && c.due[0].out != nil
	})
}

// announce tells the other side of a window that has grown by half.
func (c *channelState) announce(b []byte) []byte {
	if c.next == 0 {
		return b // nothing came yet: the first window is known
	}
	edge := c.next + uint32(max(c.window-c.kept, 0))
	if int32(edge-c.edge) < int32(c.window/2) {
		return b
	}
	c.edge = edge
	return AppendFrame(b, Header{Kind: SEQ, Channel: c.number, Seq: c.next, Size: edge - c.next}, nil)
}

// sendFrame appends one frame of a channel, if there is one and its window has room.
func (s *Session) sendFrame(b []byte, c *channelState) []byte {
	if c.sending == nil {
		c.sending = c.pick()
	}
	o := c.sending
	if o == nil {
		return b
	}
	room := min(int(c.may-c.out), maxFrame)
	if room == 0 && len(o.payload) > 0 {
		return b
	}
	piece := o.payload[:min(room, len(o.payload))]
	o.payload = o.payload[len(piece):]
	b = AppendFrame(b, Header{Kind: o.kind, Channel: c.number, Number: o.number, More: len(o.payload) > 0, Seq: c.out}, piece)
	c.out += uint32(len(piece))
	if len(o.payload) > 0 {
		return b
	}
	c.sending = nil
	if o.kind != MSG {
		r := c.due[0]
		c.due = c.due[1:]
		if c.dueTo[r.number] == r {
			delete(c.dueTo, r.number)
		}
		c.kept -= r.octets
		s.due--
	}
	return b
}

// pick is what is sent next: the first reply, if it is known, before a message of ours.
func (c *channelState) pick() (o *outgoing) {
	if len(c.due) > 0 && c.due[0].out != nil {
		return c.due[0].out
	}
	if len(c.queue) > 0 {
		o, c.queue = c.queue[0], c.queue[1:]
	}
	return o
}

// Message sends a message of ours on a channel that there is. The number is that of the message.
func (s *Session) Message(channel uint32, payload []byte) (number uint32) {
	c := s.channels[channel]
	number = c.ask
	c.ask = (c.ask + 1) & MaxNumber
	c.asked[number] = &exchange{}
	c.queue = append(c.queue, &outgoing{MSG, number, payload})
	return number
}

// Reply answers a message. Replies go in the order of the messages, whatever the order in which they are known. A channel
// or message that there is no more is passed over.
func (s *Session) Reply(channel, number uint32, kind Kind, payload []byte) {
	c := s.channels[channel]
	if c == nil {
		return
	}
	if r := c.dueTo[number]; r != nil && r.out == nil {
		r.out = &outgoing{kind, number, payload}
	}
}

// Release says that octets of answers of a channel are not kept any more, so that others may come. Those of messages are
// released by their replies.
func (s *Session) Release(channel uint32, octets int) {
	if c := s.channels[channel]; c != nil {
		c.kept = max(c.kept-octets, 0)
	}
}
