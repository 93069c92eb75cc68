package syslog

import (
	"errors"
	"os"

	"constat/internal/beep"
	"constat/internal/input"
)

// release lets others come in the place of octets that are done with.
func (s *beepSession) release(ch *channel, octets int) {
	s.locked(func() { s.protocol.Release(ch.number, octets) })
}

// answer answers a message. An error says why it is not kept.
func (s *beepSession) answer(p pending, failed error) {
	s.locked(func() { s.answerLocked(p, failed) })
}

func (s *beepSession) answerLocked(p pending, failed error) {
	switch {
	case failed != nil:
		p.refused = &beep.Error{Code: beep.CodeAborted, Text: "not kept: " + failed.Error()}
		fallthrough
	case p.refused != nil:
		s.protocol.Reply(p.channel.number, p.number, beep.ERR, beep.XML(p.refused.Element()))
	default:
		s.protocol.Reply(p.channel.number, p.number, beep.RPY, beep.XML(beep.OK))
	}
}

// handOver hands the chunk over, as soon as little enough waits to be durable. What the sink does not take of COOKED is
// refused: the sender has it still. Of RAW it is lost, and counted, and the session ends.
func (s *beepSession) handOver() error {
	c, batch := s.chunk, s.batch
	if s.chunk, s.batch = nil, nil; c == nil {
		return nil
	}
	size, ch := len(c.Octets), batch[0].channel
	if err := s.await(func() bool { return s.unsettled == 0 || s.unsettled+size <= maxWaiting }); err != nil {
		s.abandon(ch, c)
		return err
	}
	s.locked(func() {
		s.unsettled += size
		ch.unsettled += len(batch)
	})
	settle := func(err error) { s.settle(ch, batch, size, err) }
	c.Done = settle
	hand := s.to.put
	if ch.cooked {
		hand = s.to.hand
	}
	err := hand(c)
	if err != nil {
		settle(err)
	}
	return err
}

// abandon takes back a chunk of a session that has failed.
func (s *beepSession) abandon(ch *channel, c *input.Chunk) {
	if ch.cooked {
		s.to.keep(c)
		return
	}
	s.to.lose(c, reasonStopped)
}

// settle is told what became of a chunk. It may be called by the sink, and does not wait.
func (s *beepSession) settle(ch *channel, batch []pending, size int, failed error) {
	s.locked(func() {
		s.unsettled -= size
		ch.unsettled -= len(batch)
		for _, p := range batch {
			if ch.cooked {
				s.answerLocked(p, failed)
			} else if failed == nil {
				s.protocol.Release(ch.number, p.octets)
			}
		}
		if failed == nil {
			s.closeEnded(ch)
		} else if !ch.cooked && s.failed == nil {
			s.failed = failed // there is no other way to tell
			s.conn.Close()
		}
	})
}

// closeEnded closes a RAW channel on which everything has come and is durable (RFC 3195 §3.1).
func (s *beepSession) closeEnded(ch *channel) {
	if ch.ended && ch.unsettled == 0 {
		ch.ended = false
		s.protocol.CloseChannel(ch.number, beep.CodeOK)
	}
}

// keepParts keeps what came of answers of RAW that will not end, and why not. Of COOKED the sender has it still.
func (s *beepSession) keepParts(err error) {
	flag := FlagTruncated
	if errors.Is(err, os.ErrDeadlineExceeded) {
		flag = FlagTimeout
	}
	type rest struct {
		ch     *channel
		octets []byte
		count  int
	}
	var rests []rest
	s.locked(func() {
		s.protocol.Parts(func(number uint32, payload []byte, octets int) {
			if ch := s.channels[number]; ch != nil && !ch.cooked {
				rests = append(rests, rest{ch, payload, octets})
			}
		})
	})
	for _, r := range rests {
		s.takeRAW(r.ch, beep.Event{Channel: r.ch.number, Payload: r.octets, Octets: r.count}, flag)
	}
}
