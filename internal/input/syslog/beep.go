package syslog

import (
	"bytes"
	"fmt"
	"net"
	"slices"
	"time"

	"constat/entry"
	"constat/internal/beep"
	"constat/internal/input"
)

// BEEP says how to receive over BEEP (RFC 3195), by the profiles RAW and COOKED.
type BEEP struct {
	// Software is what the listener says of itself.
	Software string
	// StartTLS has sessions begin in the clear, with the profile for TLS and no other; without it TLS begins with the first octet.
	// It says nothing without TLS.
	StartTLS bool
}

// The profiles, by the names of RFC 3195 §3.2 and §4.2, and of §9.1.
const (
	profileRAW    = "http://xml.resource.org/profiles/syslog/RAW"
	profileCOOKED = "http://xml.resource.org/profiles/syslog/COOKED"
	registered    = "http://iana.org/beep/SYSLOG/"
)

// ListenBEEP binds. With TLS the input is called "beep-tls", without it "beep".
func ListenBEEP(c TCPConfig, b BEEP) (*Stream, error) {
	kind := "beep"
	if c.TLS != nil {
		kind = "beep-tls"
	}
	s, err := c.stream(kind)
	if err == nil {
		s.beep = &b
	}
	return s, err
}

// sayUnavailable says why a connection is closed at once (RFC 3080 §2.4). It does not wait: an empty socket has room.
func (s *Stream) sayUnavailable(conn net.Conn) {
	if s.tls.Load() == nil || s.StartsTLS() {
		conn.SetWriteDeadline(time.Now().Add(backlogWait))
		conn.Write(beep.Unavailable()) // if it cannot be said, it is closed without a word
	}
}

// beepWindow is how many octets of a channel may be on their way to the disk.
const beepWindow = 256 << 10

// What an envelope and a claim hold in memory, in octets, beside the value.
const (
	envelopeMemory = 64
	claimMemory    = 80
)

// maxPaths is how many paths a session may name.
const maxPaths = 1024

// Why entries were not kept, as it stands in loss entries. Their senders were told.
const (
	reasonRefusedEntry = "refused by BEEP"
	reasonLongElement  = "element too long"
)

// reasonNoBEEP is why a connection is not let in.
const reasonNoBEEP = "not BEEP"

// StartsTLS reports whether sessions of BEEP begin in the clear and TLS is negotiated.
func (s *Stream) StartsTLS() bool { return s.beep != nil && s.beep.StartTLS && s.tls.Load() != nil }

// channel is a channel of a session, for one of the profiles. All but unsettled belongs to the goroutine of the session.
type channel struct {
	number uint32
	cooked bool
	source *input.Source
	iam    []entry.Field // what the sender says that it is
	paths  map[string]bool

	unsettled int  // guarded by mu of the session; messages and answers that are not durable
	ended     bool // guarded by mu of the session; no more answers come
}

// profileOf is the profile of a URI, RAW or COOKED; "" is none.
func profileOf(uri string) string {
	switch uri {
	case profileRAW, registered + "RAW":
		return "RAW"
	case profileCOOKED, registered + "COOKED":
		return "COOKED"
	}
	return ""
}

// start starts a channel, or refuses to.
func (s *beepSession) start(e beep.Event) {
	i := slices.IndexFunc(e.Wanted, func(p beep.Profile) bool { return profileOf(p.URI) != "" })
	if i < 0 {
		s.protocol.Refuse(e, &beep.Error{Code: beep.CodeRefused, Text: "all requested profiles are unsupported"})
		return
	}
	wanted := e.Wanted[i]
	profile := profileOf(wanted.URI)
	ch := &channel{number: e.Channel, cooked: profile == "COOKED", paths: map[string]bool{}}
	ch.source = s.in.sourceOf(s.addr, append(slices.Clone(s.source.Fields[2:]), observed("_BEEP_PROFILE", profile)))
	s.channels[e.Channel] = ch
	reply := ""
	if ch.cooked && len(wanted.Content) > 0 {
		reply = beep.OK
		if err := ch.piggyback(wanted.Content); err != nil {
			reply = err.Element()
		}
	}
	s.protocol.Accept(e, wanted.URI, reply)
	if !ch.cooked {
		s.protocol.Message(e.Channel, beep.Binary([]byte(s.in.beep.Software)))
	}
}

// piggyback takes the message that came with a start.
func (ch *channel) piggyback(octets []byte) *beep.Error {
	m, err := parseCooked(octets)
	switch {
	case err != nil:
		return err.(*beep.Error)
	case m.element != "iam":
		return &beep.Error{Code: beep.CodeSyntax, Text: fmt.Sprintf("unexpected element %s within <start>: want iam", m.element)}
	}
	ch.iam = m.claims
	return nil
}

// takeRAW takes the messages of an answer: CR LF is between them. The flag is for the last of them.
func (s *beepSession) takeRAW(ch *channel, e beep.Event, flag string) {
	body := beep.Body(e.Payload)
	gone := e.Octets - len(e.Payload)
	body = bytes.TrimSuffix(body, []byte("\r\n"))
	kept, empty := 0, uint64(0)
	for last := len(body) == 0 && gone == 0; !last; {
		var octets []byte
		octets, body, last = cutCRLF(body)
		m := input.Message{Lost: int64(max(len(octets)-s.in.config.Limit, 0))}
		if last {
			m.Lost += int64(gone)
			m.Flag = flag
		}
		if len(octets) == 0 && m.Lost == 0 {
			empty++
			continue
		}
		if m.Lost > 0 {
			m.Flag = FlagOversize
		}
		s.add(ch, m, octets[:min(len(octets), s.in.config.Limit)])
		kept++
	}
	s.to.empty(ch.source, empty)
	if kept == 0 {
		s.release(ch, e.Octets)
		return
	}
	s.batch = append(s.batch, pending{channel: ch, octets: e.Octets})
}

func cutCRLF(b []byte) (first, rest []byte, last bool) {
	first, rest, found := bytes.Cut(b, []byte("\r\n"))
	return first, rest, !found
}

// takeCOOKED takes a message. What is wrong with it is answered at once; what is to be kept, when it is durable.
func (s *beepSession) takeCOOKED(ch *channel, e beep.Event) {
	body := bytes.TrimSpace(beep.Body(e.Payload))
	m, err := parseCooked(body)
	if e.Octets > len(e.Payload) {
		err = &beep.Error{Code: beep.CodeFailed, Text: reasonTooLong}
	}
	if err == nil && m.element == "path" {
		err = s.checkPath(ch, m)
	}
	if err != nil {
		s.refuse(ch, e, err.(*beep.Error))
		return
	}
	p := pending{channel: ch, number: e.Number}
	switch m.element {
	case "iam":
		ch.iam = m.claims
		s.answer(p, nil)
		return
	case "path":
		ch.paths[m.path] = true
		m.text = string(body)
	}
	kept := m.text[:min(len(m.text), s.in.config.Limit)]
	if len(kept) < len(m.text) {
		p.refused = &beep.Error{Code: beep.CodeFailed, Text: reasonTooLong}
	}
	s.addCooked(ch, m, body, kept)
	s.batch = append(s.batch, p)
}

// addCooked puts what is kept of an entry or path into the chunk, with the element.
func (s *beepSession) addCooked(ch *channel, m cooked, body []byte, kept string) {
	s.open(ch)
	envelope := &input.Envelope{Start: len(s.chunk.Octets), Claims: append(m.claims, ch.iam...)}
	s.chunk.Octets = append(s.chunk.Octets, body...)
	envelope.End = len(s.chunk.Octets)
	s.chunk.Beside += envelopeMemory
	for _, claim := range envelope.Claims {
		s.chunk.Beside += claimMemory + len(claim.Value)
	}
	message := input.Message{Lost: int64(len(m.text) - len(kept)), Envelope: envelope}
	if message.Lost > 0 {
		message.Flag = FlagOversize
	}
	s.add(ch, message, []byte(kept))
}

// checkPath holds a path to the connection.
func (s *beepSession) checkPath(ch *channel, m cooked) error {
	if ch.paths[m.path] || len(ch.paths) == maxPaths {
		return &beep.Error{Code: beep.CodeInvalid, Text: fmt.Sprintf("pathID %.20s is not new, or there are %d paths", m.path, maxPaths)}
	}
	known := s.secure != nil && len(s.secure.ConnectionState().PeerCertificates) > 0
	return m.first.check(s.addr, localAddress(s.conn), s.secure != nil, known, ch.iam != nil)
}

// refuse answers a message that is not kept, and counts it.
func (s *beepSession) refuse(ch *channel, e beep.Event, err *beep.Error) {
	reason := reasonRefusedEntry
	if e.Octets > len(e.Payload) {
		reason = reasonLongElement
	}
	s.to.Sink.Lose(ch.source.Name, reason, 1, uint64(e.Octets))
	s.answer(pending{channel: ch, number: e.Number, refused: err}, nil)
}
