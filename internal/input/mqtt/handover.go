package mqtt

import (
	"context"
	"errors"
	"time"

	paho "github.com/eclipse/paho.mqtt.golang"

	"constat/internal/input"
	parse "constat/internal/parse/mqtt"
)

// What can be wrong with a payload.
const (
	// FlagBroken: it is no object of an event, and kept as text.
	FlagBroken = "broken payload"
	// FlagOversize: only the beginning was kept, because it is longer than the limit.
	FlagOversize = "oversize"
)

// pump hands over what comes until nothing more does.
func (s *session) pump(ctx context.Context) {
	for list := s.inbox.take(); len(list) > 0; list = s.inbox.take() {
		for len(list) > 0 {
			n := 1
			for n < len(list) && originOf(list[n]) == originOf(list[0]) {
				n++
			}
			s.hand(ctx, list[:n:n])
			list = list[n:]
		}
	}
}

// hand hands over messages of one origin.
func (s *session) hand(ctx context.Context, list []paho.Message) {
	o := originOf(list[0])
	c := s.sink.Chunk()
	c.Source = s.in.sources.of(o)
	for _, m := range list {
		s.add(c, m)
	}
	if o.acknowledged {
		s.handAcknowledged(ctx, c, list)
		return
	}
	octets := uint64(len(c.Octets))
	if err := s.sink.Offer(c); err != nil {
		reason := reasonStopped
		if errors.Is(err, input.ErrFull) {
			reason = reasonFull
		}
		s.sink.Lose(s.in.Name(), reason, uint64(len(list)), octets)
	}
}

// handAcknowledged waits for room. What the sink does not take the broker has still.
func (s *session) handAcknowledged(ctx context.Context, c *input.Chunk, list []paho.Message) {
	s.mu.Lock()
	s.under++
	s.mu.Unlock()
	c.Done = func(err error) { s.settle(list, err) }
	if err := s.sink.Put(ctx, c); err != nil {
		s.settle(nil, nil)
		s.fail(err)
	}
}

// add adds a message to a chunk.
func (s *session) add(c *input.Chunk, m paho.Message) {
	kept := m.Payload()
	one := input.Message{Start: len(c.Octets)}
	if over := len(kept) - s.in.config.Limit; over > 0 {
		kept, one.Lost, one.Flag = kept[:s.in.config.Limit], int64(over), FlagOversize
	} else if !parse.Valid(kept) {
		one.Flag = FlagBroken
	}
	if one.Flag != "" {
		s.in.broken.Add(1)
	}
	if m.Duplicate() {
		s.in.redeliver.Add(1)
	}
	c.Octets = append(c.Octets, kept...)
	one.End = len(c.Octets)
	c.Messages = append(c.Messages, one)
}

// settle is told what became of a chunk. It does not block.
func (s *session) settle(list []paho.Message, err error) {
	if err != nil {
		s.fail(err) // a new connection brings them again
		list = nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.under--
	s.acks = append(s.acks, list...)
	s.changed.Broadcast()
}

// acknowledge tells the broker what is durable.
func (s *session) acknowledge() {
	for {
		s.mu.Lock()
		for len(s.acks) == 0 && !s.ended {
			s.changed.Wait()
		}
		list := s.acks
		s.acks = nil
		s.mu.Unlock()
		if len(list) == 0 {
			return
		}
		for _, m := range list {
			m.Ack()
		}
	}
}

// settled ends acknowledging. If the broker still listens, it waits for what is on its way to the disk, for a moment.
func (s *session) settled(listens bool) {
	late := time.AfterFunc(input.Grace, s.end)
	defer late.Stop()
	s.mu.Lock()
	for listens && s.under > 0 && !s.ended {
		s.changed.Wait()
	}
	s.mu.Unlock()
	s.end()
}

func (s *session) end() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ended = true
	s.changed.Broadcast()
}
