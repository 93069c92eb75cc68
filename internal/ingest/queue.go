package ingest

import (
	"context"
	"sync"

	"constat/internal/input"
)

// queue holds chunks between the inputs and the writer, bounded in memory. It keeps two lines: when the disk is full,
// chunks of datagram sources are taken out and counted while those of streams wait. Streams never take all of it.
type queue struct {
	limit   int64
	recycle func(*input.Chunk) // takes chunks that were copied

	mu      sync.Mutex // guards everything below
	memory  [2]int64   // of the chunks in each line
	octets  int64      // of the messages in both
	lines   [2][]*input.Chunk
	last    int           // the line that was taken from last
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

func newQueue(limit int64, recycle func(*input.Chunk)) *queue {
	return &queue{limit: limit, recycle: recycle, wake: make(chan struct{}, 1), hurry: make(chan struct{}, 1)}
}

// offer adds a chunk if there is room. A chunk that is larger than the limit gets in when its line is empty.
func (q *queue) offer(c *input.Chunk) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.offerLocked(c)
}

func (q *queue) offerLocked(c *input.Chunk) error {
	if q.closed {
		return input.ErrClosed
	}
	line := streams
	if c.Source.Datagram {
		line = datagrams
	}
	need, waste := weight(c), false
	if q.memory[line] > q.limit/8 {
		need, waste = leastWeight(c)
	}
	if !q.hasRoomLocked(line, need) {
		return input.ErrFull
	}
	if waste {
		loose := c
		c = fitted(loose)
		q.recycle(loose)
	}
	q.lines[line] = append(q.lines[line], c)
	q.memory[line] += weight(c)
	q.octets += int64(len(c.Octets))
	signal(q.wake)
	if c.Done != nil || q.octets >= gatherOctets {
		signal(q.hurry)
	}
	return nil
}

// hasRoomLocked keeps a quarter for those who cannot wait.
func (q *queue) hasRoomLocked(line int, need int64) bool {
	if q.memory[line] == 0 {
		return true
	}
	if line == streams {
		return q.memory[streams]+need <= q.limit*3/4
	}
	return q.memory[datagrams]+need <= q.limit/4 || q.memory[streams]+q.memory[datagrams]+need <= q.limit
}

// rouse says that there is more to take, at once.
func (q *queue) rouse() {
	signal(q.wake)
	signal(q.hurry)
}

// await asks to be told when everything that is appended by now is durable and signed.
func (q *queue) await(done func(error)) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.closed {
		return input.ErrClosed
	}
	q.waiting = append(q.waiting, done)
	q.rouse()
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

// take returns the next chunk, of either line in turn, or nil. With only set, it looks into that line alone.
func (q *queue) take(only int) *input.Chunk {
	q.mu.Lock()
	defer q.mu.Unlock()
	for _, line := range [...]int{1 - q.last, q.last} {
		if only >= 0 && line != only || len(q.lines[line]) == 0 {
			continue
		}
		q.last = line
		c := q.lines[line][0]
		q.lines[line][0] = nil
		q.lines[line] = q.lines[line][1:]
		q.memory[line] -= weight(c)
		q.octets -= int64(len(c.Octets))
		q.admitLocked()
		return c
	}
	return nil
}

// both is for take: look into both lines.
const both = -1

// admitLocked wakes those who wait for room.
func (q *queue) admitLocked() {
	if q.memory[streams] <= q.limit*3/8 || q.closed {
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

// size is the memory of what is in the queue.
func (q *queue) size() int64 {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.memory[streams] + q.memory[datagrams]
}
