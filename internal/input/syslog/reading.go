package syslog

import (
	"context"
	"errors"
	"time"

	"golang.org/x/sys/unix"

	"constat/internal/input"
)

// reading is one Run of a [Datagram]. It belongs to one goroutine.
type reading struct {
	*Datagram
	to     *handover
	batch  *batch
	active []*sender // in the order of their first datagram in the batch
	failed error     // of the last system call
}

// receive hands datagrams over until the context ends.
func (r *reading) receive(ctx context.Context) error {
	take := func(fd uintptr) bool {
		r.failed = r.batch.receive(fd)
		return !errors.Is(r.failed, unix.EAGAIN)
	}
	for failures := 0; ; {
		err := r.raw.Read(take)
		if ctx.Err() != nil && (err != nil || r.failed != nil) {
			return nil
		}
		if err != nil {
			return err
		}
		if r.failed == nil {
			failures = 0
			if err := r.handOver(); err != nil {
				return err
			}
			continue
		}
		if scarce(r.failed) {
			pause(ctx, scarcePause)
			continue
		}
		if failures++; failures == maxErrors || !temporary(r.failed) {
			return r.failed
		}
		time.Sleep(errorPause)
	}
}

// drain hands over what the socket holds.
func (r *reading) drain() error {
	if err := r.silence(); err != nil {
		return err
	}
	for {
		if err := onSocket(r.raw, func(fd int) error { return r.batch.receive(uintptr(fd)) }); err != nil {
			if errors.Is(err, unix.EAGAIN) {
				err = nil
			}
			return err
		}
		if err := r.handOver(); err != nil {
			return err
		}
	}
}

// handOver sorts the batch by sender and offers it.
func (r *reading) handOver() error {
	var failed error
	for i := range r.batch.received {
		s := r.senders.of(r.batch, i)
		if !s.active {
			s.active = true
			r.active = append(r.active, s)
		}
		r.add(s, i)
		if s.chunk != nil && len(s.chunk.Octets) >= fullChunk {
			failed = errors.Join(failed, r.offer(s))
		}
	}
	for i, s := range r.active {
		failed = errors.Join(failed, r.offer(s))
		s.active = false
		r.active[i] = nil
	}
	r.active = r.active[:0]
	return failed
}

// add puts one datagram into the chunk of its sender.
func (r *reading) add(s *sender, i int) {
	octets, lost := r.batch.datagram(i)
	if s.refused {
		s.denied++
		s.octets += uint64(len(octets)) + uint64(lost)
		return
	}
	if len(octets) == 0 {
		s.empty++
		return
	}
	if s.chunk == nil {
		s.chunk = r.to.chunk()
		s.chunk.Source = s.source
	}
	c := s.chunk
	m := input.Message{Start: len(c.Octets), End: len(c.Octets) + len(octets), Lost: lost}
	if lost > 0 {
		m.Flag = FlagOversize
	}
	c.Octets = append(c.Octets, octets...)
	c.Messages = append(c.Messages, m)
}

// offer hands over what has come of one sender.
func (r *reading) offer(s *sender) error {
	r.to.empty(s.source, s.empty)
	s.empty = 0
	if s.denied > 0 {
		r.to.Sink.Lose(s.source.Name, reasonNotAllowed, s.denied, s.octets)
		s.denied, s.octets = 0, 0
	}
	if s.chunk == nil {
		return nil
	}
	c := s.chunk
	s.chunk = nil
	return r.to.offer(c)
}
