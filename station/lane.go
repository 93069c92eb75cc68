package station

import (
	"sync"
	"sync/atomic"
	"time"
)

// lane writes entries one after the other, in a goroutine of its own, so that whoever logs can stop waiting.
type lane struct {
	write   func(Entry) bool
	limit   int // bytes
	timeout time.Duration

	offered atomic.Uint64 // entries
	dropped atomic.Uint64 // entries
	stalled atomic.Bool   // the last that was waited for was not written in time
	ended   chan struct{}

	mu     sync.Mutex // guards everything below
	queue  []*ticket
	bytes  int
	closed bool
	wake   chan struct{} // has a value when there may be something to write
}

// ticket is an entry on its way.
type ticket struct {
	entry Entry
	done  chan struct{} // closed when it was written or cannot be
}

// weight is the memory of an entry that waits, about.
func (t *ticket) weight() int { return 256 + len(t.entry.Message) + len(t.entry.Module) }

func newLane(limit int, timeout time.Duration, write func(Entry) bool) *lane {
	l := &lane{write: write, limit: limit, timeout: timeout, ended: make(chan struct{}), wake: make(chan struct{}, 1)}
	go l.run()
	return l
}

// put queues an entry; nil if there is no room, and the entry is dropped. What is alone always has room.
func (l *lane) put(e Entry) *ticket {
	l.offered.Add(1)
	t := &ticket{e, make(chan struct{})}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed || len(l.queue) > 0 && l.bytes+t.weight() > l.limit {
		l.dropped.Add(1)
		return nil
	}
	l.queue = append(l.queue, t)
	l.bytes += t.weight()
	select {
	case l.wake <- struct{}{}:
	default:
	}
	return t
}

// wait waits until an entry is written, but not while others were not written in time.
func (l *lane) wait(t *ticket) {
	if t == nil || l.stalled.Load() {
		return
	}
	timer := time.NewTimer(l.timeout)
	defer timer.Stop()
	select {
	case <-t.done:
	case <-timer.C:
		l.stalled.Store(true)
	}
}

// run writes until the lane is closed and empty.
func (l *lane) run() {
	defer close(l.ended)
	for {
		l.mu.Lock()
		if len(l.queue) == 0 {
			closed := l.closed
			l.mu.Unlock()
			if closed {
				return
			}
			<-l.wake
			continue
		}
		t := l.queue[0]
		l.mu.Unlock()
		if l.try(t.entry) {
			l.stalled.Store(false)
		} else {
			l.dropped.Add(1)
		}
		close(t.done)
		l.take(t)
	}
}

// take removes an entry from the queue, unless that was done already.
func (l *lane) take(t *ticket) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.queue) > 0 && l.queue[0] == t {
		l.queue[0] = nil
		l.queue = l.queue[1:]
		l.bytes -= t.weight()
	}
}

// try writes. A writer that panics has not written.
func (l *lane) try(e Entry) (written bool) {
	defer func() {
		if recover() != nil {
			written = false
		}
	}()
	return l.write(e)
}

// close takes no more, waits for what is there until a time, and returns what was not begun by then.
func (l *lane) close(until time.Time) []*ticket {
	l.mu.Lock()
	l.closed = true
	l.mu.Unlock()
	select {
	case l.wake <- struct{}{}:
	default:
	}
	timer := time.NewTimer(time.Until(until))
	defer timer.Stop()
	select {
	case <-l.ended:
		return nil
	case <-timer.C:
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	left := l.queue[min(1, len(l.queue)):]
	l.queue = l.queue[:min(1, len(l.queue))]
	l.dropped.Add(uint64(len(left)))
	return left
}
