package ingest

import (
	"context"
	"sync"

	"constat/internal/input"
)

// queue holds chunks between the inputs and the writer, bounded in octets. It keeps two lines: when the disk is full,
// chunks of datagram sources are taken out and counted while those of streams wait.
type queue struct {
	limit int64

	mu      sync.Mutex // guards everything below
	octets  int64      // in both lines
	lines   [2][]*input.Chunk
	waiting []func(error) // want to be told when everything is signed
	closed  bool
	full    []chan struct{} // those who wait for room, in order
	wake    chan struct{}   // has a value when there may be something to take
	hurry   chan struct{}   // has a value when that should be taken at once
}

// Lines of the queue.
const (
	streams = iota
	datagrams
)

// chunkOverhead is what a chunk counts beside its octets.
const chunkOverhead = 256

func newQueue(limit int64) *queue {
	return &queue{limit: limit, wake: make(chan struct{}, 1), hurry: make(chan struct{}, 1)}
}

func weight(c *input.Chunk) int64 { return int64(cap(c.Octets)) + chunkOverhead }

// offer adds a chunk if there is room. A chunk that is larger than the limit gets in when the queue is empty.
func (q *queue) offer(c *input.Chunk) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.offerLocked(c)
}

func (q *queue) offerLocked(c *input.Chunk) error {
	if q.closed {
		return input.ErrClosed
	}
	if q.octets > 0 && q.octets+weight(c) > q.limit {
		return input.ErrFull
	}
	line := streams
	if c.Source.Datagram {
		line = datagrams
	}
	q.lines[line] = append(q.lines[line], c)
	q.octets += weight(c)
	signal(q.wake)
	if c.Done != nil || q.octets >= gatherOctets {
		signal(q.hurry)
	}
	return nil
}

// await asks to be told when everything that is appended by now is durable and signed.
func (q *queue) await(done func(error)) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.closed {
		return input.ErrClosed
	}
	q.waiting = append(q.waiting, done)
	signal(q.wake)
	signal(q.hurry)
	return nil
}

// takeWaiting returns those who asked.
func (q *queue) takeWaiting() []func(error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	list := q.waiting
	q.waiting = nil
	return list
}

// signal puts a value into a channel of one, if there is none.
func signal(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// put adds a chunk and waits for room until the context ends.
func (q *queue) put(ctx context.Context, c *input.Chunk) error {
	for {
		q.mu.Lock()
		err := q.offerLocked(c)
		if err != input.ErrFull {
			q.mu.Unlock()
			return err
		}
		room := make(chan struct{})
		q.full = append(q.full, room)
		q.mu.Unlock()
		select {
		case <-room:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// take returns the next chunk, datagrams first, or nil. With only set, it looks into that line alone.
func (q *queue) take(only int) *input.Chunk {
	q.mu.Lock()
	defer q.mu.Unlock()
	for _, line := range [...]int{datagrams, streams} {
		if only >= 0 && line != only || len(q.lines[line]) == 0 {
			continue
		}
		c := q.lines[line][0]
		q.lines[line][0] = nil
		q.lines[line] = q.lines[line][1:]
		q.octets -= weight(c)
		q.admitLocked()
		return c
	}
	return nil
}

// both is for take: look into both lines.
const both = -1

// admitLocked wakes those who wait for room.
func (q *queue) admitLocked() {
	if q.octets <= q.limit/2 || q.closed {
		for _, room := range q.full {
			close(room)
		}
		q.full = q.full[:0]
	}
}

// close refuses further chunks; what is in the queue can still be taken.
func (q *queue) close() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.closed = true
	q.admitLocked()
	signal(q.wake)
}

// size is the number of octets in the queue.
func (q *queue) size() int64 {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.octets
}
